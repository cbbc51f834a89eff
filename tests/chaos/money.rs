//! The provider's charges against the service's accounts: every call is accounted once. The fate of a
//! request without a response is unknown: its answer is accounted, whether or not it arrived.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::{
    deployment::{ANSWER, Deployment},
    ledger::{self, Entry},
    person::Person,
    provider::{Call, question, text},
};
use mula::entity::{generation, reading, service_month, usage_month, user};

const RULE: &str = "every call is accounted once";

/// # Errors
///
/// If the database fails.
pub async fn check(deployment: &Deployment) -> Result<(), DbErr> {
    let calls = deployment.provider.by_mark();
    let entries = ledger::all(&deployment.direct).await?;
    for person in deployment.people() {
        let questions = questions_of(&person);
        for asked in &questions {
            let of_mark = calls
                .get(&asked.mark)
                .map(Vec::as_slice)
                .unwrap_or_default();
            question_is_paid(deployment, &person, (&entries, of_mark), asked);
            answers_are_of_calls(deployment, &person, &asked.mark, of_mark).await?;
        }
        user_pays(deployment, &person, &entries).await?;
    }
    let months = service_month::Entity::find()
        .all(&deployment.direct)
        .await?;
    let entered = months.iter().map(|month| month.cost).sum();
    if let Err(what) = is_sum(entered, entries.iter()) {
        deployment
            .history
            .fail(RULE, "", "", format!("for the service {what}"));
    }
    Ok(())
}

/// A question, and the answers that were asked for, at most.
struct Question {
    mark: String,
    requested: u32,
}

fn questions_of(person: &Person) -> Vec<Question> {
    let state = person.lock();
    let questions = state.asked.iter().map(|asked| Question {
        mark: asked.mark.clone(),
        requested: asked.attempts + asked.regenerations,
    });
    questions.collect()
}

/// Whether an amount is the cost of all these answers. The tokens of those that ended with their
/// deletion are not known, and cost less than a call.
fn is_sum<'a>(entered: i64, entries: impl Iterator<Item = &'a Entry>) -> Result<(), String> {
    let (ended, deleted): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.has_ended);
    let cost: i64 = ended.iter().map(|entry| entry.cost).sum();
    let calls: i64 = deleted.iter().map(|entry| entry.calls()).sum();
    let rest = entered - cost;
    if rest.div_euclid(ANSWER) == calls && (calls > 0 || rest == 0) {
        return Ok(());
    }
    Err(format!(
        "{entered} is entered; the answers that ended cost {cost}, and {calls} ended with their \
         deletion: {deleted:?}"
    ))
}

/// Each call that the provider charged is accounted, and each account is of a call; but an answer may
/// have been stopped before its request arrived, or may have waited in vain for the response.
fn question_is_paid(
    deployment: &Deployment,
    person: &Person,
    (entries, calls): (&[Entry], &[(usize, Call)]),
    asked: &Question,
) {
    let fail = |what| {
        deployment
            .history
            .fail(RULE, &person.name, &asked.mark, what);
    };
    let question = question(&asked.mark);
    let entries = entries.iter().filter(|entry| entry.question == question);
    let entries: Vec<_> = entries.collect();
    if entries.len() > asked.requested as usize {
        let requested = asked.requested;
        fail(format!("{requested} answers were asked for: {entries:?}"));
    }
    for entry in &entries {
        if entry.cost >= 2 * ANSWER {
            fail(format!("it costs as much as two calls: {entry:?}"));
        }
        if entry.cost > 0 && !entry.was_sent {
            fail(format!("it costs, and nothing was sent: {entry:?}"));
        }
    }
    let sum = |entries: &mut dyn Iterator<Item = &&Entry>| -> i64 {
        entries.map(|entry| entry.calls()).sum()
    };
    let accounted = sum(&mut entries.iter());
    let unknown = sum(&mut entries.iter().filter(|entry| entry.may_be_free));
    let charged = calls.iter().filter(|(_, call)| call.charged).count();
    let charged = i64::try_from(charged).unwrap();
    if !(charged..=charged + unknown).contains(&accounted) {
        fail(format!(
            "the provider charged {charged} calls, at most {unknown} more were made, and {accounted} \
             are accounted: {entries:?}"
        ));
    }
}

/// Each answer that is there has the text and the cost of a call.
async fn answers_are_of_calls(
    deployment: &Deployment,
    person: &Person,
    mark: &str,
    calls: &[(usize, Call)],
) -> Result<(), DbErr> {
    let rows = reading::Entity::find()
        .filter(reading::Column::Question.eq(question(mark)))
        .find_with_related(generation::Entity)
        .all(&deployment.direct)
        .await?;
    for (row, generations) in &rows {
        for generation in generations {
            if let Err(what) = answer_is_of_a_call(row, generation, calls) {
                let what = format!("{what}: {generation:?}");
                deployment.history.fail(RULE, &person.name, mark, what);
            }
        }
    }
    Ok(())
}

/// A user's months hold the answers to the user's questions, and no more.
async fn user_pays(
    deployment: &Deployment,
    person: &Person,
    entries: &[Entry],
) -> Result<(), DbErr> {
    let stored = user::Entity::find()
        .filter(user::Column::Email.eq(person.email()))
        .one(&deployment.direct)
        .await?;
    let Some(stored) = stored else { return Ok(()) };
    let months = usage_month::Entity::find()
        .filter(usage_month::Column::UserId.eq(stored.id))
        .all(&deployment.direct)
        .await?;
    let entered = months.iter().map(|month| month.cost).sum();
    let own = entries.iter().filter(|entry| entry.user_id == stored.id);
    if let Err(what) = is_sum(entered, own) {
        deployment.history.fail(RULE, &person.name, "", what);
    }
    Ok(())
}

/// The text of a generation as it is stored.
fn text_of<'a>(row: &'a reading::Model, generation: &'a generation::Model) -> Option<&'a str> {
    if row.generation_id == generation.id {
        row.response.as_deref()
    } else {
        generation.response.as_deref()
    }
}

/// Whether a generation has the text and the cost of one call.
fn answer_is_of_a_call(
    row: &reading::Model,
    generation: &generation::Model,
    calls: &[(usize, Call)],
) -> Result<(), String> {
    let Some(stored) = text_of(row, generation) else {
        return Ok(());
    };
    let wrote = calls
        .iter()
        .find(|(number, _)| stored.starts_with(&format!("c{number}w0")));
    let Some((number, call)) = wrote else {
        return Err(format!("no call wrote {stored:.60?}"));
    };
    if generation.cost < ANSWER {
        return Err("a call wrote it, and it costs nothing".to_owned());
    }
    if !text(*number, call.words).starts_with(stored) {
        return Err(format!("call {number} did not write {stored:?}"));
    }
    if generation.status != reading::Status::Completed {
        return Ok(());
    }
    if !call.script.is_whole() || stored != text(*number, call.script.words()) {
        return Err(format!("it is not all that call {number} was to write"));
    }
    match call.reported {
        // The service may have stopped reading a moment before.
        Some((read, written))
            if !generation.is_estimated && generation.cost != ANSWER + read + written =>
        {
            Err(format!(
                "call {number} reported {read} and {written} tokens"
            ))
        }
        None if !generation.is_estimated => Err(format!(
            "call {number} reported nothing, and it is no estimate"
        )),
        _ => Ok(()),
    }
}
