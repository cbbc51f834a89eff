//! Mail: an outbox in the database, and a worker in each instance that sends it.
//!
//! A message is written in the transaction that needs it, so that it is sent if and only if that
//! commits. A worker leases it for two minutes, sends it and deletes it. It is sent once, but for a
//! worker that is killed after the server has accepted the message and before its row is deleted:
//! then it is sent twice, under one `Message-ID`. What fails is tried again, for three days.
//!
//! Rows hold no link: the worker makes its token when it sends, so that a database or a backup
//! holds none, and an hour is an hour however long the mail server was away.

mod store;
mod template;
mod trial;
mod worker;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use lettre::{
    AsyncSmtpTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, header},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use sea_orm::{ConnectionTrait, DbErr};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{AccountError, name};
use crate::{
    clock::Clock,
    config::{Encryption, MailSettings},
    db::Database,
    entity::{
        mail::{self, MailKind},
        user,
    },
};
pub use template::TemplateError;
use template::{Rendered, Templates, Values};
pub use trial::{MailTrial, try_mail};

/// How long one exchange with the server may take.
const EXCHANGE: Duration = Duration::from_secs(20);

/// Mail cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("the client for the mail server cannot be made: {0}")]
    Client(#[from] lettre::transport::smtp::Error),
}

/// A message that cannot be written as mail.
#[derive(Debug, thiserror::Error)]
enum Unwritable {
    #[error("the recipient is not an address: {0}")]
    Address(#[from] lettre::address::AddressError),
    #[error(transparent)]
    Message(#[from] lettre::error::Error),
}

/// The way of mail from here. Clones share it.
#[derive(Clone)]
pub(super) struct Mailer(Arc<Inner>);

struct Inner {
    client: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    app_url: String,
    templates: Templates,
    wake: Notify,
}

impl Mailer {
    pub(super) fn new(settings: &MailSettings) -> Result<Self, MailError> {
        let server = &settings.server;
        let parameters = || TlsParameters::new(server.host.clone());
        let tls = match server.encryption {
            Encryption::None => Tls::None,
            Encryption::StartTls => Tls::Required(parameters()?),
            Encryption::Tls => Tls::Wrapper(parameters()?),
        };
        let mut client = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&*server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(EXCHANGE))
            .hello_name(ClientId::Domain(settings.from.email.domain().to_owned()));
        if let Some((user, password)) = &server.credentials {
            client = client.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self(Arc::new(Inner {
            client: client.build(),
            from: settings.from.clone(),
            app_url: settings.app_url.clone(),
            templates: Templates::load(settings.templates_dir.as_deref())?,
            wake: Notify::new(),
        })))
    }

    fn message(
        &self,
        row: &mail::Model,
        recipient: &str,
        locale: &str,
        values: &Values,
        now: DateTime<Utc>,
    ) -> Result<Message, Unwritable> {
        let Rendered {
            subject,
            text,
            html,
        } = self.0.templates.render(row.kind, locale, values);
        let id = format!("<{}@{}>", row.id, self.0.from.email.domain());
        // RFC 3834: no automatic replies.
        let automatic = header::HeaderName::new_from_ascii_str("Auto-Submitted");
        let automatic = header::HeaderValue::new(automatic, "auto-generated".to_owned());
        Ok(Message::builder()
            .from(self.0.from.clone())
            .to(Mailbox::new(None, recipient.parse()?))
            .subject(subject)
            .date(now.into())
            .message_id(Some(id))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(text, html))?)
    }
}

/// A link of a front end, with a token in the fragment, which browsers send to no server: it gets into no
/// log and no referrer.
pub(super) fn link(app_url: &str, page: &str, token: &str) -> String {
    format!("{app_url}/app/{page}#token={token}")
}

/// The outbox, and the worker that sends what is in it. Clones share the worker's wake-up.
#[derive(Clone)]
pub struct Outbox {
    db: Database,
    clock: Clock,
    /// None: no mail is sent.
    mailer: Option<Mailer>,
}

impl Outbox {
    pub(super) fn new(
        settings: Option<&MailSettings>,
        db: Database,
        clock: Clock,
    ) -> Result<Self, MailError> {
        let mailer = settings.map(Mailer::new).transpose()?;
        Ok(Self { db, clock, mailer })
    }

    /// Whether a mail server is set.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.mailer.is_some()
    }

    /// # Errors
    ///
    /// [`AccountError::NoMail`] if no mail server is set.
    pub(super) fn require(&self) -> Result<(), AccountError> {
        if self.is_on() {
            Ok(())
        } else {
            Err(AccountError::NoMail)
        }
    }

    /// Writes a message to a user into the outbox, where mail is set up. It is sent once the
    /// transaction has committed; [`Outbox::wake`] sends it at once.
    pub(super) async fn notify(
        &self,
        tx: &impl ConnectionTrait,
        kind: MailKind,
        user: &user::Model,
    ) -> Result<(), DbErr> {
        if !self.is_on() {
            return Ok(());
        }
        let to = (&*user.email, &*user.locale);
        self.post(tx, kind, Some(user.id), to, None).await
    }

    /// Writes a message to a recipient, in a language, into the outbox; to a guest none.
    pub(super) async fn post(
        &self,
        tx: &impl ConnectionTrait,
        kind: MailKind,
        user_id: Option<Uuid>,
        (recipient, locale): (&str, &str),
        detail: Option<String>,
    ) -> Result<(), DbErr> {
        if name::is_guests(&name::email_key(recipient)) {
            return Ok(());
        }
        let row = mail::Model {
            id: self.clock.new_id(),
            user_id,
            kind,
            recipient: recipient.to_owned(),
            locale: locale.to_owned(),
            detail,
            attempts: 0,
            // At once, by any clock: only the database's judges when it is due again.
            due_at: DateTime::UNIX_EPOCH,
            created_at: self.clock.now(),
        };
        store::insert(tx, row).await
    }

    /// Has this instance's worker look at the outbox; to be called after the commit.
    pub(super) fn wake(&self) {
        if let Some(mailer) = &self.mailer {
            mailer.0.wake.notify_one();
        }
    }
}
