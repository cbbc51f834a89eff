//! The original's readings.

use std::collections::HashSet;

use chrono::{DateTime, SubsecRound, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::{super::batch::insert, TakeOverError, TakenOver, new_id, page};
use crate::{
    advisor::engine::Failure,
    digest,
    entity::{
        PieceEnds, Sources, generation,
        reading::{self, Advisor, Care, Engine, Status},
    },
};

/// Nano-dollars in a dollar.
const NANO: i64 = 1_000_000_000;

#[derive(FromQueryResult)]
struct OldReading {
    id: i64,
    user_id: i64,
    /// None: there is no such user.
    user_created_at: Option<DateTime<Utc>>,
    advisor: String,
    question: String,
    response: Option<String>,
    tokens_used: i64,
    /// Decimal dollars.
    cost: String,
    created_at: DateTime<Utc>,
}

const READINGS: &str = "
    SELECT readings.id::bigint AS id, coalesce(user_id, 0)::bigint AS user_id,
        CASE WHEN users.id IS NOT NULL
            THEN coalesce(users.created_at, users.updated_at, 'epoch')::timestamptz
        END AS user_created_at,
        coalesce(advisor::text, '') AS advisor, coalesce(question, '')::text AS question,
        response::text AS response, coalesce(tokens_used, 0)::bigint AS tokens_used,
        coalesce(cost::text, '') AS cost,
        coalesce(readings.created_at, 'epoch')::timestamptz AS created_at
    FROM readings LEFT JOIN users ON users.id = readings.user_id
    WHERE readings.id > $1 ORDER BY readings.id LIMIT $2";

pub(super) async fn take_over(
    from: &DatabaseTransaction,
    tx: &DatabaseTransaction,
    left_out: &HashSet<i64>,
    taken: &mut TakenOver,
    progress: &mut impl FnMut(u64),
) -> Result<(), TakeOverError> {
    let mut without_user = 0_u64;
    let mut after = i64::MIN;
    loop {
        let page: Vec<OldReading> = page(from, READINGS, after).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        let ids = page
            .iter()
            .map(|old| new_id(old.created_at, "readings", old.id));
        let here: HashSet<Uuid> = reading::Entity::find()
            .select_only()
            .column(reading::Column::Id)
            .filter(reading::Column::Id.is_in(ids))
            .into_tuple::<Uuid>()
            .all(tx)
            .await?
            .into_iter()
            .collect();
        let (mut rows, mut generations) = (Vec::new(), Vec::new());
        for old in page {
            let id = new_id(old.created_at, "readings", old.id);
            if here.contains(&id) {
                taken.same.readings += 1;
                continue;
            }
            let Some(owner) = old
                .user_created_at
                .filter(|_| !left_out.contains(&old.user_id))
            else {
                without_user += 1;
                continue;
            };
            let Some(advisor) = advisor(&old.advisor) else {
                taken.remarks.push(format!(
                    "reading {} is left out: there is no advisor {:?} here",
                    old.id, old.advisor
                ));
                continue;
            };
            let reading = new_reading(id, new_id(owner, "users", old.user_id), advisor, old);
            generations.push(only_generation(&reading));
            rows.push(reading);
        }
        taken.added.readings += rows.len() as u64;
        insert::<reading::Entity>(tx, rows).await?;
        insert::<generation::Entity>(tx, generations).await?;
        progress(taken.added.all() + taken.same.all());
    }
    if without_user > 0 {
        taken.remarks.push(format!(
            "readings left out, as their users are or are gone: {without_user}"
        ));
    }
    Ok(())
}

fn new_reading(id: Uuid, user_id: Uuid, advisor: Advisor, old: OldReading) -> reading::Model {
    let cost = nano_dollars(&old.cost);
    let created_at = old.created_at.trunc_subsecs(6);
    // What never got an answer got none because something broke.
    let failure = old.response.is_none().then_some(Failure::Interrupted);
    reading::Model {
        id,
        user_id,
        advisor,
        question: old.question,
        // Of no question: what the original wrote is not given again.
        cache_key: digest::hash_parts(["original", &old.id.to_string()]),
        generation_id: new_id(old.created_at, "generations", old.id),
        status: match failure {
            None => Status::Completed,
            Some(_) => Status::Failed,
        },
        response: old.response,
        // The original had nothing else.
        engine: Engine::Model,
        care: Care::None,
        model: None,
        sources: Sources::default(),
        tokens_used: i32::try_from(old.tokens_used.max(0)).unwrap_or(i32::MAX),
        cost: cost.unwrap_or_default(),
        is_estimated: cost.is_none(),
        is_cached: false,
        is_truncated: false,
        failure_code: failure.map(|failure| failure.code().to_owned()),
        failure_message: failure.map(|failure| failure.to_string()),
        created_at,
        completed_at: Some(created_at),
        is_favourite: false,
        note: None,
        rating: None,
        in_reply_to: None,
        is_indexed: false,
        share_token: None,
        shared_at: None,
        share_expires_at: None,
    }
}

fn only_generation(reading: &reading::Model) -> generation::Model {
    let ends: Vec<_> = reading
        .response
        .iter()
        .map(String::len)
        .filter(|end| *end > 0)
        .collect();
    generation::Model {
        id: reading.generation_id,
        reading_id: reading.id,
        user_id: reading.user_id,
        status: reading.status,
        // The original cast none.
        cast_open: -1,
        owner: None,
        epoch: 0,
        lease_expires_at: None,
        cancel_requested: false,
        sent_at: None,
        reserved: 0,
        provider_response_id: None,
        provider_sequence: None,
        last_sequence: i32::from(!ends.is_empty()),
        piece_ends: PieceEnds(ends),
        response: None,
        engine: reading.engine,
        model: None,
        sources: Sources::default(),
        tokens_used: reading.tokens_used,
        cached_tokens: 0,
        reasoning_tokens: 0,
        cost: reading.cost,
        is_estimated: reading.is_estimated,
        is_truncated: false,
        is_thinking: false,
        failure_code: reading.failure_code.clone(),
        failure_message: reading.failure_message.clone(),
        created_at: reading.created_at,
        completed_at: reading.completed_at,
        rating: None,
        rating_reason: None,
        prompt_version: None,
    }
}

/// By its name in any case, also as Python writes an enumeration's member: `Advisor.LEGBA`.
fn advisor(name: &str) -> Option<Advisor> {
    let name = name.trim().rsplit('.').next()?;
    match name.to_ascii_lowercase().as_str() {
        "legba" => Some(Advisor::Legba),
        "oshun" => Some(Advisor::Oshun),
        "shango" => Some(Advisor::Shango),
        "yemaya" => Some(Advisor::Yemaya),
        _ => None,
    }
}

/// To the nearest; none of what is no amount of money. The original's documented column is text, with
/// amounts such as `0.00` and `$1.20`; floats are written as PostgreSQL writes them, `1.2e-05`.
fn nano_dollars(dollars: &str) -> Option<i64> {
    let dollars = dollars.trim().trim_start_matches('$').trim_start();
    if dollars.is_empty() {
        return Some(0);
    }
    let dollars = dollars
        .parse()
        .or_else(|_| Decimal::from_scientific(dollars))
        .ok()?;
    let nano = Decimal::checked_mul(dollars, NANO.into())?.round();
    nano.to_i64().filter(|nano| *nano >= 0)
}

#[cfg(test)]
mod tests {
    use super::{Advisor, advisor, nano_dollars};

    #[test]
    fn costs_in_dollars_however_they_were_kept() {
        assert_eq!(nano_dollars("0.0012"), Some(1_200_000));
        assert_eq!(nano_dollars("3"), Some(3_000_000_000));
        assert_eq!(nano_dollars("0.0000000015"), Some(2));
        for nothing in ["", " ", "0.00", "$0"] {
            assert_eq!(nano_dollars(nothing), Some(0), "{nothing:?}");
        }
        assert_eq!(nano_dollars(" $1.20 "), Some(1_200_000_000));
        assert_eq!(nano_dollars("1.2e-05"), Some(12_000));
        for bad in ["NaN", "-1", "a lot", "1,5", "99999999999999999999"] {
            assert_eq!(nano_dollars(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn advisors_in_any_case() {
        for name in ["oshun", "Oshun", " OSHUN", "Advisor.OSHUN"] {
            assert_eq!(advisor(name), Some(Advisor::Oshun), "{name:?}");
        }
        assert_eq!(advisor("merlin"), None);
    }
}
