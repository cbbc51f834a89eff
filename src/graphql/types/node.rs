//! Any object with an id.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, ID, Interface};
use futures_util::try_join;
use uuid::Uuid;

use super::{AdvisorProfile, Generation, Reading, Session, Usage, User};
use crate::{
    entity::{generation, reading},
    graphql::{ApiError, caller::ContextExt, id::Kind},
    reading::Texts,
};

/// An object with a globally unique id (<https://relay.dev/graphql/objectidentification.htm>).
#[derive(Clone, Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "A globally unique, permanent identifier."
))]
pub(in crate::graphql) enum Node {
    User(User),
    Session(Session),
    Reading(Reading),
    Generation(Generation),
    Usage(Usage),
    AdvisorProfile(AdvisorProfile),
}

impl Node {
    /// The signed-in user's objects among some, each found once however often it is named, in one
    /// statement for each kind, and two for the usage. Profiles of advisors are open to everyone.
    pub(in crate::graphql) async fn find(
        ctx: &Context<'_>,
        wanted: &[(Kind, Uuid)],
    ) -> Result<HashMap<(Kind, Uuid), Self>, ApiError> {
        let mut found = HashMap::new();
        let profiles = wanted.iter().filter(|(kind, _)| *kind == Kind::Advisor);
        let profiles = profiles.count();
        if profiles > 0 {
            let all = AdvisorProfile::all(&ctx.services().advisors);
            found.extend(all.map(|one| ((Kind::Advisor, one.uuid()), one.into())));
        }
        if profiles == wanted.len() {
            return Ok(found);
        }
        let user = &ctx.requester()?.user;
        let ids = |kind| {
            let ids = wanted.iter().filter(|(of, _)| *of == kind);
            let ids: HashSet<_> = ids.map(|(_, id)| *id).collect();
            ids.into_iter().collect::<Vec<_>>()
        };
        let (sessions, readings) = (ids(Kind::Session), ids(Kind::Reading));
        let generations = ids(Kind::Generation);
        let sessions = async {
            let sessions = ctx.services().accounts.sessions_by_id(user.id, &sessions);
            sessions.await.map_err(ApiError::from)
        };
        let own = (Kind::Usage, user.id);
        let usage = async {
            if wanted.contains(&own) {
                Usage::find(ctx, user.id).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let readings = find_readings(ctx, user.id, &readings);
        let generations = find_generations(ctx, user.id, &generations);
        let (sessions, readings, generations, usage) =
            try_join!(sessions, readings, generations, usage)?;

        found.insert((Kind::User, user.id), Self::User(User(user.clone())));
        found.extend(usage.map(|usage| (own, usage.into())));
        let sessions = sessions
            .into_iter()
            .map(|session| ((Kind::Session, session.id), Self::Session(Session(session))));
        let readings = Reading::page(readings)
            .map(|reading| ((Kind::Reading, reading.row().id), Self::Reading(reading)));
        let generations = generations.into_iter().map(|generation| {
            let key = (Kind::Generation, generation.id);
            (key, Self::Generation(Generation::with_text(generation)))
        });
        found.extend(sessions.chain(readings).chain(generations));
        Ok(found)
    }
}

async fn find_readings(
    ctx: &Context<'_>,
    user_id: Uuid,
    ids: &[Uuid],
) -> Result<Vec<reading::Model>, ApiError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let texts = Reading::texts(ctx.field());
    let mut fetching = ctx.caller().budget.fetch().await?;
    let found = ctx
        .services()
        .readings
        .find_some(user_id, ids, texts)
        .await?;
    fetching.note(found.iter().map(reading::Model::text_len).sum());
    Ok(found)
}

async fn find_generations(
    ctx: &Context<'_>,
    user_id: Uuid,
    ids: &[Uuid],
) -> Result<Vec<generation::Model>, ApiError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let texts = Reading::texts(ctx.field()) == Texts::All;
    let mut fetching = ctx.caller().budget.fetch().await?;
    let readings = &ctx.services().readings;
    let found = readings.generations_by_id(user_id, ids, texts).await?;
    let lengths = found.iter().filter_map(|one| one.response.as_ref());
    fetching.note(lengths.map(String::len).sum());
    Ok(found)
}
