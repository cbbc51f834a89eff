//! Transactions whose begin nobody waits for any more: no connection to the database stays inside
//! one, where all that is stored later would be acknowledged and lost.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sea_orm::sqlx::{Executor, PgConnection, Row};

use crate::support::{Database, Hasty, Over, Server, Service};

const ASK: &str = "mutation { askAdvisor(input: {
    advisor: LEGBA, question: \"Which way from here?\", wait: false
}) { reading { id } } }";

/// Every acknowledged write is there, as other connections see it.
async fn nothing_is_lost(server: &Server) {
    let before = server.database.count("users").await;
    let names: Vec<_> = (0..40).map(|n| format!("late{n}")).collect();
    // A few at a time: passwords are hashed, and no more wait for that than can be.
    for names in names.chunks(8) {
        for answer in join_all(names.iter().map(|name| server.register(name))).await {
            answer.data();
        }
    }
    let there = server.database.count("users").await;
    assert_eq!(there - before, 40, "so many of 40 acknowledged are there");
}

#[tokio::test]
async fn no_transaction_is_left_open_by_clients_that_hang_up() {
    for over in Over::EVERY {
        let Some((server, relay)) = Server::relayed(&[]).await else {
            return;
        };
        let members = server.join_all(4).await;
        relay.hold("BEGIN");
        let sent = members
            .iter()
            .map(|member| Hasty::send(&server, member, over, ASK));
        let sent = join_all(sent).await;
        // As many as there are connections.
        relay.has_held(4).await;

        join_all(sent.into_iter().map(Hasty::hang_up)).await;
        relay.pass();

        nothing_is_lost(&server).await;
    }
}

#[tokio::test]
async fn no_transaction_is_left_open_by_a_scrape_that_takes_too_long() {
    let Some((server, relay)) = Server::relayed(&["--metrics-address", "127.0.0.1:0"]).await else {
        return;
    };
    server.register("ada").await.data();
    relay.hold("BEGIN");

    // It says after a second that the database does not.
    assert_eq!(server.metrics().await.status(), 200);
    relay.has_held(1).await;
    relay.pass();

    nothing_is_lost(&server).await;
}

/// Whether a statement on this connection is one of a transaction that began before.
async fn is_inside_transaction(connection: &mut PgConnection) -> bool {
    let row = connection
        .fetch_one("SELECT now() < statement_timestamp()")
        .await
        .unwrap();
    row.get(0)
}

#[tokio::test]
async fn a_connection_inside_a_transaction_is_found_wherever_it_comes_from() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let settings = database.settings(&["--database-pool-size", "3"]);
    let db = mula::db::Database::connect(&settings.database)
        .await
        .unwrap();
    let pool = db.writes().pool().get_postgres_connection_pool();
    let take_all = || join_all((0..3).map(|_| async { pool.acquire().await.unwrap() }));
    for mut connection in take_all().await {
        // What the driver does not know of.
        connection.execute("BEGIN").await.unwrap();
        assert!(is_inside_transaction(&mut connection).await);
    }

    let begun = Instant::now();
    loop {
        let mut inside = 0;
        for mut connection in take_all().await {
            inside += usize::from(is_inside_transaction(&mut connection).await);
        }
        if inside == 0 {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{inside} are left"
        );
    }

    // One that nobody uses is ended by PostgreSQL.
    let mut connection = pool.acquire().await.unwrap();
    let row = connection
        .fetch_one("SHOW idle_in_transaction_session_timeout")
        .await;
    assert_eq!(row.unwrap().get::<&str, _>(0), "15s");
}
