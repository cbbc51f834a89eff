//! A trial of the mail server for `mula doctor`.

use lettre::transport::smtp;
use tokio::time::timeout;

use super::{EXCHANGE, Mailer};
use crate::{config::MailSettings, error::root_cause};

/// The outcome of a trial.
#[derive(Debug)]
pub enum MailTrial {
    /// It answers, and lets us in.
    Good,
    /// The settings cannot be used.
    Unusable(String),
    /// With this status.
    LoginRefused(String),
    /// With a status, or since it lacks what the settings require.
    Refused(String),
    Tls(String),
    Unreachable(String),
}

/// Connects to the mail server, begins TLS and signs in as the settings say, and sends nothing.
pub async fn try_mail(settings: &MailSettings) -> MailTrial {
    let mailer = match Mailer::new(settings) {
        Ok(mailer) => mailer,
        Err(error) => return MailTrial::Unusable(error.to_string()),
    };
    match timeout(EXCHANGE, mailer.0.client.test_connection()).await {
        Ok(Ok(true)) => MailTrial::Good,
        Ok(Ok(false)) => MailTrial::Unreachable("it closes the connection".to_owned()),
        Ok(Err(error)) => failed(&error),
        Err(_) => MailTrial::Unreachable(format!("no answer within {EXCHANGE:?}")),
    }
}

fn failed(error: &smtp::Error) -> MailTrial {
    let why = || root_cause(error).to_string();
    match error.status().map(|status| status.to_string()) {
        // RFC 4954, section 6.
        Some(status) if status.starts_with("53") || status == "454" => {
            MailTrial::LoginRefused(status)
        }
        Some(status) => MailTrial::Refused(status),
        None if error.is_tls() => MailTrial::Tls(why()),
        None if error.is_client() => MailTrial::Refused(why()),
        None => MailTrial::Unreachable(why()),
    }
}
