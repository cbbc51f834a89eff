//! Whether a model's server is there and lets us in, at no cost: no model is asked.

use reqwest::{Method, Request, StatusCode};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::{LanguageModel, address, client};
use crate::error::root_cause;

/// Bytes of a list of models, of which some servers have hundreds.
const LONGEST: usize = 4 * 1024 * 1024;

/// The response to `GET {base}/models`, which most servers of either dialect have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It lets us in; these are the names of its models, if it says.
    Models(Vec<String>),
    /// It is there, and has no such list.
    Unlisted(StatusCode),
    /// The key is wrong or missing.
    Refused(StatusCode),
    /// It is there, and not well.
    Unhealthy(StatusCode),
    /// Why not.
    Unreachable(String),
}

#[derive(Deserialize)]
struct List {
    data: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

impl LanguageModel {
    /// Asks for the list of models, within the time that is set for connecting and for the first
    /// word. Returns the base where the server is: it may have been written without its `/v1`, or
    /// with one too many.
    pub async fn probe(&self) -> (String, Probe) {
        let timeouts = self.settings.timeouts;
        let by = Instant::now() + timeouts.connect + timeouts.first_token;
        let base = &self.settings.base_url;
        let found = self.probe_at(base, by).await;
        let is_nothing = matches!(
            found,
            Probe::Unlisted(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
        );
        if is_nothing && self.settings.assumed_path.is_some() {
            let other = address::other_base(base);
            match self.probe_at(&other, by).await {
                Probe::Unlisted(_) | Probe::Unreachable(_) => {}
                found => return (other, found),
            }
        }
        (base.clone(), found)
    }

    async fn probe_at(&self, base: &str, by: Instant) -> Probe {
        let Ok(url) = format!("{base}/models").parse() else {
            return Probe::Unreachable("it is no address".to_owned());
        };
        let request = self.server.execute(Request::new(Method::GET, url));
        let response = match timeout_at(by, request).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Probe::Unreachable(root_cause(&error).to_string()),
            Err(_) => return Probe::Unreachable("no answer in time".to_owned()),
        };
        let status = response.status();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Probe::Refused(status),
            _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Probe::Unhealthy(status);
            }
            _ if !status.is_success() => return Probe::Unlisted(status),
            _ => {}
        }
        let body = client::read(response, LONGEST, by)
            .await
            .unwrap_or_default();
        let list: Option<List> = serde_json::from_slice(&body).ok();
        let names = list.map(|list| list.data.into_iter().map(|one| one.id).collect());
        Probe::Models(names.unwrap_or_default())
    }
}
