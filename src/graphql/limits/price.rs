//! The price of a field: how many rows it stands for, and how many statements it has the database
//! execute. Each type has the prices of its fields beside its resolvers; a field without one costs
//! 1 and no statement.

use crate::graphql::{connection, error::ErrorExtensions, mutation, query, subscription, types};

/// The price of a field, beside 1 for its own value.
#[derive(Clone, Copy, Debug)]
pub(in crate::graphql) struct Price {
    /// How often the field's selections are resolved.
    pub(super) times: Times,
    /// Statements, once for each time that the field is resolved.
    pub(super) queries: usize,
    /// Statements, once for each place in the document: those of a page share them.
    pub(super) shared: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Times {
    Once,
    /// As often as a list may have items.
    UpTo(usize),
    /// Once, and their connection's items as often as the arguments ask for.
    Page,
    /// As often as a page has items.
    Items,
    /// As often as there are ids in the argument `ids`.
    Ids,
}

/// A field of a type, and its price.
pub(in crate::graphql) type Prices = &'static [(&'static str, Price)];

impl Price {
    const FREE: Self = Self {
        times: Times::Once,
        queries: 0,
        shared: 0,
    };

    /// A field that has the database execute so many statements.
    pub(in crate::graphql) const fn queries(queries: usize) -> Self {
        Self {
            queries,
            ..Self::FREE
        }
    }

    /// A list of at most so many items, known without asking the database.
    pub(in crate::graphql) const fn list(most: usize) -> Self {
        Self {
            times: Times::UpTo(most),
            ..Self::FREE
        }
    }

    /// A list of at most so many rows.
    pub(in crate::graphql) const fn rows(most: usize) -> Self {
        Self {
            queries: 1,
            ..Self::list(most)
        }
    }

    /// A row, fetched for all objects of a page in one statement.
    pub(in crate::graphql) const SHARED: Self = Self {
        shared: 1,
        ..Self::FREE
    };

    /// A list of at most so many rows, fetched for all objects of a page in one statement.
    pub(in crate::graphql) const fn shared_rows(most: usize) -> Self {
        Self {
            shared: 1,
            ..Self::list(most)
        }
    }

    /// A connection of as many rows as `first` or `last` ask for.
    pub(in crate::graphql) const PAGE: Self = Self {
        times: Times::Page,
        ..Self::queries(1)
    };

    /// The edges or nodes of a connection.
    pub(in crate::graphql) const ITEMS: Self = Self {
        times: Times::Items,
        ..Self::FREE
    };

    /// Objects by their ids: one statement for sessions, one for readings, one for generations, one
    /// for events, two for the usage.
    pub(in crate::graphql) const IDS: Self = Self {
        times: Times::Ids,
        ..Self::queries(6)
    };
}

/// The price of a type's field.
pub(super) fn price(on: &str, field: &str) -> Price {
    let prices = match on {
        "Query" => query::PRICES,
        "Mutation" => mutation::PRICES,
        "Subscription" => subscription::PRICES,
        "User" => types::User::PRICES,
        "Reading" => types::Reading::PRICES,
        "SharedReading" => types::SharedReading::PRICES,
        "Generation" => types::Generation::PRICES,
        "AdvisorProfile" => types::AdvisorProfile::PRICES,
        "ErrorExtensions" => ErrorExtensions::PRICES,
        "ReadingConnection" | "AccountEventConnection" => connection::PRICES,
        _ => return Price::FREE,
    };
    let mut prices = prices.iter();
    prices
        .find(|(name, _)| *name == field)
        .map_or(Price::FREE, |(_, price)| *price)
}

#[cfg(test)]
mod tests {
    use async_graphql::registry::{MetaType, MetaTypeName};

    use super::price;
    use crate::{config::InputLimits, graphql::Schema};

    /// A new list has to declare its greatest length.
    #[test]
    fn every_list_of_the_schema_has_a_price() {
        let limits = InputLimits {
            page_size: 20,
            page_size_max: 100,
            question_min: 5,
            question_max: 500,
        };
        let schema = Schema::with(limits, true, |nothing| nothing);
        let mut lists = 0;
        for (on, ty) in &schema.env.registry.types {
            let MetaType::Object { fields, .. } = ty else {
                continue;
            };
            if on.starts_with("__") {
                continue;
            }
            for (name, field) in fields {
                let is_list = |ty: &str| match MetaTypeName::create(ty) {
                    MetaTypeName::List(_) => true,
                    MetaTypeName::NonNull(ty) => ty.starts_with('['),
                    MetaTypeName::Named(name) => name.ends_with("Connection"),
                };
                if is_list(&field.ty) && !name.starts_with("__") {
                    lists += 1;
                    let times = price(on, name).times;
                    assert!(
                        !matches!(times, super::Times::Once),
                        "{on}.{name}: {}",
                        field.ty
                    );
                }
            }
        }
        assert!(lists > 8, "{lists}");
    }
}
