//! Calls from browsers: pages of this service and of `ALLOWED_ORIGINS` may make them.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, Method, header};
use tower_http::cors::{AllowCredentials, AllowHeaders, AllowOrigin, CorsLayer};

use super::access_log;
use crate::config::Origins;

/// How long a browser remembers what a preflight allowed. Chromium caps it at two hours.
const PREFLIGHT_LIFETIME: Duration = Duration::from_hours(2);

/// Bytes of an origin in the log, at most.
const SHOWN: usize = 200;

/// Lets front ends of these origins call. Any header may be sent: tracing and client libraries add
/// theirs. Cookies may be sent from the origins that are named, if there are any cookies; a pattern may
/// match pages that others can make.
pub(super) fn cors(origins: Arc<Origins>, session_cookie: bool) -> CorsLayer {
    let named = origins.clone();
    let with_cookies = AllowCredentials::predicate(move |origin, _| {
        let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        session_cookie && named.name(&origin)
    });
    let allowed = AllowOrigin::predicate(move |origin, head| {
        let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let allowed = origins.allow(&origin);
        // Behind a proxy that replaces `Host`, a page of the service's own looks like another's.
        let same = head
            .headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "same-origin");
        // What opens a WebSocket is refused, and logged, where it is answered.
        let opens = head.headers.contains_key(header::UPGRADE);
        if !allowed && !same && !opens && !is_own(&origin, &head.headers) {
            log_refused(&origin);
        }
        allowed
    });
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_credentials(with_cookies)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([access_log::REQUEST_ID, header::RETRY_AFTER])
        .max_age(PREFLIGHT_LIFETIME)
        .vary([header::ORIGIN])
}

/// Whether a request's cookie may be its sender's wish: its page is one of this service, or of an
/// origin that is named. Browsers leave `Origin` out of a GET within a site and of a visit.
pub(super) fn may_use_cookies(origins: &Origins, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site");
    let Some(origin) = text("origin") else {
        return matches!(site, None | Some("same-origin" | "none"));
    };
    let origin = origin.to_ascii_lowercase();
    site == Some("same-origin") || is_own(&origin, headers) || origins.name(&origin)
}

/// Whether a WebSocket may be opened: browsers let any page open one anywhere. A client that sends
/// no origin is no browser.
pub(super) fn may_connect(origins: &Origins, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    let allowed = is_own(&origin, headers) || origins.allow(&origin);
    if !allowed {
        log_refused(&origin);
    }
    allowed
}

/// Whether a page is one of this service.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let own = origin.split_once("://").zip(host);
    own.is_some_and(|((_, origin), host)| origin.eq_ignore_ascii_case(host))
}

fn log_refused(origin: &str) {
    // Only what browsers send: anything else may be a secret in the wrong place.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._:/[]".contains(&byte);
    let shown = if origin.contains("://") && origin.bytes().all(is_plain) {
        &origin[..origin.len().min(SHOWN)]
    } else {
        "malformed"
    };
    tracing::warn!(
        origin = shown,
        setting = "ALLOWED_ORIGINS",
        "origin refused"
    );
}
