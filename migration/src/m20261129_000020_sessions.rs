//! When a session was last used, and how its user wants to be addressed. Rows of the previous version
//! get the defaults.

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, string_len, timestamp_with_time_zone_null},
    sea_orm::DbBackend,
};

use crate::columns;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Only changes that decide whether a session is served are announced. Its last use is written once a
/// minute, and announcing it would have every instance read the session again as often.
const ANNOUNCE_LESS: &str = "
DROP TRIGGER mula_changed ON sessions;
CREATE TRIGGER mula_changed AFTER UPDATE ON sessions
    FOR EACH ROW WHEN ((OLD.user_id, OLD.is_revoked, OLD.expires_at)
        IS DISTINCT FROM (NEW.user_id, NEW.is_revoked, NEW.expires_at))
    EXECUTE FUNCTION mula_tell_change('session');
";

const ANNOUNCE_ALL: &str = "
DROP TRIGGER mula_changed ON sessions;
CREATE TRIGGER mula_changed AFTER UPDATE ON sessions
    FOR EACH ROW EXECUTE FUNCTION mula_tell_change('session');
";

/// Tables, and the columns they get.
fn columns() -> [(&'static str, ColumnDef); 3] {
    [
        ("sessions", timestamp_with_time_zone_null("last_used_at")),
        ("users", string_len("locale", 35).default("en").take()),
        ("users", boolean("memory").default(true).take()),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::add(manager, columns()).await?;
        on_postgres(manager, ANNOUNCE_LESS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        on_postgres(manager, ANNOUNCE_ALL).await?;
        columns::drop(manager, columns()).await
    }
}

async fn on_postgres(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        manager.get_connection().execute_unprepared(sql).await?;
    }
    Ok(())
}
