//! Addresses to listen on, also by name.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

const HOST: &str = "write an IP address such as 127.0.0.1, 0.0.0.0 or ::, or a name of this machine \
                    such as localhost";

/// The address of a host: an IP address, also in brackets, or a name.
///
/// # Errors
///
/// What to write instead.
pub(super) fn resolved(text: &str) -> Result<IpAddr, String> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    if let Ok(address) = bare.parse() {
        return Ok(address);
    }
    let is_name = !bare.is_empty()
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    // Digits and dots alone would be a mistyped address.
    if !is_name || !bare.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return Err(HOST.to_owned());
    }
    let found: Vec<_> = (bare, 0)
        .to_socket_addrs()
        .map_err(|error| format!("the name does not resolve ({error}); {HOST}"))?
        .map(|address| address.ip())
        .collect();
    // Of `localhost` the one that everything knows.
    let address = found.iter().find(|ip| ip.is_ipv4()).or(found.first());
    address.copied().ok_or_else(|| HOST.to_owned())
}

/// An address with a port: `127.0.0.1:9090`, `[::]:9090`, `localhost:9090`.
///
/// # Errors
///
/// What to write instead.
pub(super) fn resolved_with_port(text: &str) -> Result<SocketAddr, String> {
    const WRITE: &str = "write an address with a port, such as 127.0.0.1:9090 or [::]:9090";
    let (host, port) = text.trim().rsplit_once(':').ok_or(WRITE)?;
    let port = port.parse().map_err(|_| WRITE)?;
    let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
    if host.is_empty() || is_bare_ipv6 {
        return Err(WRITE.to_owned());
    }
    resolved(host).map(|host| SocketAddr::new(host, port))
}

#[cfg(test)]
mod tests {
    use super::{resolved, resolved_with_port};

    #[test]
    fn hosts_are_addresses_or_names() {
        for (text, address) in [
            ("127.0.0.1", "127.0.0.1"),
            (" 0.0.0.0 ", "0.0.0.0"),
            ("::", "::"),
            ("[::]", "::"),
            ("[::1]", "::1"),
            ("localhost", "127.0.0.1"),
        ] {
            let found = resolved(text).map(|address| address.to_string());
            assert_eq!(found.as_deref(), Ok(address), "{text}");
        }
        for wrong in [
            "",
            "*",
            "127.0.0",
            "256.0.0.1",
            "a b",
            "http://localhost",
            "::1]",
        ] {
            assert!(resolved(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_is_needed_where_there_is_no_other() {
        for (text, address) in [
            ("127.0.0.1:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::]:9090"),
            ("localhost:1", "127.0.0.1:1"),
        ] {
            let found = resolved_with_port(text).map(|address| address.to_string());
            assert_eq!(found.as_deref(), Ok(address), "{text}");
        }
        for wrong in ["9090", ":9090", "::1:9090", "127.0.0.1", "127.0.0.1:x"] {
            assert!(resolved_with_port(wrong).is_err(), "{wrong}");
        }
    }
}
