//! A request as a line of URL parameters, lines of headers, an empty line and a body: it is a
//! GraphQL request or an error of modest size, and nobody chooses an address.

#![no_main]

use std::{net::IpAddr, sync::LazyLock};

use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;
use mula::{
    graphql::Documents,
    http::fuzzing::{Headers, from_body, from_parameters},
};

static DOCUMENTS: LazyLock<Documents> = LazyLock::new(Documents::sent);

/// Bytes of a request that an error repeats, at most, with its own text.
const MESSAGE: usize = 2_000;

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after.get(1..).unwrap_or_default();
        (!line.is_empty()).then_some(line)
    };
    let parameters = line().unwrap_or_default();
    let mut headers = Headers::default();
    while let Some(header) = line() {
        let colon = header.iter().position(|byte| *byte == b':');
        let (name, value) = header.split_at(colon.unwrap_or(header.len()));
        headers.add(name, value.get(1..).unwrap_or_default().trim_ascii());
    }
    let body = rest;

    let trusted: Vec<IpNet> = ["10.0.0.0/8", "2001:db8:ffff::/48"]
        .map(|network| network.parse().expect("a network"))
        .into();
    let stranger: IpAddr = [203, 0, 113, 9].into();
    assert_eq!(headers.client(stranger, &trusted), stranger);
    // Only ever one address, in the form that limits are counted by.
    let client = headers.client([10, 0, 0, 1].into(), &trusted);
    assert_eq!(client, client.to_canonical());

    let _ = headers.negotiate();
    let _ = headers.is_json();

    let sent = [
        std::str::from_utf8(parameters)
            .ok()
            .map(|text| from_parameters(text, &DOCUMENTS)),
        Some(from_body(body, &DOCUMENTS)),
    ];
    for request in sent.into_iter().flatten() {
        if let Err(message) = request {
            assert!(message.len() < MESSAGE, "{} bytes of error", message.len());
        }
    }
});
