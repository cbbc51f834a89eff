//! `GET /export`: the signed-in user's data as JSON Lines, in the form that `mula export --user` writes.
//!
//! Each page is read in a snapshot of its own when the client has taken the page before it, so that a
//! slow client holds neither a database connection nor more than a page in memory. A download that fails
//! half-way lacks its last line.

use std::{io, sync::Arc};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use uuid::Uuid;

use super::{
    AppState, NO_STORE,
    access_log::RequestId,
    client_address::ClientAddress,
    graphql::{negotiate::MediaType, refuse},
};
use crate::{
    account::{AccountError, Download},
    archive::{Export, ExportError},
    graphql::{ApiError, Caller, ErrorCode},
};

const JSON_LINES: HeaderValue = HeaderValue::from_static("application/jsonl; charset=utf-8");
const FILE: HeaderValue = HeaderValue::from_static("attachment; filename=\"mula-export.jsonl\"");

pub(super) async fn download(
    extract::State(state): extract::State<Arc<AppState>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    // A download is recorded, and so nothing to be asked about with HEAD, which comes here as well.
    if method != Method::GET {
        let allow = (header::ALLOW, HeaderValue::from_static("GET"));
        return (StatusCode::METHOD_NOT_ALLOWED, [allow]).into_response();
    }
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let caller = Caller::new(
        &state.accounts,
        text(header::AUTHORIZATION),
        text(header::USER_AGENT),
        text(header::ACCEPT_LANGUAGE),
        request_id,
        address,
    )
    .await;
    match begin(state, &caller).await {
        Ok(downloading) => {
            let head = [
                (header::CONTENT_TYPE, JSON_LINES),
                (header::CONTENT_DISPOSITION, FILE),
                NO_STORE,
            ];
            let pages = stream::try_unfold(downloading, Downloading::next);
            (head, Body::from_stream(pages)).into_response()
        }
        Err(error) => {
            let status = match error.code() {
                ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
                ErrorCode::Forbidden => StatusCode::FORBIDDEN,
                ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
                ErrorCode::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            let mut response = refuse(status, MediaType::Json, error);
            response.headers_mut().insert(NO_STORE.0, NO_STORE.1);
            response
        }
    }
}

async fn begin(state: Arc<AppState>, caller: &Caller) -> Result<Downloading, ApiError> {
    let requester = caller.requester()?;
    let permit = state
        .accounts
        .downloads
        .begin(requester, caller.client())
        .await?;
    let (session_id, user_id) = (requester.session.id, requester.user.id);
    Ok(Downloading {
        export: Export::new(Some(user_id), state.clock.now()),
        session_id,
        user_id,
        state,
        _permit: permit,
    })
}

/// A download in progress.
struct Downloading {
    export: Export,
    session_id: Uuid,
    user_id: Uuid,
    state: Arc<AppState>,
    _permit: Download,
}

/// Why a download breaks off.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error("the service is stopping")]
    Stopping,
    #[error(transparent)]
    Session(#[from] AccountError),
    #[error(transparent)]
    Export(#[from] ExportError),
}

impl Downloading {
    /// The next page that has lines.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, io::Error> {
        loop {
            let (page, rest) = self.page().await.map_err(|error| {
                tracing::warn!(%error, "download broken off");
                io::Error::other(error)
            })?;
            match page {
                Some(page) if page.is_empty() => self = rest,
                page => return Ok(page.map(|page| (page.into(), rest))),
            }
        }
    }

    async fn page(mut self) -> Result<(Option<Vec<u8>>, Self), BrokenOff> {
        if self.state.stopping.is_cancelled() {
            return Err(BrokenOff::Stopping);
        }
        let accounts = &self.state.accounts;
        accounts
            .sessions
            .requester(self.session_id, self.user_id)
            .await?;
        let db = self.state.db.clone();
        let read = async move {
            let tx = self.state.db.snapshot().await?;
            let page = self.export.next(&tx).await?;
            tx.commit().await?;
            Ok::<_, ExportError>((page, self))
        };
        Ok(db.detached(read).await?)
    }
}
