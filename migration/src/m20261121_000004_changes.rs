//! On PostgreSQL, triggers notify every instance of changes of users and sessions, in the transaction of the
//! change, so that no way of changing them leaves it out.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// A notification is `user` or `session`, a space, and the row's id. Sessions that have expired are
/// deleted by the thousand, without notifications.
const UP: &str = "
CREATE FUNCTION mula_tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('mula_account', TG_ARGV[0] || ' ' || OLD.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER mula_changed AFTER UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION mula_tell_change('user');
CREATE TRIGGER mula_changed AFTER UPDATE ON sessions
    FOR EACH ROW EXECUTE FUNCTION mula_tell_change('session');
CREATE TRIGGER mula_deleted AFTER DELETE ON sessions
    FOR EACH ROW WHEN (OLD.expires_at > now()) EXECUTE FUNCTION mula_tell_change('session');
";

const DOWN: &str = "
DROP TRIGGER mula_deleted ON sessions;
DROP TRIGGER mula_changed ON sessions;
DROP TRIGGER mula_changed ON users;
DROP FUNCTION mula_tell_change;
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        on_postgres(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        on_postgres(manager, DOWN).await
    }
}

async fn on_postgres(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        manager.get_connection().execute_unprepared(sql).await?;
    }
    Ok(())
}
