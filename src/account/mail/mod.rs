//! Mail: an outbox in the database, and a worker in each instance that sends it.
//!
//! A message is written in the transaction that needs it, so that it is sent if and only if that
//! commits. A worker leases it for two minutes, sends it and deletes it. It is sent once, but for a
//! worker that is killed after the server has accepted the message and before its row is deleted:
//! then it is sent twice, under one `Message-ID`. What fails is tried again, for three days.
//!
//! Rows hold no link: the worker makes its token when it sends, so that a database or a backup
//! holds none, and an hour is an hour however long the mail server was away.

mod outbox;
mod template;

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
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Accounts, Error};
use crate::{
    config::{self, Encryption},
    entity::{
        mail::{self, Kind},
        user,
    },
};
pub use template::Error as TemplateError;
use template::{Rendered, Templates, Values};

/// How long one exchange with the server may take.
const EXCHANGE: Duration = Duration::from_secs(20);

/// Mail cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
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
    pub(super) fn new(settings: &config::Mail) -> Result<Self, StartError> {
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

    /// Has this instance's worker look at the outbox; to be called after the commit.
    pub(super) fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// The link that a token stands in. In the fragment, which browsers send to no server: it gets
    /// into no log and no referrer.
    fn link(&self, page: &str, token: &str) -> String {
        link(&self.0.app_url, page, token)
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
        // RFC 3834: nobody's absence is reported to us.
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

/// A link of a front end, with a token.
pub(super) fn link(app_url: &str, page: &str, token: &str) -> String {
    format!("{app_url}/app/{page}#token={token}")
}

impl Accounts {
    /// # Errors
    ///
    /// [`Error::NoMail`] if no mail server is set.
    pub(super) fn mailer(&self) -> Result<&Mailer, Error> {
        self.mail.as_ref().ok_or(Error::NoMail)
    }

    /// Writes a message to a user into the outbox, where mail is set up. It is sent once the
    /// transaction has committed; [`Accounts::wake_mail`] sends it at once.
    pub(super) async fn notify(
        &self,
        tx: &impl ConnectionTrait,
        kind: Kind,
        user: &user::Model,
    ) -> Result<(), DbErr> {
        if self.mail.is_none() {
            return Ok(());
        }
        let to = (&*user.email, &*user.locale);
        self.post(tx, kind, Some(user.id), to, None).await
    }

    /// Writes a message to a recipient, in a language, into the outbox.
    pub(super) async fn post(
        &self,
        tx: &impl ConnectionTrait,
        kind: Kind,
        user_id: Option<Uuid>,
        (recipient, locale): (&str, &str),
        detail: Option<String>,
    ) -> Result<(), DbErr> {
        let now = self.clock.now();
        let row = mail::Model {
            id: self.clock.new_id(),
            user_id,
            kind,
            recipient: recipient.to_owned(),
            locale: locale.to_owned(),
            detail,
            attempts: 0,
            due_at: now,
            created_at: now,
        };
        mail::Entity::insert(row.into_active_model())
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    pub(super) fn wake_mail(&self) {
        if let Some(mailer) = &self.mail {
            mailer.wake();
        }
    }
}
