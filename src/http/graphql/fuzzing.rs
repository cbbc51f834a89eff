//! Doors for the fuzzer (`fuzz/`) to what is private here. Compiled for it alone.

use std::net::IpAddr;

use async_graphql::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

use super::{
    super::client_address::client_address,
    negotiate::{self, MediaType},
    request,
};
use crate::graphql::Documents;

/// The headers of a request.
#[derive(Default)]
pub struct Headers(HeaderMap);

impl Headers {
    /// Adds a line, if it can be one.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        let header = HeaderName::from_bytes(name)
            .ok()
            .zip(HeaderValue::from_bytes(value).ok());
        if let Some((name, value)) = header {
            self.0.append(name, value);
        }
    }

    /// In which media type an answer goes out that is sent whole, if in any.
    #[must_use]
    pub fn negotiate(&self) -> Option<HeaderValue> {
        let accepted = negotiate::negotiate(&self.0)?;
        accepted.once.map(MediaType::header)
    }

    #[must_use]
    pub fn is_json(&self) -> bool {
        negotiate::is_json(&self.0)
    }

    /// Whose request it is.
    #[must_use]
    pub fn client(&self, peer: IpAddr, trusted: &[IpNet]) -> IpAddr {
        client_address(peer, &self.0, trusted)
    }
}

/// # Errors
///
/// The error of a body that is no request.
pub fn from_body(body: &[u8], documents: &Documents) -> Result<Request, String> {
    request::from_body(body, documents).map_err(|error| error.to_string())
}

/// # Errors
///
/// The error of parameters that are no request.
pub fn from_parameters(parameters: &str, documents: &Documents) -> Result<Request, String> {
    request::from_parameters(parameters, documents).map_err(|error| error.to_string())
}
