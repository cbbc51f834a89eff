//! Where Mula listens, or would.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use tokio::net::TcpListener;

use super::{super::health::reachable, Report};

const TIMEOUT: Duration = Duration::from_secs(5);

const ABOUT: &str = "port";

pub(super) async fn check(address: SocketAddr, report: &mut Report) {
    let error = match TcpListener::bind(address).await {
        Ok(_) if address.port() == 0 => return report.ok(ABOUT, "any free one is taken"),
        Ok(_) => return report.ok(ABOUT, format_args!("{address} is free")),
        Err(error) => error,
    };
    if error.kind() != ErrorKind::AddrInUse {
        return report.fail(
            ABOUT,
            format_args!(
                "{address} cannot be listened on ({error}): choose another with HOST and PORT"
            ),
        );
    }
    match running(address).await {
        Some(200) => report.ok(
            ABOUT,
            format_args!("a Mula serves at {address}, and is ready"),
        ),
        Some(_) => report.warn(
            ABOUT,
            format_args!("a Mula runs at {address}, and is not ready; mula health says why"),
        ),
        None => report.fail(
            ABOUT,
            format_args!(
                "another program listens on {address}: stop it, or choose another with PORT"
            ),
        ),
    }
}

/// The status of `/health/ready` of a Mula that already runs at this address.
async fn running(address: SocketAddr) -> Option<u16> {
    // A proxy for the world outside is no way to this machine.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .build()
        .ok()?;
    let url = format!("http://{}/health/ready", reachable(address));
    let answer = client.get(url).send().await.ok()?;
    let status = answer.status().as_u16();
    let body: serde_json::Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
    matches!(body["status"].as_str()?, "ok" | "unavailable").then_some(status)
}
