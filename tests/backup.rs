//! Backups while the service runs, and what is restored from them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::{Value, json};

use crate::{
    commands::over,
    support::{Database, Member, Server, on_both, run},
};

const QUESTIONS: &str = "{ readings(first: 100) { nodes { question status response } } }";

async fn readings(server: &Server, who: &Member) -> Vec<Value> {
    let answer = server.graphql(who, QUESTIONS, json!({})).await;
    answer.data()["readings"]["nodes"]
        .as_array()
        .unwrap()
        .clone()
}

/// A copy of the database that has all that was there when it began.
async fn back_up(database: &Database, file: &Path) {
    match database {
        Database::Sqlite(_) => {
            let (code, said, err) = run(over(database, &["backup", file.to_str().unwrap()])).await;
            assert_eq!(code, Some(0), "{err}");
            assert!(said.contains("is a whole copy"), "{said}");
        }
        Database::Postgres(cluster, ..) => {
            let mut dump = cluster.program("pg_dump");
            dump.args(["--format=custom", "--no-owner", "--file"])
                .arg(file)
                .arg(database.url());
            let (code, _, err) = run(dump).await;
            assert_eq!(code, Some(0), "{err}");
        }
    }
}

/// As docs/backup.md has it: what was there is put away, and the copy in its place.
async fn restore(old: Database, file: &Path) -> Database {
    match old {
        Database::Sqlite(dir) => {
            for name in ["mula.db", "mula.db-wal", "mula.db-shm"] {
                // The last two are there only after a crash.
                let _ = fs::rename(
                    dir.path().join(name),
                    dir.path().join(format!("old-{name}")),
                );
            }
            fs::copy(file, dir.path().join("mula.db")).unwrap();
            Database::Sqlite(dir)
        }
        Database::Postgres(cluster, ..) => {
            let new = Database::unmigrated_postgres().await.unwrap();
            let mut restore = cluster.program("pg_restore");
            restore
                .args(["--exit-on-error", "--no-owner", "--dbname", &new.url()])
                .arg(file);
            let (code, _, err) = run(restore).await;
            assert_eq!(code, Some(0), "{err}");
            new
        }
    }
}

on_both! {
    async fn a_backup_that_is_made_while_people_ask_is_whole(server: Server) {
        let elsewhere = tempfile::tempdir().unwrap();
        let file = elsewhere.path().join("backup");
        let ada = server.join("ada").await;
        for n in 0..10 {
            server.ask(&ada, "LEGBA", &format!("What was asked before, number {n}?")).await;
        }
        let before = readings(&server, &ada).await;

        let stop = tokio_util::sync::CancellationToken::new();
        let asking = async {
            for n in 0.. {
                if stop.is_cancelled() {
                    return n;
                }
                server.ask(&ada, "OSHUN", &format!("What is asked meanwhile, number {n}?")).await;
            }
            unreachable!()
        };
        let backing_up = async {
            back_up(&server.database, &file).await;
            stop.cancel();
        };
        let (asked, ()) = tokio::join!(asking, backing_up);

        // After the backup, something terrible.
        server.database.execute("DELETE FROM readings").await;
        let database = restore(server.stop().await, &file).await;
        let server = Server::start(database, &[]).await;
        let ada = server.sign_in("ada").await;
        let after = readings(&server, &ada).await;
        assert!(asked > 0 && after.ends_with(&before), "{after:?}");
        assert!(after.len() <= before.len() + asked);
        server.ask(&ada, "LEGBA", "Does it go on from there?").await;
    }
}

#[tokio::test]
async fn a_backup_replaces_no_file_and_is_its_owners() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("backup.db");
    back_up(&server.database, &file).await;
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let first = fs::read(&file).unwrap();
    server.join("ada").await;

    let again = over(&server.database, &["backup", file.to_str().unwrap()]);
    let (code, _, err) = run(again).await;

    assert_eq!(code, Some(1));
    assert!(err.contains("backup.db"), "{err}");
    assert_eq!(fs::read(&file).unwrap(), first);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn of_a_damaged_database_there_is_no_backup() {
    let server = Server::start(Database::sqlite(), &[]).await;
    let ada = server.join("ada").await;
    for n in 0..20 {
        server
            .ask(&ada, "LEGBA", &format!("Question number {n}?"))
            .await;
    }
    let database = server.stop().await;
    crate::doctor::damage(&database);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("backup.db");

    let (code, _, err) = run(over(&database, &["backup", file.to_str().unwrap()])).await;

    assert_eq!(code, Some(1), "{err}");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_backup_is_of_what_there_is() {
    let database = Database::sqlite();
    let (code, _, err) = run(over(&database, &["backup", "backup.db"])).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("There is no database"), "{err}");
    assert_eq!(fs::read_dir(database.dir()).unwrap().count(), 0);

    let arguments = [
        "backup",
        "b",
        "--database-url",
        "postgres://ann:hush@127.0.0.1:1/mula",
    ];
    let (code, _, err) = run(crate::support::mula(database.dir(), &arguments)).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("pg_dump"), "{err}");
}
