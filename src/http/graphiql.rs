//! The GraphiQL page, from this binary alone. `graphiql/README.md` says how its files are made.

use std::sync::LazyLock;

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};

use crate::digest;

/// Nothing but what this server serves: no other host, nothing inline, no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct File {
    content_type: &'static str,
    text: &'static str,
    /// Hashed when it is first asked for: a start need not wait for it.
    etag: LazyLock<HeaderValue>,
}

macro_rules! file {
    ($name:literal, $content_type:literal) => {{
        const TEXT: &str = include_str!(concat!("graphiql/", $name));
        static FILE: File = File {
            content_type: $content_type,
            text: TEXT,
            etag: LazyLock::new(|| etag(TEXT)),
        };
        routing::get(|headers: HeaderMap| async move { FILE.answer(&headers) })
    }};
}

pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", file!("index.html", "text/html; charset=utf-8"))
        .route(
            "/graphiql/graphiql.js",
            file!("graphiql.js", "text/javascript; charset=utf-8"),
        )
        .route(
            "/graphiql/graphiql.css",
            file!("graphiql.css", "text/css; charset=utf-8"),
        )
        .route(
            "/graphiql/THIRD_PARTY.txt",
            file!("THIRD_PARTY.txt", "text/plain; charset=utf-8"),
        )
}

fn etag(text: &str) -> HeaderValue {
    let etag = format!("\"{}\"", &digest::hex([text])[..32]);
    HeaderValue::from_str(&etag).expect("hexadecimal digits between quotes")
}

impl File {
    fn answer(&self, request: &HeaderMap) -> Response {
        let headers: [(HeaderName, HeaderValue); 5] = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static(self.content_type),
            ),
            // The names stay the same from version to version, so a browser asks each time.
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::ETAG, self.etag.clone()),
            (
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(POLICY),
            ),
            (
                header::REFERRER_POLICY,
                HeaderValue::from_static("no-referrer"),
            ),
        ];
        if self.is_known_to(request) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, self.text).into_response()
    }

    fn is_known_to(&self, request: &HeaderMap) -> bool {
        let etag = self.etag.as_bytes();
        request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .any(|known| known == b"*" || known.strip_prefix(b"W/").unwrap_or(known) == etag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_the_browser_has_is_not_sent_again() {
        let file = File {
            content_type: "text/plain",
            text: "x",
            etag: LazyLock::new(|| HeaderValue::from_static("\"abc\"")),
        };
        for (known, status) in [
            ("", StatusCode::OK),
            ("\"ab\"", StatusCode::OK),
            ("\"abc\"", StatusCode::NOT_MODIFIED),
            ("W/\"abc\"", StatusCode::NOT_MODIFIED),
            ("\"x\", \"abc\"", StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(known));
            assert_eq!(file.answer(&headers).status(), status, "{known}");
        }
    }
}
