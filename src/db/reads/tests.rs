use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use sea_orm::{
    ConnAcquireErr, ConnectOptions, ConnectionTrait, DatabaseBackend, DbErr, Statement,
    sqlx::SqlitePool,
};
use tokio::{task::yield_now, time::timeout};

use super::Reads;

/// Over a pool of two connections, of which one is for reading; and how often it was taken.
async fn reads(patience: Duration) -> (Reads, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let count = taken.clone();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options
        .max_connections(2)
        .acquire_timeout(patience)
        .map_sqlx_sqlite_pool_opts(move |pool| {
            let count = count.clone();
            pool.before_acquire(move |_, _| {
                count.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(true) })
            })
        });
    let reads = Reads::new(sea_orm::Database::connect(options).await.unwrap(), None);
    number(&reads).await.unwrap();
    all_are_back(&reads).await;
    taken.store(0, Ordering::Relaxed);
    (reads, taken)
}

async fn ask(reads: &Reads, sql: &str) -> Result<i32, DbErr> {
    let statement = Statement::from_string(DatabaseBackend::Sqlite, sql);
    let row = reads.query_one_raw(statement).await?;
    row.expect("it has a row").try_get_by_index(0)
}

async fn number(reads: &Reads) -> Result<i32, DbErr> {
    ask(reads, "SELECT 7").await
}

async fn all_are_back(reads: &Reads) {
    let pool: &SqlitePool = reads.pool().get_sqlite_connection_pool();
    while pool.num_idle() < pool.size() as usize {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_connection_goes_from_one_to_the_next() {
    let (reads, taken) = reads(Duration::from_secs(30)).await;

    let numbers = join_all((0..50).map(|_| number(&reads))).await;

    assert!(numbers.iter().all(|number| *number == Ok(7)), "{numbers:?}");
    // More only where a tenth of a second has passed.
    assert!(taken.load(Ordering::Relaxed) < 25, "{taken:?}");
    all_are_back(&reads).await;
}

#[tokio::test]
async fn one_that_failed_goes_back_and_the_next_gets_another() {
    let (reads, _) = reads(Duration::from_secs(30)).await;

    let (bad, good) = tokio::join!(ask(&reads, "SELECT nonsense"), number(&reads));

    assert!(matches!(bad, Err(DbErr::Query(_))), "{bad:?}");
    assert_eq!(good, Ok(7));
    all_are_back(&reads).await;
}

#[tokio::test]
async fn whoever_gives_up_waiting_keeps_nothing() {
    let (reads, _) = reads(Duration::from_secs(30)).await;

    // All polled once, in any state, and dropped.
    for others in 0..20 {
        let mut all: Vec<_> = (0..others).map(|_| Box::pin(number(&reads))).collect();
        for one in &mut all {
            let _ = timeout(Duration::ZERO, one).await;
        }
        drop(all);
        assert_eq!(number(&reads).await, Ok(7));
    }

    all_are_back(&reads).await;
    assert!(reads.nobody_waits());
}

#[tokio::test]
async fn nobody_waits_for_longer_than_the_pool_would_have_them() {
    // Long enough to open the connections on a busy machine, which it bounds too.
    let (reads, _) = reads(Duration::from_secs(1)).await;
    let pool = reads.pool().get_sqlite_connection_pool().clone();
    let both = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());

    let answers = join_all([number(&reads), number(&reads)]).await;

    for answer in answers {
        let late = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
        assert_eq!(answer, Err(late));
    }
    drop(both);
    assert_eq!(number(&reads).await, Ok(7));
}
