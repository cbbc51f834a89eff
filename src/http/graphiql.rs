//! The GraphiQL page, from this binary alone. `graphiql/README.md` says how its files are made.

use std::{
    borrow::Cow,
    sync::{LazyLock, OnceLock},
};

use axum::{
    Router,
    http::{HeaderMap, Uri},
    response::Response,
    routing,
};

use super::static_file::{Compressed, File};

/// Nothing but what this server serves: no other host, nothing inline, no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the page is.
pub(super) const PATH: &str = "/graphiql";

macro_rules! compressed {
    ($name:literal, $content_type:literal) => {
        File {
            content_type: $content_type,
            bytes: Cow::Borrowed(include_bytes!(concat!("graphiql/", $name))),
            compressed: Some(Compressed {
                brotli: include_bytes!(concat!("graphiql/", $name, ".br")),
                gzip: include_bytes!(concat!("graphiql/", $name, ".gz")),
            }),
            policy: POLICY,
            version: OnceLock::new(),
        }
    };
}

static SCRIPT: File = compressed!("graphiql.js", "text/javascript; charset=utf-8");
static STYLE: File = compressed!("graphiql.css", "text/css; charset=utf-8");
static LICENCES: File = File {
    content_type: "text/plain; charset=utf-8",
    bytes: Cow::Borrowed(include_bytes!("graphiql/THIRD_PARTY.txt")),
    compressed: None,
    policy: POLICY,
    version: OnceLock::new(),
};

/// With the versions of what it loads.
static PAGE: LazyLock<File> = LazyLock::new(|| {
    let mut text = include_str!("graphiql/index.html").to_owned();
    for (path, file) in [
        ("/graphiql/graphiql.js", &SCRIPT),
        ("/graphiql/graphiql.css", &STYLE),
    ] {
        text = text.replace(path, &format!("{path}?v={}", file.version()));
    }
    File {
        content_type: "text/html; charset=utf-8",
        bytes: text.into_bytes().into(),
        compressed: None,
        policy: POLICY,
        version: OnceLock::new(),
    }
});

pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    async fn page(headers: HeaderMap) -> Response {
        PAGE.answer(&headers, false)
    }
    async fn script(uri: Uri, headers: HeaderMap) -> Response {
        versioned(&SCRIPT, &uri, &headers)
    }
    async fn style(uri: Uri, headers: HeaderMap) -> Response {
        versioned(&STYLE, &uri, &headers)
    }
    async fn licences(headers: HeaderMap) -> Response {
        LICENCES.answer(&headers, false)
    }
    Router::new()
        .route(PATH, routing::get(page))
        .route("/graphiql/graphiql.js", routing::get(script))
        .route("/graphiql/graphiql.css", routing::get(style))
        .route("/graphiql/THIRD_PARTY.txt", routing::get(licences))
}

/// Without its version, or with another instance's, a browser asks each time.
fn versioned(file: &'static File, uri: &Uri, headers: &HeaderMap) -> Response {
    let named = uri.query().and_then(|query| query.strip_prefix("v="));
    file.answer(headers, named == Some(file.version()))
}
