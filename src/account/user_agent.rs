//! A short name for a `User-Agent`, for people who look at their sessions. Only a label: nothing is
//! decided by it.

/// Product tokens of browsers, and their names. The first that is found counts: most browsers also
/// name those they are compatible with.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("Mozilla/", "Browser"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
];

/// Characters of a label that is the client's own word.
const MAX: usize = 40;

/// Characters of a `User-Agent` that are kept.
const KEPT: usize = 255;

/// A `User-Agent` as it is stored.
pub(super) fn kept(user_agent: Option<&str>) -> Option<String> {
    user_agent.map(|name| name.chars().take(KEPT).collect())
}

/// "Firefox on Windows", or the first product token of a client that is no browser.
#[must_use]
pub fn label(user_agent: &str) -> Option<String> {
    if let Some(browser) = browser(user_agent) {
        return Some(browser);
    }
    let product = user_agent.split(['/', ' ', '(']).next()?;
    let product: String = product
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX)
        .collect();
    (!product.is_empty()).then_some(product)
}

/// The label of a browser, in no word of the client's.
#[must_use]
pub fn browser(user_agent: &str) -> Option<String> {
    let find = |words: &[(&str, &'static str)]| {
        let found = words.iter().find(|(word, _)| user_agent.contains(word));
        found.map(|(_, name)| *name)
    };
    let browser = find(&BROWSERS)?;
    Some(match find(&SYSTEMS) {
        Some(system) => format!("{browser} on {system}"),
        None => browser.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn clients_have_names_that_people_know() {
        for (user_agent, name) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                Some("Firefox on Windows"),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                Some("Edge on Mac"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                Some("Safari on iPhone"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                Some("Chrome on Android"),
            ),
            ("curl/8.14.1", Some("curl")),
            ("mula-tests/1", Some("mula-tests")),
            ("", None),
            ("/", None),
        ] {
            assert_eq!(label(user_agent).as_deref(), name, "{user_agent}");
        }
    }
}
