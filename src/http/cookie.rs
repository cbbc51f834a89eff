//! Session cookies (`SESSION_COOKIE=true`): tokens that the pages of a browser cannot read.
//!
//! A client that sends the header [`CLIENT`] gets its token in a cookie, which then stands in for
//! `Authorization`. A POST needs the header for it again: no page of another origin can send that,
//! unless `ALLOWED_ORIGINS` names its origin. What browsers open without it is held to its origin: GET,
//! which changes nothing, and a WebSocket, which any page may open. Elsewhere the cookie is ignored, and
//! the request is nobody's.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};

use super::origin;
use crate::{
    config::Origins,
    graphql::{CookieChange, SessionCookie},
};

/// Browsers keep a cookie of this name only from `https` and this machine, for all paths of this host
/// and no other's.
const NAME: &str = "__Host-mula";

const CLIENT: HeaderName = HeaderName::from_static("x-mula-client");

/// Bytes of a token at most, with room to spare.
const MAX: usize = 1024;

/// Puts the cookie into `Authorization`, and what becomes of it into the response.
pub(super) async fn session_cookie(
    State(origins): State<Arc<Origins>>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let is_ours = origin::may_use_cookies(&origins, headers);
    let is_client = is_ours && headers.contains_key(CLIENT);
    let may_sign_in = if *request.method() == Method::GET {
        // A WebSocket without an origin is no browser's, and needs no cookie.
        let is_socket = headers.contains_key(header::UPGRADE);
        is_ours && (!is_socket || headers.contains_key(header::ORIGIN))
    } else {
        is_client
    };
    if may_sign_in
        && !headers.contains_key(header::AUTHORIZATION)
        && let Some(authorization) = authorization(headers)
    {
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, authorization);
    }
    if !is_client {
        return next.run(request).await;
    }
    let cookie = Arc::new(SessionCookie::default());
    request.extensions_mut().insert(cookie.clone());
    let mut response = next.run(request).await;
    if let Some(cookie) = cookie.take().and_then(|change| written(&change)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The token of the cookie, as `Authorization` has it.
fn authorization(headers: &HeaderMap) -> Option<HeaderValue> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let token = cookies
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, token)| (name == NAME).then_some(token))
        .filter(|token| !token.is_empty() && token.len() <= MAX)?;
    HeaderValue::from_str(&format!("Bearer {token}")).ok()
}

fn written(change: &CookieChange) -> Option<HeaderValue> {
    let (token, seconds) = match change {
        CookieChange::Keep { token, lifetime } => (token.as_str(), lifetime.num_seconds()),
        CookieChange::Forget => ("", 0),
    };
    let cookie =
        format!("{NAME}={token}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    let mut cookie = HeaderValue::from_str(&cookie).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}
