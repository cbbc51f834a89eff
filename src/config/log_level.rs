//! Log levels and filters.

use tracing_subscriber::EnvFilter;

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// Names of levels in other logging systems, and the level to write.
const ELSEWHERE: [(&str, &str); 6] = [
    ("warning", "warn"),
    ("critical", "error"),
    ("fatal", "error"),
    ("err", "error"),
    ("notice", "info"),
    ("verbose", "debug"),
];

/// Checks a level, or a filter of `target=level` pairs with at most a level of its own. The library
/// takes any other word for a target whose lines it then lets through alone.
///
/// # Errors
///
/// What to write instead.
pub(super) fn check(text: &str) -> Result<(), String> {
    for part in text.split(',').map(str::trim) {
        let is_level = LEVELS.iter().any(|level| part.eq_ignore_ascii_case(level));
        if is_level || part.contains('=') {
            continue;
        }
        let meant = ELSEWHERE
            .iter()
            .find(|(word, _)| part.eq_ignore_ascii_case(word));
        return Err(match meant {
            Some((_, level)) => format!("write {level}"),
            None => format!(
                "write one of {}, or a filter such as info,mula=debug",
                LEVELS.join(", ")
            ),
        });
    }
    let parsed = EnvFilter::builder().parse(text);
    parsed.map_err(|error| format!("{error}; write for example info,mula=debug"))?;
    Ok(())
}
