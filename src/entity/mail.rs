//! `mails`: the outbox. A row is a message that has not been sent yet.

use sea_orm::{DeriveActiveEnum, EnumIter, entity::prelude::*};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mails")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// None where it is not known yet whether there is one, or it has been deleted.
    pub user_id: Option<Uuid>,
    pub kind: MailKind,
    pub recipient: String,
    /// A BCP 47 language tag.
    pub locale: String,
    /// A value that the message names.
    #[sea_orm(column_type = "Text", nullable)]
    pub detail: Option<String>,
    /// How often it was taken up to be sent.
    pub attempts: i32,
    /// When it is sent, or tried again, by the database's clock on PostgreSQL; long ago at first.
    /// A worker that takes it moves this first, as a lease.
    pub due_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
}

/// The kind of a message; each has its templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(20))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum MailKind {
    /// A link to choose a new password, if an account has the address.
    ResetPassword,
    /// A notice that the password has changed.
    PasswordChanged,
    /// A link that confirms the recipient's address.
    VerifyEmail,
    /// A notice to the present address that the account is to have another.
    EmailChangeAsked,
    /// A notice to the earlier address that the account has another.
    EmailChanged,
    /// A notice of a sign-in by a device that has no session.
    NewSignIn,
    /// A notice that the account has been deleted.
    AccountDeleted,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
