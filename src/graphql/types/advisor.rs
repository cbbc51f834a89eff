//! The advisors.

use async_graphql::{Enum, ID, SimpleObject};
use sea_orm::Iterable;
use uuid::Uuid;

use crate::{
    advisor::{Advisors, Persona},
    entity::reading,
    graphql::{
        id::NodeKind,
        limits::{Price, Prices},
    },
};

/// One of the four voices, from West African and diaspora tradition.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reading::Advisor")]
pub(in crate::graphql) enum Advisor {
    /// Keeper of the crossroads: doors, beginnings, communication, choices.
    Legba,
    /// Of the river: love, sweetness, beauty, fertility, abundance.
    Oshun,
    /// Of thunder: justice, power, courage, leadership.
    Shango,
    /// Of the sea: motherhood, protection, grief and healing, home.
    Yemaya,
}

/// An advisor's profile: name, themes, greeting and suggested questions.
#[derive(SimpleObject, Clone)]
pub(in crate::graphql) struct AdvisorProfile {
    /// A globally unique, permanent identifier.
    #[graphql(owned)]
    pub(super) id: ID,
    /// The advisor.
    advisor: Advisor,
    /// The advisor's display name.
    name: String,
    /// A short title, such as the keeper of the crossroads.
    title: String,
    /// The subjects of the advisor.
    domains: Vec<String>,
    /// A greeting in the advisor's voice.
    greeting: String,
    /// Example questions to begin with.
    suggestions: Vec<String>,
}

impl AdvisorProfile {
    pub(in crate::graphql) const PRICES: Prices =
        &[("domains", Price::list(8)), ("suggestions", Price::list(8))];

    /// All four.
    pub(in crate::graphql) fn all(advisors: &Advisors) -> impl Iterator<Item = Self> {
        reading::Advisor::iter().map(|advisor| Self::new(advisor, advisors.persona(advisor)))
    }

    /// The UUID in its id.
    pub(super) fn uuid(&self) -> Uuid {
        uuid(self.advisor.into())
    }

    fn new(advisor: reading::Advisor, persona: &Persona) -> Self {
        Self {
            id: NodeKind::Advisor.id(uuid(advisor)),
            advisor: advisor.into(),
            name: persona.name.clone(),
            title: persona.title.clone(),
            domains: persona.domains.clone(),
            greeting: persona.greeting.clone(),
            suggestions: persona.suggestions.clone(),
        }
    }
}

/// An advisor's number, for good.
fn uuid(advisor: reading::Advisor) -> Uuid {
    Uuid::from_u128(match advisor {
        reading::Advisor::Legba => 1,
        reading::Advisor::Oshun => 2,
        reading::Advisor::Shango => 3,
        reading::Advisor::Yemaya => 4,
    })
}
