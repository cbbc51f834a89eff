//! Settings of client addresses and rate limits.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use clap::Args;
use ipnet::IpNet;

use super::parser::Parser;

/// As they were written.
#[derive(Args, Clone, Debug)]
pub struct RawClients {
    /// Proxies whose word on a client's address is taken: addresses or networks, separated by commas
    #[arg(long, env, default_value = "none")]
    pub trusted_proxies: String,
    /// Passwords that may be tried from one address in a time; off for any number
    #[arg(long, env, default_value = "60/10m")]
    pub login_rate: String,
    /// Accounts that may be made, and mail that may be asked for, from one address in a time; off for any number
    #[arg(long, env, default_value = "30/1h")]
    pub register_rate: String,
    /// Questions that one account may ask in a time; off for any number
    #[arg(long, env, default_value = "10/1m")]
    pub ask_rate: String,
}

/// So many in so long: all of them at once if need be, and then one as often as that comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub count: NonZeroU32,
    pub per: Duration,
}

/// Trusted proxies, by which clients' addresses are found, and rate limits. None: no limit.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    pub trusted_proxies: Vec<IpNet>,
    pub login: Option<Rate>,
    pub register: Option<Rate>,
    pub ask: Option<Rate>,
}

impl Parser {
    pub(super) fn clients(&mut self, given: &RawClients) -> ClientSettings {
        ClientSettings {
            trusted_proxies: self.networks("TRUSTED_PROXIES", &given.trusted_proxies),
            login: self.rate("LOGIN_RATE", &given.login_rate),
            register: self.rate("REGISTER_RATE", &given.register_rate),
            ask: self.rate("ASK_RATE", &given.ask_rate),
        }
    }

    fn networks(&mut self, name: &str, value: &str) -> Vec<IpNet> {
        if value.trim().eq_ignore_ascii_case("none") {
            return Vec::new();
        }
        let networks: Option<_> = value
            .split(',')
            .map(str::trim)
            .filter(|network| !network.is_empty())
            .map(|network| {
                let address = network.parse::<IpAddr>().map(IpNet::from);
                address.ok().or_else(|| network.parse().ok())
            })
            .collect();
        networks.unwrap_or_else(|| {
            let write =
                "write addresses or networks such as 10.0.0.7,172.16.0.0/12,fd00::/8, or none";
            self.reject(name, value, write);
            Vec::new()
        })
    }

    fn rate(&mut self, name: &str, value: &str) -> Option<Rate> {
        if value.trim().eq_ignore_ascii_case("off") {
            return None;
        }
        let rate = parse_rate(value);
        if rate.is_none() {
            let write = "write a number from 1 to 1000000 and a time from 1s to 1day, such as 60/10m, \
                         or off";
            self.reject(name, value, write);
        }
        rate
    }
}

fn parse_rate(text: &str) -> Option<Rate> {
    let (count, per) = text.split_once('/')?;
    let count: NonZeroU32 = count.trim().parse().ok()?;
    let per = humantime::parse_duration(per.trim()).ok()?;
    let good = count.get() <= 1_000_000
        && (Duration::from_secs(1)..=Duration::from_hours(24)).contains(&per);
    good.then_some(Rate { count, per })
}
