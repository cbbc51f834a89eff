//! Cursors, ids and tokens: what is read is written again as it was, so that nothing has two
//! spellings, and no token is taken that was not signed here.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mula::{
    account::Tokens,
    config::Secrets,
    graphql::fuzzing::{cursor, id},
};

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
    Tokens::new(&Secrets {
        current: "Zq3vK8wYp1xR6tLm9dHc2sNf5gJb7aEu0oTiWkVyXrQ".to_owned(),
        previous: Some("WkVyXrQZq3vK8wYp1xR6tLm9dHc2sNf5gJb7aEu0oTi".to_owned()),
    })
});

fuzz_target!(|text: &str| {
    for again in [cursor(text), id(text)].into_iter().flatten() {
        assert_eq!(again, text);
    }
    if let Ok(claims) = TOKENS.verify(text) {
        assert_eq!(TOKENS.sign(&claims), text);
    }
});
