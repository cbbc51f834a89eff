//! Tokens that are not ours, in all the ways one can make them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{Database, Member, SECRET, Server, on_both};

const PROFILE: &str = "{ profile { id } }";

const OTHER_SECRET: &str = "pT7uWm2xQe9rZk4sVc1yBn6hJd3gLf8aXo5iCtRwEyU";

/// A token's three parts, decoded but for the signature.
fn parts(token: &str) -> (Value, Value, String) {
    let mut parts = token.split('.');
    let mut json = || {
        let part = BASE64.decode(parts.next().unwrap()).unwrap();
        serde_json::from_slice(&part).unwrap()
    };
    (json(), json(), parts.next().unwrap().to_owned())
}

fn encoded(part: &Value) -> String {
    BASE64.encode(part.to_string())
}

fn signed(algorithm: Algorithm, claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

/// The signature of HS256.
fn hmac(message: &str, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap()
}

/// The same with a member taken out or put in.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    let members = claims.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    claims
}

#[track_caller]
fn assert_differs(token: &str, ada: &Member) {
    assert_ne!(token, ada.token, "this would be no forgery");
}

on_both! {
    async fn a_token_says_who_and_until_when_and_no_more(server: Server) {
        let ada = server.join("ada").await;

        let (header, claims, _) = parts(&ada.token);

        assert_eq!(header, json!({ "typ": "JWT", "alg": "HS256" }));
        assert_eq!(claims["iss"], "mula");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 24 * 60 * 60);
        let names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["exp", "iat", "iss", "sid", "sub"]);
        // It is nowhere in the database: neither it nor its signature.
        let like = ada.token.rsplit('.').next().unwrap();
        let found = server.database.execute(&format!("DELETE FROM sessions WHERE user_agent LIKE '%{like}%'")).await;
        assert_eq!(found, 0);
    }

    async fn forgeries_are_refused(server: Server) {
        let ada = server.join("ada").await;
        let bea = server.join("bea").await;
        let (header, claims, signature) = parts(&ada.token);
        let (_, beas, beas_signature) = parts(&bea.token);
        let [head, payload] = [0, 1].map(|n| ada.token.split('.').nth(n).unwrap().to_owned());
        let signed_head = |header: &Value| {
            // Signed with the right secret, over whatever header.
            let message = format!("{}.{payload}", encoded(header));
            format!("{message}.{}", hmac(&message, SECRET))
        };
        let hs256 = |claims: &Value| signed(Algorithm::HS256, claims, SECRET);
        // That the forger knows the trade: with the right secret and claims he is let in.
        server.graphql(hs256(&claims).as_str(), PROFILE, json!({})).await.data();

        let none = |alg: &str| format!("{}.{payload}.", encoded(&with(&header, "alg", json!(alg))));
        let now = server.clock.now().timestamp();
        for (what, forged) in [
            ("no algorithm", none("none")),
            ("no algorithm, otherwise written", none("nOnE")),
            ("no signature", format!("{head}.{payload}.")),
            ("two parts", format!("{head}.{payload}")),
            ("four parts", format!("{}.{signature}", ada.token)),
            ("HS384", signed(Algorithm::HS384, &claims, SECRET)),
            ("HS512", signed(Algorithm::HS512, &claims, SECRET)),
            ("HS256 said, HS512 signed", {
                let other = signed(Algorithm::HS512, &claims, SECRET);
                format!("{head}.{payload}.{}", other.rsplit('.').next().unwrap())
            }),
            ("RS256 said", signed_head(&with(&header, "alg", json!("RS256")))),
            ("a key id", signed_head(&with(&header, "kid", json!("../../dev/null")))),
            ("a key's address", signed_head(&with(&header, "jku", json!("http://127.0.0.1/keys")))),
            ("a key", signed_head(&with(&header, "jwk", json!({ "kty": "oct", "k": "AA" })))),
            ("something critical", signed_head(&with(&header, "crit", json!(["b64"])))),
            ("no type", signed_head(&with(&header, "typ", Value::Null))),
            ("another secret", signed(Algorithm::HS256, &claims, OTHER_SECRET)),
            ("an empty secret", signed(Algorithm::HS256, &claims, "")),
            ("another user", format!("{head}.{}.{signature}", encoded(&with(&claims, "sub", beas["sub"].clone())))),
            ("another's session", hs256(&with(&claims, "sid", beas["sid"].clone()))),
            ("another user for the session", hs256(&with(&claims, "sub", beas["sub"].clone()))),
            ("a session that never was", hs256(&with(&claims, "sid", json!("0190163d-8694-739b-aea5-966c26f8ad91")))),
            ("another's signature", format!("{head}.{payload}.{beas_signature}")),
            ("another issuer", hs256(&with(&claims, "iss", json!("elsewhere")))),
            ("no issuer", hs256(&with(&claims, "iss", Value::Null))),
            ("no end", hs256(&with(&claims, "exp", Value::Null))),
            ("an end in words", hs256(&with(&claims, "exp", json!("never")))),
            ("an end past all time", hs256(&with(&claims, "exp", json!(i64::MAX)))),
            ("its end behind it", hs256(&with(&claims, "exp", json!(now - 1)))),
            ("no user", hs256(&with(&claims, "sub", Value::Null))),
            ("a user that is no id", hs256(&with(&claims, "sub", json!("1 OR 1=1")))),
            ("no session", hs256(&with(&claims, "sid", Value::Null))),
            ("cut short", ada.token[..ada.token.len() - 1].to_owned()),
            ("padded", format!("{}=", ada.token)),
            ("endless", format!("{}{}", ada.token, "A".repeat(3_000))),
            ("nothing", String::new()),
            ("dots", "..".to_owned()),
        ] {
            assert_differs(&forged, &ada);
            let answer = server.graphql(forged.as_str(), PROFILE, json!({})).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED", "{what}: {forged}");
        }
        server.graphql(&ada, PROFILE, json!({})).await.data();
    }

    async fn every_bit_of_a_signature_counts(server: Server) {
        let ada = server.join("ada").await;
        let (start, signature) = ada.token.rsplit_once('.').unwrap();
        let bytes = BASE64.decode(signature).unwrap();
        assert_eq!(bytes.len(), 32);

        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            let forged = format!("{start}.{}", BASE64.encode(bytes));
            let answer = server.graphql(forged.as_str(), PROFILE, json!({})).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED", "byte {at}");
        }
        // The last character stands for four bits and two that must be zero.
        let last = signature.chars().last().unwrap();
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for other in letters.chars().filter(|other| *other != last) {
            let forged = format!("{}{other}", &ada.token[..ada.token.len() - 1]);
            let answer = server.graphql(forged.as_str(), PROFILE, json!({})).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED", "{other}");
        }
    }

    async fn a_previous_secret_verifies_and_never_signs(server: Server) {
        let before = server.join("ada").await;

        // The secret is changed, the old one kept for what it has signed.
        let server =
            server.restart(&["--secret-key", OTHER_SECRET, "--secret-key-previous", SECRET]).await;

        server.graphql(&before, PROFILE, json!({})).await.data();
        let after = server.sign_in("ada").await;
        let (message, signature) = after.token.rsplit_once('.').unwrap();
        assert_eq!(signature, hmac(message, OTHER_SECRET));

        // A day later, the old one goes: so do the tokens it signed, and no others.
        let server = server.restart(&["--secret-key", OTHER_SECRET]).await;
        assert_eq!(server.graphql(&before, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
        server.graphql(&after, PROFILE, json!({})).await.data();
    }

    async fn a_token_of_an_ended_session_stays_refused(server: Server) {
        let ada = server.join("ada").await;
        server.graphql(&ada, "mutation { logout { message } }", json!({})).await.data();
        let (_, claims, _) = parts(&ada.token);
        let prolonged = (server.clock.now() + TimeDelta::days(60)).timestamp();

        let forged = signed(Algorithm::HS256, &with(&claims, "exp", json!(prolonged)), SECRET);

        assert_eq!(server.graphql(&ada, PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
        assert_eq!(server.graphql(forged.as_str(), PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
        // Nor does it outlive its session's row.
        let bea = server.join("bea").await;
        let (_, claims, _) = parts(&bea.token);
        let forged = signed(Algorithm::HS256, &with(&claims, "exp", json!(prolonged)), SECRET);
        server.graphql(forged.as_str(), PROFILE, json!({})).await.data();
        server.clock.advance(TimeDelta::days(30));
        assert_eq!(server.graphql(forged.as_str(), PROFILE, json!({})).await.code(), "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn a_token_of_one_database_is_nobodys_in_another() {
    let [one, other] = [
        Server::start(Database::sqlite(), &[]).await,
        Server::start(Database::sqlite(), &[]).await,
    ];
    let ada = one.join("ada").await;
    other.register("ada").await.data();

    let answer = other.graphql(&ada, PROFILE, json!({})).await;

    assert_eq!(answer.code(), "UNAUTHENTICATED");
}
