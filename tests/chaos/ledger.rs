//! The ledger of answers: all that are in the database, and by a trigger all that were, as they were
//! when they were deleted.

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, FromQueryResult, Statement,
};
use uuid::Uuid;

use super::deployment::ANSWER;

const TABLE: &str = "CREATE TABLE chaos_deleted (
    question text NOT NULL, user_id uuid NOT NULL, cost bigint NOT NULL,
    was_sent boolean NOT NULL, has_ended boolean NOT NULL, may_be_free boolean NOT NULL
)";

/// The columns of an entry, of a generation and its reading.
fn columns(reading: &str) -> String {
    format!(
        "SELECT {reading}.question AS question, generations.user_id AS user_id,
            generations.cost AS cost, sent_at IS NOT NULL AS was_sent,
            generations.completed_at IS NOT NULL AS has_ended,
            generations.completed_at IS NULL OR (
                (generations.status = 'CANCELLED'
                    OR coalesce(generations.failure_code, '') IN ('INTERRUPTED', 'PROVIDER_TIMEOUT'))
                AND coalesce(CASE WHEN {reading}.generation_id = generations.id
                    THEN {reading}.response ELSE generations.response END, '') = ''
            ) AS may_be_free
        FROM generations"
    )
}

/// An answer that is, or was, in the database.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Entry {
    pub question: String,
    pub user_id: Uuid,
    /// Nano-dollars, once it has ended.
    pub cost: i64,
    /// Whether the provider was asked, or was about to be.
    pub was_sent: bool,
    /// If not, the deletion ended it, and accounted it if it was sent.
    pub has_ended: bool,
    /// Whether the provider may never have had its request: it was stopped, or waited in vain, without
    /// a word.
    pub may_be_free: bool,
}

impl Entry {
    /// How many calls of the provider are accounted for it.
    pub fn calls(&self) -> i64 {
        if self.has_ended {
            self.cost / ANSWER
        } else {
            i64::from(self.was_sent)
        }
    }
}

/// Has the database copy from now on what is deleted.
pub async fn keep(db: &DatabaseConnection) -> Result<(), DbErr> {
    db.execute_unprepared(TABLE).await?;
    let copy = format!(
        "INSERT INTO chaos_deleted {} WHERE reading_id = OLD.id;",
        columns("OLD")
    );
    let triggers = if db.get_database_backend() == DatabaseBackend::Postgres {
        vec![
            format!(
                "CREATE FUNCTION chaos_copy() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN {copy} RETURN OLD; END $$"
            ),
            "CREATE TRIGGER chaos_copy BEFORE DELETE ON readings
                FOR EACH ROW EXECUTE FUNCTION chaos_copy()"
                .to_owned(),
        ]
    } else {
        vec![format!(
            "CREATE TRIGGER chaos_copy BEFORE DELETE ON readings FOR EACH ROW BEGIN {copy} END"
        )]
    };
    for trigger in triggers {
        db.execute_unprepared(&trigger).await?;
    }
    Ok(())
}

/// # Errors
///
/// If the database fails.
pub async fn all(db: &DatabaseConnection) -> Result<Vec<Entry>, DbErr> {
    let all = format!(
        "{} JOIN readings ON readings.id = reading_id UNION ALL SELECT * FROM chaos_deleted",
        columns("readings")
    );
    let all = Statement::from_string(db.get_database_backend(), all);
    Entry::find_by_statement(all).all(db).await
}
