//! One user's own export, as somebody may have changed it: it holds that user's, and touches nobody
//! else's.

use serde_json::{Value, json};

use super::{done, exported, import, reading, user, whole};
use crate::support::{PASSWORD, Server, on_both};

/// Lines as the export of one user.
fn of_one_user(lines: &[Value]) -> String {
    whole(lines).replace("\"scope\":\"ALL\"", "\"scope\":\"USER\"")
}

on_both! {
    async fn one_users_file_is_that_users_alone(server: Server) {
        for name in ["ada", "bea"] {
            server.register(name).await.data();
        }
        let lines = exported(&server.database, &["--user", "ada@example.com"]).await;
        let ada = lines[0].clone();
        let bea = exported(&server.database, &["--user", "bea@example.com"]).await[0].clone();
        let of = |who: &Value, number| {
            let mut line = reading(number, 1, "Go home.");
            line["user_id"] = who["id"].clone();
            line.as_object_mut().unwrap().remove("idempotency_keys");
            line
        };
        let with = |line: &Value, name: &str, value: Value| {
            let mut line = line.clone();
            line[name] = value;
            line
        };
        let day = |who: &Value| json!({ "type": "usage_day", "user_id": who["id"], "day": "2026-01-02", "readings": 3 });
        let session = |who: &Value| json!({
            "type": "session", "id": of(who, 7)["id"], "user_id": who["id"], "user_agent": null, "is_revoked": false,
            "created_at": "2026-01-02T00:00:00Z", "expires_at": "2099-01-02T00:00:00Z",
        });
        let event = |who: &Value| json!({
            "type": "account_event", "id": of(who, 8)["id"], "user_id": who["id"], "kind": "SIGNED_IN",
            "session_id": null, "user_agent": null, "created_at": "2026-01-02T00:00:00Z",
        });
        let month = |who: &Value| json!({ "type": "usage_month", "user_id": who["id"], "month": "2026-01-01", "tokens": 1, "cost_nano_usd": 1 });
        let hash = user(1, "", "")["hashed_password"].clone();
        let mut stolen = of(&ada, 2);
        stolen["id"] = of(&bea, 1)["id"].clone();
        let mut own_generation = of(&ada, 3);
        own_generation["generation_id"] = of(&bea, 1)["generation_id"].clone();
        own_generation["generations"][0]["id"] = of(&bea, 1)["generation_id"].clone();
        // Bea has a reading, which was brought by a file of all data.
        done_import(&server, &whole(&[of(&bea, 1)])).await;
        let before = exported(&server.database, &[]).await;

        for (attack, lines, problem) in [
            ("an account with a password", vec![user(1, "new@example.com", "newcomer")], "line 2: SCOPE"),
            ("her own password", vec![with(&ada, "hashed_password", hash)], "line 2: SCOPE"),
            ("an account without one", vec![with(&ada, "id", user(1, "", "")["id"].clone())], "line 2: NO_PASSWORD"),
            ("a second user", vec![ada.clone(), bea.clone()], "line 3: SCOPE"),
            ("the same user again", vec![ada.clone(), ada.clone()], "line 3: SCOPE"),
            ("another's reading", vec![ada.clone(), of(&bea, 4)], "line 3: SCOPE"),
            ("readings of nobody", vec![of(&bea, 4)], "line 2: SCOPE"),
            ("another's day", vec![ada.clone(), day(&bea)], "line 3: SCOPE"),
            ("another's month", vec![ada.clone(), month(&bea)], "line 3: SCOPE"),
            ("the service's month", vec![ada.clone(), json!({ "type": "service_month", "month": "2026-01-01", "tokens": 1, "cost_nano_usd": 1 })], "line 3: SCOPE"),
            ("keys", vec![ada.clone(), with(&of(&ada, 5), "idempotency_keys", json!([]))], "line 3: SCOPE"),
            ("another's id", vec![with(&ada, "id", bea["id"].clone()), of(&bea, 4)], "line 2: DIFFERENT"),
            ("another's address", vec![with(&ada, "email", bea["email"].clone())], "line 2: DIFFERENT"),
            ("the id of another's reading", vec![ada.clone(), stolen], "line 3: DIFFERENT"),
            ("the id of another's answer", vec![ada.clone(), own_generation], "line 3: GENERATION_TAKEN"),
            ("another's session", vec![ada.clone(), session(&bea)], "line 3: SCOPE"),
            ("another's event", vec![ada.clone(), event(&bea)], "line 3: SCOPE"),
            ("a link", vec![ada.clone(), json!({ "type": "account_token", "id": ada["id"] })], "line 3: MALFORMED"),
        ] {
            let (code, out, err) = import(&server.database, &of_one_user(&lines), &[]).await;
            assert_eq!((code, out.as_str()), (Some(1), ""), "{attack}");
            assert!(err.contains(problem), "{attack}: {problem} is not in {err}");
            assert_eq!(exported(&server.database, &[]).await, before, "{attack}");
        }

        let good = of_one_user(&[ada.clone(), day(&ada), month(&ada), session(&ada), event(&ada), of(&ada, 6)]);
        let there = async || (server.database.count("sessions").await, server.database.count("account_events").await);
        let before = there().await;
        done_import(&server, &good).await;
        assert_eq!(there().await, before, "a session or an event was made of a file");
        let (code, _, err) = import(&server.database, &whole(&[session(&ada)]), &[]).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("line 2: SCOPE"), "{err}");
        server.log_in("ada@example.com", PASSWORD).await.data();
        assert_eq!(server.log_in("new@example.com", PASSWORD).await.code(), "UNAUTHENTICATED");
    }
}

async fn done_import(server: &Server, text: &str) {
    let file = server.database.dir().join("good.jsonl");
    std::fs::write(&file, text).unwrap();
    done(&server.database, &["import", file.to_str().unwrap()]).await;
}
