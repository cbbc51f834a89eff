//! Which passwords are taken, and how they are kept.

use serde_json::json;

use crate::support::{PASSWORD, Server, on_both};

const CHANGE: &str = "mutation ($input: ChangePasswordInput!) {
    changePassword(input: $input) { user { id } }
}";

on_both! {
    async fn a_common_password_is_refused(server: Server) {
        for common in ["password", "password123", "P@ssw0rd!", "12345678", "qwertyuiop", "iloveyou!"] {
            let answer = server.register_as("ada@example.com", "ada", common).await;

            assert_eq!(answer.code(), "BAD_USER_INPUT", "{common}");
            assert_eq!(answer.fields(), [("input.password", "TOO_COMMON")], "{common}");
            let message = answer.error()["extensions"]["fields"][0]["message"].as_str().unwrap();
            assert!(message.contains("several words"), "what to do instead: {message}");
        }
        // Nothing was made of it.
        server.register("ada").await.data();
    }

    async fn a_password_made_of_the_account_is_refused(server: Server) {
        let register = async |password: &str| {
            server.register_as("ngozi.okafor@example.com", "riverbird", password).await
        };
        for own in ["ngozi.okafor", "Okafor2001", "riverbird1", "RiverBird!", "ngozi.okafor@example.com"] {
            let answer = register(own).await;
            assert!(answer.json.get("errors").is_some(), "{own}");
            assert_eq!(answer.fields(), [("input.password", "TOO_COMMON")], "{own}");
        }
        register("riverbird over the old bridge").await.data();
    }

    async fn it_is_told_with_all_else_that_is_wrong(server: Server) {
        let answer = server.register_as("nowhere", "a", "password").await;

        assert_eq!(
            answer.fields(),
            [
                ("input.email", "INVALID_EMAIL"),
                ("input.username", "TOO_SHORT"),
                ("input.password", "TOO_COMMON"),
            ]
        );
    }

    async fn a_new_password_has_the_same_rules(server: Server) {
        let ada = server.join("ada").await;
        for common in ["password1", "ada@example.com"] {
            let input = json!({ "currentPassword": PASSWORD, "newPassword": common });
            let answer = server.graphql(&ada, CHANGE, json!({ "input": input })).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT");
            assert_eq!(answer.fields(), [("input.newPassword", "TOO_COMMON")]);
        }
        server.log_in(&ada.email, PASSWORD).await.data();
    }

    async fn an_account_from_before_the_rule_still_signs_in(server: Server) {
        server.register("ada").await.data();
        let hash = bcrypt::hash("password", 4).unwrap();
        server.database.execute(&format!("UPDATE users SET hashed_password = '{hash}'")).await;

        server.log_in("ada@example.com", "password").await.data();
    }

    #[settings("--bcrypt-cost", "5")]
    async fn a_hash_is_renewed_when_its_cost_is_not_todays(server: Server) {
        server.register("ada").await.data();
        let with_cost = async |cost: u32| {
            let count = format!(
                "UPDATE users SET is_active = is_active WHERE hashed_password LIKE '$2b$0{cost}$%'"
            );
            server.database.execute(&count).await
        };
        for other in [4, 6] {
            let hash = bcrypt::hash(PASSWORD, other).unwrap();
            server.database.execute(&format!("UPDATE users SET hashed_password = '{hash}'")).await;
            // Only who knows the password can have a hash made of it.
            assert_eq!(server.log_in("ada@example.com", "wrong horse").await.code(), "UNAUTHENTICATED");
            assert_eq!(with_cost(other).await, 1);

            server.log_in("ada@example.com", PASSWORD).await.data();

            assert_eq!(with_cost(5).await, 1);
            server.log_in("ada@example.com", PASSWORD).await.data();
        }
    }
}
