//! The settings of mail: the server that sends it, and what its messages hold.

use std::{fmt, net::IpAddr, path::PathBuf};

use clap::Args;
use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::{Environment, parser::Parser};

/// As they were written.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::doc_markdown,
    reason = "these texts are what --help prints, which knows no Markdown"
)]
pub struct RawMail {
    /// Mail server: smtps://user:password@host, starttls://… or smtp://…; by default no mail is sent
    #[arg(long, env, hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Sender of mail, such as "Mula <mula@example.com>"
    #[arg(long, env)]
    pub mail_from: Option<String>,
    /// Address of this service as people's browsers reach it, such as `https://mula.example.com`;
    /// links in mail begin with it
    #[arg(long, env)]
    pub app_url: Option<String>,
    /// Folder of templates instead of, or beside, the built-in ones; see mail/README.md
    #[arg(long, env)]
    pub mail_templates_dir: Option<PathBuf>,
    /// Whether asking needs a confirmed email address (true or false)
    #[arg(long, env, default_value = "false")]
    pub require_verified_email: String,
}

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    pub server: MailServer,
    pub from: Mailbox,
    /// Without a slash at its end.
    pub app_url: String,
    pub templates_dir: Option<PathBuf>,
}

/// The server that takes mail.
#[derive(Clone)]
pub struct MailServer {
    pub encryption: Encryption,
    pub host: String,
    pub port: u16,
    /// A user and a password.
    pub credentials: Option<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    None,
    /// Begun in clear text; required.
    StartTls,
    Tls,
}

// Written by hand so that no password can reach a log.
impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

impl Parser {
    /// Mail, if there is a server, and the address that links begin with, which the command that
    /// makes a link needs without one.
    pub(super) fn mail(
        &mut self,
        settings: &RawMail,
        environment: Option<Environment>,
    ) -> (Option<MailSettings>, Option<String>) {
        let app_url = given(settings.app_url.as_ref())
            .and_then(|text| self.app_url(text, environment == Some(Environment::Production)));
        let from = given(settings.mail_from.as_ref()).and_then(|text| {
            let from = text.parse::<Mailbox>().ok();
            if from.is_none() {
                self.reject(
                    "MAIL_FROM",
                    text,
                    "write an address such as mula@example.com or Mula <mula@example.com>",
                );
            }
            from
        });
        let Some(url) = given(settings.smtp_url.as_ref()) else {
            return (None, app_url);
        };
        for (name, value) in [
            ("MAIL_FROM", &settings.mail_from),
            ("APP_URL", &settings.app_url),
        ] {
            if given(value.as_ref()).is_none() {
                self.errors
                    .push(format!("{name} is required with SMTP_URL"));
            }
        }
        let server = match server(url) {
            Ok(server) => Some(server),
            Err(why) => {
                // Not shown: it may hold a password.
                self.errors.push(format!("invalid SMTP_URL: {why}"));
                None
            }
        };
        let mail = match (server, from, &app_url) {
            (Some(server), Some(from), Some(app_url)) => Some(MailSettings {
                server,
                from,
                app_url: app_url.clone(),
                templates_dir: settings.mail_templates_dir.clone(),
            }),
            _ => None,
        };
        (mail, app_url)
    }

    pub(super) fn requires_verified_email(&mut self, settings: &RawMail) -> bool {
        let text = &settings.require_verified_email;
        let required = self.bool("REQUIRE_VERIFIED_EMAIL", text);
        if required && given(settings.smtp_url.as_ref()).is_none() {
            self.reject(
                "REQUIRE_VERIFIED_EMAIL",
                text,
                "without SMTP_URL nobody can confirm an address: set it, or write false",
            );
        }
        required
    }

    /// Links with tokens begin with it: in production they are not sent in clear text.
    pub(super) fn app_url(&mut self, text: &str, is_production: bool) -> Option<String> {
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        let Some(url) = url else {
            self.reject(
                "APP_URL",
                text,
                "write the address of this service, such as https://mula.example.com",
            );
            return None;
        };
        if is_production && url.scheme() == "http" && !url.host_str().is_some_and(is_loopback) {
            self.reject("APP_URL", text, "in production write https://…");
            return None;
        }
        Some(url.as_str().trim_end_matches('/').to_owned())
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// # Errors
///
/// What to write instead.
fn server(text: &str) -> Result<MailServer, &'static str> {
    const WRITE: &str = "write smtps://user:password@host:port, starttls://… or smtp://…, with the \
                         special characters of the user and the password percent-encoded";
    let url = Url::parse(text).map_err(|_| WRITE)?;
    let (encryption, port) = match url.scheme() {
        "smtps" => (Encryption::Tls, 465),
        "starttls" => (Encryption::StartTls, 587),
        "smtp" => (Encryption::None, 25),
        _ => return Err(WRITE),
    };
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or(WRITE)?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(WRITE);
    }
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().map_err(|_| WRITE)?;
        Ok::<_, &str>(text.into_owned())
    };
    let credentials = match (url.username(), url.password()) {
        ("", None) => None,
        ("", Some(_)) | (_, None) => return Err("a user and a password go together"),
        (user, Some(password)) => Some((decoded(user)?, decoded(password)?)),
    };
    // No password is sent in clear text.
    let is_exposed = credentials.is_some() && encryption == Encryption::None && !is_loopback(host);
    Ok(MailServer {
        encryption: if is_exposed {
            Encryption::StartTls
        } else {
            encryption
        },
        host: host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned(),
        port: url.port().unwrap_or(port),
        credentials,
    })
}

#[cfg(test)]
mod tests {
    use super::{Encryption, server};

    #[test]
    fn servers_have_a_scheme_a_host_and_perhaps_a_password() {
        for (url, encryption, host, port, credentials) in [
            ("smtp://localhost", Encryption::None, "localhost", 25, None),
            ("smtp://[::1]:1025/", Encryption::None, "::1", 1025, None),
            (
                "smtps://ada%40example.com:a%2Fb@mail.example.com",
                Encryption::Tls,
                "mail.example.com",
                465,
                Some(("ada@example.com", "a/b")),
            ),
            (
                "starttls://u:p@mail.example.com:2525",
                Encryption::StartTls,
                "mail.example.com",
                2525,
                Some(("u", "p")),
            ),
            (
                "smtp://u:p@127.0.0.1",
                Encryption::None,
                "127.0.0.1",
                25,
                Some(("u", "p")),
            ),
            // As others write it.
            (
                "smtp://u:p@mail.example.com:587",
                Encryption::StartTls,
                "mail.example.com",
                587,
                Some(("u", "p")),
            ),
        ] {
            let server = server(url).unwrap_or_else(|why| panic!("{url}: {why}"));
            assert_eq!(server.encryption, encryption, "{url}");
            assert_eq!((&*server.host, server.port), (host, port), "{url}");
            let found = server.credentials.as_ref();
            assert_eq!(
                found.map(|(user, password)| (&**user, &**password)),
                credentials
            );
            assert!(!format!("{server:?}").contains("a/b"));
        }
        for wrong in [
            "",
            "localhost",
            "localhost:25",
            "http://localhost",
            "smtp://",
            "smtps://u@host",
            "smtps://:p@host",
            "smtp://host/path",
            "smtp://host?tls=required",
            "smtps://u:%ff@host",
        ] {
            assert!(server(wrong).is_err(), "{wrong}");
        }
    }
}
