//! The cache of answers: the same question has the same answer for a while, and is answered once at a
//! time.

use chrono::TimeDelta;
use serde_json::json;

use crate::{
    cancel::{asked, count},
    support::{Server, Service, Told, Via, on_both},
};

on_both! {
    async fn the_same_question_has_the_same_answer(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let first = server.ask(&ada, "LEGBA", "Which way from here?").await;
        assert_eq!(first["isCached"], false);

        for same in ["which WAY from here?", "Which  way\nfrom here", "Which way from here?!"] {
            let again = server.ask(&ada, "LEGBA", same).await;
            assert_eq!(again["isCached"], true, "{same}");
            assert_eq!(again["status"], "COMPLETED");
            assert_eq!(again["response"], first["response"]);
            assert_eq!(again["sources"], first["sources"]);
            assert_eq!((&again["cost"], &again["tokensUsed"]), (&json!("0"), &json!(0)));
            assert_ne!(again["id"], first["id"]);
            assert_eq!(again["question"], same);
            // It can be followed as if it were written now.
            let mut told = Told::default();
            let id = again["id"].as_str().unwrap();
            told.listen_to_end(&mut server.follow(Via::Events, &ada, id, 0).await).await;
            assert_eq!(first["response"], told.text);
        }
        for (who, advisor, question) in [
            (&bea, "LEGBA", "Which way from here?"),
            (&ada, "OSHUN", "Which way from here?"),
            (&ada, "LEGBA", "Which way from there?"),
        ] {
            assert_eq!(server.ask(who, advisor, question).await["isCached"], false);
        }
        // Anew is anew; and what was written anew is what is found from then on.
        let answer = server.regenerate(&ada, json!({ "id": first["id"] })).await;
        let anew = &answer.data()["regenerateReading"]["reading"];
        assert_eq!(anew["isCached"], false);
        assert_eq!(server.ask(&ada, "LEGBA", "Which way from here?").await["response"], anew["response"]);
    }

    #[settings("--cache-lifetime", "7days", "--token-lifetime", "30days")]
    async fn an_answer_is_found_again_for_so_long(server: Server) {
        let ada = server.join("ada").await;
        server.ask(&ada, "LEGBA", "Which way from here?").await;

        server.clock.advance(TimeDelta::days(7) - TimeDelta::minutes(1));
        assert_eq!(server.ask(&ada, "LEGBA", "Which way from here?").await["isCached"], true);

        server.clock.advance(TimeDelta::minutes(2));
        assert_eq!(server.ask(&ada, "LEGBA", "Which way from here?").await["isCached"], false);
    }

    #[settings("--cache-lifetime", "0s")]
    async fn without_a_lifetime_no_answer_is_found_again(server: Server) {
        let ada = server.join("ada").await;

        for _ in 0..2 {
            assert_eq!(server.ask(&ada, "LEGBA", "Which way from here?").await["isCached"], false);
        }
    }

    #[settings("--embedded-pace", "40")]
    async fn the_same_question_is_answered_once_at_a_time(server: Server) {
        let ada = server.join("ada").await;
        let id = server.begin(&ada, "Which way from here?").await;

        let again = server.begin(&ada, "which way  from here").await;
        let waited = server.ask_with(&ada, "WHICH WAY FROM HERE?", json!({})).await;

        assert_eq!(again, id);
        assert_eq!(asked(&waited)["id"], id);
        assert_eq!(asked(&waited)["status"], "COMPLETED");
        assert_eq!(count(&server, &ada).await, (json!(1), json!(1)));
    }
}
