//! Failures of a language model's server and their costs: an answer is complete or its failure has
//! a code, its text is kept, and no call is repeated that may have been paid for.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use mula::advisor::engine::{Begun, Failure};
use serde_json::json;
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{Provider, Writing, Written, answered, chunk, finish, model, told_of};

#[tokio::test]
async fn every_failure_has_its_code_and_keeps_the_text() {
    let cases = [
        (
            json!({ "error": { "message": "Slow down", "code": 429 } }),
            Failure::Busy,
        ),
        (
            json!({ "error": { "message": "Oops", "type": "server_error", "code": null } }),
            Failure::Failed,
        ),
        (json!({ "error": "oops" }), Failure::Failed),
        (finish("content_filter"), Failure::AnswerFiltered),
        (finish("error"), Failure::Failed),
        (
            json!({ "choices": [{ "delta": { "refusal": "I cannot." } }] }),
            Failure::Declined,
        ),
        (json!({ "choices": "many" }), Failure::Malformed),
    ];
    for (event, failure) in cases {
        let told = told_of(&[], [chunk("So far [S1] "), event.clone()]).await;
        assert_eq!(
            (told.text.as_str(), told.failure),
            ("So far [1] ", Some(failure)),
            "{event}"
        );
    }
    let told = told_of(&[], [chunk("So"), chunk(" far")]).await;
    assert_eq!(
        (told.text.as_str(), told.failure),
        ("So far", Some(Failure::Cut))
    );
    let told = told_of(&[], [finish("stop")]).await;
    assert_eq!(
        told.failure,
        Some(Failure::Empty),
        "nothing at all is no answer"
    );

    let bytes = [
        &b"data: {\"choices\n\n"[..],
        b"data: \xff\n\n",
        b"data: {\"choices\":[]} x\n\n",
    ];
    for bytes in bytes {
        let told = answered(&[], async |mut call| {
            call.begin().await;
            call.event(&chunk("So far")).await;
            call.bytes(bytes).await;
            call.closed().await;
        })
        .await;
        assert_eq!(
            (told.text.as_str(), told.failure),
            ("So far", Some(Failure::Malformed))
        );
    }
}

#[tokio::test]
async fn what_has_ended_is_whole_whatever_comes_after() {
    for reason in ["stop", "length", "eos"] {
        let told = answered(&[], async |mut call| {
            call.begin().await;
            call.events([chunk("Yes."), finish(reason)]).await;
            call.break_off();
        })
        .await;
        assert_eq!((told.text.as_str(), told.failure), ("Yes.", None));
    }
    // Not even a word that it has ended, but for the last.
    let told = answered(&[], async |mut call| {
        call.begin().await;
        call.event(&chunk("Yes.")).await;
        call.done().await;
    })
    .await;
    assert_eq!((told.text.as_str(), told.failure), ("Yes.", None));
    // An error that comes too late,
    let told = told_of(
        &[],
        [chunk("Yes."), finish("stop"), json!({ "error": "late" })],
    )
    .await;
    assert_eq!((told.text.as_str(), told.failure), ("Yes.", None));
    // and a stream that does not close.
    let told = answered(&["--model-idle-timeout", "50ms"], async |mut call| {
        call.begin().await;
        call.events([chunk("Yes."), finish("stop")]).await;
        call.closed().await;
    })
    .await;
    assert_eq!((told.text.as_str(), told.failure), ("Yes.", None));
}

#[tokio::test]
async fn a_broken_connection_is_a_cut() {
    let told = answered(&[], async |mut call| {
        call.begin().await;
        call.event(&chunk("So far")).await;
        call.break_off();
    })
    .await;
    assert_eq!(
        (told.text.as_str(), told.failure),
        ("So far", Some(Failure::Cut))
    );
    // Not even a first byte; but the request may have been paid for.
    let told = answered(&[], async |call| call.break_off()).await;
    assert_eq!(told.failure, Some(Failure::Cut));
}

#[tokio::test]
async fn what_is_refused_for_good_is_asked_once() {
    let page = [("content-type", "text/html")];
    let bodies = [
        json!({ "error": { "message": "No", "code": 401 } }),
        json!({ "detail": "No" }),
    ];
    for (status, failure) in [
        (400, Failure::Rejected),
        (401, Failure::KeyRejected),
        (404, Failure::WrongAddress),
        (422, Failure::Rejected),
    ] {
        for body in &bodies {
            // Not the base that is looked for elsewhere.
            let path = ["--model-path", "v1/chat/completions"];
            let told = answered(&path, async |call| call.json(status, body).await).await;
            assert_eq!(
                told,
                Written {
                    failure: Some(failure),
                    ..Written::default()
                }
            );
        }
    }
    let elsewhere = [("location", "http://127.0.0.1:1/")];
    for (status, headers, body, failure) in [
        (302, &elsewhere[..], "", Failure::Malformed),
        (200, &page, "<html>Sign in</html>", Failure::Malformed),
        (
            200,
            &[("content-type", "application/json")],
            "{}",
            Failure::Malformed,
        ),
        (
            200,
            &[("content-type", "application/json")],
            "<html>",
            Failure::Malformed,
        ),
        (
            200,
            &[("content-type", "application/json")],
            r#"{"error": {"message": "x", "code": "429"}}"#,
            Failure::Busy,
        ),
        (413, &page, "<html>Too large</html>", Failure::Rejected),
    ] {
        let told = answered(&[], async |call| call.answer(status, headers, body).await).await;
        assert_eq!(
            told,
            Written {
                failure: Some(failure),
                ..Written::default()
            }
        );
    }
}

#[tokio::test]
async fn what_is_refused_for_now_is_asked_three_times() {
    for (status, failure) in [
        (429, Failure::Busy),
        (500, Failure::Unavailable),
        (503, Failure::Unavailable),
    ] {
        let mut provider = Provider::start().await;
        let writing = Writing::begin(&model(provider.url(), &[]));
        for _ in 0..3 {
            let call = provider.call().await;
            call.answer(status, &[("retry-after-ms", "1")], "{}").await;
        }
        assert_eq!(writing.told().await.failure, Some(failure));
        assert!(provider.is_idle());
    }
    let mut provider = Provider::start().await;
    let writing = Writing::begin(&model(provider.url(), &[]));
    provider
        .call()
        .await
        .json(503, &json!({ "error": { "message": "loading" } }))
        .await;
    let mut call = provider.call().await;
    call.begin().await;
    call.events([chunk("Yes."), finish("stop")]).await;
    call.end().await;
    assert_eq!(writing.told().await.text, "Yes.");
}

#[tokio::test]
async fn a_server_says_how_long_to_wait() {
    for (name, value, least) in [("retry-after-ms", "300", 300), ("retry-after", "1", 1000)] {
        let mut provider = Provider::start().await;
        let writing = Writing::begin(&model(provider.url(), &[]));
        provider
            .call()
            .await
            .answer(429, &[(name, value), ("retry-after", "1")], "")
            .await;
        let refused = Instant::now();
        let mut call = provider.call().await;
        assert!(
            refused.elapsed() >= Duration::from_millis(least - 20),
            "{name}: {:?}",
            refused.elapsed()
        );
        call.begin().await;
        call.events([chunk("Yes."), finish("stop")]).await;
        call.end().await;
        assert_eq!(writing.told().await.failure, None);
    }
    // Too long for whoever waits for an answer, and longer than the first word may take.
    let patience = ["--model-first-token-timeout", "500ms"];
    for (flags, wait) in [(&[][..], "11"), (&patience, "1")] {
        let told = answered(flags, async |call| {
            call.answer(429, &[("retry-after", wait)], "").await;
        })
        .await;
        assert_eq!(told.failure, Some(Failure::Busy));
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Connects, and then says nothing of TLS.
    let flags = ["--model-connect-timeout", "50ms"];
    let told = Writing::begin(&model(&format!("https://{address}/v1"), &flags))
        .told()
        .await;
    assert_eq!(told.failure, Some(Failure::Unavailable));
    drop(listener);
    let told = Writing::begin(&model(&format!("http://{address}/v1"), &[]))
        .told()
        .await;
    assert_eq!(told.failure, Some(Failure::Unavailable));
    let told = Writing::begin(&model("http://nowhere.invalid/v1", &[]))
        .told()
        .await;
    assert_eq!(told.failure, Some(Failure::Unavailable));
}

#[tokio::test]
async fn every_wait_has_its_limit() {
    // Each longer than a request takes to get there on a machine that is busy.
    let first = ["--model-first-token-timeout", "1s"];
    // Not even a head; then a head, and something that is no word.
    let told = answered(&first, async |call| call.closed().await).await;
    assert_eq!(told.failure, Some(Failure::Timeout));
    let told = answered(&first, async |mut call| {
        call.begin().await;
        call.bytes(b": still here\n\n").await;
        call.event(&chunk("")).await;
        call.closed().await;
    })
    .await;
    assert_eq!(told.failure, Some(Failure::Timeout));

    let told = answered(&["--model-idle-timeout", "1s"], async |mut call| {
        call.begin().await;
        call.event(&chunk("So far")).await;
        call.bytes(b": still here\n\n").await;
        call.closed().await;
    })
    .await;
    assert_eq!(
        (told.text.as_str(), told.failure),
        ("So far", Some(Failure::Timeout))
    );

    let told = answered(&["--model-total-timeout", "2s"], async |mut call| {
        call.begin().await;
        for number in 0..60 {
            call.event(&chunk(&format!("on and {number} "))).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        call.closed().await;
    })
    .await;
    assert_eq!(told.failure, Some(Failure::Timeout));
    assert!(told.text.starts_with("on and 0 on"), "{told:?}");
}

#[tokio::test]
async fn an_event_without_end_is_cut_off() {
    let told = answered(&[], async |mut call| {
        call.begin().await;
        call.bytes(b"data: ").await;
        for _ in 0..5 {
            call.bytes(&vec![b'x'; 1024 * 1024]).await;
        }
        call.closed().await;
    })
    .await;
    assert_eq!(told.failure, Some(Failure::Cut));
}

#[tokio::test]
async fn who_stops_listening_closes_the_connection() {
    let mut provider = Provider::start().await;
    let model = model(provider.url(), &[]);
    for has_begun in [false, true] {
        for leave in [true, false] {
            let mut writing = Writing::begin(&model);
            let mut call = provider.call().await;
            if has_begun {
                call.begin().await;
                call.event(&chunk("So far")).await;
                writing.text().await;
            }
            if leave {
                writing.leave();
            } else {
                writing.abort().await;
            }
            call.closed().await;
        }
    }
    assert!(provider.is_idle());
}

#[tokio::test]
async fn who_reads_slowly_is_waited_for() {
    let mut provider = Provider::start().await;
    let flags = ["--model-idle-timeout", "50ms"];
    let model = model(provider.url(), &flags);
    let mut writing = Writing::go_on_into(mpsc::channel(2), &model, Begun::default());
    let mut call = provider.call().await;
    call.begin().await;
    call.events((0..50).map(|_| chunk("word "))).await;
    call.event(&finish("stop")).await;
    call.end().await;
    let first = writing.text().await;
    // Longer than the provider may be silent: it is not the one who is.
    tokio::time::sleep(Duration::from_millis(150)).await;
    let told = writing.told().await;
    assert_eq!(first + &told.text, "word ".repeat(50));
    assert_eq!(told.failure, None);
}

#[tokio::test]
async fn connections_are_used_again() {
    let mut provider = Provider::start().await;
    let model = model(provider.url(), &[]);
    let mut connections = HashSet::new();
    for _ in 0..10 {
        let writing = Writing::begin(&model);
        let mut call = provider.call().await;
        connections.insert(call.connection);
        call.begin().await;
        call.events([chunk("Yes."), finish("stop")]).await;
        call.done().await;
        assert_eq!(writing.told().await.failure, None);
    }
    // A question that comes at once may find the last connection not put back yet.
    assert!(connections.len() < 10, "each question had its own");
}
