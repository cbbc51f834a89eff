//! Refusals before work is done, on HTTP and WebSocket alike, and requests that pass. None of it
//! depends on the database. `cargo bench` measures the cost of each refusal.

use serde_json::{Value, json};

use crate::support::{
    Answer, Credentials, Database, Events, Member, Nobody, Server, Service, attacks,
};

async fn server(flags: &[&str]) -> Server {
    Server::start(Database::sqlite(), flags).await
}

/// The errors of an operation that was refused over a WebSocket.
async fn errors_on_socket(server: &Server, query: &str, variables: &Value) -> Value {
    let mut socket = server.socket(&Nobody).await;
    socket.subscribe("1", query, variables.clone()).await;
    let message = socket.message().await;
    assert_eq!(message["type"], "error", "{message}");
    message["payload"].clone()
}

#[track_caller]
fn assert_refused(errors: &Value, name: &str, code: &str) {
    let errors = errors.as_array().unwrap();
    assert!(
        (1..=20).contains(&errors.len()),
        "{name}: {} errors",
        errors.len()
    );
    for error in errors {
        let (message, extensions) = (error["message"].as_str().unwrap(), &error["extensions"]);
        assert_eq!(extensions["code"], code, "{name}: {error}");
        assert!(message.len() < 2_100, "{name}: {message}");
        if code == "QUERY_TOO_COMPLEX" {
            let (limit, actual) = (&extensions["limit"], &extensions["actual"]);
            assert!(actual.as_u64() > limit.as_u64(), "{name}: {extensions}");
            // What was counted, how many there may be, and what to do.
            for number in [limit, actual] {
                assert!(message.contains(&number.to_string()), "{name}: {message}");
            }
            assert!(
                message.matches(". ").count() == 1 && message.ends_with('.'),
                "{name}: {message}"
            );
        }
    }
}

#[tokio::test]
async fn each_attack_is_refused_over_http() {
    let server = server(&[]).await;

    for attack in attacks::all() {
        let answer = server
            .graphql(&Nobody, &attack.query, attack.variables)
            .await;
        assert_refused(&answer.json["errors"], attack.name, attack.code);
        assert_eq!(answer.status, 400, "{}", attack.name);
        assert!(answer.json.get("data").is_none(), "{}", attack.name);
    }
    // It is still there.
    server
        .graphql(&Nobody, "{ advisors { name } }", json!({}))
        .await
        .data();
}

#[tokio::test]
async fn each_attack_is_refused_over_a_websocket() {
    let server = server(&[]).await;

    for attack in attacks::all() {
        let errors = errors_on_socket(&server, &attack.query, &attack.variables).await;
        assert_refused(&errors, attack.name, attack.code);
    }
    server
        .graphql(&Nobody, "{ advisors { name } }", json!({}))
        .await
        .data();
}

#[tokio::test]
async fn each_attack_is_refused_by_get_and_in_events() {
    let server = server(&[]).await;

    for attack in attacks::all() {
        let body = json!({ "query": attack.query, "variables": attack.variables });
        let request = server
            .request("POST", "/graphql")
            .header("accept", "text/event-stream");
        let mut events = Events::of(request.json(&body).send().await.unwrap());
        let (event, data) = events.next().await.unwrap();
        assert_eq!(event, "next");
        let answer: Value = serde_json::from_str(&data).unwrap();
        assert_refused(&answer["errors"], attack.name, attack.code);
        assert_eq!(events.next().await.unwrap().0, "complete");

        let parameters = form_urlencoded::Serializer::new(String::new())
            .append_pair("query", &attack.query)
            .append_pair("variables", &attack.variables.to_string())
            .finish();
        // No URL is longer.
        if parameters.len() > 60_000 {
            continue;
        }
        let request = server.request("GET", &format!("/graphql?{parameters}"));
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_refused(&answer.json["errors"], attack.name, attack.code);
    }
}

/// Each of these documents is answered with data.
async fn assert_answered(server: &Server, who: &(impl Credentials + ?Sized), documents: &[String]) {
    for document in documents {
        let answer = server.graphql(who, document, json!({})).await;
        assert!(
            answer.json.get("errors").is_none(),
            "{document}: {:#}",
            answer.json
        );
    }
}

#[tokio::test]
async fn just_as_much_as_may_be_is_answered() {
    let server = server(&[]).await;
    let ada: Member = server.join("ada").await;
    let many = |count: usize, piece: &dyn Fn(usize) -> String| {
        (0..count).map(piece).collect::<Vec<_>>().join(" ")
    };
    let spaces = 65_536 - "{ advisors { name } }".len();

    assert_answered(
        &server,
        &ada,
        &[
            format!("{{ advisors {{ name }} }}{}", " ".repeat(spaces)),
            // 19 names at the root, and 980 names in a list: 999 selections.
            format!(
                "{{ {} advisors {{ {} }} }}",
                "__typename ".repeat(19),
                "name ".repeat(979)
            ),
            format!(
                "{{ advisors {{ {} }} }}",
                many(50, &|n| format!("a{n}: name"))
            ),
            format!(
                "{{ advisors {{ {} }} }}",
                "name @skip(if: false) ".repeat(50)
            ),
            format!(
                "{{ advisors {{ {} }} }} {}",
                many(50, &|n| format!("...f{n}")),
                many(50, &|n| format!(
                    "fragment f{n} on AdvisorProfile {{ name }}"
                )),
            ),
        ],
    )
    .await;

    // All there is to know of the largest page, and of another but its earlier answers.
    let reading = "id advisor question status response engine model tokensUsed cost isCached \
        createdAt completedAt sources { title excerpt url } failure { code message }";
    let generations = "generations { status response engine model tokensUsed cost createdAt \
        completedAt sources { title excerpt url } failure { code message } }";
    let page = |reading: &str| {
        format!(
            "totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
             edges {{ cursor node {{ {reading} }} }}"
        )
    };
    let (all, other) = (page(&format!("{reading} {generations}")), page(reading));
    assert_answered(
        &server,
        &ada,
        &[format!(
            "{{ a: readings(first: 100) {{ {all} }} b: readings(last: 100) {{ {other} }} }}"
        )],
    )
    .await;
}

#[tokio::test]
async fn a_larger_page_is_allowed_to_cost_more() {
    let server = server(&["--page-size-max", "1000"]).await;
    let ada = server.join("ada").await;
    let query = "query ($n: Int) { readings(first: $n) { nodes {
        id question status response engine model createdAt completedAt sources { title url }
    } } }";

    server
        .graphql(&ada, query, json!({ "n": 1_000 }))
        .await
        .data();
}

#[tokio::test]
async fn the_usual_documents_of_clients_pass() {
    let server = server(&[]).await;
    let ada = server.join("ada").await;

    for introspection in [GRAPHIQL, CODEGEN] {
        let answer = server.graphql(&Nobody, introspection, json!({})).await;
        assert!(answer.data()["__schema"]["types"].as_array().unwrap().len() > 20);
    }
    // As Apollo Client and urql send it: __typename in each selection.
    let apollo = "query Journal($first: Int!, $after: String, $filter: ReadingFilter) {
        profile { id username usage { readingsToday readingsPerDay resetsAt __typename } __typename }
        readings(first: $first, after: $after, filter: $filter) {
            edges { cursor node { ...Card __typename } __typename }
            pageInfo { hasNextPage endCursor __typename }
            totalCount __typename
        }
    }
    fragment Card on Reading {
        id advisor question status response createdAt
        sources { title url __typename } failure { code message __typename } __typename
    }";
    // As relay-compiler prints it: aliases for abstract types, ids, and what @connection needs.
    let relay = "query JournalPaginationQuery($count: Int = 10, $cursor: String, $id: ID!) {
        node(id: $id) { __typename ...Journal_user_1G22uz id }
    }
    fragment Card_reading on Reading { id question ...Sources_reading }
    fragment Journal_user_1G22uz on User {
        readings(first: $count, after: $cursor) {
            edges { node { ...Card_reading id __typename } cursor }
            pageInfo { endCursor hasNextPage }
        }
        id
    }
    fragment Refetch_node on Node { __isNode: __typename id }
    fragment Sources_reading on Reading { sources { title excerpt } ...Refetch_node }";
    let answer = server
        .graphql(&ada, apollo, json!({ "first": 100, "filter": null }))
        .await;
    assert_eq!(answer.data()["readings"]["totalCount"], 0);
    let answer = server
        .graphql(&ada, relay, json!({ "id": ada.id, "count": 100 }))
        .await;
    assert_eq!(answer.data()["node"]["id"], ada.id.as_str());
}

#[tokio::test]
async fn operations_that_are_not_executed_are_not_held_against_it() {
    let server = server(&[]).await;
    // A file of operations, of which one is chosen at a time.
    let file = "mutation Login($input: LoginInput!) { login(input: $input) { tokenType } }
        query Profile { profile { id } }
        query Advisors { advisors { name } }";

    let body = json!({ "query": file, "operationName": "Advisors" });
    let request = server.request("POST", "/graphql").json(&body);

    Answer::of(request.send().await.unwrap()).await.data();
}

/// But an account operation is one of a kind, whichever is executed.
#[tokio::test]
async fn a_document_has_one_account_operation() {
    let server = server(&[]).await;
    let file = "mutation Register($new: RegisterInput!) { ...register }
        mutation Login($old: LoginInput!) { ...login }
        mutation Either($new: RegisterInput!, $old: LoginInput!) { ... { ...login } }
        query Advisors { advisors { name } }
        fragment register on Mutation { register(input: $new) { user { id } } }
        fragment login on Mutation { login(input: $old) { tokenType } }";

    let body = json!({ "query": file, "operationName": "Advisors" });
    let request = server.request("POST", "/graphql").json(&body);
    let over_http = Answer::of(request.send().await.unwrap()).await;
    let mut socket = server.socket(&Nobody).await;
    socket
        .send(&json!({ "type": "subscribe", "id": "1", "payload": body }))
        .await;
    let over_a_websocket = socket.message().await["payload"].clone();

    for errors in [&over_http.json["errors"], &over_a_websocket] {
        let extensions = &errors[0]["extensions"];
        assert_eq!(extensions["code"], "QUERY_TOO_COMPLEX", "{errors}");
        assert_eq!(
            (&extensions["limit"], &extensions["actual"]),
            (&json!(1), &json!(3))
        );
    }
}

#[tokio::test]
async fn introspection_is_told_by_environment() {
    let production = ["--environment", "production"];
    for (flags, told) in [
        (vec![], true),
        (production.to_vec(), false),
        (
            [&production[..], &["--introspection", "true"]].concat(),
            true,
        ),
        (vec!["--introspection", "false"], false),
    ] {
        let server = server(&flags).await;
        let typename = "{ __typename advisors { __typename } }";
        server.graphql(&Nobody, typename, json!({})).await.data();

        for introspection in [
            GRAPHIQL,
            CODEGEN,
            "{ __type(name: \"User\") { fields { name } } }",
            "{ advisors { name } ... on Query { ...f } } fragment f on Query { x: __schema { __typename } }",
            "query A { advisors { name } } query B { __schema { __typename } }",
        ] {
            let body = json!({ "query": introspection, "operationName": null });
            let request = server.request("POST", "/graphql");
            let request = request.header("accept", "application/graphql-response+json");
            let answer = Answer::of(request.json(&body).send().await.unwrap()).await;
            if told {
                let error = answer.json.to_string();
                assert!(!error.contains("Introspection"), "{flags:?}: {error}");
            } else {
                assert_eq!(
                    (answer.status, answer.code()),
                    (400, "GRAPHQL_VALIDATION_FAILED")
                );
                assert!(answer.message().starts_with("Introspection is disabled"));
                let errors = errors_on_socket(&server, introspection, &json!({})).await;
                assert_eq!(errors[0]["message"], answer.message());
            }
        }
        // Nor is it found out by guessing.
        for (guess, name) in [
            ("{ profil { id } }", "\"profile\""),
            ("{ readings(firs: 1) { totalCount } }", "\"first\""),
            ("mutation { logn { accessToken } }", "\"login\""),
        ] {
            let answer = server.graphql(&Nobody, guess, json!({})).await;
            let message = answer.json["errors"][0]["message"].as_str().unwrap();
            assert_eq!(
                message.contains("Did you mean"),
                told,
                "{flags:?}: {message}"
            );
            assert_eq!(message.contains(name), told, "{flags:?}: {message}");
        }
    }
}

/// graphql-js' `getIntrospectionQuery` with all of its options, as GraphiQL sends it.
const GRAPHIQL: &str = "query IntrospectionQuery { __schema {
    description queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
} }
fragment FullType on __Type {
    kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) {
        name description args(includeDeprecated: true) { ...InputValue }
        type { ...TypeRef } isDeprecated deprecationReason
    }
    inputFields(includeDeprecated: true) { ...InputValue }
    interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue {
    name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
}
fragment TypeRef on __Type { kind name ofType { name kind ofType { name kind ofType { name kind
    ofType { name kind ofType { name kind ofType { name kind ofType { name kind ofType { name kind
    ofType { name kind } } } } } } } } } }";

/// The same without options: what graphql-codegen sends.
const CODEGEN: &str = "query IntrospectionQuery { __schema {
    queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description locations args { ...InputValue } }
} }
fragment FullType on __Type {
    kind name description
    fields(includeDeprecated: true) {
        name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
    }
    inputFields { ...InputValue }
    interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { name kind ofType { name kind ofType { name kind
    ofType { name kind ofType { name kind ofType { name kind ofType { name kind ofType { name kind
    ofType { name kind } } } } } } } } } }";
