//! Instances whose clocks differ: each keeps its own answers, and only a writer that is gone loses one.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use mula::clock::Clock;
use serde_json::json;

use crate::support::{
    Instance, MailMode, MailServer, Nobody, Provider, Server, Service, chunk, finish,
};

const SOON: Duration = Duration::from_secs(20);

fn flags<'a>(provider: &'a str, lease: &'a str) -> Vec<&'a str> {
    let model = ["--model-base-url", provider, "--model-name", "m"];
    [&model[..], &["--lease", lease]].concat()
}

fn clock(ahead: TimeDelta) -> Clock {
    let clock = Clock::default();
    clock.advance(ahead);
    clock
}

/// Has an instance write an answer while another, which judges leases several times a second, ends
/// one whose lease has really run out.
async fn keeps_its_answer(writer: TimeDelta, judge: TimeDelta) {
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let Some(server) = Server::on_postgres(&flags(&url, "5m")).await else {
        return;
    };
    let writer = Instance::beside_at(&server, &flags(&url, "5m"), clock(writer)).await;
    let ama = writer.join("ama").await;
    let kept = writer.begin(&ama, "Which way?").await;
    let mut call = provider.call().await;
    call.begin().await;
    call.event(&chunk("Go ")).await;
    let lost = writer.begin(&ama, "And then?").await;
    let other = provider.call().await;

    let judge = Instance::beside_at(&server, &flags(&url, "1s"), clock(judge)).await;
    // As if its writer had not renewed it for a minute.
    let expire = "UPDATE generations SET lease_expires_at = now() - interval '1 minute'
        WHERE id = (SELECT id FROM generations ORDER BY id DESC LIMIT 1)";
    assert_eq!(server.database.execute(expire).await, 1);
    let begin = Instant::now();
    while judge.reading(&ama, &lost).await["status"] != "FAILED" {
        assert!(begin.elapsed() < SOON, "it is not recovered");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let reading = writer.reading(&ama, &kept).await;
    assert_eq!(reading["status"], "WRITING", "{reading}");
    call.events([chunk("home."), finish("stop")]).await;
    call.done().await;
    let begin = Instant::now();
    let reading = loop {
        let reading = writer.reading(&ama, &kept).await;
        if reading["status"] != "WRITING" {
            break reading;
        }
        assert!(begin.elapsed() < SOON, "it does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(
        (&reading["status"], &reading["response"]),
        (&json!("COMPLETED"), &json!("Go home."))
    );
    drop(other);
}

#[tokio::test]
async fn an_instance_that_is_ahead_ends_no_answer_of_another() {
    keeps_its_answer(TimeDelta::zero(), TimeDelta::minutes(10)).await;
}

#[tokio::test]
async fn an_instance_that_is_behind_keeps_its_own() {
    keeps_its_answer(-TimeDelta::minutes(10), TimeDelta::zero()).await;
}

async fn ask_for_mail(service: &impl Service, name: &str) {
    let query = "mutation ($input: RequestPasswordResetInput!) {
        requestPasswordReset(input: $input) { message }
    }";
    let input = json!({ "input": { "email": format!("{name}@example.com") } });
    service.graphql(&Nobody, query, input).await.data();
}

/// The recipients of the next letters.
async fn recipients<const N: usize>(mail: &MailServer) -> [String; N] {
    let mut to = [const { String::new() }; N];
    for to in &mut to {
        let letter = tokio::time::timeout(SOON, mail.next()).await;
        *to = letter.expect("a letter comes").to;
    }
    to
}

#[tokio::test]
async fn an_instance_that_is_ahead_repeats_no_mail_of_another() {
    let Some(server) = Server::on_postgres(&[]).await else {
        return;
    };
    for name in ["ada", "bea", "carl"] {
        server.join(name).await;
    }
    let mail = MailServer::start().await;
    let flags = mail.flags();
    let flags = MailServer::with(&flags, &[]);
    mail.set(MailMode::StaysSilent);
    let sender = Instance::beside_at(&server, &flags, clock(TimeDelta::zero())).await;
    ask_for_mail(&sender, "ada").await;
    assert_eq!(recipients(&mail).await, ["ada@example.com"]);

    // It holds its lease while the server is silent.
    mail.set(MailMode::Accepts);
    let ahead = Instance::beside_at(&server, &flags, clock(TimeDelta::minutes(10))).await;
    ask_for_mail(&ahead, "bea").await;
    ask_for_mail(&ahead, "carl").await;

    assert_eq!(
        recipients(&mail).await,
        ["bea@example.com", "carl@example.com"]
    );
    assert_eq!(server.database.count("mails WHERE attempts = 1").await, 1);
    assert_eq!(mail.rest().await.len(), 0);
}

#[tokio::test]
async fn mail_of_an_instance_that_is_ahead_is_tried_by_others_in_time() {
    let Some(server) = Server::on_postgres(&[]).await else {
        return;
    };
    server.join("ada").await;
    let (away, mail) = (MailServer::start().await, MailServer::start().await);
    away.set(MailMode::HangsUp);
    let flags = away.flags();
    let flags = MailServer::with(&flags, &[]);
    let ahead = Instance::beside_at(&server, &flags, clock(TimeDelta::minutes(10))).await;
    ask_for_mail(&ahead, "ada").await;
    away.has_met(1).await;
    // Its worker ends with it, once it has stored when the mail is tried again.
    ahead.stop().await;

    let flags = mail.flags();
    let flags = MailServer::with(&flags, &[]);
    let _other = Instance::beside_at(&server, &flags, clock(TimeDelta::zero())).await;

    assert_eq!(recipients(&mail).await, ["ada@example.com"]);
}
