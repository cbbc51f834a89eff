//! SQL statements, as the driver tells of them when they are done.

use std::time::SystemTime;

use opentelemetry::{
    Context, KeyValue,
    trace::{Span as _, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer},
};
use sea_orm::{DbBackend, metric::Info};

use super::TRACER;

/// A statement that was executed within the calling task's span, if it has one: what the service
/// does of its own accord, again and again, is no trace.
pub fn statement(info: &Info<'_>) {
    let Some(tracer) = TRACER.get() else {
        return;
    };
    Context::map_current(|context| {
        if !context.span().is_recording() {
            return;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "other spans are timed by their library, which tests do not move either"
        )]
        let end = SystemTime::now();
        let statement = info.statement;
        let system = match statement.db_backend {
            DbBackend::Sqlite => "sqlite",
            _ => "postgresql",
        };
        let (operation, table) = summary(&statement.sql);
        let name = match table {
            Some(table) => format!("{operation} {table}"),
            None => operation.to_owned(),
        };
        let builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Client)
            .with_start_time(end.checked_sub(info.elapsed).unwrap_or(end))
            .with_attributes([
                KeyValue::new("db.system.name", system),
                KeyValue::new("db.operation.name", operation.to_owned()),
                // With placeholders: the values are elsewhere, and stay there.
                KeyValue::new("db.query.text", statement.sql.clone()),
            ]);
        let mut span = tracer.build_with_context(builder, context);
        if info.failed {
            // Not the driver's words, which may repeat a value.
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(end);
    });
}

/// The kind of a statement, and the first table it names.
fn summary(sql: &str) -> (&str, Option<&str>) {
    let operation = sql.split_whitespace().next().unwrap_or("");
    let table = ["FROM \"", "INTO \"", "UPDATE \""]
        .into_iter()
        .filter_map(|before| {
            let start = sql.find(before)? + before.len();
            Some((start, sql[start..].split('"').next()?))
        })
        .min();
    (operation, table.map(|(_, table)| table))
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn a_statement_is_called_by_what_it_does_to_which_table() {
        for (sql, called) in [
            (
                r#"SELECT "a" FROM "sessions" INNER JOIN "users""#,
                ("SELECT", Some("sessions")),
            ),
            (
                r#"INSERT INTO "readings" ("a") VALUES ($1)"#,
                ("INSERT", Some("readings")),
            ),
            (r#"UPDATE "users" SET "a" = $1"#, ("UPDATE", Some("users"))),
            (r#"DELETE FROM "chunks""#, ("DELETE", Some("chunks"))),
            ("SELECT pg_notify($1, $2)", ("SELECT", None)),
            ("", ("", None)),
        ] {
            assert_eq!(summary(sql), called, "{sql}");
        }
    }
}
