//! Whose a log line is: the request, user, reading and generation that it is about, also where the
//! answer is written after its request is over, or by another process.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{
    Database, Member, Nobody, PASSWORD, Provider, Service, Serving, Told, Via, chunk, mula,
    with_each_database,
};

const IDS: [&str; 4] = ["request_id", "user", "reading", "generation"];

fn serve(database: &Database, flags: &[&str]) -> Serving {
    let flags = database.flags(flags);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    Serving::serve(mula(database.dir(), &flags))
}

fn with_model<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let model = [
        "--log-format",
        "json",
        "--model-base-url",
        url,
        "--model-name",
        "m",
    ];
    [&model[..], more].concat()
}

/// The log's lines, none of which names anything twice.
fn lines(log: &str) -> Vec<Value> {
    let read = |line: &str| {
        for id in IDS {
            let name = format!("\"{id}\":");
            assert!(line.matches(&name).count() <= 1, "{line}");
        }
        serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))
    };
    log.lines().map(read).collect()
}

async fn ended(serving: Serving, signal: &str) -> Vec<Value> {
    serving.signal(signal);
    lines(&serving.end().await.1)
}

/// The one line that says this.
#[track_caller]
fn line<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    let found: Vec<_> = lines
        .iter()
        .filter(|line| line["message"] == message)
        .collect();
    assert_eq!(found.len(), 1, "{message}: {lines:#?}");
    found[0]
}

fn ids(line: &Value) -> [Value; 4] {
    IDS.map(|id| line[id].clone())
}

async fn ask(serving: &Serving, who: &Member, request_id: &str, wait: bool) -> Value {
    let query = "mutation ($input: AskAdvisorInput!) {
        askAdvisor(input: $input) { reading { id status } }
    }";
    let input = json!({ "advisor": "LEGBA", "question": request_id.repeat(5), "wait": wait });
    let body = json!({ "query": query, "variables": { "input": input } });
    let request = serving.http("POST", "/graphql").bearer_auth(&who.token);
    let request = request.header("x-request-id", request_id).json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["data"]["askAdvisor"]["reading"].clone()
}

async fn a_providers_error_names_all(database: Database) {
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let serving = serve(&database, &with_model(&url, &[]));
    let ada = serving.join("ada").await;
    let refuse = async {
        let said = json!({ "error": { "message": "No such luck", "type": "bad_day" } });
        provider.call().await.json(400, &said).await;
    };
    let (reading, ()) = tokio::join!(ask(&serving, &ada, "first-ask", true), refuse);
    assert_eq!(reading["status"], "FAILED");

    let lines = ended(serving, "TERM").await;

    let refused = line(&lines, "the model's server rejected the request");
    assert_eq!(
        (
            &refused["said"],
            &refused["status"],
            &refused["code"],
            &refused["model"]
        ),
        (
            &json!("bad_day No such luck"),
            &json!(400),
            &json!("PROVIDER_REJECTED"),
            &json!("m")
        )
    );
    let failed = line(&lines, "an answer could not be written to its end");
    let answered = lines
        .iter()
        .find(|line| line["field"] == "askAdvisor")
        .unwrap();
    assert_eq!(answered["request_id"], "first-ask");
    for line in [refused, failed] {
        assert_eq!(ids(line), ids(answered), "{line}");
        assert!(ids(line).iter().all(Value::is_string), "{line}");
    }
}

/// The one who asked second waits for the writer of the first.
async fn a_queued_answer_is_logged_for_who_asked(database: Database) {
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let serving = serve(&database, &with_model(&url, &["--writers", "1"]));
    let ada = serving.join("ada").await;
    let mut asked = Vec::new();
    for request_id in ["first-ask", "second-ask"] {
        let reading = ask(&serving, &ada, request_id, false).await;
        asked.push(reading["id"].as_str().unwrap().to_owned());
    }
    for _ in 0..2 {
        let mut call = provider.call().await;
        call.begin().await;
        call.events([
            chunk("So far"),
            json!({ "error": { "message": "Out of memory" } }),
        ])
        .await;
        call.end().await;
    }
    for id in asked {
        let mut follower = serving.follow(Via::Socket, &ada, &id, 0).await;
        Told::default().listen_to_end(&mut follower).await;
    }

    let lines = ended(serving, "TERM").await;

    let failed: Vec<_> = lines
        .iter()
        .filter(|line| line["message"] == "the model's server reported an error within an answer")
        .collect();
    assert_eq!(failed.len(), 2);
    for (line, request_id) in failed.iter().zip(["first-ask", "second-ask"]) {
        assert_eq!(
            (&line["request_id"], &line["said"]),
            (&json!(request_id), &json!("Out of memory"))
        );
        let answered = lines
            .iter()
            .find(|line| line["field"] == "askAdvisor" && line["request_id"] == request_id);
        assert_eq!(ids(line), ids(answered.unwrap()));
    }
}

/// An answer that another process ends belongs to a request it has never seen.
async fn an_answer_left_behind_is_logged_for_its_user(database: Database) {
    let mut provider = Provider::start().await;
    let url = provider.url().to_owned();
    let flags = with_model(&url, &["--lease", "1s"]);
    let serving = serve(&database, &flags);
    let ada = serving.join("ada").await;
    let reading = ask(&serving, &ada, "first-ask", false).await;
    let id = reading["id"].as_str().unwrap();
    let call = provider.call().await;
    let before = ended(serving, "KILL").await;
    call.closed().await;

    let serving = serve(&database, &flags);
    let mut told = Told::default();
    told.listen_to_end(&mut serving.follow(Via::Socket, &ada, id, 0).await)
        .await;
    assert_eq!(told.status.as_deref(), Some("FAILED"));
    let after = ended(serving, "TERM").await;

    let asked = before.iter().find(|line| line["field"] == "askAdvisor");
    let asked = ids(asked.unwrap());
    let failed = line(&after, "an answer could not be written to its end");
    assert_eq!(failed["code"], "INTERRUPTED");
    assert_eq!(ids(failed)[1..], asked[1..]);
    assert_eq!(failed["request_id"], Value::Null);
}

async fn a_failed_sign_in_names_the_account_and_the_limit(database: Database) {
    let flags = ["--log-format", "json", "--login-rate", "60/10m"];
    let serving = serve(&database, &flags);
    let ada = serving.join("ada").await;
    let login = async |email: &str, password: &str| {
        let query = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }";
        let input = json!({ "email": email, "password": password });
        serving
            .graphql(&Nobody, query, json!({ "input": input }))
            .await
    };
    assert_eq!(
        login("nobody@example.com", "wrong").await.code(),
        "UNAUTHENTICATED"
    );
    while login(&ada.email, "wrong").await.code() == "UNAUTHENTICATED" {}
    assert_eq!(login(&ada.email, PASSWORD).await.code(), "RATE_LIMITED");

    let lines = ended(serving, "TERM").await;

    let logins: Vec<_> = lines
        .iter()
        .filter(|line| line["field"] == "login")
        .collect();
    let (good, failed): (Vec<&Value>, Vec<&Value>) =
        logins.into_iter().partition(|line| line["code"] == "OK");
    assert_eq!(good.len(), 1);
    assert!(good[0]["user"].is_string(), "{}", good[0]);
    assert_eq!(good[0]["account"], Value::Null);
    assert_eq!(
        (&failed[0]["account"], &failed[0]["user"]),
        (&Value::Null, &Value::Null)
    );
    for line in &failed[1..] {
        assert_eq!(
            (&line["account"], &line["user"]),
            (&good[0]["user"], &Value::Null),
            "{line}"
        );
    }
    let limits: BTreeSet<_> = failed
        .iter()
        .filter(|line| line["code"] == "RATE_LIMITED")
        .map(|line| line["limit"].as_str().unwrap())
        .collect();
    assert_eq!(limits, BTreeSet::from(["passwords_at_account_of_address"]));
}

with_each_database! {
    a_providers_error_names_all
    a_queued_answer_is_logged_for_who_asked
    an_answer_left_behind_is_logged_for_its_user
    a_failed_sign_in_names_the_account_and_the_limit
}

#[tokio::test]
async fn lines_of_text_name_them_too() {
    let database = Database::sqlite();
    let serving = serve(&database, &["--log-format", "text"]);
    let ada = serving.join("ada").await;
    ask(&serving, &ada, "first-ask", true).await;
    serving.signal("TERM");
    let (_, log) = serving.end().await;
    let line = log
        .lines()
        .find(|line| line.contains("request_id=first-ask"));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    for id in ["user", "reading", "generation"] {
        assert_eq!(line.matches(&format!(" {id}=0")).count(), 1, "{line}");
    }
}
