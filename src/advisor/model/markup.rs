//! Markup that an answer must not have. Links keep their text and lose their address, images and HTML
//! go, and citations in every form in use are read.

/// Characters of a citation between its brackets, at most.
const CITATION: usize = 28;
/// Bytes of the text of a link, of an address, and of a tag, at most.
const TEXT: usize = 300;
const ADDRESS: usize = 2_000;
const TAG: usize = 500;

/// Words that models put before the number of a passage.
const WORDS: [&str; 8] = [
    "passages",
    "passage",
    "sources",
    "source",
    "references",
    "reference",
    "ref.",
    "ref",
];

/// Elements whose content is not text.
const HIDDEN: [&str; 4] = ["script", "style", "iframe", "svg"];

/// An item that begins with a special character.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// So many bytes cite from one passage to another; 0 for one that is not ours.
    Citation {
        length: usize,
        numbers: Vec<(usize, usize)>,
    },
    /// So many bytes stand for this text.
    Text { length: usize, text: String },
    /// So many bytes stand for nothing, with one of the spaces around them.
    Gone { length: usize },
    /// Nothing special.
    Other,
    /// More has to come to tell.
    Open,
}

/// Whether anything special can begin with a character.
pub(super) fn is_special(c: char) -> bool {
    matches!(c, '[' | '【' | '［' | '(' | '<' | '!' | 'h' | 'H')
}

/// Reads a text that begins with a special character and comes after another.
pub(super) fn read(text: &str, before: Option<char>) -> Item {
    match text.chars().next() {
        Some('[') => bracket(text, before),
        Some('【') => foreign_bracket(text, '【', '】'),
        Some('［') => foreign_bracket(text, '［', '］'),
        Some('(') => parenthesis(text, before),
        Some('<') => tag(text),
        Some('!') => image(text),
        Some('h' | 'H') if !before.is_some_and(char::is_alphanumeric) => address(text),
        _ => Item::Other,
    }
}

fn bracket(text: &str, before: Option<char>) -> Item {
    let Some(end) = closing(text, '[', ']', TEXT) else {
        return if text.len() > TEXT {
            Item::Other
        } else {
            Item::Open
        };
    };
    let (content, length) = (&text[1..end], end + 1);
    if let Some(numbers) = citation(content) {
        return Item::Citation { length, numbers };
    }
    let text_of = |more: usize| Item::Text {
        length: length + more,
        text: without_markup(content),
    };
    let rest = &text[length..];
    match rest.chars().next() {
        None => Item::Open,
        Some('(') => match closing(rest, '(', ')', ADDRESS) {
            Some(end) => text_of(end + 1),
            None if rest.len() > ADDRESS => text_of(1),
            None => Item::Open,
        },
        Some('[') => match closing(rest, '[', ']', TEXT) {
            // Two citations may follow each other.
            Some(end) if citation(&rest[1..end]).is_some() => Item::Other,
            Some(end) => text_of(end + 1),
            None if rest.len() > TEXT => Item::Other,
            None => Item::Open,
        },
        // The address of a link, or a footnote.
        Some(':') if before.is_none_or(|c| c == '\n') => match rest.find('\n') {
            Some(line) => Item::Gone {
                length: length + line,
            },
            None if rest.len() > ADDRESS => Item::Other,
            None => Item::Open,
        },
        Some(_) => Item::Other,
    }
}

fn foreign_bracket(text: &str, open: char, close: char) -> Item {
    let inside = &text[open.len_utf8()..];
    match inside
        .char_indices()
        .take(CITATION + 12)
        .find(|(_, c)| *c == close)
    {
        Some((end, _)) => {
            let content = inside[..end].split('†').next().unwrap_or_default();
            match citation(content) {
                Some(numbers) => Item::Citation {
                    length: open.len_utf8() + end + close.len_utf8(),
                    numbers,
                },
                None => Item::Other,
            }
        }
        None if inside.chars().count() > CITATION + 12 => Item::Other,
        None => Item::Open,
    }
}

fn parenthesis(text: &str, before: Option<char>) -> Item {
    let inside = &text[1..];
    let Some(end) = closing(text, '(', ')', ADDRESS) else {
        let may_be_address = before == Some(']') && inside.len() <= ADDRESS;
        let may_be_citation = inside.chars().count() <= CITATION && may_cite(inside);
        return if may_be_address || may_be_citation {
            Item::Open
        } else {
            Item::Other
        };
    };
    let (content, length) = (&text[1..end], end + 1);
    if before == Some(']') && (content.contains("://") || content.starts_with(['/', '#'])) {
        return Item::Text {
            length,
            text: String::new(),
        };
    }
    let Some(numbers) = citation(content) else {
        return Item::Other;
    };
    // `(1)` may begin an entry of a list; at the end of a clause it is a citation.
    let is_ours = numbers.iter().any(|(first, _)| *first > 0);
    let is_short = content.trim().len() <= 2;
    match text[length..].chars().next() {
        _ if is_ours => Item::Citation { length, numbers },
        Some('.' | ',' | ';' | ':' | '!' | '?' | '\n') if is_short => {
            Item::Citation { length, numbers }
        }
        None if is_short => Item::Open,
        _ => Item::Other,
    }
}

/// Whether a citation may begin so.
fn may_cite(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    let first = text.chars().next();
    first.is_none_or(|c| c.is_ascii_digit())
        || text
            .strip_prefix('s')
            .is_some_and(|rest| rest.chars().next().is_none_or(|c| c.is_ascii_digit()))
        || WORDS
            .iter()
            .any(|word| word.starts_with(text.as_str()) || text.starts_with(word))
}

fn image(text: &str) -> Item {
    match text[1..].chars().next() {
        None => Item::Open,
        Some('[') => match bracket(&text[1..], Some(' ')) {
            Item::Text { length, .. } => Item::Gone { length: length + 1 },
            Item::Open => Item::Open,
            _ => Item::Other,
        },
        Some(_) => Item::Other,
    }
}

fn tag(text: &str) -> Item {
    let gone = |length| Item::Text {
        length,
        text: String::new(),
    };
    let rest = &text[1..];
    match rest.chars().next() {
        None => return Item::Open,
        Some(c) if c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?') => {}
        Some(_) => return Item::Other,
    }
    let end = if rest.starts_with("!--") {
        text.find("-->").map(|end| end + 3)
    } else {
        text.find('>').map(|end| end + 1)
    };
    let Some(end) = end else {
        // A comparison has a space soon; a tag that never ends is none.
        return if text.len() > TAG {
            Item::Other
        } else {
            Item::Open
        };
    };
    let name: String = rest
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    if HIDDEN.contains(&name.as_str()) {
        let close = format!("</{name}");
        let lower = text.to_ascii_lowercase();
        let content = lower[end..].find(&close).map(|at| end + at);
        return match content.and_then(|at| Some(at + text[at..].find('>')? + 1)) {
            Some(length) => Item::Gone { length },
            None if text.len() > ADDRESS => gone(end),
            None => Item::Open,
        };
    }
    if name == "br" {
        return Item::Text {
            length: end,
            text: "\n".to_owned(),
        };
    }
    gone(end)
}

/// An address by itself keeps the name of its host.
fn address(text: &str) -> Item {
    let lower = text[..text.floor_char_boundary(8)].to_ascii_lowercase();
    let Some(scheme) = ["https://", "http://"]
        .into_iter()
        .find(|scheme| lower.starts_with(scheme))
    else {
        let may_be = ["https://", "http://"]
            .iter()
            .any(|scheme| scheme.starts_with(lower.as_str()));
        return if may_be { Item::Open } else { Item::Other };
    };
    let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')' | ']' | '【' | '*');
    let Some(end) = text.find(ends) else {
        return if text.len() > ADDRESS {
            Item::Other
        } else {
            Item::Open
        };
    };
    // A mark at its end belongs to the sentence.
    let length = text[..end]
        .trim_end_matches(['.', ',', ';', ':', '!', '?'])
        .len();
    let host = text[scheme.len()..length.max(scheme.len())]
        .split(['/', '?', '#', ':'])
        .next()
        .unwrap_or_default();
    Item::Text {
        length: length.max(scheme.len()),
        text: host.trim_start_matches("www.").to_owned(),
    }
}

/// The content of a link.
fn without_markup(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_special) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let before = plain.chars().next_back();
        match read(rest, before) {
            Item::Text { length, text } => {
                plain.push_str(&text);
                rest = &rest[length..];
            }
            Item::Citation { length, .. } | Item::Gone { length } => rest = &rest[length..],
            Item::Other | Item::Open => {
                let first = rest.chars().next().map_or(0, char::len_utf8);
                plain.push_str(&rest[..first]);
                rest = &rest[first..];
            }
        }
    }
    plain + rest
}

/// Where the closing bracket is of the opening one that a text begins with.
fn closing(text: &str, open: char, close: char, most: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().take_while(|(at, _)| *at <= most) {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The passages between brackets, from one to another; 0 for numbers that are no citation of ours.
fn citation(content: &str) -> Option<Vec<(usize, usize)>> {
    let content = content.trim();
    if content.chars().count() > CITATION {
        return None;
    }
    // `[[S1]]`
    let content = content
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(content);
    let content = content.trim().trim_start_matches('^');
    let lower = content
        .to_ascii_lowercase()
        .replace(" and ", ",")
        .replace('&', ",");
    // In `[S1, 3]` and `[S1-3]` one letter goes for all.
    let word = WORDS.iter().find_map(|word| lower.strip_prefix(word));
    let is_ours = word.is_some() || lower.starts_with('s');
    word.unwrap_or(&lower)
        .split([',', ';'])
        .map(|part| {
            let (first, last) = part.split_once(['-', '–', '—']).unwrap_or((part, part));
            let range = (number(first)?, number(last)?);
            Some(if is_ours { range } else { (0, 0) })
        })
        .collect()
}

fn number(text: &str) -> Option<usize> {
    let text = text.trim();
    let text = WORDS
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text);
    let digits = text.trim().trim_start_matches(['s', '^']);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A number too big for us was not supplied either.
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}
