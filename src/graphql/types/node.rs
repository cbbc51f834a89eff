//! Any object with an id.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, ID, Interface};
use futures_util::{TryFutureExt, try_join};
use uuid::Uuid;

use super::{AccountEvent, AdvisorProfile, Generation, Reading, Session, Usage, User};
use crate::{
    entity::{generation, reading},
    graphql::{ApiError, caller::ContextExt, id::NodeKind},
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
    AccountEvent(AccountEvent),
}

impl Node {
    /// The signed-in user's objects among some, each found once however often it is named, in one
    /// statement for each kind, and two for the usage. Profiles of advisors are open to everyone.
    pub(in crate::graphql) async fn find(
        ctx: &Context<'_>,
        wanted: &[(NodeKind, Uuid)],
    ) -> Result<HashMap<(NodeKind, Uuid), Self>, ApiError> {
        let mut found = HashMap::new();
        let profiles = wanted.iter().filter(|(kind, _)| *kind == NodeKind::Advisor);
        let profiles = profiles.count();
        if profiles > 0 {
            let all = AdvisorProfile::all(&ctx.services().advisors);
            found.extend(all.map(|one| ((NodeKind::Advisor, one.uuid()), one.into())));
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
        let (sessions, readings) = (ids(NodeKind::Session), ids(NodeKind::Reading));
        let generations = ids(NodeKind::Generation);
        let events = ids(NodeKind::Event);
        let accounts = &ctx.services().accounts;
        let sessions = accounts.sessions.by_id(user.id, &sessions);
        let sessions = sessions.map_err(ApiError::from);
        let events = accounts.events_by_id(user.id, &events);
        let events = events.map_err(ApiError::from);
        let own = (NodeKind::Usage, user.id);
        let usage = async {
            if wanted.contains(&own) {
                Usage::find(ctx, user).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let readings = find_readings(ctx, user.id, &readings);
        let generations = find_generations(ctx, user.id, &generations);
        let (sessions, readings, generations, events, usage) =
            try_join!(sessions, readings, generations, events, usage)?;

        found.insert((NodeKind::User, user.id), Self::User(User(user.clone())));
        found.extend(usage.map(|usage| (own, usage.into())));
        let sessions = sessions.into_iter().map(|session| {
            let key = (NodeKind::Session, session.id);
            (key, Self::Session(Session(session)))
        });
        let readings = Reading::page(readings).map(|reading| {
            let key = (NodeKind::Reading, reading.row().id);
            (key, Self::Reading(reading))
        });
        let generations = generations.into_iter().map(|generation| {
            let key = (NodeKind::Generation, generation.id);
            (key, Self::Generation(Generation::with_text(generation)))
        });
        let events = events.into_iter().map(|event| {
            let key = (NodeKind::Event, event.id);
            (key, Self::AccountEvent(AccountEvent(event)))
        });
        let rest = generations.chain(events);
        found.extend(sessions.chain(readings).chain(rest));
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
