//! The provider's charges against the service's accounts: every call is accounted once.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::{
    deployment::{ANSWER, Deployment},
    person::Person,
    provider::{Call, question, text},
};
use mula::entity::{generation, reading, service_month, usage_month, user};

const RULE: &str = "every call is accounted once";

type Calls = HashMap<String, Vec<(usize, Call)>>;

/// The known cost of a question, in calls.
struct Bill {
    mark: String,
    /// That the provider charged.
    charged: i64,
    /// That may be accounted: where an instance or an answer was stopped, also those that were
    /// about to be made.
    most: i64,
    /// Whether its reading is there for certain.
    is_kept: bool,
}

/// # Errors
///
/// If the database fails.
pub async fn check(deployment: &Deployment) -> Result<(), DbErr> {
    let calls = deployment.provider.by_mark();
    let mut of_users = 0;
    let mut bills = Vec::new();
    for person in deployment.people() {
        let of_person = bills_of(deployment, &person, &calls);
        of_users += user_pays(deployment, &person, &of_person, &calls).await?;
        bills.extend(of_person);
    }
    let months = service_month::Entity::find()
        .all(&deployment.direct)
        .await?;
    let entered: i64 = months.iter().map(|month| month.cost).sum();
    let (charged, most) = sums(&bills);
    let fail = |what| deployment.history.fail(RULE, "", "", what);
    if !(charged..=most).contains(&(entered / ANSWER)) {
        let gone = bills
            .iter()
            .filter(|bill| !bill.is_kept && bill.charged > 0);
        let gone: Vec<_> = gone.map(|bill| bill.mark.as_str()).collect();
        fail(format!(
            "the provider charged {charged} calls, at most {most} were made, and {} are accounted; \
             of readings that were deleted: {gone:?}",
            entered / ANSWER
        ));
    }
    if entered < of_users {
        fail(format!(
            "users' months come to {of_users}, the service's to {entered}"
        ));
    }
    Ok(())
}

fn sums(bills: &[Bill]) -> (i64, i64) {
    let charged = bills.iter().map(|bill| bill.charged).sum();
    (charged, bills.iter().map(|bill| bill.most).sum())
}

fn bills_of(deployment: &Deployment, person: &Person, calls: &Calls) -> Vec<Bill> {
    let state = person.lock();
    let bills = state.asked.iter().map(|asked| {
        let of_mark = calls
            .get(&asked.mark)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let charged = of_mark.iter().filter(|(_, call)| call.charged).count();
        let charged = i64::try_from(charged).unwrap();
        let made = i64::from(asked.attempts + asked.regenerations);
        let history = &deployment.history;
        // What was about to be sent may be accounted and never have arrived.
        let was_stopped = state.deleting
            || asked.cancels > 0
            || !asked.deleters.is_empty()
            || history.was_disturbed(asked.began, history.now());
        Bill {
            mark: asked.mark.clone(),
            charged,
            most: if was_stopped {
                made.max(charged)
            } else {
                charged
            },
            is_kept: asked.is_kept() && !state.deleting,
        }
    });
    bills.collect()
}

/// Returns what is entered for a user.
async fn user_pays(
    deployment: &Deployment,
    person: &Person,
    bills: &[Bill],
    calls: &Calls,
) -> Result<i64, DbErr> {
    let stored = user::Entity::find()
        .filter(user::Column::Email.eq(person.email()))
        .one(&deployment.direct)
        .await?;
    let Some(stored) = stored else { return Ok(0) };
    let months = usage_month::Entity::find()
        .filter(usage_month::Column::UserId.eq(stored.id))
        .all(&deployment.direct)
        .await?;
    let entered: i64 = months.iter().map(|month| month.cost).sum();
    let mut kept = 0;
    for bill in bills {
        let of_mark = calls.get(&bill.mark).map(Vec::as_slice).unwrap_or_default();
        kept += reading_pays(deployment, person, bill, of_mark).await?;
    }
    let (charged, most) = sums(bills);
    let fail = |what| deployment.history.fail(RULE, &person.name, "", what);
    let nothing_is_gone = bills.iter().all(|bill| bill.is_kept);
    if entered < kept || nothing_is_gone && entered != kept {
        fail(format!(
            "the answers that are kept cost {kept}, and {entered} are entered for the user"
        ));
    }
    if !(charged..=most).contains(&(entered / ANSWER)) {
        fail(format!(
            "the provider charged {charged} calls, at most {most} were made, and {} are entered \
             for the user",
            entered / ANSWER
        ));
    }
    Ok(entered)
}

/// Returns what the answers to a question cost that are there.
async fn reading_pays(
    deployment: &Deployment,
    person: &Person,
    bill: &Bill,
    calls: &[(usize, Call)],
) -> Result<i64, DbErr> {
    let rows = reading::Entity::find()
        .filter(reading::Column::Question.eq(question(&bill.mark)))
        .find_with_related(generation::Entity)
        .all(&deployment.direct)
        .await?;
    let fail = |what| {
        deployment
            .history
            .fail(RULE, &person.name, &bill.mark, what);
    };
    let (mut cost, mut accounted) = (0, 0);
    for (row, generations) in &rows {
        for generation in generations {
            cost += generation.cost;
            accounted += i64::from(generation.cost >= ANSWER);
            if let Err(what) = answer_is_of_a_call(row, generation, calls) {
                fail(format!("{what}: {generation:?}"));
            }
        }
    }
    if bill.is_kept && !(bill.charged..=bill.most).contains(&accounted) {
        fail(format!(
            "the provider charged {} calls, at most {} were made, and {accounted} are accounted: \
             {rows:?}",
            bill.charged, bill.most
        ));
    }
    Ok(cost)
}

/// Whether a generation has the text and the cost of one call.
fn answer_is_of_a_call(
    row: &reading::Model,
    generation: &generation::Model,
    calls: &[(usize, Call)],
) -> Result<(), String> {
    if generation.cost >= 2 * ANSWER {
        return Err("it costs as much as two calls".to_owned());
    }
    let stored = if row.generation_id == generation.id {
        &row.response
    } else {
        &generation.response
    };
    let Some(stored) = stored.as_deref() else {
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
