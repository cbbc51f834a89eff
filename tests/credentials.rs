//! Passwords and sessions under pressure: changes that race sign-ins, spellings of one password,
//! a bound on live sessions.

use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use crate::support::{Answer, Member, PASSWORD, Server, Service, on_both};

const PROFILE: &str = "{ profile { id } }";

const CHANGE: &str = "mutation ($input: ChangePasswordInput!) {
    changePassword(input: $input) { user { id } revokedSessions }
}";

const DELETE: &str = "mutation ($password: String!) {
    deleteAccount(input: { password: $password }) { deletedUserId }
}";

const NEW: &str = "a new horse altogether";

async fn change(server: &Server, who: &Member, current: &str, new: &str) -> Answer {
    let input = json!({ "currentPassword": current, "newPassword": new });
    server.graphql(who, CHANGE, json!({ "input": input })).await
}

async fn live_sessions(server: &Server, who: &Member) -> usize {
    let answer = server
        .graphql(who, "{ profile { sessions { id } } }", json!({}))
        .await;
    let sessions = &answer.data()["profile"]["sessions"];
    sessions.as_array().unwrap().len()
}

/// Everybody's hash is of this password, exactly as it is written.
async fn set_hash(server: &Server, password: &str) {
    let hash = bcrypt::hash(password, 4).unwrap();
    let set = format!("UPDATE users SET hashed_password = '{hash}'");
    assert_eq!(server.database.execute(&set).await, 1);
}

on_both! {
    async fn a_new_password_counts_at_once_where_it_was_changed(server: Server) {
        let ada = server.join("ada").await;
        server.graphql(&ada, PROFILE, json!({})).await.data();
        change(&server, &ada, PASSWORD, NEW).await.data();

        let old = server.graphql(&ada, DELETE, json!({ "password": PASSWORD })).await;
        assert_eq!(old.fields(), [("input.password", "WRONG_PASSWORD")]);
        server.graphql(&ada, DELETE, json!({ "password": NEW })).await.data();
    }

    async fn no_session_of_the_old_password_outlives_its_change(server: Server) {
        for round in 0..3 {
            let ada = server.join(&format!("ada{round}")).await;
            let changed = tokio_util::sync::CancellationToken::new();
            let sign_in = async || {
                let mut opened = Vec::new();
                // One more that begins after the change was answered.
                let mut last = false;
                while !last {
                    last = changed.is_cancelled();
                    let answer = server.log_in(&ada.email, PASSWORD).await;
                    if answer.is_good() {
                        opened.push(Member::of(&answer.data()["login"], ada.email.clone()));
                    } else {
                        assert_eq!(answer.code(), "UNAUTHENTICATED", "{}", answer.json);
                    }
                }
                opened
            };
            let sign_ins = join_all((0..6).map(|_| sign_in()));
            let change = async {
                change(&server, &ada, PASSWORD, NEW).await.data();
                changed.cancel();
            };

            let (opened, ()) = futures_util::join!(sign_ins, change);

            for member in opened.iter().flatten() {
                let answer = server.graphql(member, PROFILE, json!({})).await;
                assert!(!answer.is_good(), "round {round}: a session of the old password is live");
            }
            assert_eq!(live_sessions(&server, &ada).await, 1);
        }
    }

    async fn composed_and_decomposed_forms_are_one_password(server: Server) {
        let composed = "Crème brûlée à volonté";
        let decomposed: String = composed.nfd().collect();
        let spaced = composed.replace(' ', "\u{a0}");
        server.register_as("ada@example.com", "ada", &decomposed).await.data();

        for same in [composed, &decomposed, &spaced] {
            server.log_in("ada@example.com", same).await.data();
        }
        let ada = server.log_in("ada@example.com", composed).await;
        let ada = Member::of(&ada.data()["login"], "ada@example.com".to_owned());
        let unchanged = change(&server, &ada, composed, &spaced).await;
        assert_eq!(unchanged.fields(), [("input.newPassword", "UNCHANGED")]);
        change(&server, &ada, &decomposed, NEW).await.data();
        server.log_in("ada@example.com", NEW).await.data();
    }

    async fn a_hash_of_another_form_still_signs_in_and_is_renewed(server: Server) {
        let composed = "Crème brûlée à volonté";
        let decomposed: String = composed.nfd().collect();
        server.register("ada").await.data();
        set_hash(&server, &decomposed).await;
        // Only that form is its password, until it has signed in.
        assert_eq!(server.log_in("ada@example.com", composed).await.code(), "UNAUTHENTICATED");

        server.log_in("ada@example.com", &decomposed).await.data();

        server.log_in("ada@example.com", composed).await.data();
        server.log_in("ada@example.com", &decomposed).await.data();
    }

    async fn a_password_whose_normal_form_is_too_long_for_a_hash_still_signs_in(server: Server) {
        // 24 letters of three bytes, each of which becomes two of three bytes in NFC.
        let password = "\u{958}".repeat(24);
        server.register("ada").await.data();
        set_hash(&server, &password).await;

        for _ in 0..2 {
            server.log_in("ada@example.com", &password).await.data();
        }
        let answer = server.register_as("bea@example.com", "bea", &password).await;
        assert_eq!(answer.fields(), [("input.password", "TOO_LONG")]);
    }

    async fn spellings_of_one_username_in_any_case_are_one(server: Server) {
        for (n, (one, others)) in [
            ("ΟΔΟΣ", ["οδοσ", "οδος"]),
            ("straße", ["STRASSE", "strasse"]),
        ].into_iter().enumerate() {
            server.register_as(&format!("first{n}@example.com"), one, PASSWORD).await.data();
            for other in others {
                let answer = server.register_as("second@example.com", other, PASSWORD).await;
                assert!(!answer.is_good(), "{one} and {other} are two accounts");
                assert_eq!(answer.fields(), [("input.username", "TAKEN")], "{other}");
            }
        }
    }

    async fn accounts_with_keys_of_before_are_found_and_folded(server: Server) {
        // As versions before full case folding stored them.
        let members = [("one", "οδος"), ("two", "οδοσ"), ("three", "πας")];
        for (name, earlier) in members {
            server.register(name).await.data();
            let set = format!(
                "UPDATE users SET email = '{earlier}@example.com', email_key = '{earlier}@example.com',
                    username = '{earlier}', username_key = '{earlier}' WHERE username = '{name}'"
            );
            assert_eq!(server.database.execute(&set).await, 1);
        }
        let step = "DELETE FROM seaql_migrations WHERE version LIKE '%folded_names'";
        assert_eq!(server.database.execute(step).await, 1);

        let server = server.restart(&[]).await;

        for (written, email) in [
            ("οδος", "οδος"), ("οδοσ", "οδοσ"), ("πας", "πας"), ("πασ", "πας"), ("ΠΑΣ", "πας"),
        ] {
            let answer = server.log_in(&format!("{written}@example.com"), PASSWORD).await;
            let user = &answer.data()["login"]["user"];
            assert_eq!(user["email"], format!("{email}@example.com"), "{written}");
        }
        for taken in ["ΠΑΣ", "πασ", "ΟΔΟΣ", "οδοσ"] {
            let answer = server.register_as("new@example.com", taken, PASSWORD).await;
            assert_eq!(answer.fields(), [("input.username", "TAKEN")], "{taken}");
        }
    }

    async fn a_user_has_a_hundred_live_sessions_and_the_oldest_ends(server: Server) {
        let first = server.join("ada").await;
        let second = server.sign_in("ada").await;
        join_all((2..100).map(|_| server.sign_in("ada"))).await;
        assert_eq!(live_sessions(&server, &first).await, 100);
        let mut socket = server.socket(&first).await;

        let last = server.sign_in("ada").await;

        assert_eq!(server.graphql(&first, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
        assert_eq!(socket.close_code().await, 4401);
        server.graphql(&second, PROFILE, json!({})).await.data();
        assert_eq!(live_sessions(&server, &last).await, 100);
        // Many at once do not pass it.
        let at_once: FuturesUnordered<_> = (0..20).map(|_| server.sign_in("ada")).collect();
        at_once.count().await;
        let last = server.sign_in("ada").await;
        assert_eq!(live_sessions(&server, &last).await, 100);
        let live = "UPDATE sessions SET is_revoked = is_revoked WHERE NOT is_revoked";
        assert_eq!(server.database.execute(live).await, 100);
    }
}
