//! Whether the mail server takes us in: it connects, begins TLS and signs in, and sends nothing.

use super::Report;
use crate::{
    account::{MailTrial, try_mail},
    config,
};

const ABOUT: &str = "mail";

pub(super) async fn check(settings: Option<&config::MailSettings>, report: &mut Report) {
    let Some(settings) = settings else {
        report.ok(
            ABOUT,
            "no server is set; links come from mula user reset-link",
        );
        return;
    };
    let server = format!("{}:{}", settings.server.host, settings.server.port);
    match try_mail(settings).await {
        MailTrial::Good if settings.server.credentials.is_some() => {
            report.ok(ABOUT, format_args!("{server} answers, and lets us in"));
        }
        MailTrial::Good => report.ok(ABOUT, format_args!("{server} answers")),
        MailTrial::Unusable(why) => report.fail(ABOUT, why),
        MailTrial::LoginRefused(status) => report.fail(
            ABOUT,
            format_args!(
                "{server} refuses the user or the password ({status}): check SMTP_URL; @ / : # % in \
                 them are percent-encoded"
            ),
        ),
        MailTrial::Refused(why) => report.fail(
            ABOUT,
            format_args!(
                "{server} does not take mail from us ({why}): check the scheme and port of SMTP_URL, \
                 and ask whoever runs it"
            ),
        ),
        MailTrial::Tls(why) => report.fail(
            ABOUT,
            format_args!(
                "TLS with {server} fails ({why}): check the host, port and scheme of SMTP_URL \
                 (smtps:// on 465, starttls:// on 587); SSL_CERT_FILE names certificates other than \
                 the system's"
            ),
        ),
        MailTrial::Unreachable(why) => report.fail(
            ABOUT,
            format_args!(
                "{server} cannot be reached ({why}): check SMTP_URL, and that this machine gets there"
            ),
        ),
    }
}
