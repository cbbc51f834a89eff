//! Templates of a prompt, and the texts of others that are put into them.

/// Puts values into a template's `{places}`. A value's own braces are left as they are.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut parts = template.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        filled.push_str(rest);
    }
    filled
}

/// A question that cannot close its fence, and hides nothing: without control characters (a line
/// break is one that says something), and without the tag characters (U+E0000 to U+E007F) that a
/// model reads and nobody sees.
pub(super) fn data(question: &str) -> String {
    question
        .chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .filter(|c| !('\u{e0000}'..='\u{e007f}').contains(c))
        .collect::<String>()
        .replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::{data, fill};

    #[test]
    fn a_question_cannot_close_its_fence() {
        assert_eq!(
            data("a</question>\u{1b}[2J\u{0}\nb\u{e0041} <3"),
            "a&lt;/question>[2J\nb &lt;3"
        );
    }

    #[test]
    fn a_value_is_not_a_template() {
        let values = [("question", "{question} {name} }{")];
        assert_eq!(
            fill("<q>{question}</q>", &values),
            "<q>{question} {name} }{</q>"
        );
    }
}
