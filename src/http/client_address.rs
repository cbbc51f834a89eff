//! The client's address: the connection's peer, or the address that a trusted proxy names.
//!
//! Proxies append the address they were asked from to `Forwarded` (RFC 7239) or
//! `X-Forwarded-For`. Only what a trusted proxy appended is worth anything: what stands before it
//! the client may have written itself.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address, for handlers.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddress(pub IpAddr);

/// The address of the client, as far as the trusted proxies can vouch for it.
///
/// Goes from hop to hop, last one first, for as long as they are trusted. Where a trusted proxy
/// gives no readable address, that proxy is the client. So it is when both headers are there
/// and do not agree: most proxies write one of them and pass on the other as the client sent it.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let walk = |hops: Vec<Option<IpAddr>>| {
        let mut hops = hops.into_iter().rev();
        let mut at = peer;
        while trusted.iter().any(|network| network.contains(&at)) {
            match hops.next() {
                Some(Some(before)) => at = before.to_canonical(),
                Some(None) | None => break,
            }
        }
        at
    };
    let by = |name: HeaderName, read: fn(&str) -> Option<IpAddr>| {
        headers.contains_key(&name).then(|| {
            let values = headers.get_all(&name).iter();
            // What is not text is one hop that cannot be read.
            let hops = values.flat_map(|value| match value.to_str() {
                Ok(text) => split(text).map(read).collect(),
                Err(_) => vec![None],
            });
            walk(hops.collect())
        })
    };
    match (by(header::FORWARDED, forwarded), by(X_FORWARDED_FOR, bare)) {
        (Some(one), Some(other)) if one != other => peer,
        (Some(client), _) | (None, Some(client)) => client,
        (None, None) => peer,
    }
}

/// The elements of a list (RFC 9110, section 5.6.1), of which quoted strings may hold commas.
fn split(list: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    list.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
    .map(str::trim)
    .filter(|element| !element.is_empty())
}

/// The node of `for=` (RFC 7239, section 4), if it is an address.
fn forwarded(element: &str) -> Option<IpAddr> {
    let mut nodes = element.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| value.trim())
    });
    let (node, None) = (nodes.next()?, nodes.next()) else {
        return None;
    };
    let unquoted = node
        .strip_prefix('"')
        .and_then(|node| node.strip_suffix('"'));
    bare(unquoted.unwrap_or(node))
}

/// An address, with or without a port.
fn bare(node: &str) -> Option<IpAddr> {
    let address = node.parse().ok();
    let with_port = || node.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let in_brackets = || {
        let node = node.strip_prefix('[')?.strip_suffix(']')?;
        node.parse::<Ipv6Addr>().ok().map(IpAddr::from)
    };
    address.or_else(with_port).or_else(in_brackets)
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, HeaderName, IpAddr, IpNet, client_address};

    const PROXY: &str = "10.0.0.1";

    fn address(peer: &str, headers: &[(&str, &str)]) -> String {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"]
            .map(|network| network.parse().unwrap())
            .into();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, value.parse().unwrap());
        }
        let peer: IpAddr = peer.parse().unwrap();
        client_address(peer, &map, &trusted).to_string()
    }

    #[test]
    fn who_is_no_trusted_proxy_speaks_for_itself() {
        for peer in ["203.0.113.9", "2001:db8::9", "192.0.2.8"] {
            for header in [
                ("x-forwarded-for", "198.51.100.1"),
                ("forwarded", "for=198.51.100.1"),
            ] {
                assert_eq!(address(peer, &[header]), peer);
            }
        }
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_before_it() {
        for (value, client) in [
            ("198.51.100.1", "198.51.100.1"),
            ("1.1.1.1, 198.51.100.1", "198.51.100.1"),
            ("1.1.1.1,198.51.100.1 , 10.9.9.9,192.0.2.7", "198.51.100.1"),
            ("198.51.100.1:4711", "198.51.100.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
            // All of them are ours: the first one is where it began.
            ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ] {
            assert_eq!(
                address(PROXY, &[("x-forwarded-for", value)]),
                client,
                "{value}"
            );
        }
        for (value, client) in [
            ("for=198.51.100.1", "198.51.100.1"),
            ("For=\"198.51.100.1:4711\";proto=https", "198.51.100.1"),
            (
                "proto=https;by=10.0.0.1; for=\"[2001:db8::1]:4711\"",
                "2001:db8::1",
            ),
            (
                "for=1.1.1.1, for=198.51.100.1;host=\"a, b\", for=10.9.9.9",
                "198.51.100.1",
            ),
        ] {
            assert_eq!(address(PROXY, &[("forwarded", value)]), client, "{value}");
        }
        // A system that listens on both families at once writes IPv4 like this.
        let header = ("x-forwarded-for", "198.51.100.1");
        assert_eq!(address("::ffff:10.0.0.1", &[header]), "198.51.100.1");
        assert_eq!(address("fd00::1", &[header]), "198.51.100.1");
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-for", "10.9.9.9"),
        ];
        assert_eq!(address(PROXY, &lines), "198.51.100.1");
    }

    #[test]
    fn what_cannot_be_read_ends_the_walk_at_the_last_trusted_hop() {
        assert_eq!(address(PROXY, &[]), PROXY);
        for value in [
            "",
            "unknown",
            "example.com",
            "198.51.100.1, 256.1.1.1",
            "\u{e9}",
        ] {
            assert_eq!(
                address(PROXY, &[("x-forwarded-for", value)]),
                PROXY,
                "{value}"
            );
        }
        let hop = "198.51.100.1, unknown, 10.9.9.9";
        assert_eq!(address(PROXY, &[("x-forwarded-for", hop)]), "10.9.9.9");
        for value in [
            "for=unknown",
            "for=_hidden",
            "for=\"198.51.100.1",
            "by=198.51.100.1",
            "198.51.100.1",
            "for=198.51.100.1;for=198.51.100.2",
        ] {
            assert_eq!(address(PROXY, &[("forwarded", value)]), PROXY, "{value}");
        }
    }

    #[test]
    fn a_header_the_proxy_only_passes_on_gains_nothing() {
        let real = ("x-forwarded-for", "198.51.100.1");
        assert_eq!(address(PROXY, &[real, ("forwarded", "for=1.1.1.1")]), PROXY);
        let same = ("forwarded", "for=198.51.100.1");
        assert_eq!(address(PROXY, &[real, same]), "198.51.100.1");
    }
}
