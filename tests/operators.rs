//! Accounts by command: made, given a new password, looked at.

use std::{io::Write, process::Stdio};

use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use crate::{
    commands::over,
    support::{Server, on_both, refused_within_a_second, run},
};

/// A `mula user` command over the server's database, at the tests' cost of bcrypt.
async fn user(server: &Server, arguments: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [&["user", "--bcrypt-cost", "4"], arguments].concat();
    run(over(&server.database, &arguments)).await
}

/// The same, with a line on its standard input.
async fn user_given(
    server: &Server,
    arguments: &[&str],
    line: &str,
) -> (Option<i32>, String, String) {
    let arguments = [&["user", "--bcrypt-cost", "4"], arguments].concat();
    let mut command = over(&server.database, &arguments);
    let line = format!("{line}\n");
    tokio::task::spawn_blocking(move || {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may have ended already, over something else.
        let _ = child.stdin.take().unwrap().write_all(line.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    })
    .await
    .unwrap()
}

/// The value after a name in what a command printed.
#[track_caller]
fn value<'a>(said: &'a str, name: &str) -> &'a str {
    let found = said.lines().find_map(|line| line.strip_prefix(name));
    found
        .unwrap_or_else(|| panic!("{name} is not in {said}"))
        .trim()
}

on_both! {
    async fn an_account_is_made(server: Server) {
        let (code, said, err) = user(&server, &["create", "ama@example.com", "--username", "ama"]).await;
        assert_eq!(code, Some(0), "{err}");
        let generated = value(&said, "password: ");
        assert!(generated.len() >= 20, "{said}");
        assert!(server.log_in("ama@example.com", generated).await.is_good());

        let own = "river and thunder";
        let create = ["create", "kofi@example.com", "--username", "kofi", "--stdin", "--json"];
        let (code, said, err) = user_given(&server, &create, own).await;
        assert_eq!(code, Some(0), "{err}");
        let made: Value = serde_json::from_str(&said).unwrap();
        assert_eq!([&made["email"], &made["password"]], [&json!("kofi@example.com"), &Value::Null]);
        assert!(server.log_in("kofi@example.com", own).await.is_good());

        for (arguments, code, why) in [
            (&["create", "AMA@example.com", "--username", "other"][..], 1, "another account"),
            (&["create", "new@example.com", "--username", "AMA"], 1, "another account"),
            (&["create", "nowhere", "--username", "esi"], 2, "invalid email"),
            (&["create", "esi@example.com", "--username", "e"], 2, "invalid username"),
        ] {
            let (ended, _, err) = user(&server, arguments).await;
            assert_eq!(ended, Some(code), "{arguments:?}: {err}");
            assert!(err.contains(why), "{err}");
        }
        let weak = ["create", "esi@example.com", "--username", "esi", "--stdin"];
        let (code, _, err) = user_given(&server, &weak, "password").await;
        assert_eq!(code, Some(2));
        assert!(err.contains("invalid password"), "{err}");
        assert_eq!(server.database.count("users").await, 2);
    }

    async fn a_forgotten_password_is_replaced_and_its_sessions_end(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let profile = async || server.graphql(&ada, "{ profile { id } }", json!({})).await;
        profile().await.data();

        let (code, said, err) = user(&server, &["reset-password", "ADA@example.com"]).await;

        assert_eq!(code, Some(0), "{err}");
        assert!(said.contains("1 session ended"), "{said}");
        refused_within_a_second("UNAUTHENTICATED", profile).await;
        let before = server.log_in(&ada.email, crate::support::PASSWORD).await;
        assert_eq!(before.code(), "UNAUTHENTICATED");
        assert!(server.log_in(&ada.email, value(&said, "password: ")).await.is_good());
        server.graphql(&bea, "{ profile { id } }", json!({})).await.data();

        let reset = ["reset-password", "ada@example.com", "--stdin"];
        let (code, said, err) = user_given(&server, &reset, "the river under the bridge").await;
        assert_eq!(code, Some(0), "{err}");
        assert!(!said.contains("river"), "{said}");
        assert!(server.log_in(&ada.email, "the river under the bridge").await.is_good());
        let (code, _, err) = user_given(&server, &reset, "short").await;
        assert_eq!(code, Some(2));
        assert!(err.contains("invalid password"), "{err}");
        let (code, _, err) = user(&server, &["reset-password", "nobody@example.com"]).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("nobody@example.com"), "{err}");
    }

    #[settings("--readings-per-day", "1")]
    async fn an_account_is_shown_by_any_of_its_ids(server: Server) {
        let ada = server.join("ada").await;
        server.join("bea").await;
        let reading = server.ask(&ada, "LEGBA", "Which way from here?").await;
        let (_, said, err) = user(&server, &["list", "--json"]).await;
        let all: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{err}"));
        assert_eq!(all.as_array().unwrap().len(), 2);
        assert_eq!(all[0]["id"], ada.id.as_str());
        let uuid = all[0]["uuid"].as_str().unwrap();

        for id in ["ada@example.com", &ada.id, uuid, &ada.session, reading["id"].as_str().unwrap()] {
            let show = ["show", id, "--json", "--readings-per-day", "1"];
            let (code, said, err) = user(&server, &show).await;
            assert_eq!(code, Some(0), "{id}: {err}");
            let shown: Value = serde_json::from_str(&said).unwrap();
            assert_eq!(shown["email"], "ada@example.com", "{id}");
            assert_eq!(shown["sessions"][0]["id"], ada.session.as_str());
            assert_eq!(shown["last_sign_in_at"], shown["sessions"][0]["created_at"]);
            assert_eq!([&shown["readings"], &shown["readings_today"]], [1, 1]);
            let event = &shown["events"][0];
            assert_eq!([&event["kind"], &event["session"]], [&json!("SIGNED_IN"), &json!(ada.session)]);
            assert_eq!(shown["limits_reached"], json!(["READINGS_PER_DAY"]));
        }
        let (code, said, _) = user(&server, &["show", "ada@example.com"]).await;
        assert_eq!(code, Some(0));
        assert_eq!(value(&said, "id "), ada.id);
        assert_eq!(value(&said, "readings "), "1");
        assert!(said.contains(&ada.session), "{said}");
        assert!(said.contains("REGISTERED        mula-tests/1"), "{said}");
        let (code, _, err) = user(&server, &["show", "user_01h455vb4pex5vsknk084sn02q"]).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("user_01h455vb4pex5vsknk084sn02q"), "{err}");
    }

    async fn an_address_is_corrected(server: Server) {
        let ada = server.join("ada").await;
        server.join("bea").await;
        let email = async || {
            let query = "{ profile { email isEmailVerified pendingEmail events(first: 1) { nodes { kind userAgent } } } }";
            server.graphql(&ada, query, json!({})).await.data()["profile"].clone()
        };
        server.database.execute("UPDATE users SET email_verified_at = created_at, pending_email = 'x@example.com'").await;

        let (code, said, err) = user(&server, &["set-email", "ada@example.com", " Lovelace@example.com "]).await;

        assert_eq!(code, Some(0), "{err}");
        assert!(said.contains("Lovelace@example.com"), "{said}");
        let deadline = Instant::now() + Duration::from_secs(1);
        while email().await["email"] != "Lovelace@example.com" {
            assert!(Instant::now() < deadline, "the server keeps the earlier one");
        }
        assert_eq!(email().await, json!({
            "email": "Lovelace@example.com", "isEmailVerified": false, "pendingEmail": null,
            "events": { "nodes": [{ "kind": "EMAIL_CHANGED", "userAgent": null }] },
        }));
        assert_eq!(server.log_in("ada@example.com", crate::support::PASSWORD).await.code(), "UNAUTHENTICATED");
        server.log_in("lovelace@example.com", crate::support::PASSWORD).await.data();
        let (code, said, err) = user(&server, &["set-email", &ada.id, "ada@example.com", "--json"]).await;
        assert_eq!(code, Some(0), "{err}");
        let changed: Value = serde_json::from_str(&said).unwrap();
        let emails = [&changed["email"], &changed["earlier_email"], &changed["id"]];
        assert_eq!(emails, ["ada@example.com", "Lovelace@example.com", ada.id.as_str()]);
        for (arguments, ended, why) in [
            ([&*ada.id, "BEA@example.com"], 1, "another account"),
            ([&*ada.id, "nowhere"], 2, "invalid email"),
            (["nobody@example.com", "x@example.com"], 1, "nobody@example.com"),
        ] {
            let (code, _, err) = user(&server, &[&["set-email"], &arguments[..]].concat()).await;
            assert_eq!(code, Some(ended), "{arguments:?}: {err}");
            assert!(err.contains(why), "{err}");
        }
    }

    async fn sessions_are_listed_and_ended(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let other = server.sign_in("ada").await;
        let profile = async |who: &crate::support::Member| server.graphql(who, "{ profile { id } }", json!({})).await;
        profile(&other).await.data();
        let (code, said, err) = user(&server, &["sessions", "ada@example.com"]).await;
        assert_eq!(code, Some(0), "{err}");
        assert!(said.contains(&ada.session) && said.contains(&other.session) && said.contains("2 sessions"), "{said}");
        let (_, said, _) = user(&server, &["sessions", &ada.id, "--json"]).await;
        let listed: Value = serde_json::from_str(&said).unwrap();
        assert_eq!([&listed[0]["id"], &listed[1]["id"]], [&other.session, &ada.session]);

        let (code, said, err) = user(&server, &["sessions", &ada.id, "--revoke", &other.session]).await;

        assert_eq!(code, Some(0), "{err}");
        assert!(said.contains("1 session ended"), "{said}");
        refused_within_a_second("UNAUTHENTICATED", async || profile(&other).await).await;
        profile(&ada).await.data();
        for none in [&*other.session, &bea.session, "session_01h455vb4pex5vsknk084sn02q", "x"] {
            let (code, _, err) = user(&server, &["sessions", &ada.id, "--revoke", none]).await;
            assert_eq!(code, Some(1), "{none}: {err}");
            assert!(err.contains(none), "{err}");
        }
        let query = "{ profile { events(first: 1) { nodes { kind } } } }";
        let answer = server.graphql(&ada, query, json!({})).await;
        assert_eq!(answer.data()["profile"]["events"]["nodes"][0]["kind"], "SESSION_REVOKED");
        let (_, said, _) = user(&server, &["sessions", &ada.id, "--revoke-all", "--json"]).await;
        let ended: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(ended, json!({ "email": "ada@example.com", "ended_sessions": 1 }));
        refused_within_a_second("UNAUTHENTICATED", async || profile(&ada).await).await;
        profile(&bea).await.data();
    }

    async fn lists_are_json_for_programs(server: Server) {
        let status = run(over(&server.database, &["migrate", "status", "--json"])).await.1;
        let status: Value = serde_json::from_str(&status).unwrap();
        assert!(status.as_array().unwrap().iter().all(|step| step["applied"] == true), "{status}");
        let doctor = run(over(&server.database, &["doctor", "--json", "--port", "0", "--secret-key", crate::support::SECRET])).await.1;
        let doctor: Value = serde_json::from_str(&doctor).unwrap();
        let about: Vec<_> = doctor.as_array().unwrap().iter().map(|line| line["about"].clone()).collect();
        assert!(about.contains(&json!("database")) && about.contains(&json!("migrations")), "{doctor}");
        let search = run(over(&server.database, &["library", "search", "Who am I?", "--json"])).await.1;
        let search: Value = serde_json::from_str(&search).unwrap();
        assert_eq!(search.as_array().unwrap().len(), 4);
    }
}
