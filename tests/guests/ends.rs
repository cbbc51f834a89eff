//! Guests who do not come back, and guests in archives and commands.

use chrono::TimeDelta;
use mula::{db, entity};
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde_json::{Value, json};

use super::{PROFILE, QUESTION, claim, guest, profile};
use crate::{
    commands::over,
    support::{Call, Database, Member, Provider, Server, chunk, count_is, finish, on_both, run},
};

/// Writes one answer to its end, for a dollar as reported.
async fn answer(_: usize, mut call: Call) {
    call.begin().await;
    call.event(&chunk("So be it.")).await;
    call.event(&finish("stop")).await;
    let usage = json!({ "total_tokens": 40, "cost": 1 });
    call.event(&json!({ "choices": [], "usage": usage })).await;
    call.done().await;
}

async fn extended(server: &Server, who: Member) -> Member {
    let extend = "mutation { extendSession { accessToken } }";
    let answer = server.graphql(&who, extend, json!({})).await;
    let token = answer.data()["extendSession"]["accessToken"].as_str();
    let token = token.unwrap().to_owned();
    Member { token, ..who }
}

async fn done(database: &Database, arguments: &[&str]) -> String {
    let (code, out, err) = run(over(database, arguments)).await;
    assert_eq!(code, Some(0), "{arguments:?}: {err}");
    out
}

on_both! {
    async fn idle_guests_are_deleted(server: Server) {
        let (idle, active, claimed) = (guest(&server).await, guest(&server).await, guest(&server).await);
        server.ask(&idle, "LEGBA", QUESTION).await;
        claim(&server, &claimed, "ada@example.com", "ada").await.data();
        server.join("bea").await;
        server.clock.advance(TimeDelta::days(20));
        let active = extended(&server, active).await;
        profile(&server, &active).await;
        // A stop writes when sessions were used.
        let server = server.restart(&[]).await;
        assert_eq!(server.database.count("users").await, 4);
        server.clock.advance(TimeDelta::days(11));

        let server = server.restart(&[]).await;

        count_is(&server.database, "users", 3).await;
        assert_eq!(server.database.count("readings").await, 0);
        assert_eq!(server.database.count("guest_days").await, 0);
        let active = extended(&server, active).await;
        assert_eq!(profile(&server, &active).await["isGuest"], true);
        let answer = server.graphql(&idle, PROFILE, json!({})).await;
        assert_eq!(answer.error()["extensions"]["reason"], "SESSION_ENDED");
        server.sign_in("ada").await;
    }

    async fn many_are_deleted_in_batches(server: Server) {
        let ada = server.join("ada").await;
        let settings = server.database.settings(&[]).database;
        let db = db::Database::connect(&settings).await.unwrap();
        let member = entity::user::Entity::find().one(db.reads()).await.unwrap().unwrap();
        let guests = (0..250).map(|n| {
            let name = format!("guest-{n}");
            entity::user::ActiveModel::from(entity::user::Model {
                id: uuid::Uuid::now_v7(),
                email: format!("{name}@guest.invalid"),
                email_key: format!("{name}@guest.invalid"),
                username: name.clone(),
                username_key: name,
                hashed_password: String::new(),
                is_guest: true,
                ..member.clone()
            }).reset_all()
        });
        entity::user::Entity::insert_many(guests).exec_without_returning(db.writes()).await.unwrap();
        db.close().await;
        let server = server.restart(&["--guest-lifetime", "2h"]).await;
        assert_eq!(server.database.count("users").await, 251);
        server.clock.advance(TimeDelta::hours(3));

        let server = server.restart(&["--guest-lifetime", "2h"]).await;

        count_is(&server.database, "users", 1).await;
        server.graphql(&ada, PROFILE, json!({})).await.data();
    }

    async fn an_idle_guests_answer_is_paid_for(server: Server) {
        let provider = Provider::start().await;
        let url = provider.url().to_owned();
        let flags = [
            "--model-base-url", &url, "--model-name", "m", "--model-input-price", "0",
            "--model-output-price", "0", "--model-answer-price", "1", "--lease", "1s",
        ];
        let server = server.restart(&flags).await;
        let ada = guest(&server).await;
        let calls = provider.answering(answer);
        let reading = server.ask(&ada, "LEGBA", QUESTION).await;
        assert_eq!(reading["status"], "COMPLETED");
        // One whose writer is gone: it is settled by what was reserved for it.
        server.database.execute(
            "UPDATE generations SET completed_at = NULL, status = 'WRITING', cost = 0, tokens_used = 0, \
             reserved = 1000000000, lease_expires_at = '2099-01-01T00:00:00+00:00'"
        ).await;
        server.database.execute("UPDATE service_months SET cost = 0").await;
        server.clock.advance(TimeDelta::days(31));

        let server = server.restart(&flags).await;

        count_is(&server.database, "users", 0).await;
        assert_eq!(server.database.count("generations").await, 0);
        let spent = "SELECT CAST(sum(cost) AS bigint) FROM service_months";
        assert_eq!(server.database.number(spent).await, 1_000_000_000);
        assert_eq!(calls.load(std::sync::atomic::Ordering::SeqCst), 1);
    }

    async fn archives_carry_guests(server: Server) {
        let ada = guest(&server).await;
        server.ask(&ada, "LEGBA", QUESTION).await;
        server.join("bea").await;
        let file = server.database.dir().join("export.jsonl");
        let file = file.to_str().unwrap();
        done(&server.database, &["export", "--output", file]).await;
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let users: Vec<_> = lines.iter().filter(|line| line["type"] == "user").collect();
        assert_eq!(users[0]["is_guest"], true);
        assert!(users[1].get("is_guest").is_none());
        let own = done(&server.database, &["export", "--user", &ada.email]).await;
        assert!(own.contains("\"is_guest\":true") && own.contains(QUESTION), "{own}");

        let other = match &server.database {
            Database::Sqlite(_) => Database::postgres().await.unwrap_or_else(Database::sqlite),
            Database::Postgres(..) => Database::sqlite(),
        };
        done(&other, &["migrate", "up"]).await;
        done(&other, &["import", file]).await;
        let said = done(&other, &["import", file]).await;

        assert!(said.contains("nothing") || said.contains('0'), "{said}");
        assert_eq!(other.count("users WHERE is_guest").await, 1);
        assert_eq!(other.count("readings").await, 1);
    }

    async fn operators_see_guests_and_give_them_no_password(server: Server) {
        let ada = guest(&server).await;
        let show = done(&server.database, &["user", "show", &ada.email, "--json"]).await;
        let shown: Value = serde_json::from_str(&show).unwrap();
        assert_eq!(shown["is_guest"], true);

        for command in [
            &["user", "reset-password", &ada.email][..],
            &["user", "set-email", &ada.email, "ada@example.com"],
            &["user", "reset-link", &ada.email, "--app-url", "https://mula.example.com"],
        ] {
            let (code, _, err) = run(over(&server.database, command)).await;
            assert_eq!(code, Some(1), "{err}");
            assert!(err.contains("guest"), "{err}");
        }
        profile(&server, &ada).await;
        done(&server.database, &["user", "delete", &ada.email, "--yes"]).await;
        assert_eq!(server.database.count("users").await, 0);
    }
}
