//! The advisors.

use async_graphql::{Enum, SimpleObject};

use crate::{advisor::Persona, entity::reading};

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

/// Who an advisor is, for showing the four to choose from.
#[derive(SimpleObject)]
pub(in crate::graphql) struct AdvisorProfile {
    /// The advisor to ask.
    advisor: Advisor,
    /// The advisor's name, for people.
    name: String,
    /// What the advisor is known as.
    title: String,
    /// What the advisor is asked about.
    domains: Vec<String>,
    /// How the advisor greets those who come.
    greeting: String,
    /// Questions one could begin with.
    suggestions: Vec<String>,
}

impl AdvisorProfile {
    pub(in crate::graphql) fn new(advisor: reading::Advisor, persona: &Persona) -> Self {
        Self {
            advisor: advisor.into(),
            name: persona.name.clone(),
            title: persona.title.clone(),
            domains: persona.domains.clone(),
            greeting: persona.greeting.clone(),
            suggestions: persona.suggestions.clone(),
        }
    }
}
