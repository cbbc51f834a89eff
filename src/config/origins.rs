//! Origins whose pages browsers may let call the service: `ALLOWED_ORIGINS`.

use super::{Environment, parser::Parser};

/// Origins, and patterns of origins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<Pattern>);

/// A pattern that `Origin` headers are compared with, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    scheme: String,
    /// Of a pattern `*.example.com`, `.example.com`: the end of a host's name.
    host: String,
    port: Port,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Port {
    /// The scheme's own.
    Default,
    One(String),
    Any,
}

/// Pages of this machine, where development servers are.
const LOOPBACK: [&str; 6] = [
    "http://localhost:*",
    "http://127.0.0.1:*",
    "http://[::1]:*",
    "https://localhost:*",
    "https://127.0.0.1:*",
    "https://[::1]:*",
];

impl Origins {
    /// Whether a page of this origin, as a browser sends it, may call.
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        let Some((scheme, host, port)) = parts(origin) else {
            return false;
        };
        self.0
            .iter()
            .any(|pattern| pattern.matches(scheme, host, port))
    }

    /// Whether this very origin is among them, and not by a pattern.
    #[must_use]
    pub fn name(&self, origin: &str) -> bool {
        parts(origin).is_some_and(|(scheme, host, port)| {
            let mut patterns = self.0.iter();
            patterns.any(|pattern| !pattern.is_of_many() && pattern.matches(scheme, host, port))
        })
    }

    fn loopback() -> Self {
        Self(LOOPBACK.into_iter().filter_map(Pattern::parse).collect())
    }
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, host, port) = parts(text)?;
        let is_good_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b));
        let suffix = host.strip_prefix('*');
        let name = suffix.unwrap_or(host);
        let is_good_host = match suffix {
            // Not `*.com`: the names of one owner.
            Some(suffix) => suffix
                .strip_prefix('.')
                .is_some_and(|name| name.contains('.') || name == "localhost"),
            None => !host.starts_with('.'),
        };
        let is_host =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-[:]".contains(&b);
        let port = match port {
            None => Port::Default,
            Some("*") => Port::Any,
            Some(port) => Port::One(port.parse::<u16>().ok()?.to_string()),
        };
        let good = is_good_scheme && is_good_host && !name.is_empty() && name.bytes().all(is_host);
        good.then(|| Self {
            scheme: scheme.to_owned(),
            host: name.to_owned(),
            port,
        })
    }

    fn is_of_many(&self) -> bool {
        self.host.starts_with('.') || self.port == Port::Any
    }

    fn matches(&self, scheme: &str, host: &str, port: Option<&str>) -> bool {
        let is_host = match host.strip_suffix(self.host.as_str()) {
            Some("") => !self.host.starts_with('.'),
            Some(_) => self.host.starts_with('.'),
            None => false,
        };
        let is_port = match &self.port {
            Port::Default => port.is_none(),
            Port::One(known) => port == Some(known),
            Port::Any => true,
        };
        scheme == self.scheme && is_host && is_port
    }
}

/// Scheme, host and port.
fn parts(origin: &str) -> Option<(&str, &str, Option<&str>)> {
    let (scheme, rest) = origin.split_once("://")?;
    // The colons of an IPv6 address are in brackets.
    match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Some((scheme, host, Some(port))),
        _ => Some((scheme, rest, None)),
    }
}

impl Parser {
    /// Each as browsers send it in `Origin`, or a pattern. Where there is no setting, in
    /// development those of this machine.
    pub(super) fn origins(
        &mut self,
        given: Option<&str>,
        environment: Option<Environment>,
    ) -> Origins {
        let Some(given) = given else {
            return match environment {
                Some(Environment::Development) => Origins::loopback(),
                _ => Origins::default(),
            };
        };
        let texts = given
            .split(',')
            .map(|origin| origin.trim().trim_end_matches('/').to_ascii_lowercase())
            .filter(|origin| !origin.is_empty());
        let patterns: Option<_> = texts.map(|text| Pattern::parse(&text)).collect();
        patterns.map_or_else(
            || {
                let write = "write origins such as https://app.example.com, http://localhost:* or \
                    https://*.preview.example.com, separated by commas, without a path";
                self.reject("ALLOWED_ORIGINS", given, write);
                Origins::default()
            },
            Origins,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(given: Option<&str>, environment: Environment) -> Origins {
        let mut parser = Parser::default();
        let origins = parser.origins(given, Some(environment));
        assert_eq!(parser.errors, Vec::<String>::new());
        origins
    }

    #[test]
    fn origins_match_as_a_whole() {
        let given = "https://App.example.com/, http://[::1]:5173,, https://*.preview.example.com, \
            http://dev.example.com:*, http://*.localhost:*, capacitor://localhost, tauri://localhost, \
            ionic://localhost, chrome-extension://abcdefgh";
        let origins = origins(Some(given), Environment::Production);
        for (origin, allowed) in [
            ("https://app.example.com", true),
            ("http://app.example.com", false),
            ("https://app.example.com:8443", false),
            ("https://app.example.com.evil.com", false),
            ("https://evilapp.example.com", false),
            ("http://[::1]:5173", true),
            ("http://[::1]", false),
            ("https://pr-7.preview.example.com", true),
            ("https://a.b.preview.example.com", true),
            ("https://preview.example.com", false),
            ("https://.preview.example.com.evil.com", false),
            ("https://evilpreview.example.com", false),
            ("http://dev.example.com", true),
            ("http://dev.example.com:3000", true),
            ("http://app.localhost:3000", true),
            ("http://localhost:3000", false),
            ("capacitor://localhost", true),
            ("tauri://localhost", true),
            ("ionic://localhost", true),
            ("chrome-extension://abcdefgh", true),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(origins.allow(origin), allowed, "{origin}");
        }
    }

    #[test]
    fn an_origin_is_named_without_a_pattern() {
        let given = "https://App.example.com, https://*.preview.example.com, http://dev.example.com:*, \
            http://localhost:5173";
        let origins = origins(Some(given), Environment::Development);
        for (origin, named) in [
            ("https://app.example.com", true),
            ("http://localhost:5173", true),
            ("http://localhost:3000", false),
            ("https://pr-7.preview.example.com", false),
            ("http://dev.example.com:3000", false),
            ("https://evil.example.com", false),
            ("null", false),
        ] {
            assert_eq!(origins.name(origin), named, "{origin}");
        }
    }

    #[test]
    fn development_allows_this_machine() {
        for (origin, allowed) in [
            ("http://localhost:5173", true),
            ("http://localhost", true),
            ("http://127.0.0.1:3000", true),
            ("https://[::1]:3000", true),
            ("http://localhost.evil.com", false),
            ("http://192.168.0.7:3000", false),
        ] {
            let development = origins(None, Environment::Development);
            assert_eq!(development.allow(origin), allowed, "{origin}");
            assert!(!origins(None, Environment::Production).allow(origin));
            assert!(!origins(Some(""), Environment::Development).allow(origin));
        }
    }
}
