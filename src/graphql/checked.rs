//! The schema, and documents that may be executed on it: each is parsed and validated once, and
//! remembered for the requests that bring it again.
//!
//! There are two of the library's schemas. One validates by all its rules and executes nothing;
//! the other executes what the first has let through. It has no extension and validates next to
//! nothing: the library takes a longer way to every field and every item of a list if there is
//! any extension at all.

use std::{
    any::TypeId,
    num::NonZeroUsize,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use async_graphql::{
    Name, Request, Response, SchemaEnv, ServerError, ServerResult, ValidationMode,
    ValidationResult, Value, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextValidation,
    },
    parser::types::{BaseType, ExecutableDocument, OperationDefinition, Type},
    registry::Registry,
};
use futures_util::FutureExt;
use lru::LruCache;

use super::{ApiError, Builder, ErrorCode, Services, Types, rules};
use crate::config::Limits;

/// Documents that are remembered, at most, and the bytes of their texts together: a parsed one is
/// some fifty times as large as its text.
const KEPT: NonZeroUsize = NonZeroUsize::new(500).expect("more than none");
const KEPT_BYTES: usize = 256 * 1024;

/// Levels of fields; [`super::bounds`] lets fewer through.
const DEPTH: usize = 64;

/// The whole API, ready to execute. Clones share what is remembered.
#[derive(Clone)]
pub struct Schema {
    validating: Types,
    pub(super) executing: Types,
    pub(super) env: SchemaEnv,
    rules: rules::Rules,
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    by_text: LruCache<Box<str>, Arc<Checked>>,
    bytes: usize,
}

/// A document that fits the schema and the bounds; what its variables are is another question.
pub struct Checked(ExecutableDocument);

/// Put into a request whose document has been checked already.
pub(super) struct IsChecked(pub Arc<Checked>);

/// An admitted request: its document, operation and conditions.
pub(super) struct Admitted {
    pub(super) checked: Arc<Checked>,
    /// The variables that `@skip` and `@include` may depend on.
    pub(super) conditions: Variables,
    pub(super) is_expensive: bool,
    name: Option<String>,
}

impl Admitted {
    pub(super) fn document(&self) -> &ExecutableDocument {
        &self.checked.0
    }

    /// None if it is not clear which is meant, which execution will say.
    pub(super) fn operation(&self) -> Option<&OperationDefinition> {
        rules::operation(&self.checked.0, self.name.as_deref())
    }
}

impl Schema {
    /// Without `introspection` nobody is told of the schema, nor are errors of names it could have
    /// been.
    #[must_use]
    pub fn new(services: Services, introspection: bool) -> Self {
        Self::with(services.limits, introspection, |executing| {
            executing.data(services)
        })
    }

    /// With whatever resolvers are to find in their context.
    pub(super) fn with(
        limits: Limits,
        introspection: bool,
        data: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let rules = rules::Rules {
            limits,
            introspection,
        };
        let builder = || {
            let builder = super::builder();
            if introspection {
                builder
            } else {
                builder.disable_introspection().disable_suggestions()
            }
        };
        let env = Arc::new(OnceLock::new());
        let validating = builder().extension(Validate(env.clone())).finish();
        let executing = data(builder())
            .validation_mode(ValidationMode::Fast)
            .limit_recursive_depth(DEPTH)
            .finish();
        // The library shows what it knows of the types to extensions alone.
        validating.execute("{ __typename }").now_or_never();
        Self {
            validating,
            executing,
            env: env.get().cloned().expect("an extension has seen it"),
            rules,
            kept: Arc::new(Mutex::new(Kept {
                by_text: LruCache::new(KEPT),
                bytes: 0,
            })),
        }
    }

    /// Checks a document, or finds that it was.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) async fn check(&self, text: &str) -> Result<Arc<Checked>, Vec<ServerError>> {
        if let Some(known) = self.kept().by_text.get(text) {
            return Ok(known.clone());
        }
        let document = self.rules.parse(text)?;
        known_types(&document, &self.env.registry)?;
        let checked = Arc::new(Checked(document));
        self.validate(&checked, Variables::default()).await?;
        self.kept().keep(text, &checked);
        Ok(checked)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// By all rules of the library.
    pub(super) async fn validate(
        &self,
        checked: &Arc<Checked>,
        variables: Variables,
    ) -> Result<(), Vec<ServerError>> {
        let mut request = Request::new("")
            .variables(variables)
            .data(IsChecked(checked.clone()));
        // Any will do: all of them are looked at.
        let name = checked.0.operations.iter().find_map(|(name, _)| name);
        request.operation_name = name.map(ToString::to_string);
        let errors = self.validating.execute(request).await.errors;
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    /// Checks all that is to be checked before execution, and puts the parsed document into the
    /// request.
    pub(super) async fn admit(
        &self,
        request: &mut Request,
        queries_only: bool,
    ) -> Result<Admitted, Vec<ServerError>> {
        rules::check_variables(&request.variables)?;
        let given = request.data.get(&TypeId::of::<IsChecked>());
        let checked = match given.and_then(|given| given.downcast_ref()) {
            Some(IsChecked(checked)) => checked.clone(),
            None => self.check(&request.query).await?,
        };
        let name = request.operation_name.clone();
        let mut is_expensive = false;
        if let Some(operation) = rules::operation(&checked.0, name.as_deref()) {
            is_expensive = self.rules.admit(
                &checked.0,
                operation,
                &request.variables,
                &self.env.registry,
                queries_only,
            )?;
            if !rules::fit(operation, &request.variables, &self.env.registry) {
                self.validate(&checked, request.variables.clone()).await?;
            }
            // Kept for as long as the operation is executed, which may be for days.
            let declared = &operation.variable_definitions;
            let is_declared = |name: &Name| {
                declared
                    .iter()
                    .any(|variable| variable.node.name.node == *name)
            };
            request.variables.retain(|name, _| is_declared(name));
            // The library skips and includes fields as if a variable had no default.
            for variable in declared {
                let name = &variable.node.name.node;
                if let Some(default) = &variable.node.default_value
                    && matches!(default.node, Value::Boolean(_))
                    && !request.variables.contains_key(name)
                {
                    request.variables.insert(name.clone(), default.node.clone());
                }
            }
        }
        let mut conditions = Variables::default();
        for (name, value) in request.variables.iter() {
            if matches!(value, Value::Boolean(_)) {
                conditions.insert(name.clone(), value.clone());
            }
        }
        request.query = String::new();
        request.set_parsed_query(checked.0.clone());
        Ok(Admitted {
            checked,
            conditions,
            is_expensive,
            name,
        })
    }
}

/// Whether every variable's type is one of the schema's: the library takes that of a default value
/// in a list for granted, and panics.
fn known_types(document: &ExecutableDocument, registry: &Registry) -> ServerResult<()> {
    fn name(ty: &Type) -> &str {
        match &ty.base {
            BaseType::Named(name) => name,
            BaseType::List(items) => name(items),
        }
    }
    let operations = document.operations.iter();
    let variables = operations.flat_map(|(_, operation)| &operation.node.variable_definitions);
    for variable in variables {
        let ty = &variable.node.var_type;
        let name = name(&ty.node);
        if !registry.types.contains_key(name) {
            let message = format!("Unknown type \"{name}\"");
            let error = ApiError::new(ErrorCode::GraphqlValidationFailed, message);
            return Err(error.into_server_error(vec![ty.pos]));
        }
    }
    Ok(())
}

impl Kept {
    fn keep(&mut self, text: &str, checked: &Arc<Checked>) {
        let forgotten = self.by_text.push(text.into(), checked.clone());
        self.bytes += text.len();
        self.bytes -= forgotten.map_or(0, |(text, _)| text.len());
        while self.bytes > KEPT_BYTES
            && let Some((text, _)) = self.by_text.pop_lru()
        {
            self.bytes -= text.len();
        }
    }
}

/// Has the library validate, and nothing else.
struct Validate(Arc<OnceLock<SchemaEnv>>);

impl ExtensionFactory for Validate {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(self.0.clone()))
    }
}

#[async_trait::async_trait]
impl Extension for Validate {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        self.0.get_or_init(|| ctx.schema_env.clone());
        match ctx.data() {
            Ok(IsChecked(checked)) => Ok(checked.0.clone()),
            Err(_) => next.run(ctx, query, variables).await,
        }
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.map_err(rules::validation_errors)
    }

    async fn execute(
        &self,
        _: &ExtensionContext<'_>,
        _: Option<&str>,
        _: NextExecute<'_>,
    ) -> Response {
        Response::new(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_brought_last_is_kept_within_bounds() {
        let mut kept = Kept {
            by_text: LruCache::new(KEPT),
            bytes: 0,
        };
        let checked = || {
            let document = async_graphql::parser::parse_query("{ a }").unwrap();
            Arc::new(Checked(document))
        };
        for n in 0..600 {
            kept.keep(&format!("{{ a{n:03} }}"), &checked());
        }
        assert_eq!(kept.by_text.len(), KEPT.get());
        assert!(kept.by_text.contains("{ a599 }") && !kept.by_text.contains("{ a099 }"));
        assert_eq!(kept.bytes, KEPT.get() * "{ a000 }".len());

        for n in 0..10 {
            kept.keep(&format!("{n}{}", "x".repeat(60_000)), &checked());
        }
        assert_eq!(kept.by_text.len(), 4);
        assert_eq!(kept.bytes, 4 * 60_001);
    }
}
