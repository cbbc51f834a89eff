//! Following an answer as it is written: no gap and no repeat, wherever, however and however
//! often one listens.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    Events, FOLLOW, Instance, Member, News, Nobody, Server, Service, Told, Via, on_both,
};

/// Listens to the end on connections that are lost again and again.
async fn listen_with_drops(service: &impl Service, who: &Member, id: &str, seed: usize) -> Told {
    let mut told = Told::default();
    let mut dice = seed;
    let mut throw = |sides: usize| {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    loop {
        let via = if throw(2) == 0 {
            Via::Socket
        } else {
            Via::Events
        };
        let mut follower = service.follow(via, who, id, told.last).await;
        match told.listen(&mut follower, throw(8)).await {
            // The end would come again.
            None | Some(News::End) if told.status.is_some() => return told,
            None => {}
            other => panic!("broken off by {other:?} after {told:?}"),
        }
    }
}

/// The code of what a stream that cannot begin says.
fn code(news: &News) -> &str {
    match news {
        News::Broken(errors) => errors[0]["extensions"]["code"].as_str().unwrap(),
        other => panic!("an error was expected, not {other:?}"),
    }
}

on_both! {
    #[settings("--embedded-pace", "80")]
    async fn all_pieces_come_and_then_the_end(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;

        let told = join_all([Via::Socket, Via::Events].map(async |via| {
            let mut told = Told::default();
            let mut follower = server.follow(via, &ada, &id, 0).await;
            told.listen_to_end(&mut follower).await;
            told
        })).await;

        let stored = server.reading(&ada, &id).await;
        assert_eq!(stored["status"], "COMPLETED");
        for told in told {
            assert_eq!(stored["response"], told.text);
            assert_eq!(told.status.as_deref(), Some("COMPLETED"));
            assert!(told.last > 3, "in pieces: {told:?}");
        }
    }

    async fn what_has_ended_can_be_heard_again_from_anywhere(server: Server) {
        let ada = server.join("ada").await;
        let asked = server.ask(&ada, "OSHUN", "Which way from here?").await;
        let id = asked["id"].as_str().unwrap();
        let mut whole = Told::default();
        whole.listen_to_end(&mut server.follow(Via::Events, &ada, id, 0).await).await;
        assert_eq!(asked["response"], whole.text);

        for after in 0..whole.last {
            let mut told = Told { last: after, ..Told::default() };
            told.listen_to_end(&mut server.follow(Via::Socket, &ada, id, after).await).await;
            assert_eq!(told.last, whole.last);
            assert!(whole.text.ends_with(&told.text));
        }
    }

    #[settings("--embedded-pace", "80")]
    async fn a_lost_connection_costs_nothing(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut told = Told::default();

        for via in [Via::Socket, Via::Events] {
            let mut follower = server.follow(via, &ada, &id, told.last).await;
            assert!(told.listen(&mut follower, 2).await.is_none());
        }
        told.listen_to_end(&mut server.follow(Via::Socket, &ada, &id, told.last).await).await;

        assert_eq!(server.reading(&ada, &id).await["response"], told.text);
    }

    // Two hundred share four connections, and the disk may be slow.
    #[settings("--embedded-pace", "60")]
    async fn two_hundred_follow_twenty_and_come_and_go(server: Server) {
        let members = server.join_all(10).await;
        let questions = members.iter().flat_map(|who| [(who, "Which way?"), (who, "And then?")]);
        let asked = join_all(questions.map(async |(who, question)| {
            (who, server.begin(who, question).await)
        })).await;

        let told = join_all((0..200).map(|n| {
            let (who, id) = &asked[n % asked.len()];
            listen_with_drops(&server, who, id, n)
        })).await;

        for (n, told) in told.iter().enumerate() {
            let (who, id) = &asked[n % asked.len()];
            let stored = server.reading(who, id).await;
            assert_eq!(stored["response"], told.text);
            assert_eq!(stored["status"], told.status.as_deref().unwrap());
            assert_eq!(stored["status"], "COMPLETED");
        }
    }

    #[settings("--embedded-pace", "80")]
    async fn it_can_be_followed_on_another_instance(server: Server) {
        let other = Instance::beside(&server, &[]).await;
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;

        let (mut there, mut back_and_forth) = (Told::default(), Told::default());
        let mut follower = other.follow(Via::Socket, &ada, &id, 0).await;
        let mut first = other.follow(Via::Events, &ada, &id, 0).await;
        assert!(back_and_forth.listen(&mut first, 1).await.is_none());
        let mut second = server.follow(Via::Events, &ada, &id, 1).await;
        tokio::join!(
            back_and_forth.listen_to_end(&mut second),
            there.listen_to_end(&mut follower),
        );

        let stored = server.reading(&ada, &id).await;
        assert_eq!(stored["response"], there.text);
        assert_eq!(stored["response"], back_and_forth.text);
        assert_eq!(other.reading(&ada, &id).await, stored);
    }

    #[settings("--embedded-pace", "5")]
    async fn only_the_owner_may_follow(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let id = server.begin(&ada, "Which way from here?").await;

        for via in [Via::Socket, Via::Events] {
            let mut foreign = server.follow(via, &bea, &id, 0).await;
            assert_eq!(code(&foreign.next().await), "NOT_FOUND");
            let unknown = "reading_01h455vb4pex5vsknk084sn02q";
            let mut unknown = server.follow(via, &bea, unknown, 0).await;
            assert_eq!(code(&unknown.next().await), "NOT_FOUND");
        }
        let mut socket = server.socket(&Nobody).await;
        socket.subscribe("1", FOLLOW, json!({ "id": id })).await;
        let refused = socket.message().await;
        assert_eq!(refused["type"], "error");
        assert_eq!(refused["payload"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }

    async fn after_is_not_negative(server: Server) {
        let ada = server.join("ada").await;
        let asked = server.ask(&ada, "OSHUN", "Which way from here?").await;

        for via in [Via::Socket, Via::Events] {
            let mut follower = server.follow(via, &ada, asked["id"].as_str().unwrap(), -1).await;
            let News::Broken(errors) = follower.next().await else { panic!("-1 was taken") };
            let extensions = &errors[0]["extensions"];
            assert_eq!(extensions["code"], "BAD_USER_INPUT");
            assert_eq!(extensions["fields"][0]["path"], "after");
        }
    }

    #[settings("--embedded-pace", "20")]
    async fn what_is_deleted_is_followed_no_more(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut follower = server.follow(Via::Socket, &ada, &id, 0).await;
        assert!(Told::default().listen(&mut follower, 1).await.is_none());

        server.delete_reading(&ada, &id).await.data();

        // It is stopped first, so that what it has cost is known; a follower may see that, or come
        // too late.
        let mut status = json!("WRITING");
        let last = loop {
            match follower.next().await {
                News::Update(update) => status = update["status"].clone(),
                last => break last,
            }
        };
        match last {
            News::End => assert_eq!(status, "CANCELLED"),
            last => assert_eq!(code(&last), "NOT_FOUND"),
        }
        let again = server.follow(Via::Socket, &ada, &id, 0).await.next().await;
        assert_eq!(code(&again), "NOT_FOUND");
    }

    #[settings("--embedded-pace", "80")]
    async fn server_sent_events_end_with_complete(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let parameters = form_urlencoded::Serializer::new(String::new())
            .append_pair("query", FOLLOW)
            .append_pair("variables", &json!({ "id": id }).to_string())
            .finish();

        // As a browser's EventSource asks: by GET.
        let request = server
            .request("GET", &format!("/graphql?{parameters}"))
            .header("accept", "text/event-stream")
            .bearer_auth(&ada.token);
        let mut events = Events::of(request.send().await.unwrap());

        let mut heard = Vec::new();
        while let Some(event) = events.next().await {
            heard.push(event);
        }
        assert_eq!(heard.pop().unwrap(), ("complete".to_owned(), String::new()));
        let mut told = Told::default();
        for (name, data) in heard {
            assert_eq!(name, "next");
            let answer: Value = serde_json::from_str(&data).unwrap();
            told.hear(&answer["data"]["readingUpdates"]);
        }
        assert_eq!(server.reading(&ada, &id).await["response"], told.text);
    }

    #[settings("--embedded-pace", "80")]
    async fn multipart_ends_with_its_last_boundary(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;

        let response = server
            .request("POST", "/graphql")
            .header("accept", "multipart/mixed;subscriptionSpec=1.0, application/json")
            .bearer_auth(&ada.token)
            .json(&json!({ "query": FOLLOW, "variables": { "id": id } }))
            .send()
            .await
            .unwrap();

        let media_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(media_type, "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"");
        let body = response.text().await.unwrap();
        let parts = body.strip_prefix("--graphql\r\n").unwrap();
        let parts = parts.strip_suffix("\r\n--graphql--\r\n").unwrap();
        let mut told = Told::default();
        for part in parts.split("\r\n--graphql\r\n") {
            let (head, json) = part.split_once("\r\n\r\n").unwrap();
            assert_eq!(head, "content-type: application/json");
            let answer: Value = serde_json::from_str(json).unwrap();
            told.hear(&answer["payload"]["data"]["readingUpdates"]);
        }
        assert_eq!(told.status.as_deref(), Some("COMPLETED"));
        assert_eq!(server.reading(&ada, &id).await["response"], told.text);
    }
}
