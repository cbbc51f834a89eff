//! Forgotten passwords: links that are mailed or made by an operator, and everything that is tried with
//! them.

use chrono::TimeDelta;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::{
    commands::over,
    support::{
        Answer, Letter, MailServer, Nobody, PASSWORD, Server, Service, on_both,
        refused_within_a_second, run,
    },
};

const NEW: &str = "seven ways to the river";

const REQUEST: &str = "mutation ($input: RequestPasswordResetInput!) {
    requestPasswordReset(input: $input) { message }
}";

const RESET: &str = "mutation ($input: ResetPasswordInput!) {
    resetPassword(input: $input) { revokedSessions user { email } }
}";

const PROFILE: &str = "{ profile { id } }";

/// The server with mail, and a mail server.
async fn mailing(server: Server, more: &[&str]) -> (Server, MailServer) {
    let mail = MailServer::start().await;
    let flags = mail.flags();
    let server = server.restart(&MailServer::with(&flags, more)).await;
    (server, mail)
}

async fn request(service: &impl Service, email: &str) -> Answer {
    let input = json!({ "email": email });
    service
        .graphql(&Nobody, REQUEST, json!({ "input": input }))
        .await
}

async fn reset(service: &impl Service, token: &str, password: &str) -> Answer {
    let input = json!({ "token": token, "newPassword": password });
    service
        .graphql(&Nobody, RESET, json!({ "input": input }))
        .await
}

async fn linked(server: &Server, mail: &MailServer, email: &str) -> Letter {
    request(server, email).await.data();
    let letter = mail.next().await;
    assert_eq!(letter.to, email);
    letter
}

#[track_caller]
fn is_used_up(answer: &Answer) {
    assert_eq!(answer.code(), "BAD_USER_INPUT");
    assert_eq!(answer.fields(), [("input.token", "INVALID_TOKEN")]);
}

on_both! {
    async fn a_forgotten_password_is_replaced_by_a_link(server: Server) {
        let ada = server.join("ada").await;
        server.sign_in("ada").await;
        let bea = server.join("bea").await;
        let (server, mail) = mailing(server, &[]).await;

        let letter = linked(&server, &mail, "ada@example.com").await;

        assert_eq!(letter.subject, "Choose a new password");
        let token = letter.token();
        assert_eq!(letter.link(), format!("https://mula.example/root/app/reset#token={token}"));
        assert!(letter.html.contains(&format!("<a href=\"{}\">", letter.link())), "{}", letter.html);
        // The token itself is nowhere.
        assert_eq!(server.database.count("account_tokens").await, 1);
        assert_eq!(server.database.count(&format!("account_tokens WHERE hash LIKE '%{token}%'")).await, 0);
        // What fails its rules leaves the link as it is.
        let weak = reset(&server, token, "password").await;
        assert_eq!(weak.fields(), [("input.newPassword", "TOO_COMMON")]);

        let answer = reset(&server, token, NEW).await;

        let expected = json!({ "revokedSessions": 2, "user": { "email": "ada@example.com" } });
        assert_eq!(answer.data()["resetPassword"], expected);
        assert_eq!(server.graphql(&ada, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
        server.graphql(&bea, PROFILE, json!({})).await.data();
        assert_eq!(server.log_in("ada@example.com", PASSWORD).await.code(), "UNAUTHENTICATED");
        server.log_in("ada@example.com", NEW).await.data();
        let notice = mail.next().await;
        assert_eq!((&*notice.to, &*notice.subject), ("ada@example.com", "Your password has changed"));
        is_used_up(&reset(&server, token, "another way to the river").await);
        assert_eq!(server.database.count("account_tokens").await, 0);
        assert_eq!(mail.rest().await.len(), 0);
    }

    async fn every_address_is_answered_alike(server: Server) {
        server.join("ada").await;
        server.join("bea").await;
        let (server, mail) = mailing(server, &[]).await;
        server.database.execute("UPDATE users SET is_active = FALSE WHERE username = 'bea'").await;

        let mut answers = Vec::new();
        for email in ["nobody@example.com", "bea@example.com", "ADA@example.com"] {
            let answer = request(&server, email).await;
            answers.push((answer.status, answer.data().clone()));
        }

        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        // Sent to the account's address as the account has it; and to no other.
        assert_eq!(mail.next().await.to, "ada@example.com");
        assert_eq!(mail.rest().await.len(), 0);
        assert_eq!(server.database.count("account_tokens").await, 1);
        for wrong in ["", "ada", "ada@example.com\r\nBcc: eve@example.com", "a\0@example.com"] {
            let answer = request(&server, wrong).await;
            assert_eq!(answer.fields(), [("input.email", "INVALID_EMAIL")], "{wrong:?}");
        }
    }

    async fn links_begin_with_the_setting_whatever_the_request_says(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        for (header, value) in [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "host=evil.example;proto=http"),
            ("origin", "http://127.0.0.1:1"),
            ("referer", "https://evil.example/"),
        ] {
            let body = json!({ "query": REQUEST, "variables": { "input": { "email": "ada@example.com" } } });
            let request = server.http("POST", "/graphql").header(header, value).json(&body);
            Answer::of(request.send().await.unwrap()).await.data();
            let letter = mail.next().await;
            assert!(letter.link().starts_with("https://mula.example/root/app/reset#token="), "{header}");
            assert!(!letter.html.contains("evil") && !letter.raw.contains("evil"), "{header}");
        }
    }

    async fn a_link_works_for_an_hour(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        let early = linked(&server, &mail, "ada@example.com").await;
        server.clock.advance(TimeDelta::minutes(30));
        let late = linked(&server, &mail, "ada@example.com").await;
        server.clock.advance(TimeDelta::minutes(31));

        is_used_up(&reset(&server, early.token(), NEW).await);
        reset(&server, late.token(), NEW).await.data();
    }

    async fn tokens_are_guessed_in_vain(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        let letter = linked(&server, &mail, "ada@example.com").await;
        let other = linked(&server, &mail, "ada@example.com").await;
        let token = letter.token();
        // 256 bits.
        assert_eq!(token.len(), 43);
        let same = token.chars().zip(other.token().chars()).filter(|(a, b)| a == b);
        assert!(same.count() < 12, "{token} {}", other.token());

        let hash = "(SELECT hash FROM account_tokens)";
        let longer = format!("{token}A");
        for guess in ["", "0", &token[..42], &longer, &token.to_lowercase(), hash, "\0", "' OR 1=1 --"] {
            if guess != token {
                is_used_up(&reset(&server, guess, NEW).await);
            }
        }
        server.log_in("ada@example.com", PASSWORD).await.data();
        reset(&server, token, NEW).await.data();
    }

    async fn of_two_who_use_one_link_one_succeeds(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        for n in 0..3 {
            let letter = linked(&server, &mail, "ada@example.com").await;
            let passwords = [format!("the first river {n}"), format!("the other river {n}")];
            let both = passwords.each_ref().map(|password| reset(&server, letter.token(), password));
            let answers = join_all(both).await;

            let done: Vec<_> = answers.iter().map(Answer::is_good).collect();
            assert_eq!(done.iter().filter(|done| **done).count(), 1, "{answers:?}");
            for (password, done) in passwords.iter().zip(done) {
                assert_eq!(server.log_in("ada@example.com", password).await.is_good(), done);
            }
            mail.next().await;
            server.clock.advance(TimeDelta::hours(2));
        }
    }

    async fn no_session_of_the_old_password_outlives_a_reset(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server, &["--register-rate", "off"]).await;
        let mut password = PASSWORD.to_owned();
        for n in 0..8 {
            let letter = linked(&server, &mail, "ada@example.com").await;
            let next = format!("the river number {n}");
            let sign_ins = join_all((0..4).map(|_| server.log_in("ada@example.com", &password)));
            let (sign_ins, done) = join(sign_ins, reset(&server, letter.token(), &next)).await;
            done.data();
            for answer in sign_ins.iter().filter(|answer| answer.is_good()) {
                let token = answer.data()["login"]["accessToken"].as_str().unwrap();
                assert_eq!(server.graphql(token, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
            }
            mail.next().await;
            password = next;
        }
    }

    async fn a_new_password_ends_links(server: Server) {
        let ada = server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        let letter = linked(&server, &mail, "ada@example.com").await;
        let change = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { revokedSessions } }";
        let input = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
        server.graphql(&ada, change, json!({ "input": input })).await.data();
        assert_eq!(mail.next().await.subject, "Your password has changed");

        is_used_up(&reset(&server, letter.token(), "another way to the river").await);

        let letter = linked(&server, &mail, "ada@example.com").await;
        let command = over(&server.database, &["user", "--bcrypt-cost", "4", "reset-password", "ada@example.com"]);
        assert_eq!(run(command).await.0, Some(0));
        is_used_up(&reset(&server, letter.token(), "another way to the river").await);
    }

    async fn an_inactive_account_stays_inactive(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        let letter = linked(&server, &mail, "ada@example.com").await;
        server.database.execute("UPDATE users SET is_active = FALSE").await;

        assert_eq!(reset(&server, letter.token(), NEW).await.code(), "FORBIDDEN");
        assert_eq!(server.log_in("ada@example.com", PASSWORD).await.code(), "FORBIDDEN");
    }

    async fn mail_to_an_address_is_limited_whether_or_not_it_has_an_account(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server, &["--register-rate", "12/1h"]).await;
        for email in ["ada@example.com", "nobody@example.com"] {
            for _ in 0..5 {
                request(&server, email).await.data();
            }
            // However it is written.
            let refused = request(&server, &email.to_uppercase()).await;
            assert_eq!(refused.code(), "RATE_LIMITED");
            assert!(refused.error()["extensions"]["retryAfter"].as_i64() <= Some(12 * 60));
            if email.starts_with("ada") {
                for _ in 0..5 {
                    mail.next().await;
                }
                server.clock.advance(TimeDelta::hours(1));
            }
        }
        assert_eq!(mail.rest().await.len(), 0);
        // All recipients of one requester.
        server.clock.advance(TimeDelta::hours(1));
        for n in 0..12 {
            request(&server, &format!("member{n}@example.com")).await.data();
        }
        assert_eq!(request(&server, "member@example.com").await.code(), "RATE_LIMITED");
    }

    #[settings("--login-rate", "3/1h")]
    async fn tries_at_links_are_limited(server: Server) {
        for _ in 0..3 {
            is_used_up(&reset(&server, "a guess", NEW).await);
        }
        assert_eq!(reset(&server, "a guess", NEW).await.code(), "RATE_LIMITED");
    }

    async fn without_mail_an_operator_makes_the_link(server: Server) {
        let ada = server.join("ada").await;
        for email in ["ada@example.com", "nobody@example.com"] {
            let answer = request(&server, email).await;
            assert_eq!(answer.code(), "FORBIDDEN");
            assert_eq!(answer.error()["extensions"]["reason"], "NO_MAIL");
        }
        let make = async |arguments: &[&str]| {
            run(over(&server.database, &[&["user", "reset-link"], arguments].concat())).await
        };
        let (code, _, err) = make(&["ada@example.com"]).await;
        assert_eq!(code, Some(2));
        assert!(err.contains("APP_URL is not set"), "{err}");
        let app = ["--app-url", "https://mula.example/"];
        let (code, _, err) = make(&[&["nobody@example.com"][..], &app].concat()).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("nobody@example.com"), "{err}");

        let (code, said, err) = make(&[&["ADA@example.com", "--json"][..], &app].concat()).await;
        assert_eq!(code, Some(0), "{err}");
        let said: Value = serde_json::from_str(&said).unwrap();
        let token = said["link"].as_str().unwrap();
        let token = token.strip_prefix("https://mula.example/app/reset#token=").unwrap();
        reset(&server, token, NEW).await.data();

        let profile = async || server.graphql(&ada, PROFILE, json!({})).await;
        refused_within_a_second("UNAUTHENTICATED", profile).await;
        server.log_in("ada@example.com", NEW).await.data();
    }

    // The requester cannot tell by the time it takes whether there is an account: nobody looks.
    async fn a_request_does_not_look_at_accounts(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        server.database.execute("ALTER TABLE users RENAME COLUMN email_key TO hidden").await;

        for email in ["ada@example.com", "nobody@example.com"] {
            request(&server, email).await.data();
        }

        assert_eq!(server.log_in("ada@example.com", PASSWORD).await.code(), "INTERNAL_SERVER_ERROR");
        server.database.execute("ALTER TABLE users RENAME COLUMN hidden TO email_key").await;
        // The worker could not look either, and comes again.
        server.database.execute("UPDATE mails SET due_at = created_at").await;
        assert_eq!(mail.next().await.to, "ada@example.com");
    }
}
