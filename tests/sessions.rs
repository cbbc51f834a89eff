//! Sessions: seeing them, ending them, and what a new password does to them.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Credentials, Member, PASSWORD, Server, on_both};

const PROFILE: &str = "{ profile { id } }";

const CHANGE: &str = "mutation ($input: ChangePasswordInput!) {
    changePassword(input: $input) { user { id updatedAt } revokedSessions }
}";

const REVOKE: &str = "mutation ($id: ID!) { revokeSession(input: { id: $id }) {
    session { id isCurrent }
} }";

const HERE: &str = "mutation { logout(input: { everywhere: false }) { revokedSessions } }";

async fn sessions(server: &Server, who: &Member) -> Vec<Value> {
    let query = "{ profile { sessions { id createdAt expiresAt userAgent isCurrent } } }";
    let answer = server.graphql(who, query, json!({})).await;
    answer.data()["profile"]["sessions"]
        .as_array()
        .unwrap()
        .clone()
}

async fn is_signed_in(server: &Server, who: &(impl Credentials + ?Sized)) -> bool {
    let answer = server.graphql(who, PROFILE, json!({})).await;
    answer.json.get("errors").is_none() || {
        assert_eq!(answer.code(), "UNAUTHENTICATED");
        false
    }
}

on_both! {
    async fn all_live_sessions_are_listed_newest_first(server: Server) {
        let first = server.join("ada").await;
        let second = server.sign_in("ada").await;
        server.join("bea").await;

        let listed = sessions(&server, &first).await;

        let ids: Vec<_> = listed.iter().map(|session| session["id"].as_str().unwrap()).collect();
        assert_eq!(ids, [&second.session, &first.session]);
        assert_eq!([&listed[0]["isCurrent"], &listed[1]["isCurrent"]], [false, true]);
        assert!(listed.iter().all(|session| session["userAgent"] == "mula-tests/1"));
    }

    // Also for who was signed in, and wherever it is shown.
    async fn a_sign_in_goes_on_with_its_own_session(server: Server) {
        let ada = server.join("ada").await;
        let query = "mutation ($input: LoginInput!) {
            login(input: $input) { session { id isCurrent } user { sessions { id isCurrent } } }
        }";
        let input = json!({ "email": ada.email, "password": PASSWORD });

        for token in ["", ada.token.as_str()] {
            let answer = server.graphql(token, query, json!({ "input": input })).await;

            let login = &answer.data()["login"];
            assert_eq!(login["session"]["isCurrent"], true);
            let sessions = login["user"]["sessions"].as_array().unwrap();
            let current: Vec<_> = sessions.iter().filter(|one| one["isCurrent"] == true).collect();
            assert_eq!(current, [&login["session"]]);
        }
    }

    async fn a_session_says_what_signed_in(server: Server) {
        server.register("ada").await.data();
        let body = json!({
            "query": "mutation ($input: LoginInput!) { login(input: $input) { session { userAgent } } }",
            "variables": { "input": { "email": "ada@example.com", "password": PASSWORD } },
        });
        for (sent, kept) in [
            ("Firefox/900".to_owned(), "Firefox/900".to_owned()),
            ("x".repeat(2_000), "x".repeat(255)),
        ] {
            let request = server.request("POST", "/graphql").header("user-agent", sent).json(&body);
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["data"]["login"]["session"]["userAgent"], kept);
        }
    }

    async fn logging_out_here_leaves_the_others(server: Server) {
        let here = server.join("ada").await;
        let there = server.sign_in("ada").await;

        let answer = server.graphql(&here, HERE, json!({})).await;

        assert_eq!(answer.data()["logout"]["revokedSessions"], 1);
        assert!(!is_signed_in(&server, &here).await);
        assert!(is_signed_in(&server, &there).await);
        assert_eq!(sessions(&server, &there).await.len(), 1);
        // There is nobody to log out any more.
        assert_eq!(server.graphql(&here, HERE, json!({})).await.code(), "UNAUTHENTICATED");
    }

    async fn one_session_can_be_ended_from_another(server: Server) {
        let here = server.join("ada").await;
        let lost = server.sign_in("ada").await;
        let bea = server.join("bea").await;

        let answer = server.graphql(&here, REVOKE, json!({ "id": lost.session })).await;

        let session = json!({ "id": lost.session, "isCurrent": false });
        assert_eq!(answer.data()["revokeSession"]["session"], session);
        assert!(!is_signed_in(&server, &lost).await);
        assert!(is_signed_in(&server, &here).await);
        // Ended, another's, never there: no telling apart.
        let unknown = "session_01h455vb4pex5vsknk084sn02q";
        for id in [lost.session.as_str(), &bea.session, unknown] {
            let answer = server.graphql(&here, REVOKE, json!({ "id": id })).await;
            assert_eq!(answer.code(), "NOT_FOUND", "{id}");
        }
        assert!(is_signed_in(&server, &bea).await);
        for wrong in [here.id.as_str(), "", "session_", "01h455vb4pex5vsknk084sn02q"] {
            let answer = server.graphql(&here, REVOKE, json!({ "id": wrong })).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT", "{wrong}");
            assert_eq!(answer.fields(), [("input.id", "INVALID_ID")]);
        }
    }

    async fn a_new_password_ends_all_other_sessions(server: Server) {
        let here = server.join("ada").await;
        let there = server.sign_in("ada").await;
        let bea = server.join("bea").await;
        server.clock.advance(TimeDelta::minutes(1));

        let input = json!({ "currentPassword": PASSWORD, "newPassword": "a new horse altogether" });
        let answer = server.graphql(&here, CHANGE, json!({ "input": input })).await;

        assert_eq!(answer.data()["changePassword"]["revokedSessions"], 1);
        assert!(is_signed_in(&server, &here).await);
        assert!(!is_signed_in(&server, &there).await);
        assert!(is_signed_in(&server, &bea).await);
        assert_eq!(server.log_in(&here.email, PASSWORD).await.code(), "UNAUTHENTICATED");
        server.log_in(&here.email, "a new horse altogether").await.data();
        server.log_in(&bea.email, PASSWORD).await.data();
    }

    async fn a_bad_change_of_password_changes_nothing(server: Server) {
        let here = server.join("ada").await;
        let there = server.sign_in("ada").await;

        for (current, new, fields) in [
            ("wrong horse", "a new horse", vec![("input.currentPassword", "WRONG_PASSWORD")]),
            (PASSWORD, PASSWORD, vec![("input.newPassword", "UNCHANGED")]),
            (PASSWORD, "short", vec![("input.newPassword", "TOO_SHORT")]),
            ("wrong horse", "short", vec![
                ("input.newPassword", "TOO_SHORT"),
                ("input.currentPassword", "WRONG_PASSWORD"),
            ]),
        ] {
            let input = json!({ "currentPassword": current, "newPassword": new });
            let answer = server.graphql(&here, CHANGE, json!({ "input": input })).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT");
            assert_eq!(answer.fields(), fields);
        }
        assert!(is_signed_in(&server, &there).await);
        server.log_in(&here.email, PASSWORD).await.data();
    }

    async fn of_two_changes_at_once_one_is_too_late(server: Server) {
        let here = server.join("ada").await;
        let there = server.sign_in("ada").await;

        let change = |who, new| {
            let input = json!({ "currentPassword": PASSWORD, "newPassword": new });
            server.graphql(who, CHANGE, json!({ "input": input }))
        };
        let (first, second) = futures_util::future::join(
            change(&here, "the first new horse"),
            change(&there, "the second new horse"),
        )
        .await;

        let done = |answer: &crate::support::Answer| answer.json.get("errors").is_none();
        assert!(done(&first) != done(&second), "{first:?}\n{second:?}");
        let (winner, new) = if done(&first) { (&here, "the first new horse") } else { (&there, "the second new horse") };
        server.log_in(&here.email, new).await.data();
        assert!(is_signed_in(&server, winner).await);
        let loser = if done(&first) { &there } else { &here };
        assert!(!is_signed_in(&server, loser).await);
    }

    #[settings("--token-lifetime", "1h", "--session-idle", "1h")]
    async fn a_session_ends_by_itself(server: Server) {
        let ada = server.join("ada").await;
        server.clock.advance(TimeDelta::minutes(30));
        let later = server.sign_in("ada").await;
        assert_eq!(sessions(&server, &later).await.len(), 2);

        server.clock.advance(TimeDelta::minutes(31));

        assert!(!is_signed_in(&server, &ada).await);
        assert!(is_signed_in(&server, &later).await);
        let left = sessions(&server, &later).await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0]["id"], later.session.as_str());
        let revoke = server.graphql(&later, REVOKE, json!({ "id": ada.session })).await;
        assert_eq!(revoke.code(), "NOT_FOUND");
    }

    async fn a_session_given_back_does_not_come_alive_with_its_account(server: Server) {
        let ada = server.join("ada").await;
        let db = mula::db::Database::connect(&server.database.settings(&[]).database).await.unwrap();
        let now = server.clock.now();

        for active in [false, true] {
            let known = mula::account::operator::set_active(&db, "ADA@example.com", active, now).await.unwrap();
            assert!(known);
        }
        let known = mula::account::operator::set_active(&db, "nobody@example.com", true, now).await.unwrap();
        assert!(!known);
        db.close().await;

        assert!(!is_signed_in(&server, &ada).await);
        let again = server.sign_in("ada").await;
        assert!(is_signed_in(&server, &again).await);
    }
}
