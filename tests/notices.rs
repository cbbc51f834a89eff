//! Notices to the owner of an account.

use serde_json::json;

use crate::support::{Answer, MailServer, PASSWORD, Server, Service, count_is, on_both};

const FIREFOX: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

const NEWER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0";

async fn mailing(server: Server) -> (Server, MailServer) {
    let mail = MailServer::start().await;
    let flags = mail.flags();
    let server = server.restart(&MailServer::with(&flags, &[])).await;
    (server, mail)
}

async fn sign_in_with(server: &Server, agent: &str) {
    let query = "mutation { login(input: { email: \"ada@example.com\", password: \"PASSWORD\" }) { tokenType } }";
    let body = json!({ "query": query.replace("PASSWORD", PASSWORD) });
    let request = server.http("POST", "/graphql").header("user-agent", agent);
    Answer::of(request.json(&body).send().await.unwrap())
        .await
        .data();
}

on_both! {
    async fn a_new_device_is_announced_once(server: Server) {
        server.join("ada").await;
        let (server, mail) = mailing(server).await;
        server.sign_in("ada").await;

        sign_in_with(&server, FIREFOX).await;

        let letter = mail.next().await;
        assert_eq!((&*letter.to, &*letter.subject), ("ada@example.com", "New sign-in to your account"));
        assert!(letter.text.contains(": Firefox on Windows\n"), "{}", letter.text);
        sign_in_with(&server, NEWER).await;
        // Its own word is not passed on.
        sign_in_with(&server, "www.evil.example/1").await;
        let letter = mail.next().await;
        assert!(letter.text.contains(": ?\n") && !letter.html.contains("evil"), "{}", letter.text);
        assert_eq!(server.log_in("ada@example.com", "wrong").await.code(), "UNAUTHENTICATED");
        count_is(&server.database, "mails", 0).await;
        assert_eq!(mail.rest().await.len(), 0);
    }

    async fn a_new_account_has_no_devices_yet(server: Server) {
        let (server, mail) = mailing(server).await;
        server.join("ada").await;
        assert_eq!(mail.next().await.subject, "Confirm your address");
        server.database.execute("UPDATE users SET created_at = '2020-01-01T00:00:00+00:00'").await;
        server.database.execute("DELETE FROM sessions").await;

        server.sign_in("ada").await;

        assert_eq!(mail.next().await.subject, "New sign-in to your account");
    }

    async fn a_deletion_is_announced(server: Server) {
        let ada = server.join("ada").await;
        let (server, mail) = mailing(server).await;
        server.database.execute("UPDATE users SET locale = 'fr'").await;
        let delete = "mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { deletedUserId } }";
        let wrong = json!({ "input": { "password": "wrong" } });
        server.graphql(&ada, delete, wrong).await.code();

        server.graphql(&ada, delete, json!({ "input": { "password": PASSWORD } })).await.data();

        let letter = mail.next().await;
        assert_eq!((&*letter.to, &*letter.subject), ("ada@example.com", "Votre compte a été supprimé"));
        assert_eq!(server.database.count("users").await, 0);
        assert_eq!(mail.rest().await.len(), 0);
    }
}
