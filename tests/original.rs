//! Taking over from the original, whose tables stand in a PostgreSQL of their own.

use serde_json::json;

use crate::{
    commands::over,
    support::{Database, PASSWORD, Server, on_both, run},
};

/// `river and thunder`, by Python's passlib; and by its bcrypt, in the older form.
pub(crate) const PASSLIB: &str = "$2b$12$Dbz8H4uWt3vzliERcKGt/eEORNyjf2a.8MfCLbaAlynqBCczf28/S";
const OLDER: &str = "$2a$04$mG6sAQwRDSp44c0kIqyfAu29yxXD54vktlch9Nd739pXKvM7qc.nK";
const THEIR_PASSWORD: &str = "river and thunder";

/// The original's database, with a few rows. None where there is no PostgreSQL.
pub(crate) async fn original(times: &str, cost: &str, hash: &str) -> Option<Database> {
    let database = Database::unmigrated_postgres().await?;
    let tables = format!(
        "CREATE TABLE users (id serial PRIMARY KEY, email varchar(255) UNIQUE NOT NULL,
            username varchar(100) UNIQUE NOT NULL, hashed_password varchar(255) NOT NULL,
            is_active boolean DEFAULT true, created_at {times}, updated_at {times});
        CREATE TABLE sessions (id serial PRIMARY KEY, user_id integer REFERENCES users, token text,
            expires_at {times}, created_at {times}, is_revoked boolean);
        CREATE TABLE readings (id serial PRIMARY KEY, user_id integer REFERENCES users,
            advisor varchar(50) NOT NULL, question text NOT NULL, response text,
            tokens_used integer, cost {cost}, created_at {times});
        -- Whatever this session's zone, what it writes without one is in UTC.
        SET TIME ZONE 'UTC';
        INSERT INTO users VALUES
            (1, 'ama@example.com', 'ama', '{hash}', true, '2025-03-01 10:00:00.123456', '2025-03-02 10:00:00'),
            (2, 'Kofi@Example.com', 'Kofi', '{OLDER}', false, '2025-03-03 10:00:00', NULL),
            (3, 'AMA@example.com', 'ama2', '{OLDER}', true, '2025-03-04 10:00:00', NULL),
            (4, 'esi@example.com', 'AMA', '{OLDER}', NULL, '2025-03-05 10:00:00', NULL),
            (5, 'yaw@example.com', 'yaw mensah', 'pbkdf2', true, NULL, NULL);
        INSERT INTO sessions VALUES (1, 1, 'their-token', '2030-01-01', '2025-03-01', false);
        INSERT INTO readings VALUES
            (1, 1, 'legba', 'Which way?', 'Through the gate.', 120, 0.0012, '2025-03-01 11:00:00'),
            (2, 1, 'Oshun', 'And then?', NULL, NULL, NULL, '2025-03-01 11:00:00.000001'),
            (3, 3, 'shango', 'Why?', 'Because.', 1, 1, '2025-03-04 11:00:00'),
            (4, 4, 'merlin', 'Who?', 'I.', 1, 1, '2025-03-05 11:00:00'),
            (5, 4, 'YEMAYA', 'How deep?', 'Deeper.', 2, 0.1, '2025-03-05 11:00:00');"
    );
    database.execute(&tables).await;
    Some(database)
}

async fn take_over(
    into: &Database,
    from: &Database,
    more: &[&str],
) -> (Option<i32>, String, String) {
    run(over(
        into,
        &[&["import-original", "--from", &from.url()], more].concat(),
    ))
    .await
}

const READINGS: &str = "{ readings { nodes {
    advisor question response status engine cost tokensUsed isEstimated createdAt
    failure { code } generations { status cost }
} } }";

/// Takes over what has to go well; returns what was said.
async fn done(server: &Server, original: &Database, more: &[&str]) -> String {
    let (code, said, err) = take_over(&server.database, original, more).await;
    assert_eq!(code, Some(0), "{err}");
    said
}

/// Signs Ama in with the password she had there, and returns her token.
async fn ama(server: &Server) -> String {
    let login = server.log_in("ama@example.com", THEIR_PASSWORD).await;
    login.data()["login"]["accessToken"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn ama_finds_all(server: &Server) {
    let ama = ama(server).await;
    let profile = "{ profile { username createdAt updatedAt } }";
    let profile = server.graphql(ama.as_str(), profile, json!({})).await;
    let expected = json!({
        "username": "ama",
        "createdAt": "2025-03-01T10:00:00.123456Z", "updatedAt": "2025-03-02T10:00:00.000000Z",
    });
    assert_eq!(profile.data()["profile"], expected);
    let readings = server.graphql(ama.as_str(), READINGS, json!({})).await;
    let expected = json!([
        {
            "advisor": "OSHUN", "question": "And then?", "response": null, "status": "FAILED",
            "engine": "MODEL", "cost": "0", "tokensUsed": 0, "isEstimated": false,
            "createdAt": "2025-03-01T11:00:00.000001Z", "failure": { "code": "INTERRUPTED" },
            "generations": [{ "status": "FAILED", "cost": "0" }],
        },
        {
            "advisor": "LEGBA", "question": "Which way?", "response": "Through the gate.",
            "status": "COMPLETED", "engine": "MODEL", "cost": "0.0012", "tokensUsed": 120,
            "isEstimated": false, "createdAt": "2025-03-01T11:00:00.000000Z", "failure": null,
            "generations": [{ "status": "COMPLETED", "cost": "0.0012" }],
        },
    ]);
    assert_eq!(readings.data()["readings"]["nodes"], expected);
    let wrong = server.log_in("ama@example.com", "river and wonder").await;
    assert_eq!(wrong.code(), "UNAUTHENTICATED");
}

on_both! {
    async fn people_sign_in_and_find_their_readings(server: Server) {
        let Some(original) = original("timestamp", "double precision", PASSLIB).await else { return };
        done(&server, &original, &[]).await;
        ama_finds_all(&server).await;
    }

    async fn so_they_do_with_times_in_a_zone_and_older_hashes(server: Server) {
        let Some(original) = original("timestamptz", "numeric(12, 6)", OLDER).await else { return };
        done(&server, &original, &[]).await;
        ama_finds_all(&server).await;
    }

    // As the original documents its table, and as its model creates it on PostgreSQL.
    async fn so_they_do_with_costs_as_text_and_advisors_as_an_enum(server: Server) {
        let Some(original) = original("timestamp", "varchar(50) DEFAULT '0.00'", PASSLIB).await else { return };
        original.execute("CREATE TYPE advisortype AS ENUM ('LEGBA', 'OSHUN', 'SHANGO', 'YEMAYA', 'MERLIN');
            ALTER TABLE readings ALTER COLUMN advisor TYPE advisortype USING upper(advisor)::advisortype;
            INSERT INTO readings VALUES
                (7, 2, 'SHANGO', 'How much?', 'Much.', 3, DEFAULT, '2025-03-06 11:00:00'),
                (8, 2, 'SHANGO', 'How much?', 'More.', 3, '$1.20', '2025-03-06 11:00:01'),
                (9, 2, 'SHANGO', 'How much?', 'Most.', 3, '', '2025-03-06 11:00:02'),
                (10, 2, 'SHANGO', 'How much?', 'All.', 3, 'a lot', '2025-03-06 11:00:03')").await;

        done(&server, &original, &[]).await;

        ama_finds_all(&server).await;
        let kofi = "user_id = (SELECT id FROM users WHERE username = 'Kofi')";
        for (response, cost, is_estimated) in
            [("Much.", 0, "NOT"), ("More.", 1_200_000_000, "NOT"), ("Most.", 0, "NOT"), ("All.", 0, "")]
        {
            let rows = format!("readings WHERE {kofi} AND response = '{response}' AND cost = {cost} AND {is_estimated} is_estimated");
            assert_eq!(server.database.count(&rows).await, 1, "{response}");
        }
    }

    async fn what_is_left_out_or_had_to_change_is_named(server: Server) {
        let Some(original) = original("timestamp", "numeric", OLDER).await else { return };
        let tried = done(&server, &original, &["--dry-run"]).await;
        assert!(tried.contains("4 users, 3 readings, 0 rows of usage would be taken over."), "{tried}");
        let nobody = server.log_in("ama@example.com", THEIR_PASSWORD).await;
        assert_eq!(nobody.code(), "UNAUTHENTICATED");

        let said = done(&server, &original, &[]).await;

        let remarks = [
            "user 3 (AMA@example.com) is left out: another account has this email",
            "user 4 (esi@example.com) is called AMA-4: another account has the username AMA",
            "user 5 (yaw@example.com) cannot sign in: the password's hash is not one of bcrypt",
            "reading 4 is left out: there is no advisor \"merlin\" here",
            "readings left out, as their users are or are gone: 1",
        ];
        for remark in remarks {
            assert!(said.contains(remark), "{remark} is not in {said}");
        }
        assert_eq!(said.matches("  - ").count(), remarks.len(), "{said}");
        assert!(said.contains("4 users, 3 readings, 0 rows of usage taken over."), "{said}");
        assert!(server.log_in("ESI@example.com", THEIR_PASSWORD).await.is_good());
        let inactive = server.log_in("kofi@example.com", THEIR_PASSWORD).await;
        assert_eq!(inactive.code(), "FORBIDDEN");
        let hash_of_another_kind = server.log_in("yaw@example.com", "pbkdf2").await;
        assert_eq!(hash_of_another_kind.code(), "UNAUTHENTICATED");
    }

    async fn again_it_is_only_what_is_new(server: Server) {
        let Some(original) = original("timestamp", "numeric", OLDER).await else { return };
        done(&server, &original, &[]).await;
        let later = "INSERT INTO readings VALUES (6, 1, 'yemaya', 'Now?', 'Now.', 1, 0.5, '2025-04-01')";
        original.execute(later).await;
        let renamed = "UPDATE users SET username = 'ama_serwaa' WHERE username = 'ama'";
        server.database.execute(renamed).await;

        let said = done(&server, &original, &[]).await;

        assert!(said.contains("0 users, 1 reading, 0 rows of usage taken over."), "{said}");
        assert!(said.contains("There already: 4 users, 3 readings"), "{said}");
        let query = "{ profile { username readings { totalCount } } }";
        let profile = server.graphql(ama(&server).await.as_str(), query, json!({})).await;
        let expected = json!({ "username": "ama_serwaa", "readings": { "totalCount": 3 } });
        assert_eq!(profile.data()["profile"], expected);
    }

    async fn what_was_taken_over_can_move_on(server: Server) {
        let Some(original) = original("timestamp", "numeric", OLDER).await else { return };
        done(&server, &original, &[]).await;
        let file = server.database.dir().join("all.jsonl");
        let export = ["export", "--output", file.to_str().unwrap()];
        assert_eq!(run(over(&server.database, &export)).await.0, Some(0));

        let second = Database::sqlite();
        assert_eq!(run(over(&second, &["migrate", "up"])).await.0, Some(0));
        let (code, said, err) = run(over(&second, &["import", file.to_str().unwrap()])).await;

        assert_eq!(code, Some(0), "{err}");
        assert!(said.starts_with("4 users, 3 readings"), "{said}");
    }

    async fn who_is_here_already_is_not_replaced(server: Server) {
        let Some(original) = original("timestamp", "numeric", OLDER).await else { return };
        server.register_as("kofi@example.com", "kwame", PASSWORD).await.data();

        let said = done(&server, &original, &[]).await;

        assert!(said.contains("user 2 (Kofi@Example.com) is left out"), "{said}");
        assert!(server.log_in("kofi@example.com", PASSWORD).await.is_good());
    }

    async fn another_database_is_not_taken_for_the_originals(server: Server) {
        let Some(empty) = Database::unmigrated_postgres().await else { return };
        let (code, _, err) = take_over(&server.database, &empty, &[]).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("no column users.id"), "{err}");

        let Some(ours) = Database::postgres().await else { return };
        let (code, _, err) = take_over(&server.database, &ours, &[]).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("users.id is not an integer but a uuid"), "{err}");

        let wrong = ["import-original", "--from", "mysql://ann:hush@db/old"];
        let (code, _, err) = run(over(&server.database, &wrong)).await;
        assert_eq!(code, Some(2));
        assert!(err.contains("postgres://") && !err.contains("hush"), "{err}");
    }
}
