//! Templates of messages: built in, or from a folder. Text and HTML are made of the same paragraphs.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt::Write,
    fs,
    path::Path,
};

use sea_orm::{ActiveEnum, Iterable};
use serde::Deserialize;

use crate::{account::locale, entity::mail::MailKind};

const BUILT_IN: [(&str, &str); 5] = [
    ("en", include_str!("../../../mail/en.toml")),
    ("es", include_str!("../../../mail/es.toml")),
    ("pt", include_str!("../../../mail/pt.toml")),
    ("fr", include_str!("../../../mail/fr.toml")),
    ("ht", include_str!("../../../mail/ht.toml")),
];

const LAYOUT: &str = include_str!("../../../mail/layout.html");

/// Bytes of a file, at most.
const MAX: u64 = 1024 * 1024;

/// A template that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("invalid mail template {file}: {what}")]
pub struct TemplateError {
    file: String,
    what: String,
}

/// The values that a message names.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    pub link: Option<String>,
    pub token: Option<String>,
    pub app: String,
    pub time: String,
    pub device: Option<String>,
}

/// A message in a language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    subject: String,
    text: String,
    button: Option<String>,
}

/// A message for a person.
#[derive(Debug)]
pub(super) struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Debug)]
pub(super) struct Templates {
    /// By language and kind.
    messages: HashMap<(String, MailKind), Template>,
    layout: Cow<'static, str>,
}

fn name(kind: MailKind) -> String {
    kind.to_value().to_lowercase().replace('_', "-")
}

/// The names that may stand in a message.
fn names(kind: MailKind) -> &'static [&'static str] {
    match kind {
        MailKind::ResetPassword | MailKind::VerifyEmail => &["link", "token", "app"],
        MailKind::NewSignIn => &["app", "time", "device"],
        MailKind::PasswordChanged
        | MailKind::EmailChangeAsked
        | MailKind::EmailChanged
        | MailKind::AccountDeleted => &["app", "time"],
    }
}

impl Templates {
    /// The built-in ones, and instead of them those of a folder.
    pub(super) fn load(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut templates = Self {
            messages: HashMap::new(),
            layout: Cow::Borrowed(LAYOUT),
        };
        for (language, text) in BUILT_IN {
            templates.add(language, language, text)?;
        }
        if let Some(folder) = folder {
            templates.add_folder(folder)?;
        }
        Ok(templates)
    }

    fn add_folder(&mut self, folder: &Path) -> Result<(), TemplateError> {
        let of = |path: &Path, what: String| TemplateError {
            file: path.display().to_string(),
            what,
        };
        let failed = |error: std::io::Error| of(folder, error.to_string());
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let read = || {
                let size = fs::metadata(&path).map_err(|error| of(&path, error.to_string()))?;
                if size.len() > MAX {
                    return Err(of(&path, format!("it has more than {MAX} bytes")));
                }
                fs::read_to_string(&path).map_err(|error| of(&path, error.to_string()))
            };
            let file = path.file_name().map(|name| name.to_string_lossy());
            match file.as_deref() {
                Some("layout.html") => {
                    let layout = read()?;
                    check(&layout, &["lang", "subject", "body"]).map_err(|what| of(&path, what))?;
                    self.layout = Cow::Owned(layout);
                }
                _ if path
                    .extension()
                    .is_some_and(|extension| extension == "toml") =>
                {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy();
                    let language = locale::locale(&name);
                    let language = language.map_err(|rule| of(&path, rule.message))?;
                    self.add(&language, &path.display().to_string(), &read()?)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, language: &str, file: &str, text: &str) -> Result<(), TemplateError> {
        let of = |what: String| TemplateError {
            file: file.to_owned(),
            what,
        };
        let tables: BTreeMap<String, Template> =
            toml::from_str(text).map_err(|error| of(error.to_string()))?;
        for (table, template) in tables {
            let kind = MailKind::iter().find(|kind| name(*kind) == table);
            let kind = kind.ok_or_else(|| of(format!("there is no message [{table}]")))?;
            if template.subject.contains(['\r', '\n']) {
                return Err(of(format!("the subject of [{table}] is one line")));
            }
            for text in [&template.subject, &template.text] {
                check(text, names(kind)).map_err(|what| of(format!("[{table}]: {what}")))?;
            }
            self.messages.insert((language.to_owned(), kind), template);
        }
        Ok(())
    }

    /// In the language, else in the language without its region, else in English.
    pub(super) fn render(&self, kind: MailKind, locale: &str, values: &Values) -> Rendered {
        let base = locale.split('-').next().unwrap_or_default();
        let (language, template) = [locale, base, locale::DEFAULT]
            .into_iter()
            .find_map(|language| {
                let found = self.messages.get(&(language.to_owned(), kind));
                found.map(|template| (language, template))
            })
            .expect("every message is there in English");
        let value = |name: &str| match name {
            "link" => values.link.as_deref(),
            "token" => values.token.as_deref(),
            "app" => Some(&*values.app),
            "time" => Some(&*values.time),
            "device" => values.device.as_deref(),
            _ => None,
        };
        let text = fill(template.text.trim(), value);
        let subject = fill(&template.subject, value);
        let mut body = String::new();
        for paragraph in template.text.trim().split("\n\n") {
            let link = values.link.as_deref().filter(|_| paragraph == "{link}");
            body.push_str("<p>");
            match link {
                Some(link) => {
                    let label = template.button.as_deref().unwrap_or(link);
                    let (link, label) = (escape(link), escape(label));
                    let _ = write!(body, "<a href=\"{link}\">{label}</a>");
                }
                None => body.push_str(&escape(&fill(paragraph, value))),
            }
            body.push_str("</p>\n");
        }
        let html = fill(&self.layout, |name| match name {
            "lang" => Some(language.to_owned()),
            "subject" => Some(escape(&subject)),
            "body" => Some(body.clone()),
            _ => None,
        });
        Rendered {
            subject,
            text: format!("{text}\n"),
            html,
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The pieces of a text: as it is, or the name in braces.
fn pieces(text: &str) -> impl Iterator<Item = Result<&str, &str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase());
        let inner = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        if let Some((name, after)) = inner
            && is_name(name)
        {
            rest = after;
            return Some(Err(name));
        }
        let from = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[from..].find('{').map_or(rest.len(), |at| at + from);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(Ok(piece))
    })
}

/// Values are put in once: a value that looks like a name stays as it is.
fn fill<T: AsRef<str>>(text: &str, value: impl Fn(&str) -> Option<T>) -> String {
    let mut filled = String::new();
    for piece in pieces(text) {
        match piece {
            Ok(text) => filled.push_str(text),
            Err(name) => {
                if let Some(value) = value(name) {
                    filled.push_str(value.as_ref());
                }
            }
        }
    }
    filled
}

fn check(text: &str, names: &[&str]) -> Result<(), String> {
    let unknown = pieces(text)
        .filter_map(Result::err)
        .find(|name| !names.contains(name));
    match unknown {
        Some(name) => Err(format!(
            "{{{name}}} is unknown here; the names are {}",
            names.join(", ")
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::{BUILT_IN, MailKind, Templates, Values, names, pieces};

    fn values() -> Values {
        Values {
            link: Some("https://mula.example/app/reset#token=a&b".to_owned()),
            token: Some("{app}".to_owned()),
            app: "https://mula.example".to_owned(),
            time: "2026-11-29 20:00 UTC".to_owned(),
            device: Some("Firefox on Windows".to_owned()),
        }
    }

    #[test]
    fn every_language_has_every_message_with_the_same_names() {
        let templates = Templates::load(None).unwrap();
        for kind in MailKind::iter() {
            let named = |language: &str| {
                let template = &templates.messages[&(language.to_owned(), kind)];
                let mut named: Vec<_> = pieces(&template.text).filter_map(Result::err).collect();
                named.sort_unstable();
                let button = template.button.is_some();
                (
                    named.into_iter().map(str::to_owned).collect::<Vec<_>>(),
                    button,
                )
            };
            for (language, _) in BUILT_IN {
                assert_eq!(named(language), named("en"), "{kind:?} in {language}");
                let message = templates.render(kind, language, &values());
                assert!(!message.text.contains('{'), "{}", message.text);
                assert!(message.html.contains(&format!("lang=\"{language}\"")));
                let has_link = names(kind).contains(&"link");
                assert_eq!(message.text.contains("token=a&b"), has_link);
                assert_eq!(
                    message
                        .html
                        .contains("href=\"https://mula.example/app/reset#token=a&amp;b\""),
                    has_link
                );
            }
        }
    }

    #[test]
    fn a_language_is_found_by_its_tag_or_its_beginning() {
        let templates = Templates::load(None).unwrap();
        let subject = |locale| {
            let message = templates.render(MailKind::PasswordChanged, locale, &values());
            message.subject
        };
        assert_eq!(subject("pt-BR"), "Sua senha foi alterada");
        assert_eq!(subject("ht"), "Modpas ou a chanje");
        for unknown in ["de", "zh-Hant", "", "../es"] {
            assert_eq!(subject(unknown), "Your password has changed");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn a_folder_replaces_and_adds_messages() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "en.toml",
            "[reset-password]\nsubject = \"Again\"\ntext = \"\"\"\n<{token}>\n\n{link}\n\"\"\"\n",
        );
        write(
            "de.toml",
            "[password-changed]\nsubject = \"Neues Passwort\"\ntext = \"{time}\"\n",
        );
        write("layout.html", "<html lang=\"{lang}\">{body}{ }</html>");
        write("notes.txt", "[nothing]");
        let templates = Templates::load(Some(folder.path())).unwrap();
        let message = templates.render(MailKind::ResetPassword, "de", &values());
        assert_eq!(message.subject, "Again");
        assert_eq!(
            message.text,
            "<{app}>\n\nhttps://mula.example/app/reset#token=a&b\n"
        );
        let link = "https://mula.example/app/reset#token=a&amp;b";
        assert_eq!(
            message.html,
            format!(
                "<html lang=\"en\"><p>&lt;{{app}}&gt;</p>\n<p><a href=\"{link}\">{link}</a></p>\n{{ }}</html>"
            )
        );
        let message = templates.render(MailKind::PasswordChanged, "de-AT", &values());
        assert_eq!(
            (&*message.subject, &*message.text),
            ("Neues Passwort", "2026-11-29 20:00 UTC\n")
        );
        let message = templates.render(MailKind::PasswordChanged, "en", &values());
        assert_eq!(message.subject, "Your password has changed");

        for (name, text, why) in [
            (
                "en.toml",
                "[reset]\nsubject = \"\"\ntext = \"\"\n",
                "no message [reset]",
            ),
            (
                "en.toml",
                "[reset-password]\nsubject = \"\"\ntext = \"{time}\"\n",
                "{time} is unknown",
            ),
            (
                "en.toml",
                "[reset-password]\nsubject = \"a\\nb\"\ntext = \"\"\n",
                "one line",
            ),
            (
                "en.toml",
                "[reset-password]\nsubject = \"\"\n",
                "missing field `text`",
            ),
            ("x.toml", "", "language tag"),
            ("layout.html", "{link}", "{link} is unknown"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(name), text).unwrap();
            let error = Templates::load(Some(folder.path()))
                .unwrap_err()
                .to_string();
            assert!(error.contains(name) && error.contains(why), "{error}");
        }
    }
}
