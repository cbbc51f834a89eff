//! Properties of a running server: one server and its database for all cases.

use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestRunner},
};

/// Runs a property on another thread, while this one goes on serving.
pub async fn for_all<S: Strategy<Value: Send> + Send + 'static>(
    cases: u32,
    strategy: S,
    property: impl AsyncFn(S::Value) + Send + 'static,
) {
    let runtime = tokio::runtime::Handle::current();
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    tokio::task::spawn_blocking(move || {
        let result = TestRunner::new(config).run(&strategy, |case| {
            runtime.block_on(property(case));
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    })
    .await
    .unwrap();
}
