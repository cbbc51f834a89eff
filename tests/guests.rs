//! Guests: people who ask without an account, and who may claim what was made for them.

mod ends;
mod limits;

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Credentials, Database, MailServer, Member, Nobody, PASSWORD, SECRET, Server,
    Service, on_both, settings,
};

const CONTINUE: &str = "mutation { continueAsGuest {
    accessToken tokenType expiresIn
    user { id email username isGuest isEmailVerified } session { id isCurrent }
} }";

const CLAIM: &str = "mutation ($input: RegisterInput!) { claimAccount(input: $input) {
    user { id email username isGuest }
} }";

const PROFILE: &str = "{ profile {
    id email username isGuest isEmailVerified usage { readingsToday readingsPerDay }
} }";

const QUESTION: &str = "Which way from here?";

async fn guest(server: &Server) -> Member {
    let answer = server.graphql(&Nobody, CONTINUE, json!({})).await;
    let login = &answer.data()["continueAsGuest"];
    let email = login["user"]["email"].as_str().unwrap().to_owned();
    Member::of(login, email)
}

async fn claim(
    service: &impl Service,
    who: &(impl Credentials + ?Sized),
    email: &str,
    username: &str,
) -> Answer {
    let input = json!({ "email": email, "username": username, "password": PASSWORD });
    service.graphql(who, CLAIM, json!({ "input": input })).await
}

async fn profile(server: &Server, who: &Member) -> Value {
    let answer = server.graphql(who, PROFILE, json!({})).await;
    answer.data()["profile"].clone()
}

#[track_caller]
fn is_refused(answer: &Answer, reason: &str) {
    assert_eq!(answer.code(), "FORBIDDEN");
    assert_eq!(answer.error()["extensions"]["reason"], reason);
}

/// A second instance over the same database.
async fn another(server: &Server) -> (mula::server::Server, Client) {
    let url = server.database.url();
    let flags = [
        "--port",
        "0",
        "--database-url",
        &url,
        "--secret-key",
        SECRET,
        "--register-rate",
        "off",
    ];
    let there = mula::server::Server::start(settings(&flags), server.clock.clone());
    let there = there.await.unwrap();
    let client = Client::new(there.address());
    (there, client)
}

on_both! {
    async fn a_guest_asks_and_keeps_readings(server: Server) {
        let answer = server.graphql(&Nobody, CONTINUE, json!({})).await;

        let login = &answer.data()["continueAsGuest"];
        assert_eq!(login["tokenType"], "bearer");
        assert_eq!(login["session"]["isCurrent"], true);
        let user = &login["user"];
        let (email, username) = (user["email"].as_str().unwrap(), user["username"].as_str().unwrap());
        assert_eq!(email, format!("{username}@guest.invalid"));
        assert_eq!([&user["isGuest"], &user["isEmailVerified"]], [true, false]);
        let ada = Member::of(login, email.to_owned());
        let asked = server.ask(&ada, "LEGBA", QUESTION).await;
        assert_eq!(asked["status"], "COMPLETED");
        let profile = profile(&server, &ada).await;
        assert_eq!(profile["usage"], json!({ "readingsToday": 1, "readingsPerDay": 3 }));
        let other = guest(&server).await;
        assert_ne!(other.email, email);
        let find = "query ($id: ID!) { reading(id: $id) { id } }";
        let seen = server.graphql(&other, find, json!({ "id": asked["id"] })).await;
        assert_eq!(seen.code(), "NOT_FOUND");
    }

    async fn a_member_is_no_guest(server: Server) {
        let ada = server.join("ada").await;

        assert_eq!(profile(&server, &ada).await["isGuest"], false);
        is_refused(&claim(&server, &ada, "ada.lovelace@example.com", "lovelace").await, "NOT_A_GUEST");
        assert_eq!(claim(&server, &Nobody, "b@example.com", "bea").await.code(), "UNAUTHENTICATED");
        assert_eq!(profile(&server, &ada).await["email"], "ada@example.com");
    }

    #[settings("--guests", "false")]
    async fn a_service_may_take_no_guests(server: Server) {
        let offers = "{ service { guests } }";

        is_refused(&server.graphql(&Nobody, CONTINUE, json!({})).await, "NO_GUESTS");
        let answer = server.graphql(&Nobody, offers, json!({})).await;
        assert_eq!(answer.data()["service"]["guests"], false);
        assert_eq!(server.database.count("users").await, 0);

        let server = server.restart(&["--guests", "true"]).await;
        let ada = guest(&server).await;
        let answer = server.graphql(&Nobody, offers, json!({})).await;
        assert_eq!(answer.data()["service"]["guests"], true);

        // Those who are there stay.
        let server = server.restart(&["--guests", "false"]).await;
        server.ask(&ada, "LEGBA", QUESTION).await;
        claim(&server, &ada, "ada@example.com", "ada").await.data();
    }

    async fn a_guest_claims_the_account(server: Server) {
        let mail = MailServer::start().await;
        let flags = mail.flags();
        let server = server.restart(&MailServer::with(&flags, &["--readings-per-day", "7"])).await;
        let ada = guest(&server).await;
        let reading = server.ask(&ada, "LEGBA", QUESTION).await;

        let answer = claim(&server, &ada, "Ada@example.com", "ada").await;

        let user = json!({ "id": ada.id, "email": "Ada@example.com", "username": "ada", "isGuest": false });
        assert_eq!(answer.data()["claimAccount"]["user"], user);
        assert_eq!(profile(&server, &ada).await, json!({
            "id": ada.id, "email": "Ada@example.com", "username": "ada", "isGuest": false,
            "isEmailVerified": false, "usage": { "readingsToday": 1, "readingsPerDay": 7 },
        }));
        assert_eq!(server.reading(&ada, reading["id"].as_str().unwrap()).await["question"], QUESTION);
        let events = "{ profile { events { nodes { kind } } } }";
        let answer = server.graphql(&ada, events, json!({})).await;
        let kinds = ["CLAIMED", "SIGNED_IN", "REGISTERED"].map(|kind| json!({ "kind": kind }));
        assert_eq!(answer.data()["profile"]["events"]["nodes"], json!(kinds));
        let again = server.sign_in("ada").await;
        assert_eq!(again.id, ada.id);
        let letter = mail.next().await;
        assert_eq!((&*letter.to, &*letter.subject), ("Ada@example.com", "Confirm your address"));
        let verify = "mutation ($input: VerifyEmailInput!) { verifyEmail(input: $input) { user { isEmailVerified } } }";
        let input = json!({ "token": letter.token() });
        server.graphql(&Nobody, verify, json!({ "input": input })).await.data();
        is_refused(&claim(&server, &ada, "bea@example.com", "bea").await, "NOT_A_GUEST");
        assert_eq!(mail.rest().await.len(), 0);
    }

    async fn a_claim_keeps_the_rules_of_a_registration(server: Server) {
        server.join("bea").await;
        let ada = guest(&server).await;
        let before = profile(&server, &ada).await;

        let answer = claim(&server, &ada, "BEA@example.com", "Bea").await;
        assert_eq!(answer.code(), "CONFLICT");
        assert_eq!(answer.fields(), [("input.email", "TAKEN"), ("input.username", "TAKEN")]);
        // Its own name is its own.
        let own = before["username"].as_str().unwrap();
        let answer = claim(&server, &ada, "bea@example.com", own).await;
        assert_eq!(answer.fields(), [("input.email", "TAKEN")]);
        let answer = claim(&server, &ada, "a@Guest.Invalid", "x").await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert_eq!(answer.fields(), [("input.email", "INVALID_EMAIL"), ("input.username", "TOO_SHORT")]);
        assert_eq!(profile(&server, &ada).await, before);

        let answer = claim(&server, &ada, "ada@example.com", own).await;
        assert_eq!(answer.data()["claimAccount"]["user"]["username"], own);
    }

    async fn of_two_claims_one_succeeds(server: Server) {
        let ada = guest(&server).await;

        let answers = join(
            claim(&server, &ada, "ada@example.com", "ada"),
            claim(&server, &ada, "bea@example.com", "bea"),
        ).await;

        let (good, bad) = if answers.0.is_good() { answers } else { (answers.1, answers.0) };
        is_refused(&bad, "NOT_A_GUEST");
        let user = &good.data()["claimAccount"]["user"];
        assert_eq!(profile(&server, &ada).await["email"], user["email"]);
        server.sign_in(user["username"].as_str().unwrap()).await;
        assert_eq!(server.database.count("users").await, 1);
    }

    async fn of_two_guests_who_claim_one_address_one_has_it(server: Server) {
        let (ada, bea) = (guest(&server).await, guest(&server).await);

        let answers = join(
            claim(&server, &ada, "ada@example.com", "ada"),
            claim(&server, &bea, "ada@example.com", "bea"),
        ).await;

        let (bad, other) = if answers.0.is_good() { (answers.1, &bea) } else { (answers.0, &ada) };
        assert_eq!(bad.code(), "CONFLICT");
        assert_eq!(bad.fields(), [("input.email", "TAKEN")]);
        assert_eq!(profile(&server, other).await["isGuest"], true);
        claim(&server, other, "other@example.com", "other").await.data();
    }

    async fn a_guest_has_no_password_and_no_mail(server: Server) {
        let mail = MailServer::start().await;
        let flags = mail.flags();
        let server = server.restart(&MailServer::with(&flags, &[])).await;
        let ada = guest(&server).await;

        for password in ["", PASSWORD] {
            let answer = server.log_in(&ada.email, password).await;
            assert_eq!(answer.error()["extensions"]["reason"], "WRONG_CREDENTIALS", "{password:?}");
        }
        for (operation, input) in [
            ("changePassword", json!({ "currentPassword": "", "newPassword": "seven ways to the river" })),
            ("changeEmail", json!({ "newEmail": "ada@example.com", "password": "" })),
        ] {
            let kind = format!("{}{}", operation[..1].to_uppercase(), &operation[1..]);
            let query = format!("mutation ($input: {kind}Input!) {{ {operation}(input: $input) {{ user {{ id }} }} }}");
            is_refused(&server.graphql(&ada, &query, json!({ "input": input })).await, "GUEST");
        }
        let resend = "mutation { resendVerification { user { id } } }";
        is_refused(&server.graphql(&ada, resend, json!({})).await, "GUEST");
        let forgotten = "mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { message } }";
        let input = json!({ "email": ada.email });
        let answer = server.graphql(&Nobody, forgotten, json!({ "input": input })).await;
        assert_eq!(answer.fields(), [("input.email", "INVALID_EMAIL")]);
        let answer = server.register_as("someone@guest.invalid", "someone", PASSWORD).await;
        assert_eq!(answer.fields(), [("input.email", "INVALID_EMAIL")]);
        let change = "mutation { updateProfile(input: { locale: \"fr\" }) { user { locale } } }";
        server.graphql(&ada, change, json!({})).await.data();

        leave(&server, &ada, "").await.data();

        assert_eq!(server.database.count("mails").await, 0);
        assert_eq!(mail.rest().await.len(), 0);
    }

    async fn a_guest_leaves_with_the_empty_password(server: Server) {
        let (ada, bea) = (guest(&server).await, server.join("bea").await);
        server.ask(&ada, "LEGBA", QUESTION).await;

        for who in [&ada, &bea] {
            let password = if who.id == ada.id { "x" } else { "" };
            let answer = leave(&server, who, password).await;
            assert_eq!(answer.fields(), [("input.password", "WRONG_PASSWORD")]);
        }
        let answer = leave(&server, &ada, "").await;

        assert_eq!(answer.data()["deleteAccount"]["deletedUserId"], ada.id);
        assert_eq!(server.graphql(&ada, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
        assert_eq!(server.database.count("users").await, 1);
        assert_eq!(server.database.count("readings").await, 0);
    }

    async fn a_guest_may_ask_where_others_need_a_confirmed_address(server: Server) {
        let mail = MailServer::start().await;
        let flags = mail.flags();
        let server = server.restart(&MailServer::with(&flags, &["--require-verified-email", "true"])).await;
        let ada = guest(&server).await;
        server.ask(&ada, "LEGBA", QUESTION).await;

        claim(&server, &ada, "ada@example.com", "ada").await.data();

        is_refused(&server.try_to_ask(&ada, "LEGBA", "And then?").await, "EMAIL_NOT_VERIFIED");
    }
}

async fn leave(server: &Server, who: &Member, password: &str) -> Answer {
    let query =
        "mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { deletedUserId } }";
    let input = json!({ "password": password });
    server.graphql(who, query, json!({ "input": input })).await
}

/// A change on one instance holds on the other within a second.
#[tokio::test]
async fn instances_share_guests() {
    let Some(here) = Server::on_postgres(&[]).await else {
        return;
    };
    let (there, client) = another(&here).await;
    let ada = guest(&here).await;
    let body = json!({ "query": PROFILE });
    let seen = async || {
        let answer = client.graphql(&ada, &body).await;
        answer.data()["profile"]["isGuest"].clone()
    };
    assert_eq!(seen().await, true);
    for n in 0..2 {
        here.ask(&ada, "LEGBA", &format!("Question number {n}?"))
            .await;
    }

    // Of the address, three in all: one for another guest.
    let bea = guest(&here).await;
    let ask = "mutation ($q: String!) { askAdvisor(input: { advisor: LEGBA, question: $q }) { reading { id } } }";
    let asked = async |question: &str| {
        let variables = json!({ "q": question });
        let body = json!({ "query": ask, "variables": variables });
        client.graphql(&bea, &body).await
    };
    asked(QUESTION).await.data();
    assert_eq!(asked("And then?").await.code(), "QUOTA_EXCEEDED");

    claim(&here, &ada, "ada@example.com", "ada").await.data();
    let claimed = std::time::Instant::now();
    while seen().await == true {
        assert!(claimed.elapsed() < std::time::Duration::from_secs(1));
    }
    there.stop().await;
}

#[tokio::test]
async fn production_takes_no_guests_by_default() {
    for (flags, allowed) in [
        (&["--environment", "production"][..], false),
        (&["--environment", "production", "--guests", "true"], true),
        (&[], true),
    ] {
        let server = Server::start(Database::sqlite(), flags).await;
        let answer = server.graphql(&Nobody, CONTINUE, json!({})).await;
        assert_eq!(answer.is_good(), allowed, "{flags:?}");
    }
}
