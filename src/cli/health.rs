//! `mula health`: for container health checks, where there is no curl.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use super::Error;
use crate::error::root_cause;

/// Longer than the server waits for its database by default: its own reason is the better one.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// URL to request, over http; by default /health/ready at HOST and PORT
    #[arg(long)]
    url: Option<String>,
}

pub async fn run(arguments: Arguments, server: SocketAddr) -> Result<(), Error> {
    let url = arguments
        .url
        .unwrap_or_else(|| format!("http://{}/health/ready", reachable(server)));
    let unhealthy = |why: String| Error::Unhealthy(format!("{url} {why}"));
    // A proxy for the world outside is no way to this machine.
    let client = reqwest::Client::builder()
        .no_proxy()
        // Nothing is encrypted, and a container may have no certificates to load.
        .tls_certs_only([])
        .timeout(TIMEOUT)
        .build();
    let answer = match client {
        Ok(client) => client.get(&url).send().await,
        Err(error) => Err(error),
    };
    let answer =
        answer.map_err(|error| unhealthy(format!("does not answer: {}", root_cause(&error))))?;
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    if !status.is_success() {
        return Err(unhealthy(format!("answers {status}: {}", text.trim())));
    }
    writeln!(io::stdout(), "{url} is ready")?;
    Ok(())
}

/// Where a server that listens on all addresses is found from its own machine.
pub(super) fn reachable(server: SocketAddr) -> SocketAddr {
    let host = match server.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(host, server.port())
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn all_addresses_are_asked_at_this_one() {
        let asked = |listens: &str| reachable(listens.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(asked("[::]:80"), "[::1]:80");
        assert_eq!(asked("192.0.2.1:80"), "192.0.2.1:80");
    }
}
