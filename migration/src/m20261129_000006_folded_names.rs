//! The keys of names by full case folding, where they were lower case: `ΟΔΟΣ`, `οδος` and `οδοσ` are
//! one name. An account whose new key another has keeps its old one.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Rows read at a time.
const PAGE: u64 = 500;

/// The columns of keys, and the characters they hold.
const KEYS: [(&str, usize); 2] = [("email_key", 255), ("username_key", 400)];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (column, longest) in KEYS {
            fold_column(manager.get_connection(), column, longest).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        // A folded key is as good a key as the one before; which that was is not known any more.
        Ok(())
    }
}

async fn fold_column(
    db: &SchemaManagerConnection<'_>,
    column: &'static str,
    longest: usize,
) -> Result<(), DbErr> {
    let column = Alias::new(column);
    let mut after = uuid::Uuid::nil();
    loop {
        let page = Query::select()
            .columns([Alias::new("id"), column.clone()])
            .from("users")
            .and_where(Expr::col("id").gt(after))
            .order_by("id", Order::Asc)
            .limit(PAGE)
            .to_owned();
        let rows = db.query_all(&page).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            after = row.try_get_by_index(0)?;
            let key: String = row.try_get_by_index(1)?;
            let folded = fold(&key);
            if key.is_ascii() || folded == key {
                continue;
            }
            let taken = Query::select()
                .column("id")
                .from("users")
                .and_where(Expr::col(column.clone()).eq(&folded))
                .to_owned();
            if folded.chars().count() > longest || db.query_one(&taken).await?.is_some() {
                tracing::warn!(user = %after, ?column, "another account has this one's name in another case; both keep theirs");
                continue;
            }
            let update = Query::update()
                .table("users")
                .value(column.clone(), folded)
                .and_where(Expr::col("id").eq(after))
                .to_owned();
            db.execute(&update).await?;
        }
    }
}

/// As the service does it (`account::name`) at the time of this step.
fn fold(text: &str) -> String {
    let folded = |text: String| UniCase::unicode(text).to_folded_case();
    let once = folded(text.nfkd().collect());
    folded(once.nfkd().collect()).nfkc().collect()
}
