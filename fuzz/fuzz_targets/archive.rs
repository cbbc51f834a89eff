//! A line of an export: what is taken is exported again as a line that is taken, and is the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mula::archive::fuzzing::read;

fuzz_target!(|data: &[u8]| {
    if let Some(line) = read(data) {
        let written = serde_json::to_vec(&line).expect("a line is JSON");
        assert_eq!(read(&written), Some(line));
    }
});
