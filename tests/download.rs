//! Downloads of one's own data by `GET /export`.

use chrono::TimeDelta;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::{
    commands::over,
    support::{Credentials, Instance, Member, Nobody, Server, Service, on_both, run},
};

async fn download(server: &impl Service, who: &(impl Credentials + ?Sized)) -> Response {
    let mut request = server.http("GET", "/export");
    if let Some(token) = who.token() {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap()
}

fn jsonl(lines: &[Value]) -> String {
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    lines.join("\n") + "\n"
}

fn lines(text: &str) -> Vec<Value> {
    assert!(text.ends_with('\n'), "{text}");
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// Gives the user an answer that fits into no buffer on the way.
async fn ask_for_much(server: &Server, who: &Member) {
    server.ask(who, "LEGBA", "Which way from here?").await;
    let long = "UPDATE readings SET response = replace(
        '0123456789', '0', '0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF')";
    let double = "UPDATE readings SET response = response || response";
    for sql in std::iter::once(long).chain([double; 18]) {
        assert_eq!(server.database.execute(sql).await, 1);
    }
}

async fn refused(answer: Response) -> (StatusCode, Value) {
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    let body: Value = serde_json::from_str(&body).unwrap();
    (status, body["errors"][0]["extensions"].clone())
}

on_both! {
    async fn ones_own_data_is_what_the_command_writes(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        server.ask(&ada, "OSHUN", "Will the river rise?").await;
        server.ask(&bea, "LEGBA", "Which way from here?").await;

        let answer = download(&server, &ada).await;

        assert_eq!(answer.status(), 200);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/jsonl; charset=utf-8");
        assert_eq!(header("content-disposition"), "attachment; filename=\"mula-export.jsonl\"");
        assert_eq!(header("cache-control"), "no-store");
        let downloaded = lines(&answer.text().await.unwrap());
        let kinds: Vec<_> = downloaded.iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, [
            "header", "user", "usage_day", "session", "account_event", "account_event", "account_event",
            "reading", "end",
        ]);
        assert_eq!(downloaded[6]["kind"], "EXPORTED");
        let written = run(over(&server.database, &["export", "--user", "ada@example.com"])).await.1;
        assert_eq!(downloaded[1..], lines(&written)[1..]);
        assert_eq!([&downloaded[0]["scope"], &downloaded[0]["format"]], ["USER", "mula-export"]);

        // It is imported as the command's is.
        let file = server.database.dir().join("own.jsonl");
        std::fs::write(&file, jsonl(&downloaded)).unwrap();
        let (code, said, err) = run(over(&server.database, &["import", file.to_str().unwrap()])).await;
        assert_eq!(code, Some(0), "{err}");
        assert!(said.contains("There already: 1 user, 1 reading, 1 row of usage."), "{said}");
    }

    async fn many_readings_come_in_pages(server: Server) {
        let ada = server.join("ada").await;
        server.ask(&ada, "LEGBA", "Which way from here?").await;
        let file = server.database.dir().join("all.jsonl");
        let (_, text, _) = run(over(&server.database, &["export"])).await;
        let all = lines(&text);
        let at = all.iter().position(|line| line["type"] == "reading").unwrap();
        let mut copies: Vec<_> = all[..at].to_vec();
        for n in 0..250 {
            let mut copy = all[at].to_string();
            for name in ["id", "generation_id"] {
                let id = all[at][name].as_str().unwrap();
                copy = copy.replace(id, &format!("{}{n:06x}", &id[..id.len() - 6]));
            }
            copies.push(serde_json::from_str(&copy).unwrap());
        }
        copies.push(json!({ "type": "end", "lines": copies.len() - 1 }));
        std::fs::write(&file, jsonl(&copies)).unwrap();
        let (code, _, err) = run(over(&server.database, &["import", file.to_str().unwrap()])).await;
        assert_eq!(code, Some(0), "{err}");

        let text = download(&server, &ada).await.text().await.unwrap();

        let downloaded = lines(&text);
        let readings = downloaded.iter().filter(|line| line["type"] == "reading");
        let mut ids: Vec<_> = readings.map(|line| line["id"].as_str().unwrap().to_owned()).collect();
        ids.dedup();
        assert_eq!(ids.len(), 251);
        let end = downloaded.last().unwrap();
        assert_eq!(*end, json!({ "type": "end", "lines": downloaded.len() - 2 }));
    }

    async fn it_needs_a_session(server: Server) {
        let ada = server.join("ada").await;
        let (status, error) = refused(download(&server, &Nobody).await).await;
        assert_eq!((status.as_u16(), &error["reason"]), (401, &json!("NO_TOKEN")));
        let (status, error) = refused(download(&server, "x.y.z").await).await;
        assert_eq!((status.as_u16(), &error["reason"]), (401, &json!("INVALID_TOKEN")));
        server.database.execute("UPDATE users SET is_active = false").await;
        let until = Instant::now() + Duration::from_secs(1);
        let (mut status, mut error) = refused_or_ok(download(&server, &ada).await).await;
        while status == 200 && Instant::now() < until {
            sleep(Duration::from_millis(50)).await;
            (status, error) = refused_or_ok(download(&server, &ada).await).await;
        }
        assert_eq!((status, &error["code"]), (403, &json!("FORBIDDEN")));
        for method in ["HEAD", "POST", "PUT"] {
            let request = server.http(method, "/export").bearer_auth(&ada.token);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 405, "{method}");
        }
    }

    async fn a_user_has_one_at_once(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        ask_for_much(&server, &ada).await;
        let first = download(&server, &ada).await;
        assert_eq!(first.status(), 200);

        let second = download(&server, &ada).await;

        assert_eq!(second.headers()["retry-after"], "10");
        let (status, error) = refused(second).await;
        assert_eq!((status.as_u16(), &error["reason"]), (429, &json!("TOO_MANY_ATTEMPTS")));
        assert_eq!(download(&server, &bea).await.status(), 200);
        // A client that leaves ends its own.
        drop(first);
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let answer = download(&server, &ada).await;
            if answer.status() == 200 {
                assert_eq!(lines(&answer.text().await.unwrap()).last().unwrap()["type"], "end");
                break;
            }
            assert!(Instant::now() < until, "its place is not given back");
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn it_breaks_off_when_its_session_ends(server: Server) {
        let ada = server.join("ada").await;
        ask_for_much(&server, &ada).await;
        let mut answer = download(&server, &ada).await;
        let mut text = Vec::new();
        text.extend_from_slice(&answer.chunk().await.unwrap().unwrap());

        server.graphql(&ada, "mutation { logout { message } }", json!({})).await.data();

        let whole = loop {
            match answer.chunk().await {
                Ok(Some(piece)) => text.extend_from_slice(&piece),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        assert!(!whole, "it was not broken off");
        assert!(!text.ends_with(b"}\n") || !String::from_utf8(text).unwrap().contains("\"type\":\"end\""));
    }

    async fn an_account_has_ten_an_hour(server: Server) {
        let (ada, bea) = (server.join("ada").await, server.join("bea").await);
        let other = Instance::beside(&server, &[]).await;
        for n in 0..10 {
            let answer = match n % 2 {
                0 => download(&server, &ada).await,
                _ => download(&other, &ada).await,
            };
            assert_eq!(answer.status(), 200);
            answer.text().await.unwrap();
            server.clock.advance(TimeDelta::minutes(1));
        }

        for refusal in [download(&server, &ada).await, download(&other, &ada).await] {
            let wait = refusal.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap();
            assert!((49 * 60..=50 * 60 + 1).contains(&wait), "{wait}");
            let (status, error) = refused(refusal).await;
            assert_eq!((status.as_u16(), &error["reason"]), (429, &json!("TOO_MANY_ATTEMPTS")));
        }
        let recorded = "account_events WHERE kind = 'EXPORTED'";
        assert_eq!(server.database.count(recorded).await, 10);
        assert_eq!(download(&server, &bea).await.status(), 200);
        server.clock.advance(TimeDelta::minutes(51));
        assert_eq!(download(&other, &ada).await.status(), 200);
        other.stop().await;
    }
}

async fn refused_or_ok(answer: Response) -> (u16, Value) {
    if answer.status() == 200 {
        answer.text().await.unwrap();
        return (200, Value::Null);
    }
    let (status, error) = refused(answer).await;
    (status.as_u16(), error)
}
