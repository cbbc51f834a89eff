//! A session that has ended is served nowhere: at once on the instance that ended it, within a
//! second on every other, whatever becomes of the connections between them.

use serde_json::json;

use crate::support::{
    Client, Database, Member, Nobody, PASSWORD, Relay, SECRET, Server, refused_within_a_second,
    settings,
};

const PROFILE: &str = "{ profile { email } }";
const LOGOUT: &str = "mutation { logout { message } }";

/// Two instances, the second of which reaches the database through a relay.
async fn two() -> Option<(Server, mula::server::Server, Client, Relay)> {
    let database = Database::postgres().await?;
    let Database::Postgres(cluster, name, _) = &database else {
        panic!("it is one");
    };
    let relay = Relay::to(cluster.socket()).await;
    let url = relay.url(name);
    let here = Server::start(database, &[]).await;
    let flags = [
        "--port",
        "0",
        "--database-url",
        &url,
        "--secret-key",
        SECRET,
    ];
    let there = mula::server::Server::start(settings(&flags), here.clock.clone());
    let there = there.await.unwrap();
    let client = Client::new(there.address());
    Some((here, there, client, relay))
}

async fn knows(client: &Client, who: &Member) {
    for _ in 0..3 {
        let answer = client.graphql(who, &json!({ "query": PROFILE })).await;
        assert_eq!(answer.data()["profile"]["email"], who.email);
    }
}

async fn refuses_soon(client: &Client, who: &Member, code: &str) {
    let body = json!({ "query": PROFILE });
    refused_within_a_second(code, async || client.graphql(who, &body).await).await;
}

#[tokio::test]
async fn a_session_ends_everywhere_within_a_second() {
    let Some((here, there, client, _relay)) = two().await else {
        return;
    };
    for n in 0..3 {
        let ada = here.join(&format!("ada{n}")).await;
        knows(&client, &ada).await;
        here.graphql(&ada, LOGOUT, json!({})).await.data();
        let answer = here.graphql(&ada, PROFILE, json!({})).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED");
        refuses_soon(&client, &ada, "UNAUTHENTICATED").await;
    }
    there.stop().await;
}

#[tokio::test]
async fn also_where_nothing_is_heard_of_it() {
    let Some((here, there, client, relay)) = two().await else {
        return;
    };
    let (ada, bea, carl) = (
        here.join("ada").await,
        here.join("bea").await,
        here.join("carl").await,
    );
    for who in [&ada, &bea, &carl] {
        knows(&client, who).await;
    }

    // The connection is there, and says nothing.
    relay.deafen_listeners();
    here.graphql(&ada, LOGOUT, json!({})).await.data();
    refuses_soon(&client, &ada, "UNAUTHENTICATED").await;
    // Nor while it stays so.
    knows(&client, &bea).await;
    here.graphql(&bea, LOGOUT, json!({})).await.data();
    refuses_soon(&client, &bea, "UNAUTHENTICATED").await;

    // Cut, and opened anew.
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE query LIKE 'SELECT 1%' AND datname = current_database() AND pid <> pg_backend_pid()";
    here.database.execute(sql).await;
    relay.pass();
    knows(&client, &carl).await;
    here.graphql(&carl, LOGOUT, json!({})).await.data();
    refuses_soon(&client, &carl, "UNAUTHENTICATED").await;
    there.stop().await;
}

// Whoever changes it, and however.
#[tokio::test]
async fn what_an_administrator_changes_by_hand_is_heard() {
    let Some((here, there, client, _relay)) = two().await else {
        return;
    };
    let (ada, bea, carl) = (
        here.join("ada").await,
        here.join("bea").await,
        here.join("carl").await,
    );
    for who in [&ada, &bea, &carl] {
        knows(&client, who).await;
    }

    here.database
        .execute("UPDATE users SET is_active = false WHERE username = 'ada'")
        .await;
    refuses_soon(&client, &ada, "FORBIDDEN").await;
    here.database
        .execute("DELETE FROM users WHERE username = 'bea'")
        .await;
    refuses_soon(&client, &bea, "UNAUTHENTICATED").await;
    here.database
        .execute("UPDATE users SET email = 'c@example.com' WHERE username = 'carl'")
        .await;
    let again = here.log_in("carl@example.com", PASSWORD).await;
    assert!(
        again.json.get("errors").is_none(),
        "its key is another column"
    );
    there.stop().await;
}

#[tokio::test]
async fn a_new_password_ends_the_others_sessions_there() {
    let Some((here, there, client, _relay)) = two().await else {
        return;
    };
    let (ada, elsewhere) = (here.join("ada").await, here.sign_in("ada").await);
    knows(&client, &ada).await;
    knows(&client, &elsewhere).await;

    let change = "mutation ($input: ChangePasswordInput!) {
        changePassword(input: $input) { revokedSessions }
    }";
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "seven ways to the river" });
    let body = json!({ "query": change, "variables": { "input": input } });
    client.graphql(&ada, &body).await.data();

    let answer = client
        .graphql(&elsewhere, &json!({ "query": PROFILE }))
        .await;
    assert_eq!(answer.code(), "UNAUTHENTICATED");
    knows(&client, &ada).await;
    there.stop().await;
}

#[tokio::test]
async fn a_forgotten_password_ends_all_sessions_there() {
    let Some((here, there, client, _relay)) = two().await else {
        return;
    };
    let ada = here.join("ada").await;
    knows(&client, &ada).await;
    let now = here.clock.now();
    let database = here.database.settings(&[]).database;
    let database = mula::db::Database::connect(&database).await.unwrap();
    let (app, email) = ("https://mula.example", &ada.email);
    let link = mula::account::operator::reset_link(&database, app, email, now).await;
    let link = link.unwrap();
    let token = link.split_once("#token=").unwrap().1;

    let reset = "mutation ($input: ResetPasswordInput!) {
        resetPassword(input: $input) { revokedSessions }
    }";
    let input = json!({ "token": token, "newPassword": "seven ways to the river" });
    let answer = here
        .graphql(&Nobody, reset, json!({ "input": input }))
        .await;
    assert_eq!(answer.data()["resetPassword"]["revokedSessions"], 1);

    refuses_soon(&client, &ada, "UNAUTHENTICATED").await;
    database.close().await;
    there.stop().await;
}

#[tokio::test]
async fn ending_the_others_ends_them_there() {
    let Some((here, there, client, _relay)) = two().await else {
        return;
    };
    let (ada, elsewhere) = (here.join("ada").await, here.sign_in("ada").await);
    knows(&client, &ada).await;
    knows(&client, &elsewhere).await;

    let others = "mutation { revokeOtherSessions { revokedSessions } }";
    here.graphql(&ada, others, json!({})).await.data();

    refuses_soon(&client, &elsewhere, "UNAUTHENTICATED").await;
    knows(&client, &ada).await;
    there.stop().await;
}
