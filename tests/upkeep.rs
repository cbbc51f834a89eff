//! Upkeep: rows that have ended are deleted, in batches, and no others.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use mula::{
    db, entity,
    request_context::RequestContext,
    upkeep::{self, BATCH},
};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::support::{Server, on_both};

/// More than two batches, and less than three.
const MANY: u64 = 2 * BATCH + 200;

/// Ended rows of each kind, which belong to the one user there is.
async fn fill(db: &db::Database, now: DateTime<Utc>) {
    let reading = entity::reading::Entity::find()
        .one(db.reads())
        .await
        .unwrap()
        .unwrap();
    let user_id = reading.user_id;
    let long_ago = now - TimeDelta::days(8);
    let numbers: Vec<_> = (0..MANY).collect();
    for batch in numbers.chunks(500) {
        let sessions = batch.iter().map(|_| {
            entity::session::ActiveModel::from(entity::session::Model {
                id: Uuid::now_v7(),
                user_id,
                user_agent: None,
                expires_at: long_ago,
                created_at: long_ago,
                is_revoked: false,
                last_used_at: None,
            })
        });
        entity::session::Entity::insert_many(sessions)
            .exec(db.writes())
            .await
            .unwrap();
        let keys = batch.iter().map(|n| {
            entity::idempotency_key::ActiveModel::from(entity::idempotency_key::Model {
                user_id,
                key: format!("old {n}"),
                request: String::new(),
                reading_id: reading.id,
                created_at: long_ago,
            })
        });
        entity::idempotency_key::Entity::insert_many(keys)
            .exec(db.writes())
            .await
            .unwrap();
        let days = batch.iter().map(|n| {
            entity::usage_day::ActiveModel::from(entity::usage_day::Model {
                user_id,
                day: long_ago.date_naive() - chrono::Days::new(*n),
                readings: 1,
            })
        });
        entity::usage_day::Entity::insert_many(days)
            .exec(db.writes())
            .await
            .unwrap();
    }
}

/// Sessions, keys and days that there are.
async fn counts(db: &db::Database) -> [u64; 3] {
    [
        entity::session::Entity::find()
            .count(db.reads())
            .await
            .unwrap(),
        entity::idempotency_key::Entity::find()
            .count(db.reads())
            .await
            .unwrap(),
        entity::usage_day::Entity::find()
            .count(db.reads())
            .await
            .unwrap(),
    ]
}

/// A user with a session, a key and a day, and the database beside the server.
async fn begin(server: &Server) -> db::Database {
    let ada = server.join("ada").await;
    let ask = "mutation { askAdvisor(input: {
        advisor: LEGBA, question: \"Which way from here?\", idempotencyKey: \"new\"
    }) { reading { id } } }";
    server.graphql(&ada, ask, json!({})).await.data();
    let settings = server.database.settings(&[]).database;
    db::Database::connect(&settings).await.unwrap()
}

on_both! {
    async fn ended_rows_are_deleted_in_batches(server: Server) {
        let db = begin(&server).await;
        let now = server.clock.now();
        fill(&db, now).await;
        assert_eq!(counts(&db).await, [MANY + 1; 3]);

        let request = Arc::new(RequestContext::default());
        let deleted = request.scope(async {
            [
                upkeep::delete_sessions(&db, now).await.unwrap(),
                upkeep::delete_keys(&db, now).await.unwrap(),
                upkeep::delete_days(&db, now).await.unwrap(),
            ]
        }).await;

        assert_eq!(deleted, [MANY; 3]);
        assert_eq!(counts(&db).await, [1; 3]);
        // Each in three statements.
        assert_eq!(request.round_trips(), 9);
        db.close().await;
    }

    async fn a_server_deletes_ended_rows_by_itself(server: Server) {
        let db = begin(&server).await;
        fill(&db, server.clock.now()).await;

        let server = server.restart(&[]).await;

        let deadline = Instant::now() + Duration::from_secs(20);
        while counts(&db).await != [1; 3] {
            assert!(Instant::now() < deadline, "{:?} are left", counts(&db).await);
            sleep(Duration::from_millis(20)).await;
        }
        db.close().await;
        server.stop().await;
    }

    async fn a_key_is_forgotten_after_a_week(server: Server) {
        let db = begin(&server).await;
        let now = server.clock.now();

        assert_eq!(upkeep::delete_keys(&db, now + TimeDelta::days(6)).await.unwrap(), 0);
        assert_eq!(upkeep::delete_keys(&db, now + TimeDelta::days(8)).await.unwrap(), 1);
        db.close().await;
    }
}
