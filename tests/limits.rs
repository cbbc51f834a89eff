//! How often may be tried, and by whom. Addresses are told apart as behind a proxy: by what it
//! says of them.

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
async fn a_guesser_is_stopped_and_the_owner_elsewhere_is_not() {
    let server = server(&[]).await;
    server.register("ada").await.data();
    guess_from(GUESSER, &server, "ada@example.com", 10).await;

    // From there not even the right one is looked at.
    for password in ["one guess more", PASSWORD] {
        let answer = log_in_from(GUESSER, &server, "ada@example.com", password).await;
        assert!(wait(&answer) <= TimeDelta::minutes(3));
    }
    log_in_from(HOME, &server, "ada@example.com", PASSWORD)
        .await
        .data();
    // Nor does the guesser's neighbourhood pay: others at its address sign in.
    server.register("bea").await.data();
    log_in_from(GUESSER, &server, "bea@example.com", PASSWORD)
        .await
        .data();

    // Time passes, and there is one try more.
    let refused = log_in_from(GUESSER, &server, "ada@example.com", PASSWORD).await;
    server.clock.advance(wait(&refused));
    guess_from(GUESSER, &server, "ada@example.com", 1).await;
    wait(&log_in_from(GUESSER, &server, "ada@example.com", PASSWORD).await);
}

#[tokio::test]
async fn one_guesser_who_never_tires_leaves_room_for_the_owner_at_a_new_address() {
    let server = server(&[]).await;
    server.register("ada").await.data();
    for n in 0..8 {
        // Tries on as soon as it may, for an hour and more.
        for _ in 0..50 {
            let answer = log_in_from(GUESSER, &server, "ada@example.com", "a guess").await;
            if answer.code() == "RATE_LIMITED" {
                server.clock.advance(TimeDelta::minutes(3));
            }
        }
        let address = format!("203.0.113.{n}");
        log_in_from(&address, &server, "ada@example.com", PASSWORD)
            .await
            .data();
    }
}

#[tokio::test]
async fn many_guessers_are_stopped_together_and_a_familiar_address_is_not() {
    let server = server(&[]).await;
    server.register("ada").await.data();
    log_in_from(HOME, &server, "ada@example.com", PASSWORD)
        .await
        .data();

    let mut tried = 0;
    let refused = loop {
        let address = format!("2001:db8:{tried:x}::1");
        let answer = log_in_from(&address, &server, "ada@example.com", "a guess").await;
        if answer.code() == "RATE_LIMITED" {
            break answer;
        }
        tried += 1;
    };

    // The sign-in at home was a stranger's try, too, when it was made.
    assert_eq!(tried, 34);
    wait(&log_in_from(AWAY, &server, "ada@example.com", PASSWORD).await);
    log_in_from(HOME, &server, "ada@example.com", PASSWORD)
        .await
        .data();
    server.clock.advance(wait(&refused));
    log_in_from(AWAY, &server, "ada@example.com", PASSWORD)
        .await
        .data();
}

#[tokio::test]
async fn in_no_hour_are_there_more_than_a_hundred_guesses() {
    let server = server(&["--login-rate", "1000000/1s"]).await;
    server.register("ada").await.data();
    log_in_from(HOME, &server, "ada@example.com", PASSWORD)
        .await
        .data();
    let mut guesses = 0;
    for minute in 0..60 {
        for n in 0..4 {
            // From one address at home, and from ever new ones.
            let away = format!("2001:db8:{minute:x}:{n:x}::1");
            for address in [HOME, &away] {
                let answer = log_in_from(address, &server, "ada@example.com", "a guess").await;
                guesses += usize::from(answer.code() == "UNAUTHENTICATED");
            }
        }
        server.clock.advance(TimeDelta::minutes(1));
    }

    assert!((90..=100).contains(&guesses), "{guesses}");
}

#[tokio::test]
async fn the_right_password_is_no_guess() {
    let server = server(&[]).await;
    server.register("ada").await.data();

    for _ in 0..5 {
        guess_from(HOME, &server, "ada@example.com", 9).await;
        log_in_from(HOME, &server, "ada@example.com", PASSWORD)
            .await
            .data();
        server.clock.advance(TimeDelta::minutes(2));
    }
    for _ in 0..20 {
        log_in_from(HOME, &server, "ada@example.com", PASSWORD)
            .await
            .data();
    }
}

#[tokio::test]
async fn an_account_that_is_not_there_is_limited_like_one_that_is() {
    let server = server(&[]).await;
    server.register("ada").await.data();
    let mut told = Vec::new();
    for email in ["ada@example.com", "nobody@example.com"] {
        guess_from(GUESSER, &server, email, 10).await;
        // However it is written, it is one account.
        let refused = log_in_from(GUESSER, &server, &email.to_uppercase(), "a guess").await;
        wait(&refused);
        told.push(refused.status);
    }
    assert_eq!(told, [429, 429]);
}

#[tokio::test]
async fn wherever_a_password_is_asked_for_it_is_the_same_try() {
    let server = server(&[]).await;
    let ada = join_from(HOME, &server, "ada").await;
    let change = "mutation ($input: ChangePasswordInput!) {
        changePassword(input: $input) { user { id } }
    }";
    let delete = "mutation ($input: DeleteAccountInput!) {
        deleteAccount(input: $input) { deletedUserId }
    }";
    let next = "seven ways to the river";
    for n in 0..5 {
        let input = json!({ "currentPassword": format!("guess {n}"), "newPassword": next });
        let answer = send_from(GUESSER, &server, &ada, change, json!({ "input": input })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        let input = json!({ "password": format!("guess {n}") });
        let answer = send_from(GUESSER, &server, &ada, delete, json!({ "input": input })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
    }

    // Whoever has the token of somebody else has no more tries than who has not.
    let input = json!({ "currentPassword": PASSWORD, "newPassword": next });
    let change_input = json!({ "input": input });
    wait(&send_from(GUESSER, &server, &ada, change, change_input.clone()).await);
    let input = json!({ "password": PASSWORD });
    wait(&send_from(GUESSER, &server, &ada, delete, json!({ "input": input })).await);
    wait(&log_in_from(GUESSER, &server, &ada.email, PASSWORD).await);
    send_from(HOME, &server, &ada, change, change_input)
        .await
        .data();
}

#[tokio::test]
async fn an_address_has_so_many_tries_whosever_passwords_they_are_at() {
    let server = server(&["--login-rate", "4/1h"]).await;
    server.register("ada").await.data();
    for n in 0..4 {
        guess_from(
            "2001:db8:1:2::1",
            &server,
            &format!("member{n}@example.com"),
            1,
        )
        .await;
    }

    // A /64 is one address: a subscriber has all of it.
    for address in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"] {
        let answer = log_in_from(address, &server, "ada@example.com", PASSWORD).await;
        assert!(wait(&answer) <= TimeDelta::minutes(15));
    }
    log_in_from("2001:db8:1:3::1", &server, "ada@example.com", PASSWORD)
        .await
        .data();
}

#[tokio::test]
async fn nobody_chooses_an_address() {
    let server = server(&["--login-rate", "2/1h", "--trusted-proxies", "none"]).await;
    for n in 0..2 {
        guess_from(&format!("192.0.2.{n}"), &server, "ada@example.com", 1).await;
    }

    wait(&log_in_from("192.0.2.9", &server, "ada@example.com", PASSWORD).await);
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
    let server = server(&["--login-rate", "2/1h"]).await;
    server.register("ada").await.data();
    let two = "mutation ($input: LoginInput!) {
        first: login(input: $input) { tokenType } second: login(input: $input) { tokenType }
    }";
    let input = json!({ "input": { "email": "ada@example.com", "password": PASSWORD } });
    server.graphql(&Nobody, LOGIN, input.clone()).await.data();

    let half = server.graphql(&Nobody, two, input.clone()).await;
    assert_eq!(half.status, 200);
    assert_eq!(half.json["data"]["first"]["tokenType"], "bearer");
    assert_eq!(half.json["data"]["second"], Value::Null);
    assert_eq!(half.error()["path"], json!(["second"]));
    wait(&half);

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
    let login = &answer.data()["login"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Member {
        id: text(&login["user"]["id"]),
        session: text(&login["session"]["id"]),
        token: text(&login["accessToken"]),
        email,
    }
}
