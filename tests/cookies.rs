//! Session cookies: what sets, renews and clears them, and what they authenticate. Requests from other
//! origins in a real browser are in `web/tests/cookies.spec.ts`.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{
    Answer, Credentials, Database, Nobody, PASSWORD, Server, Socket, header, list, on_both,
};

const PROFILE: &str = "{ profile { username } }";
const LOGIN: &str = "mutation ($input: LoginInput!) { login(input: $input) {
    accessToken expiresIn user { id } session { id isCurrent }
} }";
const LOGOUT: &str = "mutation { logout { revokedSessions } }";
const EXTEND: &str = "mutation { extendSession { accessToken expiresIn session { id } } }";

/// A browser: its cookie, and the headers of its requests.
#[derive(Clone, Default)]
struct Browser {
    cookie: Option<String>,
    headers: Vec<(&'static str, &'static str)>,
}

impl Browser {
    /// Of the front end, which sends the header.
    fn client() -> Self {
        Self {
            cookie: None,
            headers: vec![("x-mula-client", "web")],
        }
    }

    fn with(&self, headers: &[(&'static str, &'static str)]) -> Self {
        let mut browser = self.clone();
        browser.headers = headers.to_vec();
        browser
    }

    fn request(&self, server: &Server, method: &str, path: &str) -> reqwest::RequestBuilder {
        let mut request = server
            .request(method, path)
            .header("accept", "application/graphql-response+json");
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        match &self.cookie {
            Some(cookie) => request.header("cookie", format!("theme=dark; __Host-mula={cookie}")),
            None => request,
        }
    }

    async fn post(&self, server: &Server, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables });
        let request = self.request(server, "POST", "/graphql").json(&body);
        Answer::of(request.send().await.unwrap()).await
    }

    /// The same, and keeps the cookie of the answer as a browser does. Returns the answer and its attributes.
    async fn call(&mut self, server: &Server, query: &str, variables: Value) -> (Answer, String) {
        let answer = self.post(server, query, variables).await;
        let cookie = answer.header("set-cookie").to_owned();
        let Some(pair) = cookie.strip_prefix("__Host-mula=") else {
            assert_eq!(cookie, "");
            return (answer, cookie);
        };
        let (token, attributes) = pair.split_once("; ").unwrap();
        self.cookie = (!token.is_empty()).then(|| token.to_owned());
        (answer, attributes.to_owned())
    }

    async fn sign_in(&mut self, server: &Server, name: &str) -> (Answer, String) {
        let input = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        self.call(server, LOGIN, json!({ "input": input })).await
    }

    async fn who(&self, server: &Server) -> Option<String> {
        let answer = self.post(server, PROFILE, json!({})).await;
        answer.json["data"]["profile"]["username"]
            .as_str()
            .map(str::to_owned)
    }
}

/// The attributes of a cookie that lasts for so many days.
fn lasting(days: i64) -> String {
    let seconds = days * 24 * 60 * 60;
    format!("Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax")
}

on_both! {
    #[settings("--session-cookie", "true")]
    async fn a_browser_stays_signed_in_by_its_cookie(server: Server) {
        server.register("ada").await.data();
        let mut browser = Browser::client();

        let (answer, attributes) = browser.sign_in(&server, "ada").await;

        let login = &answer.data()["login"];
        assert_eq!([&login["accessToken"], &login["expiresIn"]], [&json!(""), &json!(86400)]);
        assert_eq!(login["session"]["isCurrent"], true);
        // As long as the session, which an expired token extends.
        assert_eq!(attributes, lasting(30));
        assert_eq!(browser.who(&server).await.as_deref(), Some("ada"));

        server.clock.advance(TimeDelta::hours(25));
        let answer = browser.post(&server, PROFILE, json!({})).await;
        assert_eq!(answer.error()["extensions"]["reason"], "TOKEN_EXPIRED");
        let before = browser.cookie.clone();
        let (answer, attributes) = browser.call(&server, EXTEND, json!({})).await;
        assert_eq!(answer.data()["extendSession"]["accessToken"], "");
        assert_eq!(attributes, lasting(30));
        assert_ne!(browser.cookie, before);
        assert_eq!(browser.who(&server).await.as_deref(), Some("ada"));

        let (answer, attributes) = browser.call(&server, LOGOUT, json!({})).await;
        assert_eq!(answer.data()["logout"]["revokedSessions"], 1);
        assert_eq!(attributes, lasting(0));
        assert_eq!(browser.cookie, None);
        assert_eq!(server.database.count("sessions WHERE is_revoked").await, 1);
    }

    #[settings("--session-cookie", "true")]
    async fn every_way_in_and_out_changes_the_cookie(server: Server) {
        let mut browser = Browser::client();
        let register = "mutation ($input: RegisterInput!) { register(input: $input) { login { accessToken } } }";
        let input = json!({ "email": "ada@example.com", "username": "ada", "password": PASSWORD });
        let mut signing_in = input.clone();
        signing_in["signIn"] = json!(true);
        let (answer, _) = browser.call(&server, register, json!({ "input": signing_in })).await;
        assert_eq!(answer.data()["register"]["login"]["accessToken"], "");
        assert_eq!(browser.who(&server).await.as_deref(), Some("ada"));

        let ids = "{ profile { sessions { id isCurrent } } }";
        let other = server.sign_in("ada").await;
        let revoke = "mutation ($id: ID!) { revokeSession(input: { id: $id }) { revokedSessionId } }";
        let (_, cookie) = browser.call(&server, revoke, json!({ "id": other.session })).await;
        assert_eq!(cookie, "");
        let sessions = browser.post(&server, ids, json!({})).await;
        let own = sessions.data()["profile"]["sessions"][0]["id"].clone();
        let (_, cookie) = browser.call(&server, revoke, json!({ "id": own })).await;
        assert_eq!(cookie, lasting(0));
        assert_eq!(browser.who(&server).await, None);

        browser.sign_in(&server, "ada").await.0.data();
        let delete = "mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { deletedUserId } }";
        let (answer, cookie) = browser.call(&server, delete, json!({ "input": { "password": "wrong" } })).await;
        assert_eq!((answer.code(), &*cookie), ("BAD_USER_INPUT", ""));
        let (_, cookie) = browser.call(&server, delete, json!({ "input": { "password": PASSWORD } })).await;
        assert_eq!(cookie, lasting(0));

        let guest = "mutation { continueAsGuest { accessToken user { username } } }";
        let (answer, _) = browser.call(&server, guest, json!({})).await;
        let login = &answer.data()["continueAsGuest"];
        assert_eq!(login["accessToken"], "");
        assert_eq!(browser.who(&server).await.as_deref(), login["user"]["username"].as_str());
        // Without a session, none.
        let (_, cookie) = browser.call(&server, register, json!({ "input": input })).await;
        assert_eq!(cookie, "");
    }

    #[settings("--session-cookie", "true")]
    async fn a_post_without_the_header_is_nobodys(server: Server) {
        server.register("ada").await.data();
        let mut browser = Browser::client();
        browser.sign_in(&server, "ada").await.0.data();

        let answer = browser.with(&[]).post(&server, PROFILE, json!({})).await;
        assert_eq!(answer.error()["extensions"]["reason"], "NO_TOKEN");
        let answer = browser.with(&[]).post(&server, LOGOUT, json!({})).await;
        assert_eq!((answer.error()["extensions"]["reason"].as_str(), answer.header("set-cookie")), (Some("NO_TOKEN"), ""));
        // What browsers say of other pages is believed over the header.
        for headers in [
            [("x-mula-client", "web"), ("origin", "https://evil.example")],
            [("x-mula-client", "web"), ("origin", "null")],
            [("x-mula-client", "web"), ("sec-fetch-site", "cross-site")],
            [("x-mula-client", "web"), ("origin", "http://localhost:3000")],
        ] {
            let other = browser.with(&headers);
            assert_eq!(other.who(&server).await, None, "{headers:?}");
            let input = json!({ "email": "ada@example.com", "password": PASSWORD });
            let answer = other.post(&server, LOGIN, json!({ "input": input })).await;
            assert_eq!(answer.header("set-cookie"), "", "{headers:?}");
            assert_ne!(answer.data()["login"]["accessToken"], "", "{headers:?}");
        }
        for headers in [
            [("x-mula-client", ""), ("sec-fetch-site", "same-origin")],
            [("x-mula-client", "web"), ("sec-fetch-site", "none")],
        ] {
            assert_eq!(browser.with(&headers).who(&server).await.as_deref(), Some("ada"), "{headers:?}");
        }
    }

    #[settings("--session-cookie", "true")]
    async fn get_reads_and_changes_nothing(server: Server) {
        server.register("ada").await.data();
        let mut browser = Browser::client();
        browser.sign_in(&server, "ada").await.0.data();
        let get = async |query: &str, headers: &[(&'static str, &'static str)]| {
            let path = format!("/graphql?query={query}");
            browser.with(headers).request(&server, "GET", &path).send().await.unwrap()
        };

        let answer = get("{profile{username}}", &[]).await;
        assert_eq!(header(&answer, "cache-control"), "no-store");
        let answer = Answer::of(answer).await;
        assert_eq!(answer.data()["profile"]["username"], "ada");
        for headers in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
        ] {
            let answer = Answer::of(get("{profile{username}}", &[headers]).await).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED", "{headers:?}");
        }
        let answer = get("mutation{logout{message}}", &[]).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "set-cookie")), (405, ""));
        assert_eq!(browser.who(&server).await.as_deref(), Some("ada"));
    }

    #[settings("--session-cookie", "true", "--allowed-origins", "https://app.example.com,http://localhost:*")]
    async fn a_socket_is_held_to_its_origin(server: Server) {
        server.register("ada").await.data();
        let mut browser = Browser::client();
        browser.sign_in(&server, "ada").await.0.data();
        let cookie = format!("__Host-mula={}", browser.cookie.as_ref().unwrap());
        let own = format!("http://{}", server.address());
        let open = async |origin: Option<&str>| {
            let mut headers = vec![("cookie", cookie.as_str())];
            headers.extend(origin.map(|origin| ("origin", origin)));
            let mut socket = Socket::open(server.address(), &headers).await?;
            socket.send(&json!({ "type": "connection_init", "payload": {} })).await;
            assert_eq!(socket.message().await["type"], "connection_ack");
            socket.subscribe("1", PROFILE, json!({})).await;
            let message = socket.message().await;
            Ok::<_, u16>(message["payload"]["data"]["profile"]["username"].as_str().map(str::to_owned))
        };

        for origin in [&*own, "https://app.example.com"] {
            assert_eq!(open(Some(origin)).await, Ok(Some("ada".to_owned())), "{origin}");
        }
        assert_eq!(open(Some("https://evil.example")).await, Err(403));
        assert_eq!(open(Some("null")).await, Err(403));
        // A pattern lets it connect, and no browser leaves its origin out.
        assert_eq!(open(Some("http://localhost:3000")).await, Ok(None));
        assert_eq!(open(None).await, Ok(None));
    }

    #[settings("--session-cookie", "true")]
    async fn tokens_go_on_beside(server: Server) {
        let bea = server.join("bea").await;
        server.register("ada").await.data();
        let mut browser = Browser::client();
        browser.sign_in(&server, "ada").await.0.data();

        // Who sends no header gets a token, and no cookie.
        let input = json!({ "email": "bea@example.com", "password": PASSWORD });
        let answer = server.graphql(&Nobody, LOGIN, json!({ "input": input })).await;
        assert_ne!(answer.data()["login"]["accessToken"], "");
        assert_eq!(answer.header("set-cookie"), "");
        // And a token counts before the cookie, a bad one too.
        let send = async |token: &str| {
            let request = browser.request(&server, "POST", "/graphql").bearer_auth(token);
            Answer::of(request.json(&json!({ "query": PROFILE })).send().await.unwrap()).await
        };
        assert_eq!(send(bea.token().unwrap()).await.data()["profile"]["username"], "bea");
        assert_eq!(send("x").await.code(), "UNAUTHENTICATED");
        // A stream's headers leave before there is a token: it comes as text.
        let body = json!({ "query": LOGIN, "variables": { "input": input } });
        let request = server.request("POST", "/graphql").header("x-mula-client", "web");
        let request = request.header("accept", "text/event-stream").json(&body);
        let response = request.send().await.unwrap();
        assert!(header(&response, "content-type").starts_with("text/event-stream"));
        assert_eq!(header(&response, "set-cookie"), "");
        let text = response.text().await.unwrap();
        assert!(text.contains("\"accessToken\":\"e"), "{text}");
    }

    #[settings("--session-cookie", "false")]
    async fn without_the_setting_there_are_no_cookies(server: Server) {
        server.register("ada").await.data();
        let mut browser = Browser::client();

        let (answer, cookie) = browser.sign_in(&server, "ada").await;

        assert_eq!(cookie, "");
        let token = answer.data()["login"]["accessToken"].as_str().unwrap();
        browser.cookie = Some(token.to_owned());
        assert_eq!(browser.who(&server).await, None);
        assert_eq!(server.graphql(token, PROFILE, json!({})).await.data()["profile"]["username"], "ada");
    }

    #[settings("--session-cookie", "true")]
    async fn a_session_that_ends_elsewhere_ends_here(server: Server) {
        let ada = server.join("ada").await;
        let mut browser = Browser::client();
        browser.sign_in(&server, "ada").await.0.data();
        let cookie = format!("__Host-mula={}", browser.cookie.as_ref().unwrap());
        let own = format!("http://{}", server.address());
        let headers = [("cookie", cookie.as_str()), ("origin", own.as_str())];
        let mut socket = Socket::open(server.address(), &headers).await.unwrap();
        socket.send(&json!({ "type": "connection_init" })).await;
        assert_eq!(socket.message().await["type"], "connection_ack");
        socket.subscribe("1", "subscription { readingEvents { __typename } }", json!({})).await;

        server.graphql(&ada, LOGOUT, json!({})).await.data();

        let answer = browser.post(&server, PROFILE, json!({})).await;
        assert_eq!(answer.error()["extensions"]["reason"], "SESSION_ENDED");
        let message = socket.message().await;
        assert_eq!(message["payload"][0]["extensions"]["reason"], "SESSION_ENDED");
    }
}

#[tokio::test]
async fn credentials_are_for_named_origins_only() {
    let allowed = "https://app.example.com,https://*.preview.example.com,http://localhost:*";
    for (setting, named) in [("true", true), ("false", false)] {
        let flags = ["--session-cookie", setting, "--allowed-origins", allowed];
        let server = Server::start(Database::sqlite(), &flags).await;
        for (origin, may_send) in [
            ("https://app.example.com", named),
            ("https://pr-7.preview.example.com", false),
            ("http://localhost:3000", false),
            ("https://evil.example", false),
            ("null", false),
        ] {
            let preflight = server
                .request("OPTIONS", "/graphql")
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header(
                    "access-control-request-headers",
                    "content-type,x-mula-client",
                );
            let call = server.request("POST", "/graphql").header("origin", origin);
            let call = call.json(&json!({ "query": "{ advisors { name } }" }));
            for request in [preflight, call] {
                let response = request.send().await.unwrap();
                let credentials = header(&response, "access-control-allow-credentials");
                assert_eq!(credentials == "true", may_send, "{setting} {origin}");
                assert!(!list(&response, "access-control-allow-origin").contains(&"*".to_owned()));
            }
        }
    }
}
