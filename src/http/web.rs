//! The web client, from this binary alone. `web/README.md` says how its files are made.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock, sync::OnceLock};

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing,
};

use super::static_file::{Compressed, File};

/// Where the client is.
pub(super) const PATH: &str = "/app";

/// Nothing but what this server serves: no other host, nothing inline, no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// The folder of files whose names change with their content.
const ASSETS: &str = "assets/";

/// From the root: the list's own folder is another than this file's.
macro_rules! path {
    ($($part:literal),+) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/web/", $($part),+)
    };
}

macro_rules! compressed {
    ($name:literal) => {
        (
            $name,
            Some(Compressed {
                brotli: include_bytes!(path!($name, ".br")),
                gzip: include_bytes!(path!($name, ".gz")),
            }),
            include_bytes!(path!($name)).as_slice(),
        )
    };
}

macro_rules! plain {
    ($name:literal) => {
        ($name, None, include_bytes!(path!($name)).as_slice())
    };
}

/// By their paths under the client's.
static FILES: LazyLock<HashMap<&'static str, File>> = LazyLock::new(|| {
    let files = include!("web/files.rs");
    let files = files.into_iter().map(|(name, compressed, bytes)| {
        let file = File {
            content_type: content_type(name),
            bytes: Cow::Borrowed(bytes),
            compressed,
            policy: POLICY,
            version: OnceLock::new(),
        };
        (name, file)
    });
    files.collect()
});

pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    async fn page(headers: HeaderMap) -> Response {
        FILES["index.html"].answer(&headers, false)
    }
    async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
        let is_asset = path.starts_with(ASSETS);
        match FILES.get(path.as_str()) {
            Some(file) if path == "sw.js" => {
                (WHOLE_SCOPE, file.answer(&headers, false)).into_response()
            }
            Some(file) => file.answer(&headers, is_asset),
            // Of another version of the client.
            None if is_asset => StatusCode::NOT_FOUND.into_response(),
            // The client reads the path.
            None => page(headers).await,
        }
    }
    Router::new()
        .route(PATH, routing::get(page))
        .route("/app/", routing::get(page))
        .route("/app/{*path}", routing::get(file))
}

/// The service worker answers for the client's path itself, not only for those under it.
const WHOLE_SCOPE: [(HeaderName, HeaderValue); 1] = [(
    HeaderName::from_static("service-worker-allowed"),
    HeaderValue::from_static(PATH),
)];

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "text/plain; charset=utf-8",
    }
}
