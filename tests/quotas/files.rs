//! Limits of a user's own in exports and imports.

use serde_json::{Value, json};

use super::set;
use crate::{
    commands::over,
    support::{Database, Server, on_both, run},
};

async fn exported(database: &Database, arguments: &[&str]) -> String {
    let (code, out, err) = run(over(database, &[&["export"], arguments].concat())).await;
    assert_eq!(code, Some(0), "{err}");
    out
}

async fn import(database: &Database, text: &str) -> (Option<i32>, String) {
    let file = database.dir().join("import.jsonl");
    std::fs::write(&file, text).unwrap();
    let (code, _, err) = run(over(database, &["import", file.to_str().unwrap()])).await;
    (code, err)
}

/// The users' own limits in an export, in its order.
fn limits(export: &str) -> Vec<[Value; 2]> {
    let lines = export
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let users = lines.filter(|line| line["type"] == "user");
    users
        .map(|user| ["readings_per_day", "cost_per_month_nano_usd"].map(|name| user[name].clone()))
        .collect()
}

on_both! {
    async fn all_data_carries_them_and_ones_own_file_sets_none(server: Server) {
        for name in ["ada", "bea", "cleo"] {
            server.register(name).await.data();
        }
        set(&server, &["ada@example.com", "--readings", "7", "--cost", "0.15"]).await;
        set(&server, &["bea@example.com", "--readings", "unlimited", "--cost", "unlimited"]).await;
        let all = exported(&server.database, &[]).await;
        let expected = [[json!(7), json!(150_000_000)], [json!(-1), json!(-1)], [Value::Null, Value::Null]];
        assert_eq!(limits(&all), expected);

        let other = Database::sqlite();
        run(over(&other, &["migrate", "up"])).await;
        let (code, err) = import(&other, &all).await;
        assert_eq!(code, Some(0), "{err}");
        assert_eq!(limits(&exported(&other, &[]).await), expected);

        for (good, bad) in [
            ("\"readings_per_day\":7", "\"readings_per_day\":0"),
            ("\"readings_per_day\":7", "\"readings_per_day\":-2"),
            ("\"readings_per_day\":7", "\"readings_per_day\":1000001"),
            ("\"cost_per_month_nano_usd\":150000000", "\"cost_per_month_nano_usd\":-2"),
            ("\"cost_per_month_nano_usd\":150000000", "\"cost_per_month_nano_usd\":1000000000000001"),
        ] {
            let empty = Database::sqlite();
            run(over(&empty, &["migrate", "up"])).await;
            assert!(all.contains(good), "{good}");
            let (code, err) = import(&empty, &all.replace(good, bad)).await;
            assert_eq!(code, Some(1), "{bad}");
            assert!(err.contains("INVALID_LIMIT"), "{err}");
        }

        // A user may change the file of their own.
        let own = exported(&server.database, &["--user", "ada@example.com"]).await;
        assert_eq!(limits(&own), [[json!(7), json!(150_000_000)]]);
        let raised = own.replace("\"readings_per_day\":7", "\"readings_per_day\":-1");
        assert_ne!(raised, own);
        let raised = raised.replace("\"cost_per_month_nano_usd\":150000000", "\"cost_per_month_nano_usd\":-1");
        let (code, err) = import(&server.database, &raised).await;
        assert_eq!(code, Some(0), "{err}");
        assert_eq!(limits(&exported(&server.database, &[]).await), expected);
    }
}
