//! The end of a run: after the last fault all comes to rest, and what is stored is compared with
//! all that was acknowledged.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    asked::Asked,
    deployment::Deployment,
    device::Device,
    ids, money,
    person::{Person, State},
    provider::question,
    watch,
};
use mula::{
    clock::Clock,
    entity::{generation, reading, session, user},
};

/// How long after the last fault something may be unfinished.
const REST: Duration = Duration::from_secs(30);

/// # Errors
///
/// If the database fails, which it may not any more.
pub async fn check(deployment: &Arc<Deployment>) -> Result<(), DbErr> {
    comes_to_rest(deployment).await?;
    // What was answered and not committed would be there until now.
    for instance in &deployment.instances {
        instance.kill().await;
        instance.run().await;
    }
    for person in deployment.people() {
        account_is_stored(deployment, &person).await?;
        readings_are_stored(deployment, &person).await?;
    }
    money::check(deployment).await?;
    watch::quotas(deployment).await?;
    sessions_work(deployment).await;
    links_show(deployment).await
}

async fn comes_to_rest(deployment: &Deployment) -> Result<(), DbErr> {
    let deadline = Instant::now() + REST;
    loop {
        let unfinished = generation::Entity::find()
            .filter(generation::Column::CompletedAt.is_null())
            .all(&deployment.direct)
            .await?;
        let Some(first) = unfinished.first() else {
            return Ok(());
        };
        if Instant::now() > deadline {
            let what = format!("{} answers, the first: {first:?}", unfinished.len());
            let found = reading::Entity::find_by_id(first.reading_id)
                .one(&deployment.direct)
                .await?;
            let (who, mark) = found.map(|reading| whose(&reading)).unwrap_or_default();
            let rule = "nothing is unfinished 30 s after the last fault";
            deployment.history.fail(rule, &who, &mark, what);
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Whose reading it is, and its mark.
pub fn whose(reading: &reading::Model) -> (String, String) {
    let mark = reading.question.rsplit(' ').next().unwrap_or_default();
    let mark = mark.trim_end_matches('?');
    let who = mark.split_once('q').map_or(mark, |(who, _)| who);
    (who.to_owned(), mark.to_owned())
}

async fn account_is_stored(deployment: &Deployment, person: &Person) -> Result<(), DbErr> {
    let stored = user::Entity::find()
        .filter(user::Column::Email.eq(person.email()))
        .one(&deployment.direct)
        .await?;
    let sessions = match &stored {
        Some(user) => {
            session::Entity::find()
                .filter(session::Column::UserId.eq(user.id))
                .all(&deployment.direct)
                .await?
        }
        None => Vec::new(),
    };
    let state = person.lock();
    let fail = |about: &str, what: String| {
        let rule = "an acknowledged write is there";
        deployment.history.fail(rule, &person.name, about, what);
    };
    if stored.is_some() && state.deleted.is_some() {
        fail("", "a deleted account is in the database".to_owned());
    }
    if stored.is_none() && state.registered && !state.deleting {
        fail("", "the account is not in the database".to_owned());
    }
    for (number, known) in state.sessions.iter().enumerate() {
        let uuid = ids::uuid(&json!(known.id));
        let row = sessions.iter().find(|row| Some(row.id) == uuid);
        let is_live = row.is_some_and(|row| !row.is_revoked);
        if is_live && state.ended_at(number).is_some() {
            fail(&known.id, format!("s{number} ended, and is stored as live"));
        }
        if !is_live && !state.may_have_ended(number, None) {
            fail(&known.id, format!("s{number} is not stored as live"));
        }
    }
    Ok(())
}

async fn readings_are_stored(deployment: &Deployment, person: &Person) -> Result<(), DbErr> {
    let marks: Vec<_> = {
        let state = person.lock();
        state.asked.iter().map(|asked| asked.mark.clone()).collect()
    };
    for (number, mark) in marks.iter().enumerate() {
        let stored = reading::Entity::find()
            .filter(reading::Column::Question.eq(question(mark)))
            .find_with_related(generation::Entity)
            .all(&deployment.direct)
            .await?;
        let state = person.lock();
        let asked = &state.asked[number];
        let fail = |rule, what: String| {
            deployment
                .history
                .fail(rule, &person.name, &asked.mark, what);
        };
        let is_kept = asked.is_kept() && !state.deleting;
        let known = asked.id.as_ref().and_then(|id| ids::uuid(&json!(id)));
        if is_kept && !stored.iter().any(|(row, _)| Some(row.id) == known) {
            let what = format!("{:?} is not in the database", asked.id);
            fail("an acknowledged write is there", what);
        }
        let is_gone = asked.deleted.is_some() || state.deleted.is_some();
        if is_gone && stored.iter().any(|(row, _)| Some(row.id) == known) {
            let what = format!("{:?} is there", asked.id);
            fail("what was deleted is gone", what);
        }
        let is_single = asked.key.is_some() && asked.deleters.is_empty();
        if stored.len() > 1 && is_single || stored.len() > asked.attempts as usize {
            let what = format!("{} readings in {} attempts", stored.len(), asked.attempts);
            fail("a key has one reading, and an end is the end", what);
        }
        let Some((row, generations)) = stored.iter().find(|(row, _)| Some(row.id) == known) else {
            continue;
        };
        if let Err((rule, what)) = is_as_set(deployment, &state, asked, row) {
            fail(rule, what);
        }
        if row.status == reading::Status::Pending && generations.is_empty() {
            let what = "it has no generation".to_owned();
            fail("an acknowledged write is there", what);
        }
        for followed in &asked.followed {
            let mut texts = generations.iter().map(|it| it.response.as_deref());
            let current = row.response.as_deref().unwrap_or_default();
            let is_stored = followed.agrees_with(current)
                || texts.any(|text| followed.agrees_with(text.unwrap_or_default()));
            if !is_stored {
                let what = format!("followed {followed:?}, stored {current:?}");
                fail("a followed text is the stored one", what);
            }
        }
    }
    Ok(())
}

/// Whether a reading has what was kept with it, and goes on with the one that it was to go on with.
fn is_as_set(
    deployment: &Deployment,
    state: &State,
    asked: &Asked,
    row: &reading::Model,
) -> Result<(), (&'static str, String)> {
    let now = deployment.history.now();
    let stored = json!({
        "isFavourite": row.is_favourite, "note": row.note, "rating": row.rating,
    });
    if !asked.kept.allow(&stored, now, asked.answers()) {
        let what = format!(
            "stored {stored}, set to one of {}",
            asked.kept.describe(now)
        );
        return Err(("what is kept is what was set", what));
    }
    let parent = asked.in_reply_to.as_ref();
    let uuid = parent.and_then(|id| ids::uuid(&json!(id)));
    // Without what was deleted it stands by itself.
    let is_parent_kept = state
        .asked
        .iter()
        .any(|it| it.id.as_ref() == parent && it.is_kept());
    let is_lost = row.in_reply_to.is_none() && is_parent_kept && parent.is_some();
    if is_lost || row.in_reply_to.is_some_and(|stored| Some(stored) != uuid) {
        let what = format!("a reply to {parent:?}, stored {:?}", row.in_reply_to);
        return Err(("an acknowledged write is there", what));
    }
    Ok(())
}

/// Each link shows what is stored for it, or nothing, through each instance.
async fn links_show(deployment: &Arc<Deployment>) -> Result<(), DbErr> {
    for (number, person) in deployment.people().into_iter().enumerate() {
        let random = deployment
            .plan
            .random(deployment.kept, 1000 + number as u64);
        let mut device = Device::new(deployment.clone(), person.clone(), random);
        for link in device.links() {
            let token = person.lock().asked[link.0].links.token(link.1);
            let stored = reading::Entity::find()
                .filter(reading::Column::ShareToken.eq(&token))
                .one(&deployment.direct)
                .await?;
            let in_time = Clock::default().now() + TimeDelta::seconds(2);
            let expires = stored.as_ref().and_then(|row| row.share_expires_at);
            // While it is looked at.
            if expires.is_some_and(|at| (in_time - at).abs() < TimeDelta::seconds(4)) {
                continue;
            }
            let stored = stored.filter(|row| {
                row.status == reading::Status::Completed && expires.is_none_or(|at| at > in_time)
            });
            let stored = stored.map_or((Value::Null, Value::Null), |row| {
                (json!(row.question), json!(row.response))
            });
            for instance in 0..deployment.instances.len() {
                device.keeps_to = Some(instance);
                let Some(shown) = device.follow_link(link).await else {
                    continue;
                };
                let shown = (shown["question"].clone(), shown["response"].clone());
                if shown != stored {
                    let what = format!("link {} shows {shown:?}, stored is {stored:?}", link.1);
                    let mark = device.named(link.0).0;
                    device.fail("a link shows what is stored", &mark, what);
                }
            }
        }
    }
    Ok(())
}

/// Each session that must work does, over each instance, and no other.
async fn sessions_work(deployment: &Arc<Deployment>) {
    for person in deployment.people() {
        let (live, ended) = person.lock().sessions();
        let random = deployment.plan.random(deployment.kept, 7);
        let mut device = Device::new(deployment.clone(), person, random);
        for session in live.iter().chain(&ended) {
            device.usage(*session).await;
        }
        if let Some(session) = live.first() {
            device.list(*session).await;
        }
    }
}
