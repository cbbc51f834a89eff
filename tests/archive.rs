//! Data out and in again: exports and imports.

mod refused;
mod scope;

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Stdio};

use serde_json::{Value, json};

use crate::{
    commands::over,
    support::{Database, Server, Service, on_both, run},
};

/// Runs a command that has to go well; returns what it printed.
async fn done(database: &Database, arguments: &[&str]) -> String {
    let (code, out, err) = run(over(database, arguments)).await;
    assert_eq!(code, Some(0), "{arguments:?}: {err}");
    out
}

/// An export's lines, but for the header, which has the time in it.
async fn exported(database: &Database, arguments: &[&str]) -> Vec<Value> {
    let out = done(database, &[&["export"], arguments].concat()).await;
    let mut lines = out.lines().map(|line| serde_json::from_str(line).unwrap());
    let header: Value = lines.next().unwrap();
    assert_eq!(
        (&header["type"], &header["format"], &header["version"]),
        (&json!("header"), &json!("mula-export"), &json!(1))
    );
    lines.collect()
}

fn of_type<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == name).collect()
}

/// A database of the other kind, with tables and no rows; where there is no PostgreSQL, of the
/// same.
async fn another(than: &Database) -> Database {
    let other = match than {
        Database::Sqlite(_) => Database::postgres().await.unwrap_or_else(Database::sqlite),
        Database::Postgres(..) => Database::sqlite(),
    };
    done(&other, &["migrate", "up"]).await;
    other
}

async fn export_to_file(database: &Database) -> PathBuf {
    let file = database.dir().join("export.jsonl");
    done(database, &["export", "--output", file.to_str().unwrap()]).await;
    file
}

async fn import(database: &Database, text: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let file = database.dir().join("import.jsonl");
    fs::write(&file, text).unwrap();
    run(over(
        database,
        &[&["import", file.to_str().unwrap()], more].concat(),
    ))
    .await
}

/// Lines between a header and an end that fit.
fn whole(lines: &[Value]) -> String {
    let header = json!({
        "type": "header", "format": "mula-export", "version": 1, "mula": "0.1.0", "scope": "ALL",
        "exported_at": "2026-01-01T00:00:00Z", "contains": ["user"],
    });
    let end = json!({ "type": "end", "lines": lines.len() });
    let mut text = String::new();
    for line in std::iter::once(&header).chain(lines).chain([&end]) {
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text
}

fn user(number: u32, email: &str, username: &str) -> Value {
    json!({
        "type": "user", "id": format!("019a0000-0000-7000-8000-{number:012}"), "email": email,
        "username": username, "hashed_password": "$2b$04$mG6sAQwRDSp44c0kIqyfAu29yxXD54vktlch9Nd739pXKvM7qc.nK",
        "is_active": true, "created_at": "2026-01-01T00:00:00.000001Z", "updated_at": "2026-01-01T00:00:00Z",
    })
}

fn reading(number: u32, of: u32, text: &str) -> Value {
    let generation = format!("019a0000-0000-7000-8002-{number:012}");
    let outcome = json!({
        "status": "COMPLETED", "engine": "EMBEDDED", "model": null, "sources": [], "tokens_used": 0,
        "cost_nano_usd": 0, "is_estimated": false, "failure_code": null, "failure_message": null,
        "created_at": "2026-01-02T00:00:00Z", "completed_at": "2026-01-02T00:00:01Z",
    });
    let with = |more: Value| {
        let mut all = outcome.as_object().unwrap().clone();
        all.extend(more.as_object().unwrap().clone());
        Value::Object(all)
    };
    with(json!({
        "type": "reading", "id": format!("019a0000-0000-7000-8001-{number:012}"),
        "user_id": format!("019a0000-0000-7000-8000-{of:012}"), "advisor": "LEGBA",
        "question": "Which way?", "response": text, "generation_id": generation, "is_cached": false,
        "cache_key": "0".repeat(64), "idempotency_keys": [],
        "generations": [with(json!({
            "id": generation, "response": null, "cast_open": 2, "piece_ends": [text.len()],
        }))],
    }))
}

on_both! {
    async fn all_data_moves_to_another_database_and_back(server: Server) {
        let ada = server.join("ada").await;
        server.join("bea").await;
        let asked = server.ask_with(&ada, "Which way from here?", json!({ "idempotencyKey": "once" })).await;
        let id = asked.data()["askAdvisor"]["reading"]["id"].as_str().unwrap().to_owned();
        server.regenerate(&ada, json!({ "id": id })).await.data();
        // The same question, answered from the cache.
        server.ask(&ada, "LEGBA", "Which way from here?").await;
        let before = server.reading(&ada, &id).await;
        for sql in [
            // More than a float holds.
            "INSERT INTO usage_months SELECT id, '2025-02-01', 9007199254740993, 9007199254740995 FROM users",
            "INSERT INTO service_months VALUES ('2025-02-01', 1, 9007199254740997)",
            "INSERT INTO usage_days SELECT id, '2099-02-03', 4 FROM users",
            "UPDATE generations SET cached_tokens = 3, reasoning_tokens = 5, rating = 'NOT_HELPFUL', rating_reason = 'r'",
            "UPDATE readings SET is_favourite = true, note = 'n', rating = 'NOT_HELPFUL', in_reply_to = user_id",
            "UPDATE readings SET shared_at = created_at, share_expires_at = '2099-01-02 03:04:05+00:00',
                share_token = substr(cache_key, 1, 32) || 'abcdefghijk' WHERE is_cached = false",
        ] {
            assert!(server.database.execute(sql).await > 0);
        }
        let first = server.stop().await;
        let there = export_to_file(&first).await;
        assert_eq!(fs::metadata(&there).unwrap().permissions().mode() & 0o777, 0o600, "it holds hashes");

        let second = another(&first).await;
        let import = ["import", there.to_str().unwrap()];
        let said = done(&second, &import).await;
        assert!(said.starts_with("2 users, 2 readings, 6 rows of usage, 4 events imported.\n"), "{said}");
        let lines = exported(&second, &[]).await;
        assert_eq!(lines, exported(&first, &[]).await);
        assert_eq!(of_type(&lines, "reading").len(), 2);
        let generations = of_type(&lines, "reading")[0]["generations"].as_array().unwrap().clone();
        assert_eq!(generations.len(), 2);
        let tokens = (&generations[0]["cached_tokens"], &generations[0]["reasoning_tokens"]);
        assert_eq!(tokens, (&json!(3), &json!(5)));
        assert_eq!(generations[1]["rating_reason"], "r");
        assert!(generations[1]["prompt_version"].is_string());
        let kept = of_type(&lines, "reading")[0].clone();
        assert_eq!([&kept["is_favourite"], &kept["note"]], [&json!(true), &json!("n")]);
        assert_eq!(kept["in_reply_to"], kept["user_id"]);
        assert_eq!(kept["share"]["expires_at"], "2099-01-02T03:04:05Z");
        assert!(kept["share"]["token"].as_str().unwrap().ends_with("abcdefghijk"));
        assert_eq!(of_type(&lines, "service_month")[0]["cost_nano_usd"], json!(9_007_199_254_740_997_i64));

        // Twice is once.
        let said = done(&second, &import).await;
        assert!(said.starts_with("0 users, 0 readings, 0 rows of usage imported.\n"), "{said}");
        assert!(said.contains("There already: 2 users, 2 readings, 6 rows of usage, 4 events."), "{said}");

        // And back, into a third, over a pipe.
        let third = another(&second).await;
        let mut from_pipe = over(&third, &["import", "-"]);
        from_pipe.stdin(Stdio::from(fs::File::open(export_to_file(&second).await).unwrap()));
        let (code, _, err) = run(from_pipe).await;
        assert_eq!(code, Some(0), "{err}");
        assert_eq!(exported(&third, &[]).await, lines);

        // There, everything goes on: the password, the readings, and a key asks once.
        let server = Server::start(second, &[]).await;
        let ada = server.sign_in("ada").await;
        assert_eq!(server.reading(&ada, &id).await, before);
        let rating = "query ($id: ID!) { reading(id: $id) { rating } }";
        let rating = server.graphql(&ada, rating, json!({ "id": id })).await;
        assert_eq!(rating.data()["reading"]["rating"], "NOT_HELPFUL");
        let again = server.ask_with(&ada, "Which way from here?", json!({ "idempotencyKey": "once" })).await;
        assert_eq!(again.data()["askAdvisor"]["reading"]["id"], id.as_str());
    }

    #[settings("--embedded-pace", "5")]
    async fn an_answer_that_is_being_written_is_exported_as_interrupted(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        while server.reading(&ada, &id).await["response"].is_null() {
            tokio::task::yield_now().await;
        }

        let file = export_to_file(&server.database).await;
        server.cancel(&ada, &id).await.data();

        let second = another(&server.database).await;
        done(&second, &["import", file.to_str().unwrap()]).await;
        let elsewhere = Server::start(second, &[]).await;
        let ada = elsewhere.sign_in("ada").await;
        let reading = elsewhere.reading(&ada, &id).await;
        assert_eq!((&reading["status"], &reading["failure"]["code"]), (&json!("FAILED"), &json!("INTERRUPTED")));
        assert_eq!(reading["generations"][0]["status"], "FAILED");
        assert!(!reading["response"].as_str().unwrap().is_empty(), "{reading}");
        // Nothing is stuck: it can be answered anew.
        elsewhere.regenerate(&ada, json!({ "id": id })).await.data();
    }

    async fn a_user_gets_what_is_theirs_and_nothing_else(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let reading = server.ask(&ada, "OSHUN", "Will the river rise?").await;
        server.ask(&bea, "LEGBA", "Which way from here?").await;
        server.database.execute("INSERT INTO service_months VALUES ('2025-02-01', 1, 1)").await;

        let lines = exported(&server.database, &["--user", "ADA@example.com"]).await;

        let kinds: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        let expected = ["user", "usage_day", "session", "account_event", "account_event", "reading", "end"];
        assert_eq!(kinds, expected);
        assert_eq!([&lines[2]["user_agent"], &lines[2]["is_revoked"]], [&json!("mula-tests/1"), &json!(false)]);
        assert_eq!([&lines[3]["kind"], &lines[4]["kind"]], ["REGISTERED", "SIGNED_IN"]);
        assert_eq!(lines[4]["session_id"], lines[2]["id"]);
        assert_eq!(lines[0]["email"], "ada@example.com");
        assert_eq!(lines[5]["response"], reading["response"]);
        let text = done(&server.database, &["export", "--user", "ada@example.com"]).await;
        for secret in ["$2b$", "bea@example.com", "Which way", "idempotency_keys", &ada.token] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }

        // What was deleted by mistake is brought back from it, into the same account alone.
        let id = reading["id"].as_str().unwrap();
        server.delete_reading(&ada, id).await.data();
        let (code, said, err) = import(&server.database, &text, &[]).await;
        assert_eq!(code, Some(0), "{err}");
        assert!(said.starts_with("0 users, 1 reading, 0 rows"), "{said}");
        assert_eq!(server.reading(&ada, id).await["response"], reading["response"]);
        // Its sessions and events are only there to be read.
        let rows = async |rows: &str| server.database.count(rows).await;
        assert_eq!((rows("sessions").await, rows("account_events").await), (2, 4));
        let (code, _, err) = import(&another(&server.database).await, &text, &[]).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("line 2: NO_PASSWORD") && !err.contains("line 3"), "{err}");

        let (code, out, err) = run(over(&server.database, &["export", "--user", "nobody@example.com"])).await;
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(err.contains("nobody@example.com"), "{err}");
    }

    async fn of_two_counts_the_higher_stays(server: Server) {
        let database = server.stop().await;
        let id = user(1, "", "")["id"].clone();
        let day = |readings| json!({ "type": "usage_day", "user_id": id, "day": "2026-01-02", "readings": readings });
        let month = |tokens, cost| json!({ "type": "usage_month", "user_id": id, "month": "2026-01-01", "tokens": tokens, "cost_nano_usd": cost });
        let ada = user(1, "ada@example.com", "ada");

        for (there, said) in [
            ([day(3), month(10, 100)], "2 rows of usage imported"),
            ([day(2), month(9, 90)], "0 rows of usage imported"),
            ([day(4), month(9, 110)], "2 rows of usage imported"),
        ] {
            let [days, months] = there;
            let (code, out, err) = import(&database, &whole(&[ada.clone(), days, months]), &[]).await;
            assert_eq!(code, Some(0), "{err}");
            assert!(out.contains(said), "{said} is not in {out}");
        }

        let lines = exported(&database, &[]).await;
        assert_eq!(lines[1..3], [day(4), month(10, 110)]);
    }

    async fn an_export_is_of_one_moment(server: Server) {
        let ada = server.join("ada").await;
        server.ask(&ada, "LEGBA", "Which way from here?").await;
        let db = mula::db::Database::connect(&server.database.settings(&[]).database).await.unwrap();
        let meanwhile = "INSERT INTO usage_days SELECT id, '2099-01-01', 7 FROM users";
        let export = async |mut between: Option<&str>| {
            let mut out = Vec::new();
            mula::archive::export(&db, None, server.clock.now(), &mut out, |_| {
                // After the first page: somebody else writes what a later page would hold.
                if let Some(sql) = between.take() {
                    let runtime = || tokio::runtime::Runtime::new().unwrap();
                    std::thread::scope(|scope| {
                        let write = || runtime().block_on(server.database.execute(sql));
                        assert_eq!(scope.spawn(write).join().unwrap(), 1);
                    });
                }
            }).await.unwrap();
            String::from_utf8(out).unwrap()
        };

        assert!(!export(Some(meanwhile)).await.contains("2099-01-01"));
        assert!(export(None).await.contains("2099-01-01"));
        db.close().await;
    }
}

#[tokio::test]
async fn an_export_replaces_no_file_and_makes_no_database() {
    let database = Database::sqlite();
    let (code, _, err) = run(over(&database, &["export"])).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("mula.db"), "{err}");
    assert_eq!(fs::read_dir(database.dir()).unwrap().count(), 0);

    done(&database, &["migrate", "up"]).await;
    let file = database.dir().join("kept.jsonl");
    fs::write(&file, "mine").unwrap();
    let (code, out, err) = run(over(&database, &["export", "--output", "kept.jsonl"])).await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("kept.jsonl"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}
