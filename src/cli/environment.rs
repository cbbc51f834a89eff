//! Settings from the environment: empty variables are unset, secrets may be in files, and misspelt
//! names are errors.

use std::{env, ffi::OsString, fs, path::Path};

use super::env_file::EnvFile;

/// Variables that are meant for Mula though they are no settings of its own, or for the programs that
/// read the same `.env`. A name that ends with `_` is a prefix.
const OTHERS: [&str; 24] = [
    "ALL_PROXY",
    // Of other programs, and a letter or two away from APP_URL and SMTP_URL.
    "AMQP_URL",
    "API_URL",
    "COMPOSE_",
    "DOCKER_",
    "FTP_URL",
    "GF_",
    "GRAFANA_",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "HTTP_URL",
    "MULA_REQUIRE_",
    "NO_COLOR",
    "NO_PROXY",
    "OTEL_",
    "POSTGRES_",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "RUST_MIN_STACK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TOKIO_WORKER_THREADS",
    "TZ",
    "XDG_",
];

/// Variables of libpq that the driver reads.
const LIBPQ: [&str; 13] = [
    "PGAPPNAME",
    "PGDATABASE",
    "PGHOST",
    "PGHOSTADDR",
    "PGOPTIONS",
    "PGPASSFILE",
    "PGPASSWORD",
    "PGPORT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGUSER",
];

/// A name of fewer letters has too many neighbours that mean something else.
const SHORTEST: usize = 6;

/// The command line, with the environment's values resolved, and the problems with them.
pub fn resolve(command: clap::Command, file: &EnvFile) -> (clap::Command, Vec<String>) {
    let mut settings = Vec::new();
    collect(&command, &mut settings);
    let mut problems = misspelt(&settings, file);
    let command = resolve_all(command, file, &mut problems);
    (command, problems)
}

/// A variable of the command line.
struct Setting {
    name: String,
    is_secret: bool,
}

fn collect(command: &clap::Command, settings: &mut Vec<Setting>) {
    for argument in command.get_arguments() {
        if let Some(name) = argument.get_env().and_then(|name| name.to_str()) {
            settings.push(Setting {
                name: name.to_owned(),
                is_secret: argument.is_hide_env_values_set(),
            });
        }
    }
    for command in command.get_subcommands() {
        collect(command, settings);
    }
}

fn resolve_all(
    command: clap::Command,
    file: &EnvFile,
    problems: &mut Vec<String>,
) -> clap::Command {
    let subcommands: Vec<_> = command
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let command = command.mut_args(|argument| resolved(argument, file, problems));
    subcommands.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |command| resolve_all(command, file, problems))
    })
}

/// An argument whose variable is empty loses it; one that has a file takes its content.
fn resolved(argument: clap::Arg, file: &EnvFile, problems: &mut Vec<String>) -> clap::Arg {
    let Some(name) = argument.get_env().and_then(|name| name.to_str()) else {
        return argument;
    };
    let name = name.to_owned();
    let is_secret = argument.is_hide_env_values_set();
    let value = value(&name, file);
    let source = format!("{name}_FILE");
    let path = is_secret.then(|| self::value(&source, file)).flatten();
    let value = match (value, path) {
        // As clap has read it.
        (Some(_), None) if env::var_os(&name).is_some_and(|value| !is_blank(&value)) => {
            return argument;
        }
        (Some(_), Some(_)) => {
            problems.push(format!("{name} and {source} are both set; keep one"));
            None
        }
        (None, Some(path)) => match content(Path::new(&path)) {
            Ok(content) => Some(content.into()),
            Err(why) => {
                problems.push(format!("invalid {source} {:?}: {why}", path.display()));
                None
            }
        },
        (value, None) => value,
    };
    let argument = argument.env(None::<&str>);
    match value {
        // Required arguments have no defaults.
        Some(value) => argument
            .required(false)
            .default_value(value)
            .hide_default_value(true),
        None => argument,
    }
}

/// The value of a variable, unless it is empty: Compose and the like set to nothing what is not set.
fn value(name: &str, file: &EnvFile) -> Option<OsString> {
    let here = env::var_os(name).filter(|value| !is_blank(value));
    here.or_else(|| {
        let line = file.lines.iter().find(|line| line.name == name)?;
        Some(OsString::from(&line.value)).filter(|value| !is_blank(value))
    })
}

fn is_blank(value: &OsString) -> bool {
    value.to_str().is_some_and(|value| value.trim().is_empty())
}

fn content(path: &Path) -> Result<String, String> {
    let content = fs::read_to_string(path)
        .map_err(|error| format!("{error}; name a file that the user of Mula can read"))?;
    match content.trim_end_matches(['\n', '\r']) {
        "" => Err("the file is empty".to_owned()),
        content => Ok(content.to_owned()),
    }
}

/// Unknown names in the file, and names in the environment that are close to a setting's.
fn misspelt(settings: &[Setting], file: &EnvFile) -> Vec<String> {
    let mut names: Vec<_> = settings
        .iter()
        .flat_map(|setting| {
            let file = setting.is_secret.then(|| format!("{}_FILE", setting.name));
            file.into_iter().chain([setting.name.clone()])
        })
        .collect();
    names.sort();
    names.dedup();
    let in_file = file.lines.iter().filter_map(|line| {
        let name = &line.name;
        if names.contains(name) || is_others(name) || file.expanded.contains(name) {
            return None;
        }
        let (path, number) = (file.path.display(), line.number);
        Some(match meant(name, &names) {
            Some(meant) => {
                format!("unknown setting {name} in {path}, line {number}: write {meant}")
            }
            None => format!(
                "unknown setting {name} in {path}, line {number}: remove it, or see mula --help for \
                 the right name"
            ),
        })
    });
    let mut around: Vec<_> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| !file.lines.iter().any(|line| line.name == *name))
        // Kubernetes sets these for a Service that is called mula.
        .filter(|(_, value)| !value.to_string_lossy().starts_with("tcp://"))
        .filter_map(|(name, _)| {
            let meant = near(&name, &names)?;
            Some(format!(
                "unknown setting {name} in the environment: write {meant}, or remove it"
            ))
        })
        .collect();
    around.sort();
    in_file.chain(around).collect()
}

fn is_others(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    LIBPQ.contains(&name.as_str())
        || OTHERS.iter().any(|other| match other.strip_suffix('_') {
            Some(_) => name.starts_with(other),
            None => name == *other,
        })
}

/// The setting that an unknown name of the environment stands for, unless it may mean something else.
fn near<'a>(name: &str, names: &'a [String]) -> Option<&'a str> {
    let is_short = |name: &str| name.len() < SHORTEST;
    if names.iter().any(|known| known == name) || is_others(name) || is_short(name) {
        return None;
    }
    meant(name, names).filter(|meant| !is_short(meant))
}

/// The setting that an unknown name stands for: in another case, after `MULA_`, or a letter or two
/// away.
fn meant<'a>(name: &str, names: &'a [String]) -> Option<&'a str> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("MULA_").unwrap_or(&upper);
    if let Some(exact) = names.iter().find(|known| *known == bare) {
        return Some(exact);
    }
    let distance = |known: &&String| strsim::damerau_levenshtein(bare, known);
    let nearest = names.iter().min_by_key(distance)?;
    let allowed = if nearest.len() < 8 { 1 } else { 2 };
    (distance(&nearest) <= allowed).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::near;

    fn names() -> Vec<String> {
        let mut settings = Vec::new();
        super::collect(&super::super::command(), &mut settings);
        settings.into_iter().map(|setting| setting.name).collect()
    }

    #[test]
    fn near_misses_name_the_setting() {
        let names = names();
        for (wrong, right) in [
            ("DATABSE_URL", "DATABASE_URL"),
            ("SECRET_KY", "SECRET_KEY"),
            ("LOGLEVEL", "LOG_LEVEL"),
            ("database_url", "DATABASE_URL"),
            ("MULA_SECRET_KEY", "SECRET_KEY"),
        ] {
            assert_eq!(near(wrong, &names), Some(right), "{wrong}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn the_usual_environment_has_no_near_misses() {
        let names = names();
        for usual in [
            "PATH",
            "HOME",
            "HOST",
            "HOSTS",
            "HOSTNAME",
            "PORTS",
            "PWD",
            "OLDPWD",
            "USER",
            "LANG",
            "LANGUAGE",
            "LOGNAME",
            "MAIL",
            "MAILER",
            "SHELL",
            "SHLVL",
            "TERM",
            "EDITOR",
            "PAGER",
            "DISPLAY",
            "LEASES",
            "DATABASE_HOST",
            "DATABASE_PORT",
            "DATABASE_USER",
            "DB_URL",
            "REDIS_URL",
            "API_URL",
            "AMQP_URL",
            "WEB_URL",
            "MAIL_HOST",
            "SMTP_HOST",
            "SMTP_PORT",
            "SMTP_USER",
            "SMTP_PASSWORD",
            "APP_KEY",
            "SECRET_KEY_BASE",
            "OPENAI_BASE_URL",
            "OPENAI_MODEL",
            "LOG_FILE",
            "NODE_ENV",
            "SENTRY_ENVIRONMENT",
            "SENTRY_RELEASE",
            "PGUSER",
            "PGDATA",
            "http_proxy",
            "POSTGRES_PASSWORD",
            "RENDER",
            "RAILWAY_ENVIRONMENT",
            "INVOCATION_ID",
            "JOURNAL_STREAM",
            "CREDENTIALS_DIRECTORY",
            "STATE_DIRECTORY",
            "KUBERNETES_PORT",
            "MULA_SERVICE_HOST",
            "CARGO_HOME",
            "LD_LIBRARY_PATH",
            "LLVM_PROFILE_FILE",
            "RUST_LOG",
            "CI",
            "DEBIAN_FRONTEND",
        ] {
            assert_eq!(near(usual, &names), None, "{usual}");
        }
    }
}
