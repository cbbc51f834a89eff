//! The outbox of mail, and the tokens of links in it.

use sea_orm_migration::{
    prelude::*,
    schema::{integer, string_len, text_null, timestamp_with_time_zone, uuid, uuid_null},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 2] = ["mails", "account_tokens"];

/// A user's rows go with the user.
fn of_user(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "user_id")
        .to("users", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("mails")
                    .col(uuid("id").primary_key())
                    // None if the account is not known yet, or was deleted.
                    .col(uuid_null("user_id"))
                    .col(string_len("kind", 20))
                    .col(string_len("recipient", 255))
                    .col(string_len("locale", 35))
                    .col(text_null("detail"))
                    .col(integer("attempts"))
                    .col(timestamp_with_time_zone("due_at"))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(&mut of_user("mails"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("account_tokens")
                    // SHA-256 of the token, which is not stored.
                    .col(string_len("hash", 64).primary_key())
                    .col(uuid("user_id"))
                    .col(string_len("kind", 20))
                    .col(string_len("email", 255))
                    .col(timestamp_with_time_zone("expires_at"))
                    .foreign_key(&mut of_user("account_tokens"))
                    .to_owned(),
            )
            .await?;
        for (name, table, column) in [
            ("mails_by_due", "mails", "due_at"),
            ("mails_of_user", "mails", "user_id"),
            ("account_tokens_of_user", "account_tokens", "user_id"),
            ("account_tokens_by_expiry", "account_tokens", "expires_at"),
        ] {
            let index = Index::create()
                .name(name)
                .table(table)
                .col(column)
                .to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}
