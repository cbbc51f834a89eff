//! The log: its contents, and secrets that never appear in it, at any level.

mod context;

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Database, FOLLOW, Heard, Nobody, PASSWORD, SECRET, Serving, Socket, mula,
};

const EMAIL: &str = "ngozi.okafor@example.com";
const USERNAME: &str = "riverbird";
const NEW_PASSWORD: &str = "seven ways down to the water";
const WRONG_PASSWORD: &str = "a guess that is not right";
const QUESTION: &str = "Shall I tell my sister what I saw that night?";
const KEY: &str = "my-own-key-4711";

const REGISTER: &str =
    "mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }";
const LOGIN: &str = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }";
const ASK: &str = "mutation ($input: AskAdvisorInput!) {
    askAdvisor(input: $input) { reading { id response } }
}";
const CHANGE: &str = "mutation ($input: ChangePasswordInput!) {
    changePassword(input: $input) { user { id } }
}";
const DELETE: &str = "mutation ($input: DeleteAccountInput!) {
    deleteAccount(input: $input) { deletedUserId }
}";

/// The program, and whom it knows.
struct Run {
    serving: Serving,
    client: Client,
    /// Texts that may not appear in the log.
    secrets: Vec<String>,
}

impl Run {
    async fn graphql(&self, token: &str, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables });
        if token.is_empty() {
            self.client.graphql(&Nobody, &body).await
        } else {
            self.client.graphql(token, &body).await
        }
    }

    async fn log_in(&mut self, password: &str) -> String {
        let input = json!({ "email": EMAIL, "password": password });
        let answer = self.graphql("", LOGIN, json!({ "input": input })).await;
        let token = answer.data()["login"]["accessToken"].as_str().unwrap();
        self.secrets.extend(token.split('.').map(str::to_owned));
        token.to_owned()
    }

    /// Everything an account is for, and what goes wrong with it.
    async fn go_through(&mut self) {
        let account = json!({ "email": EMAIL, "username": USERNAME, "password": PASSWORD });
        for _ in 0..2 {
            // Once well, and once too often.
            self.graphql("", REGISTER, json!({ "input": account }))
                .await;
        }
        let wrong = json!({ "input": { "email": EMAIL, "password": WRONG_PASSWORD } });
        assert_eq!(
            self.graphql("", LOGIN, wrong).await.code(),
            "UNAUTHENTICATED"
        );
        let token = self.log_in(PASSWORD).await;

        let ask = json!({ "advisor": "OSHUN", "question": QUESTION, "idempotencyKey": KEY });
        let asked = self.graphql(&token, ASK, json!({ "input": ask })).await;
        let reading = asked.data()["askAdvisor"]["reading"].clone();
        let answer = reading["response"].as_str().unwrap();
        self.secrets.extend(
            answer
                .lines()
                .find(|line| line.len() > 40)
                .map(str::to_owned),
        );
        self.follow(&token, &reading["id"]).await;

        for new in ["password", NEW_PASSWORD] {
            let change = json!({ "currentPassword": PASSWORD, "newPassword": new });
            self.graphql(&token, CHANGE, json!({ "input": change }))
                .await;
        }
        self.log_in(NEW_PASSWORD).await;
        self.put_what_is_secret_where_it_does_not_belong(&token)
            .await;
        self.graphql(&token, "mutation { logout { message } }", json!({}))
            .await
            .data();
        let token = self.log_in(NEW_PASSWORD).await;
        for password in [WRONG_PASSWORD, NEW_PASSWORD] {
            let input = json!({ "password": password });
            self.graphql(&token, DELETE, json!({ "input": input }))
                .await;
        }
        assert_eq!(
            self.graphql(&token, "{ profile { id } }", json!({}))
                .await
                .code(),
            "UNAUTHENTICATED"
        );
    }

    async fn follow(&self, token: &str, reading: &Value) {
        let variables = json!({ "id": reading, "after": 0 });
        let events = self
            .client
            .request("POST", "/graphql")
            .header("accept", "text/event-stream")
            .bearer_auth(token)
            .json(&json!({ "query": FOLLOW, "variables": variables }));
        let events = events.send().await.unwrap().text().await.unwrap();
        assert!(events.contains("event: complete"), "{events}");

        let mut socket = self.socket(token).await;
        socket.subscribe("1", FOLLOW, variables).await;
        while socket.message().await["type"] != "complete" {}
        let refused =
            format!("subscription {{ readingUpdates(id: \"{QUESTION}\") {{ sequence }} }}");
        for (id, query) in [("2", refused), ("3", format!("{{ {QUESTION} }}"))] {
            socket
                .subscribe(id, &query, json!({ "password": NEW_PASSWORD }))
                .await;
            assert_eq!(socket.message().await["type"], "error");
        }
        socket.send(&json!({ "type": token })).await;
        assert_eq!(socket.close_code().await, 4400);
        let mut socket = Socket::open(self.serving.address, &[]).await.unwrap();
        let payload = json!({ "authorization": format!("Bearer {token}x") });
        socket
            .send(&json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert!(matches!(socket.hear().await, Heard::Closed(4401, _)));
    }

    async fn socket(&self, token: &str) -> Socket {
        let mut socket = Socket::open(self.serving.address, &[]).await.unwrap();
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket
            .send(&json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.message().await["type"], "connection_ack");
        socket
    }

    /// As clients do that are written in a hurry.
    async fn put_what_is_secret_where_it_does_not_belong(&self, token: &str) {
        let send = async |request: reqwest::RequestBuilder| {
            request.send().await.unwrap().text().await.unwrap()
        };
        let encoded = QUESTION.replace(' ', "%20");
        for path in [
            format!("/{token}"),
            format!("/graphql/{token}"),
            format!("/graphql?query={{profile{{id}}}}&access_token={token}"),
            format!("/graphql?query={{profile{{id}}}}&operationName={token}"),
            format!("/graphql/ws?token={token}"),
            format!("/{encoded}"),
            format!("/reset/{EMAIL}"),
        ] {
            send(self.client.request("GET", &path)).await;
        }
        for (name, value) in [
            ("authorization", token.to_owned()),
            ("authorization", format!("Basic {token}")),
            ("authorization", format!("Bearer {token}x")),
            ("x-request-id", token.to_owned()),
            ("x-request-id", PASSWORD.to_owned()),
            ("user-agent", token.to_owned()),
            ("origin", format!("https://{EMAIL}")),
            ("cookie", format!("token={token}; password={PASSWORD}")),
            ("referer", format!("https://example.com/?{token}")),
            ("content-type", token.to_owned()),
            ("accept", token.to_owned()),
            ("x-forwarded-for", token.to_owned()),
            ("forwarded", format!("for={token}")),
        ] {
            let mut request = self.client.request("POST", "/graphql").header(name, value);
            if name != "content-type" {
                request = request.header("content-type", "application/json");
            }
            send(request.body(r#"{ "query": "{ advisors { name } }" }"#)).await;
        }
        let input = |input: &str| format!("mutation {{ login(input: {input}) {{ tokenType }} }}");
        for query in [
            input(&format!(
                "{{ email: \"{EMAIL}\", password: \"{PASSWORD}\" }}"
            )),
            input(&format!(
                "{{ email: \"{EMAIL}\", password: [\"{PASSWORD}\"] }}"
            )),
            input(&format!("{{ email: \"{EMAIL}\", password: {PASSWORD} }}")),
            input(&format!(
                "{{ email: \"{EMAIL}\u{0}\", password: \"{PASSWORD}\" }}"
            )),
            input(&format!("\"{token}\"")),
            format!("{{ reading(id: \"{token}\") {{ id }} }}"),
            format!("{{ readings(after: \"{token}\") {{ totalCount }} }}"),
            format!("{{ readings(first: \"{QUESTION}\") {{ totalCount }} }}"),
            format!("{{ readings(first: 3000000000, search: \"{QUESTION}\") {{ totalCount }} }}"),
            format!("query {USERNAME} {{ advisors {{ name }} }}"),
            format!("{{ profile(question: \"{QUESTION}\") {{ id }} }}"),
            format!("{{ advisors @{USERNAME}(if: \"{PASSWORD}\") {{ name }} }}"),
            QUESTION.to_owned(),
        ] {
            self.graphql(token, &query, json!({})).await;
        }
        self.send_it_malformed(token).await;
    }

    async fn send_it_malformed(&self, token: &str) {
        let logins = [
            json!({ "email": EMAIL, "password": { "is": PASSWORD } }),
            json!({ "email": EMAIL, "password": [PASSWORD] }),
            json!({ "email": EMAIL, "password": PASSWORD.repeat(9) }),
            json!({ "email": EMAIL, "pass": PASSWORD }),
            json!({ "email": format!("{EMAIL}\u{0}"), "password": PASSWORD }),
            json!(PASSWORD),
        ];
        let questions = [
            json!({ "advisor": QUESTION, "question": QUESTION }),
            json!({ "advisor": "OSHUN", "question": [QUESTION] }),
            json!({ "advisor": "OSHUN", "question": QUESTION.repeat(99) }),
            json!({ "advisor": "LEGBA", "question": QUESTION, "idempotencyKey": KEY }),
        ];
        let first = "query ($input: Int) { readings(first: $input) { totalCount } }";
        let node = "query ($input: ID!) { node(id: $input) { id } }";
        for (query, input) in logins
            .map(|login| (LOGIN, login))
            .into_iter()
            .chain(questions.map(|question| (ASK, question)))
            .chain([
                (first, json!(PASSWORD)),
                (node, json!({ "token": token })),
                (node, json!(token)),
            ])
        {
            let answer = self.graphql(token, query, json!({ "input": input })).await;
            assert!(answer.json.get("errors").is_some(), "{}", answer.json);
        }
        for body in [
            format!("{{ \"query\": \"{PASSWORD}"),
            format!("{{ \"query\": [\"{PASSWORD}\"] }}"),
            format!("[\"{token}\"]"),
            format!("password={PASSWORD}"),
        ] {
            let request = self.client.request("POST", "/graphql");
            let request = request.header("content-type", "application/json");
            let answer = request.body(body).send().await.unwrap();
            assert_eq!(answer.status(), 400);
        }
    }
}

async fn run(database: Database) {
    let mut flags = database.flags(&["--log-level", "trace", "--log-format", "json"]);
    flags.extend(["--database-echo", "true"].map(str::to_owned));
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let serving = Serving::serve(mula(database.dir(), &flags));
    let secrets = [
        PASSWORD,
        NEW_PASSWORD,
        WRONG_PASSWORD,
        EMAIL,
        "ngozi",
        USERNAME,
        QUESTION,
        "my sister",
        KEY,
        SECRET,
        "$2b$",
        "Bearer",
    ];
    let mut run = Run {
        client: Client::new(serving.address),
        serving,
        secrets: secrets.map(str::to_owned).into(),
    };
    run.go_through().await;
    // And a fault of ours, with a question in hand.
    let account = json!({ "email": EMAIL, "username": USERNAME, "password": PASSWORD });
    run.graphql("", REGISTER, json!({ "input": account }))
        .await
        .data();
    let token = run.log_in(PASSWORD).await;
    for table in [
        "chunks",
        "idempotency_keys",
        "generations",
        "reading_words",
        "readings",
    ] {
        database.execute(&format!("DROP TABLE {table}")).await;
    }
    let ask = json!({ "input": { "advisor": "OSHUN", "question": QUESTION } });
    assert_eq!(
        run.graphql(&token, ASK, ask).await.code(),
        "INTERNAL_SERVER_ERROR"
    );

    run.serving.signal("TERM");
    let (_, log) = run.serving.end().await;

    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    // It is all there: the requests, the statements, the fault.
    let count =
        |condition: fn(&Value) -> bool| lines.iter().filter(|&line| condition(line)).count();
    assert!(count(|line| line["message"] == "answered" && line["client"] == "127.0.0.1") > 50);
    assert!(
        count(|line| line
            .to_string()
            .to_lowercase()
            .contains("insert into \\\"users\\\""))
            >= 2
    );
    assert!(count(|line| line["level"] == "ERROR" && line["error"].is_string()) >= 1);
    for secret in &run.secrets {
        let found = lines.iter().find(|line| line.to_string().contains(secret));
        assert!(
            found.is_none(),
            "{secret:?} is in the log: {}",
            found.unwrap()
        );
    }
}

#[tokio::test]
async fn nothing_secret_is_logged_on_sqlite() {
    run(Database::sqlite()).await;
}

#[tokio::test]
async fn nothing_secret_is_logged_on_postgres() {
    if let Some(database) = Database::postgres().await {
        run(database).await;
    }
}
