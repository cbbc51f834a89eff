//! Memory: what a model is told of the questions that its user asked before.

use serde_json::{Value, json};

use crate::support::{
    Database, Member, Provider, Server, Service, chunk, finish, with_each_database,
};

async fn served(database: Database, provider: &Provider, more: &[&str]) -> Server {
    let model = ["--model-base-url", provider.url(), "--model-name", "m"];
    Server::start(database, &[&model, more].concat()).await
}

/// Asks, answers as the model, and returns the reading and the message that the model got with its
/// instructions; none if it was not asked.
async fn ask(
    server: &Server,
    provider: &mut Provider,
    who: &Member,
    question: &str,
    more: Value,
) -> (Value, String) {
    let asked = server.ask_with(who, question, more);
    let written = async {
        let mut call = provider.call().await;
        call.begin().await;
        call.event(&chunk("Go on.")).await;
        call.event(&finish("stop")).await;
        let said = call.body["messages"].clone();
        call.done().await;
        said
    };
    let (answer, said) = tokio::join!(asked, written);
    let input = said[1]["content"].as_str().unwrap().to_owned();
    let is_told = said[0]["content"].as_str().unwrap().contains("<before>");
    assert_eq!(is_told, input.starts_with("<before>"), "{said}");
    (answer.data()["askAdvisor"]["reading"].clone(), input)
}

async fn remember(server: &Server, who: &Member, memory: bool) {
    let query = "mutation ($memory: Boolean!) { updateProfile(input: { memory: $memory }) { user { memory } } }";
    let answer = server
        .graphql(who, query, json!({ "memory": memory }))
        .await;
    assert_eq!(answer.data()["updateProfile"]["user"]["memory"], memory);
}

with_each_database! {
    a_model_is_told_the_last_questions_as_data
    a_user_turns_memory_off
    an_operator_turns_memory_off
    an_answer_with_memory_is_its_users_alone
}

async fn a_model_is_told_the_last_questions_as_data(database: Database) {
    let mut provider = Provider::start().await;
    let server = served(database, &provider, &[]).await;
    let (ada, bea) = (server.join("ada").await, server.join("bea").await);
    let asking = ask(
        &server,
        &mut provider,
        &bea,
        "Who took Bea's boat?",
        json!({}),
    );
    asking.await;
    let mut first = Value::Null;
    for (question, before) in [
        ("Why does </before> the river bend?", ""),
        (
            "Should I\nmove to the coast?",
            "- Why does &lt;/before> the river bend?\n",
        ),
        (
            "Is my boat safe?",
            "- Should I move to the coast?\n- Why does &lt;/before> the river bend?\n",
        ),
        (
            "Who keeps the harbour?",
            "- Is my boat safe?\n- Should I move to the coast?\n- Why does &lt;/before> the river bend?\n",
        ),
        (
            "When do I leave?",
            "- Who keeps the harbour?\n- Is my boat safe?\n- Should I move to the coast?\n",
        ),
    ] {
        let (reading, input) = ask(&server, &mut provider, &ada, question, json!({})).await;
        let fenced = if before.is_empty() {
            String::new()
        } else {
            format!("<before>\n{before}</before>\n\n")
        };
        let question = question.replace('<', "&lt;");
        let expected = format!("{fenced}<question>\n{question}\n</question>");
        assert_eq!(input, expected);
        first = if first.is_null() { reading } else { first };
    }

    // A cry for help is told to no model; what is told as the conversation is not told twice.
    let cry = server
        .ask_with(&ada, "I want to kill myself", json!({}))
        .await;
    assert_eq!(cry.data()["askAdvisor"]["reading"]["engine"], "CARE");
    let more = json!({ "inReplyTo": first["id"] });
    let (reply, input) = ask(&server, &mut provider, &ada, "And the stones?", more).await;
    let before = "- When do I leave?\n- Who keeps the harbour?\n- Is my boat safe?\n";
    assert!(
        input.starts_with(&format!("<before>\n{before}</before>\n\n<earlier>\n")),
        "{input}"
    );
    assert!(!input.contains("kill"));

    // A new answer is told what was asked before its question.
    let regenerated = server.regenerate(&ada, json!({ "id": reply["id"] }));
    let told = async {
        let mut call = provider.call().await;
        call.begin().await;
        call.event(&chunk("Then go.")).await;
        call.event(&finish("stop")).await;
        let said = call.body["messages"][1]["content"].clone();
        call.done().await;
        said
    };
    let (_, told) = tokio::join!(regenerated, told);
    assert_eq!(told, input);
}

async fn a_user_turns_memory_off(database: Database) {
    let mut provider = Provider::start().await;
    let server = served(database, &provider, &[]).await;
    let ada = server.join("ada").await;
    let (_, _) = ask(
        &server,
        &mut provider,
        &ada,
        "Why does the river bend?",
        json!({}),
    )
    .await;
    let (_, with) = ask(&server, &mut provider, &ada, "When do I leave?", json!({})).await;
    assert!(with.contains("- Why does the river bend?"), "{with}");
    let cached = server.ask_with(&ada, "When do I leave?", json!({})).await;
    assert_eq!(cached.data()["askAdvisor"]["reading"]["isCached"], true);

    // No answer that was written with it is given again, either.
    remember(&server, &ada, false).await;
    let (without, input) = ask(&server, &mut provider, &ada, "When do I leave?", json!({})).await;
    assert_eq!(without["isCached"], false);
    assert_eq!(input, "<question>\nWhen do I leave?\n</question>");

    remember(&server, &ada, true).await;
    let (_, input) = ask(&server, &mut provider, &ada, "And where to?", json!({})).await;
    assert!(
        input.starts_with("<before>\n- When do I leave?\n- Why does"),
        "{input}"
    );
}

async fn an_operator_turns_memory_off(database: Database) {
    let mut provider = Provider::start().await;
    let server = served(database, &provider, &["--model-memory", "off"]).await;
    let ada = server.join("ada").await;
    for question in ["Why does the river bend?", "When do I leave?"] {
        let (_, input) = ask(&server, &mut provider, &ada, question, json!({})).await;
        assert_eq!(input, format!("<question>\n{question}\n</question>"));
    }
    let database = server.stop().await;
    let server = served(database, &provider, &["--model-memory", "1"]).await;
    let (_, input) = ask(&server, &mut provider, &ada, "Is my boat safe?", json!({})).await;
    assert!(
        input.starts_with("<before>\n- When do I leave?\n</before>"),
        "{input}"
    );
}

async fn an_answer_with_memory_is_its_users_alone(database: Database) {
    let mut provider = Provider::start().await;
    let server = served(database, &provider, &[]).await;
    let (ada, bea) = (server.join("ada").await, server.join("bea").await);
    ask(
        &server,
        &mut provider,
        &ada,
        "Why does the river bend?",
        json!({}),
    )
    .await;
    ask(&server, &mut provider, &ada, "When do I leave?", json!({})).await;

    let (reading, input) = ask(&server, &mut provider, &bea, "When do I leave?", json!({})).await;
    assert_eq!(
        (&reading["isCached"], input.contains("river")),
        (&json!(false), false)
    );
}
