//! Lists a page at a time (<https://relay.dev/graphql/connections.htm>).

use async_graphql::{
    Context, Object,
    connection::{
        Connection, CursorType, DefaultConnectionName, DefaultEdgeName, Edge, EmptyFields,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{
    ApiError, ErrorCode,
    bounds::{Price, Prices},
    caller::ContextExt,
    types::{Listed, Reading},
};
use crate::{
    entity::reading,
    invalid::{
        FieldErrorCode::{BothEnds, InvalidCursor, OutOfRange, TooLong},
        Problems, Rule,
    },
    reading::{Filter, SEARCH_MAX, Slice, Texts},
};

/// The first byte of a cursor of readings, which tells it from other lists' cursors and from ids.
const CURSOR_KIND: u8 = b'r';

/// A place in the list of readings, opaque to clients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor(Uuid);

impl CursorType for Cursor {
    type Error = &'static str;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| "not a cursor")?;
        match bytes.split_first() {
            Some((&CURSOR_KIND, id)) => Uuid::from_slice(id).map(Self).map_err(|_| "not a cursor"),
            _ => Err("not a cursor of this list"),
        }
    }

    fn encode_cursor(&self) -> String {
        let mut bytes = vec![CURSOR_KIND];
        bytes.extend_from_slice(self.0.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// Counting takes as long as the list does: it is dearer than a page.
pub(super) const PRICES: Prices = &[
    ("edges", Price::ITEMS),
    ("nodes", Price::ITEMS),
    ("totalCount", Price::queries(4)),
];

/// The arguments of a page.
#[derive(Debug, Default)]
pub(super) struct PageArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// The fields of a reading connection beside its edges.
pub(super) struct Total {
    user_id: Uuid,
    filter: Filter,
}

#[Object]
impl Total {
    /// The number of readings in the whole list. Counted only if selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32, ApiError> {
        let count = ctx
            .services()
            .readings
            .count(self.user_id, &self.filter)
            .await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

pub(super) type ReadingConnection =
    Connection<Cursor, Listed, Total, EmptyFields, DefaultConnectionName, DefaultEdgeName>;

pub(super) type ReadingEdge = Edge<Cursor, Listed, EmptyFields, DefaultEdgeName>;

/// A reading as an item of its user's list.
pub(super) fn edge(reading: Reading) -> ReadingEdge {
    Edge::new(Cursor(reading.row().id), Listed(reading))
}

/// The user's readings, newest first.
pub(super) async fn readings(
    ctx: &Context<'_>,
    user_id: Uuid,
    args: PageArgs,
    filter: Filter,
) -> Result<ReadingConnection, ApiError> {
    if let Some(text) = &filter.search
        && text.chars().count() > SEARCH_MAX
    {
        let message = format!("A search has at most {SEARCH_MAX} characters.");
        let rule = Rule::within(TooLong, 0..=SEARCH_MAX, message);
        return Err(ApiError::argument("filter.search", rule));
    }
    let limits = ctx.services().limits;
    let slice = Slice {
        filter,
        summaries: Reading::are_summaries(ctx.field()),
        texts: Reading::texts(ctx.field()),
        ..slice(&args, limits.page_size, limits.page_size_max)?
    };
    let mut fetching = ctx.caller().budget.fetch().await?;
    let page = ctx.services().readings.page(user_id, &slice).await?;
    fetching.note(page.readings.iter().map(reading::Model::text_len).sum());
    drop(fetching);
    let mut connection = Connection::with_additional_fields(
        page.has_previous,
        page.has_next,
        Total {
            user_id,
            filter: slice.filter,
        },
    );
    connection
        .edges
        .extend(Reading::page(page.readings).map(edge));
    Ok(connection)
}

/// Checks all four arguments, and names all that fail.
fn slice(args: &PageArgs, default: u32, max: u32) -> Result<Slice, ApiError> {
    let mut problems = Problems::default();
    let mut size = |path, size: Option<i32>| {
        let size = size?;
        let fitting = u32::try_from(size)
            .ok()
            .filter(|size| (1..=max).contains(size));
        if fitting.is_none() {
            let message = format!("Ask for 1 to {max} readings.");
            problems.add(path, Rule::within(OutOfRange, 1..=max as usize, message));
        }
        fitting
    };
    let (first, last) = (size("first", args.first), size("last", args.last));
    let mut cursor = |path, text: &Option<String>| {
        // Empty is absent: lists begin with it in many a client.
        let text = text.as_ref().filter(|text| !text.is_empty())?;
        let decoded = Cursor::decode_cursor(text);
        if decoded.is_err() {
            let message = "Give a cursor as this list gave it.";
            problems.add(path, Rule::new(InvalidCursor, message));
        }
        decoded.ok().map(|cursor| cursor.0)
    };
    let (after, before) = (cursor("after", &args.after), cursor("before", &args.before));
    if args.first.is_some() && args.last.is_some() {
        let message = "Ask for the first or for the last readings, not for both.";
        problems.add("last", Rule::new(BothEnds, message));
    }
    if !problems.0.is_empty() {
        return Err(ApiError::fields(
            ErrorCode::BadUserInput,
            "Some arguments are not right.",
            &problems,
        ));
    }
    Ok(Slice {
        filter: Filter::default(),
        after,
        before,
        limit: first.or(last).unwrap_or(default),
        from_end: last.is_some(),
        summaries: false,
        texts: Texts::All,
    })
}
