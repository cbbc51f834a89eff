//! The rules of accounts: what may be registered, that there is one of each, and leaving.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Answer, Nobody, PASSWORD, Server, on_both};

const PROFILE: &str = "{ profile { id } }";

const DELETE: &str = "mutation ($password: String!) {
    deleteAccount(input: { password: $password }) { deletedUserId }
}";

fn codes(answers: &[Answer]) -> (usize, usize) {
    let good = answers
        .iter()
        .filter(|answer| answer.json.get("errors").is_none())
        .count();
    let taken = answers
        .iter()
        .filter(|answer| answer.json.get("errors").is_some() && answer.code() == "CONFLICT")
        .count();
    (good, taken)
}

const SIGN_UP: &str = "mutation ($input: RegisterInput!) { register(input: $input) {
    user { id } login { accessToken tokenType expiresIn user { id username } session { id } }
} }";

/// Registers as somebody, and signs in or not.
async fn sign_up(server: &Server, name: &str, sign_in: Option<bool>) -> Answer {
    let mut input =
        json!({ "email": format!("{name}@example.com"), "username": name, "password": PASSWORD });
    if let Some(sign_in) = sign_in {
        input["signIn"] = sign_in.into();
    }
    server
        .graphql(&Nobody, SIGN_UP, json!({ "input": input }))
        .await
}

on_both! {
    async fn a_registration_may_sign_in(server: Server) {
        let answer = sign_up(&server, "ada", Some(true)).await;

        let payload = &answer.data()["register"];
        let login = &payload["login"];
        assert_eq!(login["user"], json!({ "id": payload["user"]["id"], "username": "ada" }));
        assert_eq!((&login["tokenType"], &login["expiresIn"]), (&json!("bearer"), &json!(86_400)));
        let token = login["accessToken"].as_str().unwrap();
        let query = "{ profile { id sessions { id } } }";
        let answer = server.graphql(token, query, json!({})).await;
        let profile = json!({ "id": payload["user"]["id"], "sessions": [{ "id": login["session"]["id"] }] });
        assert_eq!(answer.data()["profile"], profile);
        server.sign_in("ada").await;
        for (name, sign_in) in [("bea", Some(false)), ("cleo", None)] {
            let answer = sign_up(&server, name, sign_in).await;
            assert_eq!(answer.data()["register"]["login"], json!(null), "{name}");
        }
    }

    async fn a_registration_that_fails_signs_nobody_in(server: Server) {
        sign_up(&server, "ada", Some(true)).await.data();

        let answer = sign_up(&server, "ada", Some(true)).await;
        assert_eq!(answer.code(), "CONFLICT");
        assert_eq!(answer.fields(), [("input.email", "TAKEN"), ("input.username", "TAKEN")]);
        let answer = sign_up(&server, "a!", Some(true)).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        // Both are stored, or neither.
        server.database.execute("ALTER TABLE sessions RENAME TO elsewhere").await;
        let answer = sign_up(&server, "bea", Some(true)).await;
        assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR");
        server.database.execute("ALTER TABLE elsewhere RENAME TO sessions").await;
        assert_eq!(server.database.count("users").await, 1);
        assert_eq!(server.database.count("sessions").await, 1);
        sign_up(&server, "bea", Some(true)).await.data();
    }

    #[settings("--register-rate", "3/1h", "--login-rate", "2/1h")]
    async fn a_registration_that_signs_in_counts_as_both(server: Server) {
        for name in ["ada", "bea"] {
            sign_up(&server, name, Some(true)).await.data();
        }
        assert_eq!(server.log_in("ada@example.com", PASSWORD).await.code(), "RATE_LIMITED");
        assert_eq!(sign_up(&server, "cleo", Some(true)).await.code(), "RATE_LIMITED");
        assert_eq!(sign_up(&server, "cleo", None).await.code(), "RATE_LIMITED");
    }

    async fn a_registration_is_alone_in_its_document(server: Server) {
        let register = |name: &str| format!(
            "{name}: register(input: {{ email: \"{name}@example.com\", username: \"{name}\", password: \"{PASSWORD}\", signIn: true }}) {{ login {{ expiresIn }} }}"
        );
        let query = format!("mutation {{ {} {} }}", register("ada"), register("bea"));
        assert_eq!(server.graphql(&Nobody, &query, json!({})).await.code(), "QUERY_TOO_COMPLEX");
    }

    async fn all_failing_fields_are_named_at_once(server: Server) {
        let answer = server.register_as("not-an-address", "a!", "short").await;

        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert_eq!(answer.fields(), [
            ("input.email", "INVALID_EMAIL"),
            ("input.username", "TOO_SHORT"),
            ("input.password", "TOO_SHORT"),
        ]);
    }

    async fn both_taken_fields_are_named_at_once(server: Server) {
        server.register("ada").await.data();

        let answer = server.register("ADA").await;

        assert_eq!(answer.code(), "CONFLICT");
        assert_eq!(answer.fields(), [("input.email", "TAKEN"), ("input.username", "TAKEN")]);
    }

    async fn emails_are_what_a_browser_takes_for_one(server: Server) {
        let label = "d".repeat(63);
        let domain = format!("{label}.{label}.{label}");
        // 255 characters, and one more.
        let longest = format!("{}@{domain}", "x".repeat(254 - domain.len()));
        for (n, good) in ["a@b", "ada.l+x@mail.example.co.uk", "!#$%&'*+/=?^_`{|}~-@x.y", &longest]
            .into_iter()
            .enumerate()
        {
            server.register_as(good, &format!("member-{n}"), PASSWORD).await.data();
        }
        let too_long = format!("x{longest}");
        for (bad, code) in [
            ("", "INVALID_EMAIL"),
            ("ada", "INVALID_EMAIL"),
            ("ada@", "INVALID_EMAIL"),
            ("@example.com", "INVALID_EMAIL"),
            ("ada@example..com", "INVALID_EMAIL"),
            ("ada@-example.com", "INVALID_EMAIL"),
            ("ada@example.com.", "INVALID_EMAIL"),
            ("ada lovelace@example.com", "INVALID_EMAIL"),
            ("ada@exa_mple.com", "INVALID_EMAIL"),
            ("ada@@example.com", "INVALID_EMAIL"),
            ("adä@example.com", "INVALID_EMAIL"),
            ("ada@example.com\nbcc: all@example.com", "INVALID_EMAIL"),
            (&too_long, "TOO_LONG"),
        ] {
            let answer = server.register_as(bad, "ada", PASSWORD).await;
            assert_eq!(answer.fields(), [("input.email", code)], "{bad:?}");
        }
    }

    async fn usernames_keep_to_their_rules(server: Server) {
        let longest = "x".repeat(100);
        for (n, good) in ["ada.lovelace_1-2", "ада_лавлейс", "山田太郎", "Ọ̀ṣun", &longest].into_iter().enumerate() {
            server.register_as(&format!("member-{n}@example.com"), good, PASSWORD).await.data();
        }
        for (bad, code) in [
            ("ab", "TOO_SHORT"),
            ("  ab  ", "TOO_SHORT"),
            (&"x".repeat(101), "TOO_LONG"),
            ("ada lovelace", "INVALID_CHARACTERS"),
            ("ada@example", "INVALID_CHARACTERS"),
            ("ada\u{200b}x", "INVALID_CHARACTERS"),
            ("ada\u{202e}x", "INVALID_CHARACTERS"),
            ("ada\u{0}x", "INVALID_CHARACTERS"),
            // Latin with Cyrillic а, with Greek α: they look like paypal and admin.
            ("pаypal", "MIXED_SCRIPTS"),
            ("αdmin", "MIXED_SCRIPTS"),
        ] {
            let answer = server.register_as("ada@example.com", bad, PASSWORD).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT", "{bad:?}");
            assert_eq!(answer.fields(), [("input.username", code)], "{bad:?}");
        }
    }

    async fn one_account_a_name_however_it_is_written(server: Server) {
        server.register_as("ada@example.com", "Élan", PASSWORD).await.data();

        // Composed or not, wide or not, in any case.
        for same in ["élan", "E\u{301}LAN", "ｅ\u{301}ｌａｎ", " élan "] {
            let answer = server.register_as("bea@example.com", same, PASSWORD).await;
            assert_eq!(answer.code(), "CONFLICT", "{same:?}");
            assert_eq!(answer.fields(), [("input.username", "TAKEN")]);
        }
        for same in ["ADA@EXAMPLE.COM", " ada@Example.com ", "ａda@example.com"] {
            let answer = server.register_as(same, "somebody", PASSWORD).await;
            assert_eq!(answer.fields(), [("input.email", "TAKEN")], "{same:?}");
        }
        // And it is found by all of them.
        server.log_in("ＡDA@example.com", PASSWORD).await.data();
    }

    async fn passwords_are_refused_rather_than_cut(server: Server) {
        // bcrypt reads 72 bytes; é is two.
        let longest = format!("{}{}", "la forêt où naît la rivière ", "é".repeat(20));
        assert_eq!(longest.len(), 72);
        server.register_as("ada@example.com", "ada", &longest).await.data();
        server.log_in("ada@example.com", &longest).await.data();
        for other in [format!("{longest}x"), longest.replacen('é', "", 1)] {
            assert_eq!(server.log_in("ada@example.com", &other).await.code(), "UNAUTHENTICATED");
        }

        for (bad, code) in [
            ("x".repeat(73), "TOO_LONG"),
            ("é".repeat(37), "TOO_LONG"),
            ("1234\u{0}5678".to_owned(), "INVALID_CHARACTERS"),
            ("1234567".to_owned(), "TOO_SHORT"),
            ("ééééééé".to_owned(), "TOO_SHORT"),
        ] {
            let answer = server.register_as("bea@example.com", "bea", &bad).await;
            assert_eq!(answer.fields(), [("input.password", code)], "{bad:?}");
        }
        // What bcrypt in C would have stopped at.
        server.register_as("bea@example.com", "bea", PASSWORD).await.data();
        assert_eq!(server.log_in("bea@example.com", &format!("{PASSWORD}\u{0}9")).await.code(), "UNAUTHENTICATED");
    }

    async fn of_fifty_registrations_at_once_one_wins(server: Server) {
        let answers = join_all((0..50).map(|n| {
            let (server, username) = (&server, format!("member-{n}"));
            async move { server.register_as("ADA@example.com", &username, PASSWORD).await }
        }))
        .await;

        assert_eq!(codes(&answers), (1, 49));
        for answer in answers.iter().filter(|answer| answer.json.get("errors").is_some()) {
            assert_eq!(answer.fields(), [("input.email", "TAKEN")]);
        }
    }

    async fn of_fifty_usernames_at_once_one_wins(server: Server) {
        let answers = join_all((0..50).map(|n| {
            let (server, email) = (&server, format!("member-{n}@example.com"));
            async move { server.register_as(&email, "Ada", PASSWORD).await }
        }))
        .await;

        assert_eq!(codes(&answers), (1, 49));
    }

    async fn nobody_learns_who_has_an_account(server: Server) {
        server.register("ada").await.data();
        server.register("bea").await.data();
        server.database.execute("UPDATE users SET is_active = FALSE WHERE username = 'bea'").await;

        let wrong = server.log_in("ada@example.com", "wrong horse").await;
        for (email, password) in [
            ("nobody@example.com", PASSWORD),
            ("nobody@example.com", ""),
            ("not an address", PASSWORD),
            ("ada@example.com\u{0}", PASSWORD),
            ("", ""),
            // Inactive is told only to who has the right password.
            ("bea@example.com", "wrong horse"),
            ("ada@example.com", &"x".repeat(500)),
            ("ada@example.com", "\u{0}"),
        ] {
            let answer = server.log_in(email, password).await;
            assert_eq!(answer.json, wrong.json, "{email:?} {password:?}");
        }
        assert_eq!(wrong.code(), "UNAUTHENTICATED");
        assert_eq!(server.log_in("bea@example.com", PASSWORD).await.code(), "FORBIDDEN");
    }

    async fn an_inactive_account_is_out_at_once(server: Server) {
        let ada = server.join("ada").await;
        server.database.execute("UPDATE users SET is_active = FALSE").await;

        let answer = server.graphql(&ada, PROFILE, json!({})).await;

        assert_eq!(answer.code(), "FORBIDDEN");
        // What is open to everyone is open to it, too.
        server.graphql(&ada, "{ advisors { name } }", json!({})).await.data();
    }

    async fn deleting_an_account_takes_everything_along(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        for question in ["Which way from here?", "Which way back again?"] {
            server.ask(&ada, "LEGBA", question).await;
        }
        server.ask(&bea, "LEGBA", "Which way from here?").await;

        let wrong = server.graphql(&ada, DELETE, json!({ "password": "wrong horse" })).await;
        assert_eq!(wrong.code(), "BAD_USER_INPUT");
        assert_eq!(wrong.fields(), [("input.password", "WRONG_PASSWORD")]);
        server.graphql(&ada, PROFILE, json!({})).await.data();

        let answer = server.graphql(&ada, DELETE, json!({ "password": PASSWORD })).await;

        assert_eq!(answer.data()["deleteAccount"]["deletedUserId"], ada.id.as_str());
        assert_eq!(server.graphql(&ada, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
        assert_eq!(server.log_in(&ada.email, PASSWORD).await.code(), "UNAUTHENTICATED");
        // One of everything is left, the other's; and the name is free again.
        for table in ["usage_days", "generations", "readings", "sessions", "users"] {
            let left = server.database.execute(&format!("DELETE FROM {table}")).await;
            assert_eq!(left, 1, "{table}");
        }
        server.register("ada").await.data();
    }

    async fn deleting_asks_who_it_is(server: Server) {
        let answer = server.graphql(&Nobody, DELETE, json!({ "password": PASSWORD })).await;

        assert_eq!(answer.code(), "UNAUTHENTICATED");
    }
}
