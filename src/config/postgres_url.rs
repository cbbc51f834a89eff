//! PostgreSQL connection strings: the forms that people write, in the one form that sea-orm and its
//! driver read. No error repeats a part that may hold a password.

use std::{borrow::Cow, fmt::Write, fs};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sea_orm::sqlx::postgres::PgConnectOptions;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const FORM: &str = "write postgres://user:password@host:5432/name";

const ENCODE: &str = "percent-encode special characters in the user and the password: @ is %40, \
                      / is %2F, : is %3A, # is %23, ? is %3F, % is %25";

/// Parameters that the driver reads. It would log the others (of libpq, of poolers) with their
/// values, and one may be a password.
const PARAMETERS: [&str; 9] = [
    "application_name",
    "options",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "ssl-cert",
    "ssl-key",
    "statement-cache-capacity",
];

const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// The parts of a connection string, decoded.
#[derive(Default)]
struct Parts {
    user: String,
    password: Option<String>,
    /// A name, an address, or the folder of a Unix socket.
    host: String,
    port: Option<u16>,
    database: String,
    parameters: Vec<(String, String)>,
}

/// A PostgreSQL connection string as a URL that the driver can parse. Takes URLs, also with the
/// scheme of `SQLAlchemy` or with a Unix socket, and libpq's `host=... dbname=...`.
///
/// # Errors
///
/// The reason why it cannot be used and the fix, without any part of it that may be secret.
pub fn postgres_url(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("it is empty; {FORM}"));
    }
    if text.starts_with(['"', '\'']) {
        return Err("it begins with a quotation mark; remove the quotes".to_owned());
    }
    let parts = match text.split_once("://") {
        Some((scheme, rest)) => {
            check_scheme(scheme)?;
            Parts::of_url(rest)?
        }
        None if text.contains('=') => Parts::of_pairs(text)?,
        None => return Err(format!("it is not a URL; {FORM}")),
    };
    parts.url()
}

fn check_scheme(scheme: &str) -> Result<(), String> {
    match scheme.split('+').next().unwrap_or_default() {
        "postgres" | "postgresql" => Ok(()),
        "mysql" | "mariadb" | "mssql" | "sqlserver" | "oracle" | "mongodb" => Err(format!(
            "{scheme}:// is not supported: Mula runs on PostgreSQL (postgres://) and SQLite \
             (sqlite://)"
        )),
        _ => Err(format!("it does not begin with postgres://; {FORM}")),
    }
}

impl Parts {
    fn of_url(rest: &str) -> Result<Self, String> {
        if rest.is_empty() {
            return Err(format!("it names no host and no database; {FORM}"));
        }
        let (authority, path, query) = split(rest)?;
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let mut parts = Self {
            database: decoded(path)?,
            ..Self::default()
        };
        if let Some(user) = user {
            let (user, password) = match user.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (user, None),
            };
            parts.user = decoded(user)?;
            parts.password = password.map(decoded).transpose()?;
        }
        parts.set_host_and_port(host)?;
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            parts.set(&key, &value)?;
        }
        Ok(parts)
    }

    /// libpq's keyword/value form: `host=/run/postgresql dbname=mula password='with space'`.
    fn of_pairs(text: &str) -> Result<Self, String> {
        let mut parts = Self::default();
        let mut rest = text;
        while let Some((key, after)) = rest.split_once('=') {
            let (value, after) = pair_value(after.trim_start())?;
            parts.set(key.trim(), &value)?;
            rest = after.trim_start();
        }
        if rest.is_empty() {
            Ok(parts)
        } else {
            Err(format!(
                "a part of it is not keyword=value; quote values with spaces, or {FORM}"
            ))
        }
    }

    fn set_host_and_port(&mut self, text: &str) -> Result<(), String> {
        let (host, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':').unwrap_or(port)),
            None => text.rsplit_once(':').unwrap_or((text, "")),
        };
        self.set("host", &decoded(host)?)?;
        if port.is_empty() {
            return Ok(());
        }
        // Not repeated: it may be the end of a password.
        let wrong = || format!("its port is not a number from 0 to 65535; {ENCODE}");
        self.port = Some(port.parse().map_err(|_| wrong())?);
        Ok(())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "host" | "hostaddr" if value.contains(',') => {
                return Err("it names several hosts; name one".to_owned());
            }
            "host" | "hostaddr" => value.clone_into(&mut self.host),
            "port" => {
                let port = value.parse();
                self.port =
                    Some(port.map_err(|_| "port is not a number from 0 to 65535".to_owned())?);
            }
            "user" => value.clone_into(&mut self.user),
            "password" => self.password = Some(value.to_owned()),
            "dbname" => value.clone_into(&mut self.database),
            "ssl-mode" => self.set("sslmode", value)?,
            "ssl-root-cert" | "ssl-ca" => self.set("sslrootcert", value)?,
            "sslmode" if !SSL_MODES.contains(&value) => {
                return Err(format!("sslmode is not one of {}", SSL_MODES.join(", ")));
            }
            // The driver's own default, which is Mozilla's list of authorities.
            "sslrootcert" if value == "system" => {}
            "sslrootcert" | "sslcert" | "sslkey" | "ssl-cert" | "ssl-key" => {
                let text = fs::read_to_string(value).map_err(|error| {
                    format!("{key}={value} cannot be read ({error}); name a PEM file")
                })?;
                // The driver takes what is none for a list of no certificates.
                if !text.contains("-----BEGIN ") {
                    return Err(format!("{key}={value} is not a PEM file"));
                }
                self.parameters.push((key.to_owned(), value.to_owned()));
            }
            _ if PARAMETERS.contains(&key) || key.starts_with("options[") => {
                self.parameters.push((key.to_owned(), value.to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    fn url(self) -> Result<String, String> {
        let Self {
            mut user,
            password,
            host,
            port,
            database,
            mut parameters,
        } = self;
        let mut authority = String::new();
        let is_elsewhere = host.starts_with('/') || host.contains(':');
        if is_elsewhere {
            // Neither a path nor an IPv6 address can stand in the driver's authority.
            parameters.insert(0, ("host".to_owned(), host.clone()));
        }
        if host.is_empty() {
            if !user.is_empty() {
                parameters.push(("user".to_owned(), std::mem::take(&mut user)));
            }
            parameters.extend(password.map(|password| ("password".to_owned(), password)));
            parameters.extend(port.map(|port| ("port".to_owned(), port.to_string())));
        } else {
            authority.push_str(&encoded(&user));
            if let Some(password) = password {
                authority.push(':');
                authority.push_str(&encoded(&password));
            }
            if !authority.is_empty() {
                authority.push('@');
            }
            authority.push_str(if is_elsewhere { "localhost" } else { &host });
            if let Some(port) = port {
                let _ = write!(authority, ":{port}");
            }
        }
        let mut url = format!("postgres://{authority}/{}", encoded(&database));
        for (index, (key, value)) in parameters.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            let _ = write!(url, "{}={}", encoded(key), encoded(value));
        }
        // Whatever else is wrong with it: their own errors would repeat all of it.
        if is_usable::<PgConnectOptions>(&url) {
            Ok(url)
        } else {
            Err(format!("it cannot be parsed; {FORM}, and {ENCODE}"))
        }
    }
}

/// The authority of a URL, its path and its query.
fn split(rest: &str) -> Result<(&str, &str, &str), String> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    let (path, query) = after.split_once('?').unwrap_or((after, ""));
    // A character of a password that ends the authority too early.
    let is_cut_short = authority.contains(':') && !authority.contains('@');
    let is_port = authority
        .rsplit_once(':')
        .is_none_or(|(_, port)| port.parse::<u16>().is_ok());
    if rest.contains('#') || path.contains('@') || (is_cut_short && !is_port && query.contains('@'))
    {
        return Err(format!(
            "it has a special character in a wrong place; {ENCODE}"
        ));
    }
    Ok((authority, path.trim_start_matches('/'), query))
}

/// A value of the keyword/value form, and the text after it.
fn pair_value(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let quoted = text.starts_with('\'');
    let mut letters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            _ if !quoted && letter.is_whitespace() => return Ok((value, &text[at..])),
            _ => value.push(letter),
        }
    }
    if quoted {
        return Err("a quoted value of it does not end".to_owned());
    }
    Ok((value, ""))
}

fn decoded(text: &str) -> Result<String, String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| "a percent-encoded part of it is not UTF-8".to_owned())
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Whether both sea-orm and its driver can parse it.
pub(super) fn is_usable<Options: std::str::FromStr>(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok() && url.parse::<Options>().is_ok()
}
