//! Tries at passwords: who is stopped, and who is not.

use chrono::TimeDelta;
use serde_json::json;

use super::{AWAY, GUESSER, HOME, guess_from, join_from, log_in_from, send_from, server, wait};
use crate::support::PASSWORD;

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
