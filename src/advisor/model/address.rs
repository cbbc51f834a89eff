//! Where a model's server listens. A base URL may be written with or without `/v1`: the server's 404
//! decides which it is.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use reqwest::Url;

/// The addresses a request may have to go to. Clones share what is learnt.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    all: Arc<[Url]>,
    /// The one that answered last.
    current: Arc<AtomicUsize>,
    is_logged: Arc<AtomicBool>,
}

impl Addresses {
    /// `url` is as configured; it ends with `assumed_path` where only its base was given.
    pub(super) fn new(url: &Url, assumed_path: Option<&str>) -> Self {
        let mut all = vec![url.clone()];
        let written = url.path().trim_end_matches('/');
        if let Some(path) = assumed_path
            && let Some(base) = written.strip_suffix(path)
        {
            let mut other = url.clone();
            other.set_path(&format!("{}/{path}", other_base(base)));
            all.push(other);
        }
        Self {
            all: all.into(),
            current: Arc::default(),
            is_logged: Arc::default(),
        }
    }

    pub(super) fn current(&self) -> &Url {
        &self.all[self.current.load(Ordering::Relaxed) % self.all.len()]
    }

    /// The address to try when the server has nothing at this one. None where all were tried since
    /// `first`.
    pub(super) fn after(&self, tried: &Url, first: &Url) -> Option<&Url> {
        let at = self.all.iter().position(|url| url == tried)?;
        let next = (at + 1) % self.all.len();
        let other = &self.all[next];
        self.current.store(next, Ordering::Relaxed);
        (other != first).then_some(other)
    }

    /// The server is at this address.
    pub(super) fn found(&self, url: &Url) {
        if url != &self.all[0] && !self.is_logged.swap(true, Ordering::Relaxed) {
            tracing::info!(configured = %self.all[0], found = %url, "found the model's server at another address");
        }
    }
}

/// A base with `/v1` where it has none, and without where it has one.
pub(super) fn other_base(base: &str) -> String {
    let base = base.trim_end_matches('/');
    match base.strip_suffix("/v1") {
        Some(root) => root.to_owned(),
        None => format!("{base}/v1"),
    }
}

/// Whether an address is on this machine.
pub(super) fn is_loopback(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let address = host.trim_start_matches('[').trim_end_matches(']');
            address
                .parse()
                .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::{Addresses, Url, is_loopback};

    #[test]
    fn a_base_may_lack_its_version_or_have_one_too_many() {
        for (url, other) in [
            ("http://m/chat/completions", "http://m/v1/chat/completions"),
            ("http://m/v1/chat/completions", "http://m/chat/completions"),
            (
                "http://m/openai/chat/completions",
                "http://m/openai/v1/chat/completions",
            ),
        ] {
            let url: Url = url.parse().unwrap();
            let addresses = Addresses::new(&url, Some("chat/completions"));
            assert_eq!(addresses.current(), &url);
            assert_eq!(addresses.after(&url, &url).unwrap().as_str(), other);
            assert_eq!(addresses.current().as_str(), other);
            let other = other.parse().unwrap();
            assert_eq!(addresses.after(&other, &url), None);
            assert_eq!(addresses.current(), &url);
        }
    }

    #[test]
    fn this_machine_needs_no_proxy() {
        for url in [
            "http://localhost:1/v1",
            "http://127.0.0.2/v1",
            "https://[::1]/v1",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://192.0.2.1/v1",
            "https://localhost.example/v1",
            "nothing",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
