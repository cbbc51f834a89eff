//! Links to readings, and what they show.

use async_graphql::{Context, Object, SimpleObject};

use super::{
    Advisor,
    reading::{SOURCES, Source},
    states::Engine,
};
use crate::{
    entity::reading,
    graphql::{
        caller::ContextExt,
        limits::{Price, Prices},
        scalar::DateTime,
    },
    reading::Share as Link,
};

/// A link that shows a reading to anyone who has its token.
#[derive(SimpleObject)]
pub(super) struct Share {
    /// The argument of `sharedReading`. It is unguessable.
    token: String,
    /// The time at which the link was made.
    created_at: DateTime,
    /// The time at which the link ends. Null if it does not.
    expires_at: Option<DateTime>,
}

impl From<Link> for Share {
    fn from(link: Link) -> Self {
        Self {
            token: link.token,
            created_at: DateTime(link.created_at),
            expires_at: link.expires_at.map(DateTime),
        }
    }
}

/// A reading as its link shows it.
pub(in crate::graphql) struct SharedReading(pub reading::Model);

impl SharedReading {
    pub(in crate::graphql) const PRICES: Prices = &[("sources", Price::list(SOURCES))];

    fn text<'a>(ctx: &Context<'_>, text: &'a str) -> &'a str {
        if ctx.caller().budget.draw(text.len()) {
            text
        } else {
            ""
        }
    }
}

/// A reading as its link shows it: without the asker's name, note or conversation.
#[Object]
impl SharedReading {
    /// The advisor.
    async fn advisor(&self) -> Advisor {
        self.0.advisor.into()
    }

    /// The question.
    async fn question(&self, ctx: &Context<'_>) -> &str {
        Self::text(ctx, &self.0.question)
    }

    /// The answer, as Markdown without links, images or HTML: paragraphs, emphasis, lists.
    async fn response(&self, ctx: &Context<'_>) -> &str {
        Self::text(ctx, self.0.response.as_deref().unwrap_or_default())
    }

    /// The engine that wrote the answer.
    async fn engine(&self) -> Engine {
        self.0.engine.into()
    }

    /// The cited sources, in the order of their citation marks: mark 1 is the first.
    async fn sources(&self, ctx: &Context<'_>) -> Vec<Source> {
        Source::all(ctx, &self.0.sources)
    }

    /// The time at which the question was asked.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
