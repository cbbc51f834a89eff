//! Mail: what is in the outbox is sent, once, whatever becomes of the mail server, the instance and the
//! database; in the reader's language.

mod server;

use std::{collections::HashSet, fs};

use chrono::TimeDelta;
use serde_json::json;

use crate::support::{
    Database, Instance, Letter, MailMode, MailServer, Nobody, Process, Server, Service, count_is,
    given, on_both,
};

async fn mailing(server: Server) -> (Server, MailServer) {
    let mail = MailServer::start().await;
    let flags = mail.flags();
    let server = server.restart(&MailServer::with(&flags, &[])).await;
    (server, mail)
}

async fn ask_for(service: &impl Service, email: &str) {
    let query = "mutation ($input: RequestPasswordResetInput!) {
        requestPasswordReset(input: $input) { message }
    }";
    let input = json!({ "email": email });
    let answer = service.graphql(&Nobody, query, json!({ "input": input }));
    answer.await.data();
}

/// Waits until the outbox is empty.
async fn is_sent(database: &Database) {
    count_is(database, "mails", 0).await;
}

/// Has what waits for its next try be due, until the letter comes. Moving the instance's clock would
/// not do: on PostgreSQL the database's counts.
async fn tried_again(server: &Server, mail: &MailServer) -> Letter {
    let next = mail.next();
    tokio::pin!(next);
    loop {
        server
            .database
            .execute("UPDATE mails SET due_at = created_at")
            .await;
        tokio::select! {
            letter = &mut next => return letter,
            () = tokio::time::sleep(std::time::Duration::from_millis(300)) => {}
        }
    }
}

on_both! {
    async fn a_message_is_for_people_and_for_machines(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server).await;

        ask_for(&server, "ada@example.com").await;

        let letter = mail.next().await;
        for line in [
            "From: Mula <mula@mula.example>",
            "To: ada@example.com",
            "Subject: Choose a new password",
            "Auto-Submitted: auto-generated",
            "Date: ",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative;",
        ] {
            assert!(letter.raw.lines().any(|found| found.starts_with(line)), "{line}: {}", letter.raw);
        }
        assert!(letter.id.ends_with("@mula.example"), "{}", letter.id);
        assert!(letter.text.contains("within an hour"), "{}", letter.text);
        assert!(letter.html.contains("<html lang=\"en\">"), "{}", letter.html);
        // Nothing that a stranger has chosen.
        assert!(!letter.text.contains("ada") && !letter.html.contains("ada"), "{}", letter.text);
        is_sent(&server.database).await;
    }

    async fn a_message_is_in_the_language_of_its_reader(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server).await;
        for (locale, subject) in [
            ("es-MX", "Elige una contraseña nueva"),
            ("pt-BR", "Escolha uma nova senha"),
            ("fr", "Choisissez un nouveau mot de passe"),
            ("ht", "Chwazi yon nouvo modpas"),
            ("de", "Choose a new password"),
        ] {
            server.database.execute(&format!("UPDATE users SET locale = '{locale}'")).await;
            ask_for(&server, "ada@example.com").await;
            let letter = mail.next().await;
            assert_eq!(letter.subject, subject, "{locale}");
            assert!(letter.token().len() == 43);
        }
    }

    async fn a_mail_server_that_is_away_loses_nothing(server: Server) {
        for name in ["ada", "bea", "carl"] {
            server.join(name).await;
        }
        let (server, mail) = mailing(server).await;
        mail.set(MailMode::HangsUp);
        for name in ["ada", "bea", "carl"] {
            ask_for(&server, &format!("{name}@example.com")).await;
        }
        mail.has_met(1).await;
        assert_eq!(server.database.count("mails").await, 3);
        // Nor does a restart.
        let flags = mail.flags();
        let server = server.restart(&MailServer::with(&flags, &[])).await;
        server.clock.advance(TimeDelta::hours(5));
        mail.set(MailMode::Accepts);

        let mut to = HashSet::new();
        for _ in 0..3 {
            let letter = tried_again(&server, &mail).await;
            // Fresh, however late it is.
            let query = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { user { id } } }";
            let input = json!({ "token": letter.token(), "newPassword": "x" });
            let answer = server.graphql(&Nobody, query, json!({ "input": input })).await;
            assert_eq!(answer.fields(), [("input.newPassword", "TOO_SHORT")]);
            to.insert(letter.to);
        }

        assert_eq!(to.len(), 3, "{to:?}");
        is_sent(&server.database).await;
        assert_eq!(mail.rest().await.len(), 0);
    }

    async fn a_recipient_is_refused_for_now_or_for_good(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server).await;
        mail.set(MailMode::Defers);
        ask_for(&server, "ada@example.com").await;
        mail.has_met(1).await;
        mail.set(MailMode::Accepts);
        tried_again(&server, &mail).await;
        is_sent(&server.database).await;

        mail.set(MailMode::Refuses);
        ask_for(&server, "ada@example.com").await;
        is_sent(&server.database).await;
        mail.set(MailMode::Accepts);
        ask_for(&server, "ada@example.com").await;
        mail.next().await;
        assert_eq!(mail.rest().await.len(), 0);
    }

    async fn a_message_is_given_up_after_three_days(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server).await;
        mail.set(MailMode::HangsUp);
        ask_for(&server, "ada@example.com").await;
        mail.has_met(1).await;

        server.clock.advance(TimeDelta::days(4));

        is_sent(&server.database).await;
    }

    async fn several_instances_send_each_message_once(server: Server) {
        server.join_all(12).await;
        let (server, mail) = mailing(server).await;
        let flags = mail.flags();
        let flags = MailServer::with(&flags, &[]);
        let mut beside = Vec::new();
        for _ in 0..2 {
            beside.push(Instance::beside(&server, &flags).await);
        }
        for n in 0..12 {
            ask_for(&beside[n % 2], &format!("member{n}@example.com")).await;
        }

        let mut ids = HashSet::new();
        for _ in 0..12 {
            ids.insert(mail.next().await.id);
        }

        assert_eq!(ids.len(), 12);
        is_sent(&server.database).await;
        assert_eq!(mail.rest().await.len(), 0);
        for instance in beside {
            instance.stop().await;
        }
    }

    async fn a_killed_instance_loses_no_message_and_at_most_repeats_one(server: Server) {
        let mail = MailServer::start().await;
        mail.set(MailMode::StaysSilent);
        server.join("ada").await;
        let flags = mail.flags();
        let flags = MailServer::with(&flags, &[]);
        let database = server.stop().await;
        let process = Process::start(&database, &flags).await;
        ask_for(&process, "ada@example.com").await;
        let first = mail.next().await;
        process.kill();
        assert_eq!(database.count("mails").await, 1);

        mail.set(MailMode::Accepts);
        let server = Server::start(database, &flags).await;
        let second = tried_again(&server, &mail).await;

        // Whoever has both sees that they are one.
        assert_eq!(first.id, second.id);
        is_sent(&server.database).await;
        assert_eq!(mail.rest().await.len(), 0);
    }
}

#[tokio::test]
async fn templates_come_from_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[reset-password]\nsubject = \"Neues Passwort\"\ntext = \"\"\"\n{link}\n\n{app}?t={token}\n\"\"\"\n";
    fs::write(folder.path().join("de.toml"), text).unwrap();
    let mail = MailServer::start().await;
    let flags = mail.flags();
    let server = Server::start(Database::sqlite(), &[]).await;
    server.join("ada").await;
    let templates = ["--mail-templates-dir", folder.path().to_str().unwrap()];
    let server = server.restart(&MailServer::with(&flags, &templates)).await;
    server
        .database
        .execute("UPDATE users SET locale = 'de-AT'")
        .await;

    ask_for(&server, "ada@example.com").await;

    let letter = mail.next().await;
    assert_eq!(letter.subject, "Neues Passwort");
    assert!(
        letter
            .text
            .contains(&format!("https://mula.example/root?t={}", letter.token()))
    );

    fs::write(
        folder.path().join("de.toml"),
        "[reset]\nsubject = \"\"\ntext = \"\"",
    )
    .unwrap();
    let settings = server
        .database
        .settings(&MailServer::with(&flags, &templates));
    let clock = mula::clock::Clock::default();
    let error = mula::server::Server::start(settings, clock)
        .await
        .err()
        .unwrap();
    let error = error.to_string();
    assert!(
        error.contains("de.toml") && error.contains("there is no message [reset]"),
        "{error}"
    );
}

#[test]
fn settings_of_mail_go_together() {
    let problems = |flags: &[&str]| match given(flags).check_without_a_trace() {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    };
    let (url, from, app) = (
        ["--smtp-url", "smtps://u:hunter2@mail.example"],
        ["--mail-from", "mula@mula.example"],
        ["--app-url", "https://mula.example"],
    );
    assert_eq!(problems(&[&url[..], &from, &app].concat()), "");
    assert_eq!(problems(&[&from[..], &app].concat()), "");
    let alone = problems(&url);
    assert!(
        alone.contains("MAIL_FROM is required with SMTP_URL"),
        "{alone}"
    );
    assert!(
        alone.contains("APP_URL is required with SMTP_URL"),
        "{alone}"
    );
    let wrong = problems(&[
        "--smtp-url",
        "mail.example:hunter2",
        "--mail-from",
        "nobody",
        "--app-url",
        "mula.example?x",
    ]);
    for name in ["invalid SMTP_URL", "invalid MAIL_FROM", "invalid APP_URL"] {
        assert!(wrong.contains(name), "{wrong}");
    }
    assert!(!wrong.contains("hunter2"), "{wrong}");
    let secret = [
        "--secret-key",
        crate::support::SECRET,
        "--environment",
        "production",
    ];
    let clear = problems(&[&secret[..], &["--app-url", "http://mula.example"]].concat());
    assert!(clear.contains("in production write https"), "{clear}");
    assert_eq!(
        problems(&[&secret[..], &["--app-url", "http://127.0.0.1:8000"]].concat()),
        ""
    );
}
