//! Imports that are refused: nothing of them is stored.

use serde_json::json;

use super::{exported, import, reading, user, whole};
use crate::{
    commands::over,
    support::{Server, on_both, run},
};

on_both! {
    async fn an_import_that_cannot_be_whole_is_nothing(server: Server) {
        let ada = server.join("ada").await;
        server.ask(&ada, "LEGBA", "Which way from here?").await;
        let database = server.stop().await;
        let before = exported(&database, &[]).await;
        let mut changed = before[0].clone();
        changed["username"] = json!("somebody");
        let mut unfinished = reading(2, 1, "text");
        unfinished["status"] = json!("WRITING");
        let mut pieces = reading(3, 1, "text");
        pieces["generations"][0]["piece_ends"] = json!([2, 9]);
        let mut same_generation = reading(4, 1, "text");
        same_generation["generation_id"] = reading(1, 1, "")["generation_id"].clone();
        same_generation["generations"][0]["id"] = same_generation["generation_id"].clone();
        let mut nul = reading(5, 1, "text");
        nul["question"] = json!("a\u{0}b");
        let lines = [
            user(1, "new@example.com", "newcomer"),
            changed,
            user(2, "ADA@example.com", "other"),
            user(3, "other@example.com", "Ada"),
            user(4, "New@example.com", "twice"),
            reading(1, 1, "text"),
            reading(6, 9, "whose"),
            // Of one who is not let in: not a problem of its own.
            reading(7, 2, "text"),
            unfinished,
            pieces,
            same_generation,
            nul,
            json!({ "type": "usage_month", "user_id": user(1, "", "")["id"], "month": "2026-01-02", "tokens": 1, "cost_nano_usd": 1 }),
            json!({ "type": "session", "id": 1 }),
            user(1, "new@example.com", "renamed"),
        ];

        let (code, out, err) = import(&database, &whole(&lines), &[]).await;

        assert_eq!((code, out.as_str()), (Some(1), ""));
        let named: Vec<_> = err
            .lines()
            .filter_map(|line| line.trim().strip_prefix("- line ")?.splitn(3, ": ").take(2).map(str::to_owned).collect::<Vec<_>>().into())
            .collect();
        assert_eq!(named, [
            ["3", "DIFFERENT"],
            ["4", "EMAIL_TAKEN"],
            ["5", "USERNAME_TAKEN"],
            ["6", "EMAIL_TAKEN"],
            ["8", "UNKNOWN_USER"],
            ["10", "UNFINISHED"],
            ["11", "INVALID_PIECES"],
            ["12", "GENERATION_TAKEN"],
            ["13", "NUL"],
            ["14", "MALFORMED"],
            ["15", "MALFORMED"],
            ["16", "DIFFERENT"],
        ], "{err}");
        assert!(err.contains("differs in: username"), "{err}");
        assert_eq!(exported(&database, &[]).await, before, "nothing is half done");

        // Good lines are stored, but not by a dry run.
        let good = whole(&[lines[0].clone(), lines[5].clone()]);
        let (code, said, err) = import(&database, &good, &["--dry-run"]).await;
        assert_eq!(code, Some(0), "{err}");
        assert!(said.starts_with("1 user, 1 reading, 0 rows of usage would be imported.\n"), "{said}");
        assert_eq!(exported(&database, &[]).await, before);
        assert_eq!(import(&database, &good, &[]).await.0, Some(0));
        let (code, said, _) = import(&database, &good, &[]).await;
        assert_eq!(code, Some(0));
        assert!(said.contains("There already: 1 user, 1 reading"), "{said}");
    }

    async fn what_is_no_whole_export_is_refused(server: Server) {
        let database = server.stop().await;
        let good = whole(&[user(1, "new@example.com", "newcomer")]);
        let lines: Vec<_> = good.lines().collect();
        for (text, problem) in [
            (String::new(), "line 1: NO_HEADER"),
            ("id,email\n1,a@b.c\n".to_owned(), "line 1: NO_HEADER"),
            (good.replace("\"version\":1", "\"version\":2"), "line 1: VERSION"),
            (lines[..2].join("\n"), "line 2: CUT_SHORT"),
            (good[..good.len() / 2].to_owned(), "CUT_SHORT"),
            ([lines[0], lines[2]].join("\n"), "line 2: LINES_MISSING"),
            (format!("{good}{}\n", lines[1]), "line 4: AFTER_END"),
        ] {
            let (code, _, err) = import(&database, &text, &[]).await;
            assert_eq!(code, Some(1), "{text}");
            assert!(err.contains(problem), "{problem} is not in {err}");
        }
        assert_eq!(exported(&database, &[]).await, [json!({ "type": "end", "lines": 0 })]);
        assert_eq!(import(&database, &good, &[]).await.0, Some(0));
        let (code, _, err) = run(over(&database, &["import", "nowhere.jsonl"])).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("nowhere.jsonl"), "{err}");
    }
}
