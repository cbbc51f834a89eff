//! What becomes of a field that fails (<https://spec.graphql.org/draft/#sec-Handling-Execution-Errors>):
//! null where it may be, else its parent in its place, up to the whole answer. The library just
//! leaves the field out.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use async_graphql::{
    Response, ServerError, ServerResult, Value,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo,
    },
};

pub(super) struct Nulls;

impl ExtensionFactory for Nulls {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Request::default())
    }
}

/// What failed in one request.
#[derive(Default)]
struct Request {
    /// Whether anything did: nearly always nothing, and then nothing is looked at.
    failed: AtomicBool,
    state: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    /// Of fields that are null for it.
    errors: Vec<ServerError>,
    /// The paths of what cannot stand because a part of it that may not be null is missing.
    broken: Vec<Vec<String>>,
}

impl Request {
    fn with<T>(&self, work: impl FnOnce(&mut Failures) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait::async_trait]
impl Extension for Request {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(ctx, operation_name).await;
        if self.failed.swap(false, Ordering::Relaxed) {
            let failures = self.with(std::mem::take);
            response.errors.extend(failures.errors);
            if failures.broken.iter().any(Vec::is_empty) {
                response.data = Value::Null;
            }
        }
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let nullable = !info.return_type.ends_with('!');
        let path_node = info.path_node;
        let resolved = next.run(ctx, info).await;
        if resolved.is_ok() && !self.failed.load(Ordering::Relaxed) {
            return resolved;
        }
        let mut path = path_node.to_string_vec();
        self.with(|failures| {
            let broken = failures.broken.contains(&path);
            match (&resolved, nullable) {
                (Ok(_), _) if !broken => return resolved,
                (_, true) => {}
                (_, false) => {
                    path.pop();
                    failures.broken.push(path);
                }
            }
            self.failed.store(true, Ordering::Relaxed);
            failures.errors.extend(resolved.err());
            Ok(Some(Value::Null))
        })
    }
}
