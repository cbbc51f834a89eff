//! Registering, signing in and signing out.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::support::{Nobody, PASSWORD, Server, on_both};

const PROFILE: &str = "{ profile { id } }";

on_both! {
    async fn register(server: Server) {
        let answer = server.register_as("  Ada@Example.com ", " Ada ", PASSWORD).await;

        let user = &answer.data()["register"]["user"];
        assert_eq!(user["email"], "Ada@Example.com");
        assert_eq!(user["username"], "Ada");
        assert_eq!(user["isActive"], true);
        assert!(user["id"].as_str().unwrap().starts_with("user_"));
        assert_eq!(user["createdAt"], user["updatedAt"]);
        let created: DateTime<Utc> = user["createdAt"].as_str().unwrap().parse().unwrap();
        assert!((server.clock.now() - created) < TimeDelta::minutes(1));
    }

    async fn register_duplicate_email(server: Server) {
        server.register_as("ada@example.com", "ada", PASSWORD).await.data();

        let answer = server.register_as("ADA@example.COM", "countess", PASSWORD).await;

        assert_eq!(answer.code(), "CONFLICT");
        assert_eq!(answer.fields(), [("input.email", "TAKEN")]);
        assert!(answer.json["data"]["register"].is_null());
    }

    async fn register_duplicate_username(server: Server) {
        server.register_as("ada@example.com", "ada", PASSWORD).await.data();

        let answer = server.register_as("countess@example.com", "ADA", PASSWORD).await;

        assert_eq!(answer.code(), "CONFLICT");
        assert_eq!(answer.fields(), [("input.username", "TAKEN")]);
    }

    async fn register_password_too_short(server: Server) {
        let answer = server.register_as("ada@example.com", "ada", "seven77").await;

        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert_eq!(answer.fields(), [("input.password", "TOO_SHORT")]);
        // Nothing was made of it.
        server.register("ada").await.data();
    }

    async fn login(server: Server) {
        server.register("ada").await.data();

        let answer = server.log_in(" ADA@Example.com ", PASSWORD).await;

        let login = &answer.data()["login"];
        assert_eq!(login["tokenType"], "bearer");
        assert_eq!(login["expiresIn"], 24 * 60 * 60);
        assert_eq!(login["user"]["username"], "ada");
        assert!(login["session"]["id"].as_str().unwrap().starts_with("session_"));
        assert_eq!(login["session"]["userAgent"], "mula-tests/1");
        let token = login["accessToken"].as_str().unwrap();
        let profile = server.graphql(token, PROFILE, json!({})).await;
        assert_eq!(profile.data()["profile"]["id"], login["user"]["id"]);
    }

    async fn login_invalid_email(server: Server) {
        server.register("ada").await.data();

        let answer = server.log_in("nobody@example.com", PASSWORD).await;

        assert_eq!(answer.code(), "UNAUTHENTICATED");
        assert!(answer.json["data"]["login"].is_null());
    }

    async fn login_invalid_password(server: Server) {
        server.register("ada").await.data();

        let answer = server.log_in("ada@example.com", "wrong horse battery staple").await;

        assert_eq!(answer.code(), "UNAUTHENTICATED");
        assert!(answer.json["data"]["login"].is_null());
    }

    async fn login_inactive_user(server: Server) {
        server.register("ada").await.data();
        server.database.execute("UPDATE users SET is_active = FALSE").await;

        let answer = server.log_in("ada@example.com", PASSWORD).await;

        assert_eq!(answer.code(), "FORBIDDEN");
    }

    async fn logout(server: Server) {
        let ada = server.join("ada").await;
        let elsewhere = server.sign_in("ada").await;

        let answer = server.graphql(&ada, "mutation { logout { message revokedSessions } }", json!({})).await;

        assert_eq!(answer.data()["logout"]["revokedSessions"], 2);
        assert_ne!(answer.data()["logout"]["message"], "");
        for ended in [ada, elsewhere] {
            assert_eq!(server.graphql(&ended, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
        }
    }

    async fn logout_revokes_token(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        server.graphql(&ada, PROFILE, json!({})).await.data();

        server.graphql(&ada, "mutation { logout { message } }", json!({})).await.data();

        assert_eq!(server.graphql(&ada, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
        // Others stay signed in, and a new sign-in is as good as ever.
        server.graphql(&bea, PROFILE, json!({})).await.data();
        let again = server.sign_in("ada").await;
        server.graphql(&again, PROFILE, json!({})).await.data();
    }

    async fn token_validation(server: Server) {
        let ada = server.join("ada").await;

        server.graphql(&ada, PROFILE, json!({})).await.data();
        for bad in ["", "no-token", "a.b.c", &ada.token[1..], &format!("{}x", ada.token)] {
            assert_eq!(server.graphql(bad, PROFILE, json!({})).await.code(), "UNAUTHENTICATED", "{bad}");
        }
        assert_eq!(server.graphql(&Nobody, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
        // Schemes are compared without case (RFC 9110, section 11.1); another one is none of ours.
        for (scheme, status) in [("bearer", "ada"), ("BEARER", "ada"), ("Basic", "nobody")] {
            let response = server
                .request("POST", "/graphql")
                .header("authorization", format!("{scheme} {}", ada.token))
                .json(&json!({ "query": PROFILE }))
                .send()
                .await
                .unwrap();
            let body: serde_json::Value = response.json().await.unwrap();
            let who = if body["data"]["profile"]["id"] == ada.id.as_str() { "ada" } else { "nobody" };
            assert_eq!(who, status, "{scheme}: {body}");
        }
    }

    async fn expired_token_rejection(server: Server) {
        let ada = server.join("ada").await;

        server.clock.advance(TimeDelta::hours(24) - TimeDelta::minutes(1));
        server.graphql(&ada, PROFILE, json!({})).await.data();

        server.clock.advance(TimeDelta::minutes(1));
        assert_eq!(server.graphql(&ada, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
    }
}
