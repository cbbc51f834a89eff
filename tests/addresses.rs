//! Email addresses: confirmed by a link, and changed.

use chrono::TimeDelta;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::{
    Answer, Credentials, Letter, MailServer, Member, Nobody, PASSWORD, Server, count_is, on_both,
};

const VERIFY: &str = "mutation ($input: VerifyEmailInput!) {
    verifyEmail(input: $input) { user { email isEmailVerified pendingEmail } }
}";

const RESEND: &str = "mutation { resendVerification { user { email } } }";

const CHANGE: &str = "mutation ($input: ChangeEmailInput!) {
    changeEmail(input: $input) { user { email isEmailVerified pendingEmail } }
}";

const NEW: &str = "ada.lovelace@example.com";

async fn mailing(server: Server, more: &[&str]) -> (Server, MailServer) {
    let mail = MailServer::start().await;
    let flags = mail.flags();
    let server = server.restart(&MailServer::with(&flags, more)).await;
    (server, mail)
}

async fn verify(server: &Server, letter: &Letter) -> Answer {
    let input = json!({ "token": letter.token() });
    server
        .graphql(&Nobody, VERIFY, json!({ "input": input }))
        .await
}

async fn change(server: &Server, who: &(impl Credentials + ?Sized), email: &str) -> Answer {
    let input = json!({ "newEmail": email, "password": PASSWORD });
    server.graphql(who, CHANGE, json!({ "input": input })).await
}

async fn profile(server: &Server, who: &Member) -> Value {
    let query = "{ profile { email isEmailVerified pendingEmail } }";
    server.graphql(who, query, json!({})).await.data()["profile"].clone()
}

fn user(email: &str, verified: bool, pending: Option<&str>) -> Value {
    json!({ "email": email, "isEmailVerified": verified, "pendingEmail": pending })
}

async fn sends_mail(server: &Server) -> bool {
    let answer = server
        .graphql(&Nobody, "{ service { mail } }", json!({}))
        .await;
    answer.data()["service"]["mail"].as_bool().unwrap()
}

#[track_caller]
fn is_used_up(answer: &Answer) {
    assert_eq!(answer.fields(), [("input.token", "INVALID_TOKEN")]);
}

/// The letters to the new and to the present address.
async fn both(mail: &MailServer) -> (Letter, Letter) {
    let letters = (mail.next().await, mail.next().await);
    if letters.0.subject == "Confirm your address" {
        return letters;
    }
    (letters.1, letters.0)
}

on_both! {
    async fn a_new_account_confirms_its_address(server: Server) {
        let (server, mail) = mailing(server, &[]).await;
        let ada = server.join("ada").await;
        let letter = mail.next().await;
        assert_eq!((&*letter.to, &*letter.subject), ("ada@example.com", "Confirm your address"));
        assert!(letter.link().starts_with("https://mula.example/root/app/verify#token="));
        assert_eq!(profile(&server, &ada).await, user("ada@example.com", false, None));

        let answer = verify(&server, &letter).await;

        assert_eq!(answer.data()["verifyEmail"]["user"], user("ada@example.com", true, None));
        assert_eq!(profile(&server, &ada).await, user("ada@example.com", true, None));
        is_used_up(&verify(&server, &letter).await);
        // Nothing is left to confirm.
        server.graphql(&ada, RESEND, json!({})).await.data();
        let sign_in = "mutation { register(input: { email: \"bea@example.com\", username: \"bea\",
            password: \"seven ways to the river\", signIn: true }) { user { id } } }";
        server.graphql(&Nobody, sign_in, json!({})).await.data();
        assert_eq!(mail.next().await.to, "bea@example.com");
        assert_eq!(mail.rest().await.len(), 0);
    }

    async fn another_link_is_sent_for_the_one_that_was_missed(server: Server) {
        let ada = server.join("ada").await;
        let answer = server.graphql(&ada, RESEND, json!({})).await;
        assert_eq!(answer.error()["extensions"]["reason"], "NO_MAIL");
        assert!(!sends_mail(&server).await);
        let (server, mail) = mailing(server, &["--register-rate", "30/1h"]).await;
        for _ in 0..5 {
            server.graphql(&ada, RESEND, json!({})).await.data();
        }
        assert_eq!(server.graphql(&ada, RESEND, json!({})).await.code(), "RATE_LIMITED");
        assert!(sends_mail(&server).await);
        let early = mail.next().await;
        server.clock.advance(TimeDelta::minutes(61));

        is_used_up(&verify(&server, &early).await);

        assert_eq!(server.graphql(&Nobody, RESEND, json!({})).await.code(), "UNAUTHENTICATED");
    }

    async fn an_address_changes_once_the_new_one_is_confirmed(server: Server) {
        let ada = server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;

        let answer = change(&server, &ada, NEW).await;

        let pending = user("ada@example.com", false, Some(NEW));
        assert_eq!(answer.data()["changeEmail"]["user"], pending);
        let (link, notice) = both(&mail).await;
        assert_eq!(link.to, NEW);
        assert_eq!((&*notice.to, &*notice.subject), ("ada@example.com", "Your address is to change"));
        assert!(!notice.text.contains("lovelace"), "{}", notice.text);
        assert_eq!(profile(&server, &ada).await, pending);
        assert_eq!(server.log_in(NEW, PASSWORD).await.code(), "UNAUTHENTICATED");
        // A link that is on its way to the present address ends with it.
        let request = "mutation { requestPasswordReset(input: { email: \"ada@example.com\" }) { message } }";
        server.graphql(&Nobody, request, json!({})).await.data();
        let reset = mail.next().await;

        let answer = verify(&server, &link).await;

        assert_eq!(answer.data()["verifyEmail"]["user"], user(NEW, true, None));
        assert_eq!(profile(&server, &ada).await, user(NEW, true, None));
        server.log_in(NEW, PASSWORD).await.data();
        assert_eq!(server.log_in("ada@example.com", PASSWORD).await.code(), "UNAUTHENTICATED");
        let notice = mail.next().await;
        assert_eq!((&*notice.to, &*notice.subject), ("ada@example.com", "Your address has changed"));
        let reset_password = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { user { id } } }";
        let input = json!({ "token": reset.token(), "newPassword": "seven ways to the river" });
        is_used_up(&server.graphql(&Nobody, reset_password, json!({ "input": input })).await);
        is_used_up(&verify(&server, &link).await);
    }

    async fn a_change_needs_the_password_and_another_address(server: Server) {
        let ada = server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        for (email, password, fields) in [
            (NEW, "wrong", vec![("input.password", "WRONG_PASSWORD")]),
            ("nowhere", "wrong", vec![("input.newEmail", "INVALID_EMAIL"), ("input.password", "WRONG_PASSWORD")]),
            ("ada@example.com", PASSWORD, vec![("input.newEmail", "UNCHANGED")]),
            ("ada@example.com\r\nBcc: a@b", PASSWORD, vec![("input.newEmail", "INVALID_EMAIL")]),
        ] {
            let input = json!({ "newEmail": email, "password": password });
            let answer = server.graphql(&ada, CHANGE, json!({ "input": input })).await;
            assert_eq!(answer.fields(), fields, "{email}");
        }
        assert_eq!(profile(&server, &ada).await, user("ada@example.com", false, None));
        assert_eq!(mail.rest().await.len(), 0);
        assert_eq!(server.database.count("mails").await, 0);
    }

    async fn the_last_change_counts(server: Server) {
        let ada = server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        change(&server, &ada, "first@example.com").await.data();
        let (first, _) = both(&mail).await;
        change(&server, &ada, NEW).await.data();
        let (last, _) = both(&mail).await;

        is_used_up(&verify(&server, &first).await);
        verify(&server, &last).await.data();

        assert_eq!(profile(&server, &ada).await, user(NEW, true, None));
    }

    async fn a_new_password_cancels_a_change(server: Server) {
        let ada = server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        change(&server, &ada, NEW).await.data();
        let (link, _) = both(&mail).await;
        let password = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { user { pendingEmail } } }";
        let input = json!({ "currentPassword": PASSWORD, "newPassword": "seven ways to the river" });
        server.graphql(&ada, password, json!({ "input": input })).await.data();

        is_used_up(&verify(&server, &link).await);

        assert_eq!(profile(&server, &ada).await, user("ada@example.com", false, None));
    }

    async fn whether_another_has_an_address_is_not_said(server: Server) {
        let ada = server.join("ada").await;
        server.join("bea").await;
        let (server, mail) = mailing(server, &[]).await;

        let answer = change(&server, &ada, "BEA@example.com").await;

        let pending = user("ada@example.com", false, Some("BEA@example.com"));
        assert_eq!(answer.data()["changeEmail"]["user"], pending);
        assert_eq!(mail.next().await.to, "ada@example.com");
        count_is(&server.database, "mails", 0).await;
        assert_eq!(mail.rest().await.len(), 0);
    }

    async fn of_two_who_confirm_one_address_one_has_it(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let (server, mail) = mailing(server, &[]).await;
        change(&server, &ada, NEW).await.data();
        let (first, _) = both(&mail).await;
        change(&server, &bea, NEW).await.data();
        let (second, _) = both(&mail).await;

        let answers = join(verify(&server, &first), verify(&server, &second)).await;

        let (good, bad) = if answers.0.is_good() { answers } else { (answers.1, answers.0) };
        assert_eq!(good.data()["verifyEmail"]["user"], user(NEW, true, None));
        assert_eq!(bad.code(), "CONFLICT");
        assert_eq!(bad.fields(), [("input.token", "TAKEN")]);
        assert_eq!(server.database.count(&format!("users WHERE email = '{NEW}'")).await, 1);
    }

    async fn without_mail_an_address_changes_at_once(server: Server) {
        let ada = server.join("ada").await;
        server.join("bea").await;

        let answer = change(&server, &ada, "bea@example.com").await;
        assert_eq!(answer.code(), "CONFLICT");
        assert_eq!(answer.fields(), [("input.newEmail", "TAKEN")]);
        change(&server, &ada, NEW).await.data();

        assert_eq!(profile(&server, &ada).await, user(NEW, false, None));
        server.log_in(NEW, PASSWORD).await.data();
        server.register_as("ada@example.com", "another", PASSWORD).await.data();
    }

    async fn asking_may_need_a_confirmed_address(server: Server) {
        let (server, mail) = mailing(server, &["--require-verified-email", "true"]).await;
        let ada = server.join("ada").await;
        let letter = mail.next().await;

        let answer = server.try_to_ask(&ada, "LEGBA", "Which way from here?").await;
        assert_eq!(answer.code(), "FORBIDDEN");
        assert_eq!(answer.error()["extensions"]["reason"], "EMAIL_NOT_VERIFIED");
        // Help does not wait for a mailbox.
        let reading = server.ask(&ada, "LEGBA", "I want to kill myself").await;
        assert_eq!(reading["engine"], "CARE");

        verify(&server, &letter).await.data();

        server.ask(&ada, "LEGBA", "Which way from here?").await;
    }

    async fn a_reset_confirms_the_address_it_was_sent_to(server: Server) {
        let stranger = server.join("ada").await;
        let (server, mail) = mailing(server, &[]).await;
        change(&server, &stranger, "stranger@example.com").await.data();
        let (link, _) = both(&mail).await;
        let request = "mutation { requestPasswordReset(input: { email: \"ada@example.com\" }) { message } }";
        server.graphql(&Nobody, request, json!({})).await.data();
        let reset = mail.next().await;

        let reset_password = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) {
            user { email isEmailVerified pendingEmail } } }";
        let input = json!({ "token": reset.token(), "newPassword": "seven ways to the river" });
        let answer = server.graphql(&Nobody, reset_password, json!({ "input": input })).await;

        assert_eq!(answer.data()["resetPassword"]["user"], user("ada@example.com", true, None));
        is_used_up(&verify(&server, &link).await);
    }
}
