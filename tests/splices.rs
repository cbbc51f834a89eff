//! Resuming an answer from a position that belongs to another one, or that is past the end: a page is
//! never a splice of two answers, and never waits for an end that has been.

use serde_json::{Value, json};

use crate::support::{Follower, Instance, Member, News, Server, Service, Told, Via, on_both};

const RESUME: &str = "subscription ($id: ID!, $after: Int, $generation: ID) {
    readingUpdates(id: $id, after: $after, generation: $generation) {
        generation sequence offset text status
    }
}";

const READING: &str = "query ($id: ID!) { reading(id: $id) {
    status response sequence generation { id sequence status }
} }";

/// A client that puts a page together as `offset` says, whatever it has and whatever is replayed.
#[derive(Debug, Default)]
struct Page {
    text: String,
    generation: Value,
    sequence: i64,
    status: String,
}

impl Page {
    fn take(&mut self, update: &Value) {
        let offset = usize::try_from(update["offset"].as_u64().unwrap()).unwrap();
        assert!(offset <= self.text.chars().count(), "a gap before {update}");
        self.text = self.text.chars().take(offset).collect();
        self.text += update["text"].as_str().unwrap();
        self.generation = update["generation"].clone();
        self.sequence = update["sequence"].as_i64().unwrap();
        update["status"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.status);
    }

    /// Takes some updates, or all to the end.
    async fn listen(&mut self, follower: &mut Follower, updates: usize) {
        for _ in 0..updates {
            match follower.next().await {
                News::Update(update) => self.take(&update),
                News::End => return,
                News::Broken(why) => panic!("broken off by {why} after {self:?}"),
            }
        }
    }
}

async fn resume(
    service: &impl Service,
    via: Via,
    who: &Member,
    (id, after, generation): (&str, i64, &Value),
) -> Follower {
    let variables = json!({ "id": id, "after": after, "generation": generation });
    Follower::subscribe(service, via, who, RESUME, variables).await
}

/// All updates to the end.
async fn rest(mut follower: Follower) -> Vec<Value> {
    let mut updates = Vec::new();
    loop {
        match follower.next().await {
            News::Update(update) => updates.push(update),
            News::End => return updates,
            News::Broken(why) => panic!("broken off by {why} after {updates:?}"),
        }
    }
}

async fn reading(service: &impl Service, who: &Member, id: &str) -> Value {
    let answer = service.graphql(who, READING, json!({ "id": id })).await;
    answer.data()["reading"].clone()
}

on_both! {
    #[settings("--embedded-pace", "80")]
    async fn a_position_in_an_earlier_answer_starts_the_present_one(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut page = Page::default();
        page.listen(&mut resume(&server, Via::Socket, &ada, (&id, 0, &Value::Null)).await, 2).await;
        let earlier = page.generation.clone();
        rest(server.follow(Via::Events, &ada, &id, 0).await).await;
        server.regenerate(&ada, json!({ "id": id, "wait": false })).await.data();

        // While the newer one is written, and once it has ended.
        for via in [Via::Socket, Via::Events, Via::Socket] {
            let position = (id.as_str(), page.sequence, &earlier);
            let updates = rest(resume(&server, via, &ada, position).await).await;

            let mut whole = Page::default();
            for (number, update) in updates.iter().enumerate() {
                assert_eq!((&update["sequence"], &update["generation"]), (&json!(number + 1), &updates[0]["generation"]));
                whole.take(update);
            }
            assert_ne!(whole.generation, earlier);
            let stored = reading(&server, &ada, &id).await;
            assert_eq!((&stored["response"], &stored["generation"]["id"]), (&json!(whole.text), &whole.generation));
            assert_eq!(whole.status, "COMPLETED");
        }
    }

    #[settings("--embedded-pace", "80")]
    async fn a_position_in_the_present_answer_is_where_it_goes_on(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut page = Page::default();

        for via in [Via::Socket, Via::Events, Via::Socket] {
            let position = (id.as_str(), page.sequence, &page.generation.clone());
            let mut follower = resume(&server, via, &ada, position).await;
            let before = page.sequence;
            page.listen(&mut follower, 1).await;
            assert_eq!(page.sequence, before + 1);
        }
        let position = (id.as_str(), page.sequence, &page.generation.clone());
        page.listen(&mut resume(&server, Via::Events, &ada, position).await, usize::MAX).await;

        assert_eq!(reading(&server, &ada, &id).await["response"], page.text);
    }

    // As graphql-ws and graphql-sse do: with the variables that they began with.
    #[settings("--embedded-pace", "80")]
    async fn a_client_that_replays_has_the_answer_once(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut page = Page::default();

        for (via, updates) in [(Via::Socket, 2), (Via::Events, 3), (Via::Socket, 1)] {
            page.listen(&mut resume(&server, via, &ada, (&id, 0, &Value::Null)).await, updates).await;
        }
        page.listen(&mut resume(&server, Via::Socket, &ada, (&id, 0, &Value::Null)).await, usize::MAX).await;
        assert_eq!(reading(&server, &ada, &id).await["response"], page.text);

        // A newer answer takes the place of the one on the page, however much of it is there.
        server.regenerate(&ada, json!({ "id": id, "wait": false })).await.data();
        page.listen(&mut resume(&server, Via::Events, &ada, (&id, 0, &Value::Null)).await, usize::MAX).await;
        assert_eq!(reading(&server, &ada, &id).await["response"], page.text);
        assert_eq!(page.status, "COMPLETED");
    }

    #[settings("--embedded-pace", "80")]
    async fn the_end_comes_wherever_one_goes_on(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let written = resume(&server, Via::Socket, &ada, (&id, 1000, &Value::Null)).await;
        let mut told = Told::default();
        told.listen_to_end(&mut server.follow(Via::Events, &ada, &id, 0).await).await;
        let generation = reading(&server, &ada, &id).await["generation"]["id"].clone();
        let end = vec![json!({
            "generation": generation,
            "sequence": told.last,
            "offset": told.text.chars().count(),
            "text": "",
            "status": "COMPLETED",
        })];

        assert_eq!(rest(written).await, end);
        for after in [told.last - 1, told.last, told.last + 1, told.last + 1000] {
            for (via, generation) in [(Via::Socket, &Value::Null), (Via::Events, &generation)] {
                let updates = rest(resume(&server, via, &ada, (&id, after, generation)).await).await;
                assert_eq!(updates, end, "{after}");
            }
        }
    }

    #[settings("--embedded-pace", "80")]
    async fn a_reading_says_which_answer_it_shows_and_how_far(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut shown = Vec::new();
        let mut follower = server.follow(Via::Socket, &ada, &id, 0).await;
        while let News::Update(_) = follower.next().await {
            shown.push(reading(&server, &ada, &id).await);
        }

        let whole = rest(resume(&server, Via::Events, &ada, (&id, 0, &Value::Null)).await).await;
        let stored = reading(&server, &ada, &id).await;
        assert_eq!(stored["sequence"], whole.len() - 1);
        assert_eq!(stored["generation"], json!({
            "id": whole[0]["generation"], "sequence": stored["sequence"], "status": "COMPLETED",
        }));
        assert!(shown.iter().any(|shown| shown["status"] == "WRITING"));
        for shown in shown {
            // What it shows ends where the piece does that it names; the rest follows.
            let sequence = usize::try_from(shown["sequence"].as_u64().unwrap()).unwrap();
            let response = shown["response"].as_str().unwrap();
            assert_eq!(whole[sequence]["offset"], response.chars().count());
            let mut page = Page { text: response.to_owned(), ..Page::default() };
            whole[sequence..].iter().for_each(|update| page.take(update));
            assert_eq!(stored["response"], page.text);
        }
    }

    #[settings("--embedded-pace", "80")]
    async fn it_is_the_same_on_another_instance(server: Server) {
        let other = Instance::beside(&server, &[]).await;
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;
        let mut page = Page::default();
        page.listen(&mut resume(&server, Via::Socket, &ada, (&id, 0, &Value::Null)).await, 2).await;

        let position = (id.as_str(), page.sequence, &page.generation.clone());
        page.listen(&mut resume(&other, Via::Events, &ada, position).await, usize::MAX).await;
        assert_eq!(reading(&other, &ada, &id).await["response"], page.text);

        server.regenerate(&ada, json!({ "id": id, "wait": false })).await.data();
        let position = (id.as_str(), page.sequence, &page.generation.clone());
        page.listen(&mut resume(&other, Via::Socket, &ada, position).await, usize::MAX).await;
        let stored = reading(&other, &ada, &id).await;
        assert_eq!((&stored["response"], &stored["generation"]["id"]), (&json!(page.text), &page.generation));
        other.stop().await;
    }

    async fn the_generation_is_a_generations_id(server: Server) {
        let ada = server.join("ada").await;
        let id = server.ask(&ada, "OSHUN", "Which way from here?").await["id"].clone();
        let id = id.as_str().unwrap();

        for generation in ["1", id] {
            let mut follower = resume(&server, Via::Socket, &ada, (id, 1, &json!(generation))).await;
            let News::Broken(errors) = follower.next().await else { panic!("{generation} was taken") };
            let extensions = &errors[0]["extensions"];
            assert_eq!(extensions["code"], "BAD_USER_INPUT");
            assert_eq!(extensions["fields"][0]["path"], "generation");
        }
        // Nobody's is not the present one.
        let unknown = json!("generation_01h455vb4pex5vsknk084sn02q");
        let updates = rest(resume(&server, Via::Socket, &ada, (id, 1, &unknown)).await).await;
        assert_eq!(updates[0]["sequence"], 1);
    }
}
