//! How often may be tried, and by whom. Addresses are told apart as behind a proxy: by what it
//! says of them. Tries at passwords are in `limits/passwords.rs`.

mod passwords;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{
    Answer, Credentials, Database, Member, Nobody, PASSWORD, Server, Service, Socket, on_both,
};

/// Somebody's own address, and others'.
const HOME: &str = "198.51.100.7";
const AWAY: &str = "203.0.113.20";
const GUESSER: &str = "192.0.2.66";

const LOGIN: &str = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }";

const ASK: &str =
    "mutation ($input: AskAdvisorInput!) { askAdvisor(input: $input) { reading { id } } }";

/// A server behind a proxy, with these limits, and as they are by default beyond that.
async fn server(flags: &[&str]) -> Server {
    let defaults = [
        ("--login-rate", "60/10m"),
        ("--register-rate", "30/1h"),
        ("--ask-rate", "10/1m"),
        ("--trusted-proxies", "127.0.0.1"),
    ];
    let mut all = flags.to_vec();
    for (flag, value) in defaults {
        if !flags.contains(&flag) {
            all.extend([flag, value]);
        }
    }
    Server::start(Database::sqlite(), &all).await
}

async fn send_from(
    address: &str,
    server: &Server,
    who: &(impl Credentials + ?Sized),
    query: &str,
    variables: Value,
) -> Answer {
    let mut request = server
        .request("POST", "/graphql")
        .header("accept", "application/graphql-response+json")
        .header("x-forwarded-for", address)
        .json(&json!({ "query": query, "variables": variables }));
    if let Some(token) = who.token() {
        request = request.bearer_auth(token);
    }
    Answer::of(request.send().await.unwrap()).await
}

async fn log_in_from(address: &str, server: &Server, email: &str, password: &str) -> Answer {
    let input = json!({ "email": email, "password": password });
    send_from(address, server, &Nobody, LOGIN, json!({ "input": input })).await
}

/// Guesses a password, so many times in vain.
async fn guess_from(address: &str, server: &Server, email: &str, times: usize) {
    for n in 0..times {
        let answer = log_in_from(address, server, email, &format!("guess number {n}")).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{n}");
    }
}

/// After how long it is to be tried again; said alike in the answer and in its header.
#[track_caller]
fn wait(answer: &Answer) -> TimeDelta {
    assert_eq!(answer.code(), "RATE_LIMITED");
    let seconds = answer.error()["extensions"]["retryAfter"].as_i64().unwrap();
    assert_eq!(answer.header("retry-after"), seconds.to_string());
    assert!(seconds > 0);
    TimeDelta::seconds(seconds)
}

on_both! {
    #[settings("--login-rate", "3/1h", "--register-rate", "2/1h", "--ask-rate", "2/1h")]
    async fn a_limit_is_an_error_with_a_time(server: Server) {
        let ada = server.join("ada").await;
        for n in 0..2 {
            server.ask(&ada, "LEGBA", &format!("Question number {n}?")).await;
        }
        let asked = server.try_to_ask(&ada, "LEGBA", "One question too many?").await;
        assert!(wait(&asked) <= TimeDelta::minutes(30));

        server.register("bea").await.data();
        assert!(wait(&server.register("cleo").await) <= TimeDelta::minutes(30));

        for _ in 0..2 {
            server.log_in(&ada.email, PASSWORD).await.data();
        }
        assert!(wait(&server.log_in(&ada.email, PASSWORD).await) <= TimeDelta::minutes(20));

        // What is not limited goes on.
        server.graphql(&ada, "{ profile { id } }", json!({})).await.data();
    }
}

#[tokio::test]
async fn registrations_count_by_address() {
    let server = server(&["--register-rate", "2/1h"]).await;
    let register = "mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }";
    let from = async |address: &str, name: &str| {
        let input = json!({
            "email": format!("{name}@example.com"), "username": name, "password": PASSWORD,
        });
        send_from(
            address,
            &server,
            &Nobody,
            register,
            json!({ "input": input }),
        )
        .await
    };
    from(HOME, "ada").await.data();
    from(HOME, "bea").await.data();

    let refused = from(HOME, "cleo").await;

    assert!(wait(&refused) <= TimeDelta::minutes(30));
    from(AWAY, "dora").await.data();
    server.clock.advance(wait(&refused));
    from(HOME, "cleo").await.data();
}

#[tokio::test]
async fn questions_count_by_account() {
    let server = server(&["--ask-rate", "2/1h"]).await;
    let ada = join_from(HOME, &server, "ada").await;
    let asked = server.ask(&ada, "LEGBA", "Which way from here?").await;
    let again = json!({ "id": asked["id"] });
    server.regenerate(&ada, again.clone()).await.data();

    // Another answer is asked for like a question, and from wherever it is asked.
    let refused = server.regenerate(&ada, again).await;
    assert!(wait(&refused) <= TimeDelta::minutes(30));
    let input = json!({ "input": { "advisor": "LEGBA", "question": "And which way back?" } });
    wait(&send_from(AWAY, &server, &ada, ASK, input.clone()).await);
    let bea = join_from(HOME, &server, "bea").await;
    send_from(HOME, &server, &bea, ASK, input.clone())
        .await
        .data();
    server.clock.advance(wait(&refused));
    send_from(AWAY, &server, &ada, ASK, input).await.data();
}

#[tokio::test]
async fn an_address_asks_as_much_as_ten_accounts() {
    let server = server(&["--ask-rate", "1/1h", "--register-rate", "off"]).await;
    let mut codes = Vec::new();
    for n in 0..11 {
        let member = join_from(HOME, &server, &format!("member{n}")).await;
        let input = json!({ "advisor": "OSHUN", "question": "Is there enough for all of us?" });
        let answer = send_from(HOME, &server, &member, ASK, json!({ "input": input })).await;
        codes.push(answer.json["errors"][0]["extensions"]["code"].clone());
    }

    assert_eq!(codes[..10], vec![Value::Null; 10]);
    assert_eq!(codes[10], "RATE_LIMITED");
}

#[tokio::test]
async fn what_was_refused_whole_has_no_data_and_what_was_not_has() {
    let server = server(&["--login-rate", "1/1h", "--ask-rate", "1/1h"]).await;
    let ada = server.join("ada").await;
    let two = "mutation ($input: AskAdvisorInput!) {
        first: askAdvisor(input: $input) { reading { status } }
        second: askAdvisor(input: $input) { reading { status } }
    }";
    let input = json!({ "input": { "advisor": "LEGBA", "question": "Which way from here?" } });

    let half = server.graphql(&ada, two, input).await;
    assert_eq!(half.status, 200);
    assert_eq!(half.json["data"]["first"]["reading"]["status"], "COMPLETED");
    assert_eq!(half.json["data"]["second"], Value::Null);
    assert_eq!(half.error()["path"], json!(["second"]));
    wait(&half);

    let input = json!({ "input": { "email": "ada@example.com", "password": PASSWORD } });
    let whole = server.graphql(&Nobody, LOGIN, input.clone()).await;
    assert_eq!(whole.status, 429);
    assert!(whole.json.get("data").is_none(), "{}", whole.json);
    wait(&whole);
    // Who takes plain JSON is told in the body and the header alone.
    let request = server.request("POST", "/graphql");
    let body = json!({ "query": LOGIN, "variables": input });
    let plain = Answer::of(request.json(&body).send().await.unwrap()).await;
    assert_eq!(plain.status, 200);
    wait(&plain);
}

#[tokio::test]
async fn a_socket_has_the_address_it_was_opened_from() {
    let server = server(&["--login-rate", "2/1h"]).await;
    server.register("ada").await.data();
    guess_from(GUESSER, &server, "ada@example.com", 2).await;
    let input = json!({ "input": { "email": "ada@example.com", "password": PASSWORD } });

    for (address, answer) in [(GUESSER, "error"), (HOME, "next")] {
        let mut socket = Socket::open(server.address(), &[("x-forwarded-for", address)])
            .await
            .unwrap();
        socket.send(&json!({ "type": "connection_init" })).await;
        assert_eq!(socket.message().await["type"], "connection_ack");
        socket.subscribe("1", LOGIN, input.clone()).await;
        let message = socket.message().await;
        assert_eq!(message["type"], answer, "{message}");
        if answer == "error" {
            let extensions = &message["payload"][0]["extensions"];
            assert_eq!(extensions["code"], "RATE_LIMITED");
            assert!(extensions["retryAfter"].as_u64().unwrap() > 0);
        }
    }
}

#[tokio::test]
async fn where_limits_are_off_there_are_none() {
    let server = server(&[
        "--login-rate",
        "off",
        "--register-rate",
        "off",
        "--ask-rate",
        "off",
    ])
    .await;
    for n in 0..40 {
        server.register(&format!("member{n}")).await.data();
    }
    guess_from(GUESSER, &server, "member0@example.com", 70).await;
    let member = server.sign_in("member0").await;
    for n in 0..20 {
        server
            .ask(&member, "LEGBA", &format!("Question number {n}?"))
            .await;
    }
}

/// Makes an account and signs in, there.
async fn join_from(address: &str, server: &Server, name: &str) -> Member {
    server.register(name).await.data();
    let email = format!("{name}@example.com");
    let login = "mutation ($input: LoginInput!) {
        login(input: $input) { accessToken user { id } session { id } }
    }";
    let input = json!({ "input": { "email": email, "password": PASSWORD } });
    let answer = send_from(address, server, &Nobody, login, input).await;
    Member::of(&answer.data()["login"], email)
}
