//! `account_events`: changes of accounts and sign-ins, for their owners to see.

use sea_orm::{DeriveActiveEnum, EnumIter, entity::prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_events")]
pub struct Model {
    /// Ascending in time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub kind: EventKind,
    /// The session that it began, ended or was requested with. It may be gone.
    pub session_id: Option<Uuid>,
    /// The `User-Agent` header of the request, at most 255 characters.
    pub user_agent: Option<String>,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(20))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    Registered,
    SignedIn,
    SignedOut,
    SignInFailed,
    PasswordChanged,
    PasswordReset,
    EmailChanged,
    EmailVerified,
    SessionRevoked,
    Claimed,
    Exported,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
