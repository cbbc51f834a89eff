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
    caller::ContextExt,
    limits::{Price, Prices},
    types::{AccountEvent, Listed, Reading},
};
use crate::{
    account::EventSlice,
    config::InputLimits,
    entity::{account_event, reading},
    reading::{Filter, SEARCH_MAX, Slice},
    validation::{
        FieldErrorCode::{BothEnds, InvalidCursor, OutOfRange, TooLong},
        ValidationErrors, Violation,
    },
};

/// The first byte of a cursor, which tells it from other lists' cursors and from ids.
const READINGS: u8 = b'r';
const EVENTS: u8 = b'e';

/// A place in a list, opaque to clients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<const LIST: u8>(Uuid);

impl<const LIST: u8> CursorType for Cursor<LIST> {
    type Error = &'static str;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| "not a cursor")?;
        match bytes.split_first() {
            Some((&list, id)) if list == LIST => {
                Uuid::from_slice(id).map(Self).map_err(|_| "not a cursor")
            }
            _ => Err("not a cursor of this list"),
        }
    }

    fn encode_cursor(&self) -> String {
        let mut bytes = vec![LIST];
        bytes.extend_from_slice(self.0.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }
}

pub(super) type ReadingCursor = Cursor<READINGS>;

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
    Connection<ReadingCursor, Listed, Total, EmptyFields, DefaultConnectionName, DefaultEdgeName>;

pub(super) type ReadingEdge = Edge<ReadingCursor, Listed, EmptyFields, DefaultEdgeName>;

pub(super) type AccountEventConnection = Connection<Cursor<EVENTS>, AccountEvent>;

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
        let rule = Violation::within(TooLong, 0..=SEARCH_MAX, message);
        return Err(ApiError::argument("filter.search", rule));
    }
    let limits = ctx.services().limits;
    let range = args.range::<READINGS>("readings", limits)?;
    let slice = Slice {
        filter,
        after: range.after,
        before: range.before,
        limit: range.limit,
        from_end: range.from_end,
        summaries: Reading::are_summaries(ctx.field()),
        texts: Reading::texts(ctx.field()),
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

/// The user's events, newest first.
pub(super) async fn events(
    ctx: &Context<'_>,
    user_id: Uuid,
    args: PageArgs,
) -> Result<AccountEventConnection, ApiError> {
    let range = args.range::<EVENTS>("events", ctx.services().limits)?;
    let slice = EventSlice {
        after: range.after,
        before: range.before,
        limit: range.limit,
        from_end: range.from_end,
    };
    let page = ctx.services().accounts.events(user_id, &slice).await?;
    let mut connection = Connection::new(page.has_previous, page.has_next);
    let events = page.events.into_iter();
    let edge = |event: account_event::Model| Edge::new(Cursor(event.id), AccountEvent(event));
    connection.edges.extend(events.map(edge));
    Ok(connection)
}

/// A part of a list.
struct Range {
    after: Option<Uuid>,
    before: Option<Uuid>,
    limit: u32,
    from_end: bool,
}

impl PageArgs {
    /// Checks all four arguments, and names all that fail.
    fn range<const LIST: u8>(
        &self,
        items: &'static str,
        limits: InputLimits,
    ) -> Result<Range, ApiError> {
        let max = limits.page_size_max;
        let mut errors = ValidationErrors::default();
        let mut size = |path, size: Option<i32>| {
            let size = size?;
            let fitting = u32::try_from(size)
                .ok()
                .filter(|size| (1..=max).contains(size));
            if fitting.is_none() {
                let message = format!("Ask for 1 to {max} {items}.");
                errors.add(
                    path,
                    Violation::within(OutOfRange, 1..=max as usize, message),
                );
            }
            fitting
        };
        let (first, last) = (size("first", self.first), size("last", self.last));
        let mut cursor = |path, text: &Option<String>| {
            // Empty is absent: lists begin with it in many a client.
            let text = text.as_ref().filter(|text| !text.is_empty())?;
            let decoded = Cursor::<LIST>::decode_cursor(text);
            if decoded.is_err() {
                let message = "Give a cursor as this list gave it.";
                errors.add(path, Violation::new(InvalidCursor, message));
            }
            decoded.ok().map(|cursor| cursor.0)
        };
        let (after, before) = (cursor("after", &self.after), cursor("before", &self.before));
        if self.first.is_some() && self.last.is_some() {
            let message = format!("Ask for the first or for the last {items}, not for both.");
            errors.add("last", Violation::new(BothEnds, message));
        }
        if !errors.0.is_empty() {
            return Err(ApiError::fields(
                ErrorCode::BadUserInput,
                "Some arguments are invalid.",
                &errors,
            ));
        }
        Ok(Range {
            after,
            before,
            limit: first.or(last).unwrap_or(limits.page_size),
            from_end: last.is_some(),
        })
    }
}
