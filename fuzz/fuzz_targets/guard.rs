//! A document, its variables and the operation's name, with lines of `---` between them: whatever
//! they are, the guard neither panics nor fills a small stack, and is done soon.

#![no_main]

use std::{sync::LazyLock, thread, time::Duration};

use libfuzzer_sys::{Corpus, fuzz_target};
use mula::graphql::fuzzing::Guard;
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

static GUARD: LazyLock<Guard> = LazyLock::new(Guard::default);

/// The stack size of tokio's threads.
const STACK: usize = 2 * 1024 * 1024;

/// Ten times what a refusal may cost, for a build that counts every branch and is hardly optimised.
const LONGEST: Duration = Duration::from_millis(150);

/// Of an answer, bytes at most: what was sent is not sent back many times.
const ANSWER: usize = 100_000;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else {
        return Corpus::Reject;
    };
    let mut parts = text.split("\n---\n");
    let document = parts.next().unwrap_or_default();
    let variables = match parts.next().map(serde_json::from_str) {
        None => Value::Null,
        Some(Ok(variables @ Value::Object(_))) => variables,
        Some(_) => return Corpus::Reject,
    };
    let name = parts.next();
    let check = || {
        let _ = &*GUARD;
        let before = processor_time();
        let checked = futures_executor::block_on(GUARD.check(document, name, variables));
        (checked, processor_time() - before)
    };
    let checked = thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, check).expect("a thread").join()
    });
    let (checked, taken) = checked.expect("no panic");
    assert!(taken < LONGEST, "{taken:?}");
    if let Err(errors) = checked {
        assert!((1..=20).contains(&errors.len()), "{} errors", errors.len());
        let answer = serde_json::to_string(&errors).expect("errors are JSON");
        assert!(answer.len() < ANSWER, "an answer of {} bytes", answer.len());
        for error in errors {
            let code = error.extensions.as_ref().and_then(|all| all.get("code"));
            let code = code.map(ToString::to_string).unwrap_or_default();
            assert_ne!(code, "\"INTERNAL_SERVER_ERROR\"", "{error:?}");
            assert!(!code.is_empty(), "{error:?}");
        }
    }
    Corpus::Keep
});

/// Of this thread.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("time goes forwards")
}
