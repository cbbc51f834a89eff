//! Answers whose process dies, or whose database goes away, while they are written.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{
    Database, Follower, Instance, Member, News, Process, Server, Service, Told, Via, on_both,
};

/// A follower of a reading, and the updates it received.
struct Listener<'a> {
    who: &'a Member,
    id: String,
    told: Told,
    follower: Follower,
}

/// Twenty readings of ten members, each with a listener that has heard two pieces.
async fn twenty<'a>(service: &impl Service, members: &'a [Member]) -> Vec<Listener<'a>> {
    let questions = members.iter().flat_map(|who| {
        [
            (who, "Which way?", Via::Socket),
            (who, "And then?", Via::Events),
        ]
    });
    join_all(questions.map(async |(who, question, via)| {
        let id = service.begin(who, question).await;
        let mut told = Told::default();
        let mut follower = service.follow(via, who, &id, 0).await;
        assert!(told.listen(&mut follower, 2).await.is_none());
        Listener {
            who,
            id,
            told,
            follower,
        }
    }))
    .await
}

/// Listens to what else the old service had sent, then on at the new one, and compares.
async fn resume(service: &impl Service, listener: &mut Listener<'_>) {
    let Listener {
        who,
        id,
        told,
        follower,
    } = listener;
    match told.listen(follower, usize::MAX).await {
        Some(News::Broken(_)) => {}
        Some(News::End) if told.status.is_some() => {}
        other => panic!("broken off by {other:?} after {told:?}"),
    }
    let mut follower = service.follow(Via::Socket, who, id, told.last).await;
    if told.status.is_none() {
        told.listen_to_end(&mut follower).await;
    }
    let stored = service.reading(who, id).await;
    assert_eq!(stored["response"], told.text, "{stored}");
    assert_eq!(stored["status"], told.status.as_deref().unwrap());
    // Written by one generation, counted once, and whole.
    assert_eq!(stored["generations"].as_array().unwrap().len(), 1);
    assert_eq!(stored["status"], "COMPLETED", "{stored}");
    assert!(stored["response"].as_str().unwrap().len() > 300);
}

/// Everybody has asked for two readings today, whatever happened to them.
async fn counted_once(service: &impl Service, members: &[Member]) {
    let usage = "{ profile { usage { readingsToday costThisMonth } readings { totalCount } } }";
    for who in members {
        let answer = service.graphql(who, usage, json!({})).await;
        let expected = json!({
            "usage": { "readingsToday": 2, "costThisMonth": "0" },
            "readings": { "totalCount": 2 },
        });
        assert_eq!(answer.data()["profile"], expected);
    }
}

async fn killed_and_started_again(database: Database) {
    let flags = ["--embedded-pace", "60", "--lease", "2s"];
    let process = Process::start(&database, &flags).await;
    let members = process.join_all(10).await;
    let mut listeners = twenty(&process, &members).await;

    process.kill();
    let process = Process::start(&database, &flags).await;

    join_all(
        listeners
            .iter_mut()
            .map(|listener| resume(&process, listener)),
    )
    .await;
    counted_once(&process, &members).await;
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn killed_and_started_again_on_sqlite() {
    killed_and_started_again(Database::sqlite()).await;
}

#[tokio::test]
async fn killed_and_started_again_on_postgres() {
    if let Some(database) = Database::postgres().await {
        killed_and_started_again(database).await;
    }
}

on_both! {
    #[settings("--embedded-pace", "60", "--lease", "2s")]
    async fn another_instance_ends_what_a_dead_one_wrote(server: Server) {
        let process = Process::start(
            &server.database,
            &["--embedded-pace", "20", "--lease", "2s"],
        ).await;
        let members = process.join_all(3).await;
        let mut listeners = twenty(&process, &members).await;
        // Who follows here all the time hears of nothing.
        let there: Vec<_> = listeners.iter().map(|one| (one.who, one.id.clone())).collect();
        let there = join_all(there.iter().map(async |(who, id)| {
            (id, Told::default(), server.follow(Via::Events, who, id, 0).await)
        })).await;

        process.kill();

        join_all(listeners.iter_mut().map(|listener| resume(&server, listener))).await;
        for ((id, mut told, mut follower), listener) in there.into_iter().zip(&listeners) {
            told.listen_to_end(&mut follower).await;
            assert_eq!((id, told.text), (&listener.id, listener.told.text.clone()));
        }
        counted_once(&server, &members).await;
    }

    // With leases that outlast the test: what goes on was given, not taken.
    #[settings("--lease", "5m", "--embedded-pace", "60")]
    async fn an_instance_told_to_stop_hands_over(server: Server) {
        let process = Process::start(
            &server.database,
            &["--embedded-pace", "10", "--lease", "5m", "--shutdown-timeout", "1s"],
        ).await;
        let members = process.join_all(2).await;
        let mut listeners = twenty(&process, &members).await;

        let status = process.terminate().await;

        assert!(status.success(), "{status}");
        // The sockets among them are told to come back.
        let mut restarts = 0;
        for listener in &mut listeners {
            match listener.told.listen(&mut listener.follower, usize::MAX).await {
                Some(News::Broken(why)) if why == json!(1012) => restarts += 1,
                Some(News::Broken(_)) => {}
                other => panic!("not broken off but {other:?}"),
            }
        }
        assert_eq!(restarts, 2);
        join_all(listeners.iter_mut().map(|listener| resume(&server, listener))).await;
        counted_once(&server, &members).await;
    }

    #[settings("--embedded-pace", "10", "--shutdown-timeout", "1s")]
    async fn who_waits_is_answered_when_the_service_stops(server: Server) {
        let ada = server.join("ada").await;
        let client = Instance::beside(&server, &["--writers", "1"]).await;
        // Asked here, over a connection of its own, before it is told to stop.
        let asking = server.http("POST", "/graphql").bearer_auth(&ada.token).json(&json!({
            "query": "mutation { askAdvisor(input: { advisor: LEGBA, question: \"Which way?\" }) {
                reading { id status response }
            } }",
        })).send();
        let asking = tokio::spawn(asking);
        let id = loop {
            let list = client.graphql(&ada, "{ readings { nodes { id } } }", json!({})).await;
            if let Some(id) = list.data()["readings"]["nodes"][0]["id"].as_str() {
                break id.to_owned();
            }
        };

        let _database = server.stop().await;

        let answer: serde_json::Value = asking.await.unwrap().unwrap().json().await.unwrap();
        let reading = &answer["data"]["askAdvisor"]["reading"];
        assert_eq!(reading["id"], id);
        assert_eq!(reading["status"], "WRITING");
        // Somebody else writes the rest.
        let mut told = Told::default();
        told.listen_to_end(&mut client.follow(Via::Events, &ada, &id, 0).await).await;
        assert!(told.text.starts_with(reading["response"].as_str().unwrap_or_default()));
        assert_eq!(client.reading(&ada, &id).await["response"], told.text);
    }
}

/// Two questions of one user are answered at once, and the process dies. Before the later answer goes
/// on, the earlier one has the words that it has to avoid if it knows of them.
async fn an_answer_goes_on_whatever_another_says_meanwhile(database: Database) {
    let flags = ["--embedded-pace", "60", "--lease", "2s"];
    let process = Process::start(&database, &flags).await;
    let members = process.join_all(1).await;
    let mut listeners = twenty(&process, &members).await;
    process.kill();
    // Ids are in the order of time.
    let later = listeners
        .iter()
        .max_by_key(|listener| &listener.id)
        .unwrap();
    let text = later.told.text.replace('\'', "''");
    let earlier = "(SELECT id FROM readings ORDER BY id LIMIT 1)";
    let words = format!("UPDATE readings SET response = '{text}' WHERE id = {earlier}");
    assert_eq!(database.execute(&words).await, 1);

    let process = Process::start(&database, &flags).await;

    let resuming = listeners.iter_mut();
    join_all(resuming.map(|listener| resume(&process, listener))).await;
}

#[tokio::test]
async fn an_answer_goes_on_whatever_another_says_meanwhile_on_sqlite() {
    an_answer_goes_on_whatever_another_says_meanwhile(Database::sqlite()).await;
}

#[tokio::test]
async fn an_answer_goes_on_whatever_another_says_meanwhile_on_postgres() {
    if let Some(database) = Database::postgres().await {
        an_answer_goes_on_whatever_another_says_meanwhile(database).await;
    }
}

#[tokio::test]
async fn postgres_goes_away_and_comes_back() {
    let Some(server) = Server::on_postgres(&["--embedded-pace", "80"]).await else {
        return;
    };
    let other = Instance::beside(&server, &[]).await;
    let ada = Service::join(&server, "ada").await;
    let id = server.begin(&ada, "Which way from here?").await;
    let mut told = [Told::default(), Told::default(), Told::default()];
    let mut followers = [
        server.follow(Via::Socket, &ada, &id, 0).await,
        server.follow(Via::Events, &ada, &id, 0).await,
        other.follow(Via::Socket, &ada, &id, 0).await,
    ];
    for (told, follower) in told.iter_mut().zip(&mut followers) {
        assert!(told.listen(follower, 1).await.is_none());
    }

    server.database.take_away().await;
    server.database.bring_back().await;

    let listening = told.iter_mut().zip(&mut followers);
    join_all(listening.map(|(told, follower)| told.listen_to_end(follower))).await;
    for told in &told {
        assert_eq!(told.status.as_deref(), Some("COMPLETED"));
    }
    let stored = server.reading(&ada, &id).await;
    for told in told {
        assert_eq!(stored["response"], told.text);
    }
    // What one instance tells, the other hears again at once: its listener is back.
    let id = server.begin(&ada, "And where to after that?").await;
    let mut told = Told::default();
    told.listen_to_end(&mut other.follow(Via::Socket, &ada, &id, 0).await)
        .await;
    assert_eq!(server.reading(&ada, &id).await["response"], told.text);
}
