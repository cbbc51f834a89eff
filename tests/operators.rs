//! Accounts by command: made, given a new password, looked at.

use std::{io::Write, process::Stdio};

use serde_json::{Value, json};

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
            assert_eq!(shown["limits_reached"], json!(["READINGS_PER_DAY"]));
        }
        let (code, said, _) = user(&server, &["show", "ada@example.com"]).await;
        assert_eq!(code, Some(0));
        assert_eq!(value(&said, "id "), ada.id);
        assert_eq!(value(&said, "readings "), "1");
        assert!(said.contains(&ada.session), "{said}");
        let (code, _, err) = user(&server, &["show", "user_01h455vb4pex5vsknk084sn02q"]).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("user_01h455vb4pex5vsknk084sn02q"), "{err}");
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
