//! A provider's stream in either dialect: wherever it is split, the same events result.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mula::{advisor::model::fuzzing::Reader, config::Dialect};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
});

static READERS: LazyLock<[Reader; 2]> =
    LazyLock::new(|| [Dialect::Chat, Dialect::Responses].map(Reader::new));

// The library is read first: it takes longer than an input may.
fuzz_target!(init: { LazyLock::force(&READERS); }, |data: &[u8]| {
    // Sizes that depend on what is split, and on nothing else.
    let sum = data.iter().fold(7_usize, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add((*byte).into())
    });
    for reader in &*READERS {
        let read = |media_type, size: usize| {
            let pieces: Vec<_> = data.chunks(size.max(1)).map(<[u8]>::to_vec).collect();
            RUNTIME.block_on(reader.read(media_type, pieces))
        };
        let whole = read("text/event-stream", data.len());
        for size in [1, 2 + sum % 7, 9 + sum % 90] {
            assert_eq!(
                read("text/event-stream", size),
                whole,
                "in pieces of {size}"
            );
        }
        // The same bytes as an answer that is not streamed.
        assert_eq!(
            read("application/json", 1 + sum % 50),
            read("application/json", data.len())
        );
    }
});
