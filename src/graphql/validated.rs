//! The schema, and a cache of the documents that were validated against it, which are not parsed again.
//!
//! There are two of the library's schemas. One validates by all its rules and executes nothing;
//! the other executes what the first has let through. It has no extension and validates next to
//! nothing: the library takes a longer way to every field and every item of a list if there is
//! any extension at all.

use std::{
    any::TypeId,
    num::NonZeroUsize,
    sync::{Arc, OnceLock},
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
use parking_lot::Mutex;

use super::{ApiError, Builder, ErrorCode, Services, Types, byte_lru::ByteLru, rules};
use crate::config::InputLimits;

/// The most documents in the cache, and the bytes of their texts together: a parsed document is some fifty
/// times as large as its text.
const DOCUMENTS: NonZeroUsize = NonZeroUsize::new(500).expect("more than none");
const DOCUMENTS_BYTES: usize = 256 * 1024;

/// Levels of fields; [`super::limits`] lets fewer through.
const DEPTH: usize = 64;

/// The whole API, ready to execute. Clones share the cache of validated documents.
#[derive(Clone)]
pub struct Schema {
    validating: Types,
    pub(super) executing: Types,
    pub(super) env: SchemaEnv,
    rules: rules::Rules,
    /// By their text.
    documents: Arc<Mutex<ByteLru<Arc<ValidatedDocument>>>>,
}

/// A document that is valid for the schema and within the limits, whatever its variables are.
pub struct ValidatedDocument(ExecutableDocument);

/// Put into a request whose document has been validated already.
pub(super) struct Validated(pub Arc<ValidatedDocument>);

/// An admitted request: its document, operation and conditions.
pub(super) struct Admitted {
    pub(super) checked: Arc<ValidatedDocument>,
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
    /// Without `introspection` neither introspection nor suggestions in errors disclose the schema.
    #[must_use]
    pub fn new(services: Services, introspection: bool) -> Self {
        Self::with(services.limits, introspection, |executing| {
            executing.data(services)
        })
    }

    /// With whatever resolvers are to find in their context.
    pub(super) fn with(
        limits: InputLimits,
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
        // Only extensions have access to the registry of types.
        validating.execute("{ __typename }").now_or_never();
        Self {
            validating,
            executing,
            env: env.get().cloned().expect("an extension has seen it"),
            rules,
            documents: Arc::new(Mutex::new(ByteLru::new(DOCUMENTS, DOCUMENTS_BYTES))),
        }
    }

    /// Validates a document, unless it is in the cache.
    ///
    /// # Errors
    ///
    /// All validation errors.
    pub(super) async fn check(
        &self,
        text: &str,
    ) -> Result<Arc<ValidatedDocument>, Vec<ServerError>> {
        if let Some(known) = self.documents.lock().get(text) {
            return Ok(known.clone());
        }
        let document = self.rules.parse(text)?;
        known_types(&document, &self.env.registry)?;
        let checked = Arc::new(ValidatedDocument(document));
        self.validate(&checked, Variables::default()).await?;
        self.documents.lock().put(text, checked.clone(), text.len());
        Ok(checked)
    }

    /// By all rules of the library.
    pub(super) async fn validate(
        &self,
        checked: &Arc<ValidatedDocument>,
        variables: Variables,
    ) -> Result<(), Vec<ServerError>> {
        let mut request = Request::new("")
            .variables(variables)
            .data(Validated(checked.clone()));
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
        let given = request.data.get(&TypeId::of::<Validated>());
        let checked = match given.and_then(|given| given.downcast_ref()) {
            Some(Validated(checked)) => checked.clone(),
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
            Ok(Validated(checked)) => Ok(checked.0.clone()),
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
