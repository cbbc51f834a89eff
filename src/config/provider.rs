//! Providers whose key alone is enough, and addresses as people write them.

use super::model::Dialect;

/// Defaults for a provider that needs nothing but its key. Each can be overridden, since its
/// service may change.
pub(super) struct Provider {
    pub base_url: &'static str,
    pub path: &'static str,
    pub name: &'static str,
}

pub(super) const PERPLEXITY: Provider = Provider {
    base_url: "https://api.perplexity.ai/v1",
    path: "agent",
    name: "perplexity/sonar",
};

pub(super) const OPENAI: Provider = Provider {
    base_url: "https://api.openai.com/v1",
    path: "responses",
    name: "gpt-4.1-mini",
};

/// A base without the path of a dialect, if it has one.
pub(super) fn without_path(url: &str) -> (String, Option<Dialect>) {
    let url = url.trim_end_matches('/');
    [
        ("/chat/completions", Dialect::Chat),
        ("/responses", Dialect::Responses),
    ]
    .into_iter()
    .find_map(|(path, dialect)| Some((url.strip_suffix(path)?.to_owned(), Some(dialect))))
    .unwrap_or_else(|| (url.to_owned(), None))
}
