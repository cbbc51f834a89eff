//! Files that the binary contains: compressed ahead of time, with a version that browsers cache by.

use std::{borrow::Cow, sync::OnceLock};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::digest;

/// Of a file whose URL names its version.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

pub(super) struct File {
    pub content_type: &'static str,
    pub bytes: Cow<'static, [u8]>,
    pub compressed: Option<Compressed>,
    /// The content security policy it is served under.
    pub policy: &'static str,
    /// Made when the file is first asked for: a start need not wait for it.
    pub version: OnceLock<String>,
}

/// As built, since the best compression takes seconds.
pub(super) struct Compressed {
    pub brotli: &'static [u8],
    pub gzip: &'static [u8],
}

impl File {
    pub(super) fn version(&self) -> &str {
        self.version
            .get_or_init(|| digest::hash_parts([self.bytes.as_ref()])[..32].to_owned())
    }

    /// `is_named`: whether the URL names this version, so that it never changes.
    pub(super) fn answer(&'static self, request: &HeaderMap, is_named: bool) -> Response {
        let version = self.version();
        // Weak: one for all encodings.
        let etag = HeaderValue::from_str(&format!("W/\"{version}\""));
        let headers: [(HeaderName, HeaderValue); 5] = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static(self.content_type),
            ),
            (
                header::CACHE_CONTROL,
                HeaderValue::from_static(if is_named { IMMUTABLE } else { "no-cache" }),
            ),
            (
                header::ETAG,
                etag.expect("hexadecimal digits between quotes"),
            ),
            (
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(self.policy),
            ),
            (
                header::REFERRER_POLICY,
                HeaderValue::from_static("no-referrer"),
            ),
        ];
        if is_known(version, request) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let Some(compressed) = &self.compressed else {
            return (headers, Bytes::from_static(&self.bytes)).into_response();
        };
        let (encoding, bytes) = if accepts(request, "br") {
            (Some("br"), compressed.brotli)
        } else if accepts(request, "gzip") {
            (Some("gzip"), compressed.gzip)
        } else {
            (None, self.bytes.as_ref())
        };
        let mut response = (headers, Bytes::from_static(bytes)).into_response();
        let mut add = |name, value| {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value))
        };
        add(header::VARY, "accept-encoding");
        if let Some(encoding) = encoding {
            add(header::CONTENT_ENCODING, encoding);
        }
        response
    }
}

/// Whether a browser has this version.
fn is_known(version: &str, request: &HeaderMap) -> bool {
    listed(request, &header::IF_NONE_MATCH).any(|known| {
        let known = known.strip_prefix("W/").unwrap_or(known);
        known == "*" || known.trim_matches('"') == version
    })
}

fn accepts(request: &HeaderMap, encoding: &str) -> bool {
    listed(request, &header::ACCEPT_ENCODING).any(|accepted| {
        let (name, quality) = accepted.split_once(';').unwrap_or((accepted, ""));
        let quality = quality.trim().strip_prefix("q=").map(str::parse::<f32>);
        name.trim().eq_ignore_ascii_case(encoding)
            && quality.is_none_or(|quality| quality.is_ok_and(|q| q > 0.0))
    })
}

fn listed<'a>(request: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = request.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_file_the_browser_has_is_not_sent_again() {
        for (known, is) in [
            ("", false),
            ("\"ab\"", false),
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", \"abc\"", true),
            ("*", true),
        ] {
            assert_eq!(
                is_known("abc", &headers(header::IF_NONE_MATCH, known)),
                is,
                "{known}"
            );
        }
    }

    #[test]
    fn encodings_are_accepted_by_name() {
        for (accepted, is) in [
            ("", false),
            ("br", true),
            ("gzip, deflate, br", true),
            ("gzip, BR;q=0.5", true),
            ("br;q=0", false),
            ("br;q=0.0, gzip", false),
            ("brotli", false),
        ] {
            assert_eq!(
                accepts(&headers(header::ACCEPT_ENCODING, accepted), "br"),
                is,
                "{accepted}"
            );
        }
    }
}
