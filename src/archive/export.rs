//! Writing an export, a page at a time.

use std::io;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::{
    Counts,
    line::{End, FORMAT, Header, Line, Scope, User, VERSION},
    whole::whole,
};
use crate::{
    account::find_by_email,
    db::Database,
    entity::{account_event, reading, service_month, session, usage_day, usage_month, user},
};

/// Rows of a page; of readings, which are large, fewer.
const PAGE: u64 = 500;
const PAGE_OF_READINGS: u64 = 100;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("no account has the email {0}")]
    NoSuchUser(String),
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// Writes all data, or those of the user with this email, as they are at one moment. `progress`
/// receives the number of rows written, a page at a time.
///
/// # Errors
///
/// If there is no such user, the database fails, or the output cannot be written; then what is
/// written lacks its last line, and no import takes it.
pub async fn export(
    db: &Database,
    email: Option<&str>,
    now: DateTime<Utc>,
    out: &mut impl io::Write,
    mut progress: impl FnMut(Counts),
) -> Result<Counts, ExportError> {
    let tx = db.snapshot().await?;
    db.let_idle(&tx).await?;
    let owner = match email {
        Some(email) => {
            let user = find_by_email(&tx, email)
                .await?
                .ok_or_else(|| ExportError::NoSuchUser(email.to_owned()))?;
            Some(user.id)
        }
        None => None,
    };
    let mut export = Export::new(owner, now);
    while let Some(page) = export.next(&tx).await? {
        out.write_all(&page)?;
        progress(export.counts);
    }
    out.flush()?;
    Ok(export.counts)
}

/// An export, written a page at a time.
#[derive(Debug)]
pub struct Export {
    /// None: of all data.
    owner: Option<Uuid>,
    now: DateTime<Utc>,
    /// None once the last page is written.
    next: Option<Next>,
    counts: Counts,
}

/// The next page, with the key of the last row before it.
#[derive(Clone, Copy, Debug)]
enum Next {
    Header,
    Users(Uuid),
    Days(Option<(Uuid, NaiveDate)>),
    Months(Option<(Uuid, NaiveDate)>),
    ServiceMonths,
    Sessions(Uuid),
    Events(Uuid),
    Readings(Uuid),
    End,
}

impl Export {
    /// An export of a user's data, or of all.
    #[must_use]
    pub fn new(owner: Option<Uuid>, now: DateTime<Utc>) -> Self {
        Self {
            owner,
            now,
            next: Some(Next::Header),
            counts: Counts::default(),
        }
    }

    /// The lines of the next page, which may be none; `None` after the last page.
    ///
    /// # Errors
    ///
    /// If the database fails; then there is no further page.
    pub async fn next(
        &mut self,
        tx: &impl ConnectionTrait,
    ) -> Result<Option<Vec<u8>>, ExportError> {
        let Some(next) = self.next.take() else {
            return Ok(None);
        };
        let mut page = Vec::new();
        self.next = match next {
            Next::Header => {
                line(&mut page, &Line::Header(self.header()))?;
                // With rows: it is the first statement that makes a snapshot.
                self.users(tx, Uuid::nil(), &mut page).await?
            }
            Next::Users(after) => self.users(tx, after, &mut page).await?,
            Next::Days(after) => self.days(tx, after, &mut page).await?,
            Next::Months(after) => self.months(tx, after, &mut page).await?,
            Next::ServiceMonths => self.service_months(tx, &mut page).await?,
            Next::Sessions(after) => self.sessions(tx, after, &mut page).await?,
            Next::Events(after) => self.events(tx, after, &mut page).await?,
            Next::Readings(after) => self.readings(tx, after, &mut page).await?,
            Next::End => {
                let lines = self.counts.all();
                line(&mut page, &Line::End(End { lines }))?;
                None
            }
        };
        Ok(Some(page))
    }

    fn header(&self) -> Header {
        let scope = match self.owner {
            Some(_) => Scope::User,
            None => Scope::All,
        };
        Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            mula: env!("CARGO_PKG_VERSION").to_owned(),
            exported_at: self.now,
            scope,
            contains: scope.contains(),
        }
    }

    async fn users(
        &mut self,
        tx: &impl ConnectionTrait,
        after: Uuid,
        page: &mut Vec<u8>,
    ) -> Result<Option<Next>, ExportError> {
        let rows = self
            .owned::<user::Entity>(user::Column::Id)
            .filter(user::Column::Id.gt(after))
            .order_by_asc(user::Column::Id)
            .limit(PAGE)
            .all(tx)
            .await?;
        let last = rows.last().map(|last| last.id);
        for row in rows {
            // A user's own export is for that user to keep anywhere: no hash to guess at.
            line(page, &Line::User(User::new(row, self.owner.is_none())))?;
            self.counts.users += 1;
        }
        Ok(Some(last.map_or(Next::Days(None), Next::Users)))
    }

    async fn days(
        &mut self,
        tx: &impl ConnectionTrait,
        after: Option<(Uuid, NaiveDate)>,
        page: &mut Vec<u8>,
    ) -> Result<Option<Next>, ExportError> {
        let mut rows = self
            .owned::<usage_day::Entity>(usage_day::Column::UserId)
            .cursor_by((usage_day::Column::UserId, usage_day::Column::Day));
        if let Some(after) = after {
            rows.after(after);
        }
        let rows = rows.first(PAGE).all(tx).await?;
        let last = rows.last().map(|last| (last.user_id, last.day));
        for row in rows {
            line(page, &Line::UsageDay(row.into()))?;
            self.counts.usage += 1;
        }
        Ok(Some(
            last.map_or(Next::Months(None), |last| Next::Days(Some(last))),
        ))
    }

    async fn months(
        &mut self,
        tx: &impl ConnectionTrait,
        after: Option<(Uuid, NaiveDate)>,
        page: &mut Vec<u8>,
    ) -> Result<Option<Next>, ExportError> {
        let mut rows = self
            .owned::<usage_month::Entity>(usage_month::Column::UserId)
            .cursor_by((usage_month::Column::UserId, usage_month::Column::Month));
        if let Some(after) = after {
            rows.after(after);
        }
        let rows = rows.first(PAGE).all(tx).await?;
        let last = rows.last().map(|last| (last.user_id, last.month));
        for row in rows {
            line(page, &Line::UsageMonth(row.into()))?;
            self.counts.usage += 1;
        }
        let then = match self.owner {
            Some(_) => Next::Sessions(Uuid::nil()),
            None => Next::ServiceMonths,
        };
        Ok(Some(last.map_or(then, |last| Next::Months(Some(last)))))
    }

    /// A row a month, of all time. Sessions are left out of an export of all data.
    async fn service_months(
        &mut self,
        tx: &impl ConnectionTrait,
        page: &mut Vec<u8>,
    ) -> Result<Option<Next>, ExportError> {
        let months = service_month::Entity::find().order_by_asc(service_month::Column::Month);
        for row in months.all(tx).await? {
            line(page, &Line::ServiceMonth(row.into()))?;
            self.counts.usage += 1;
        }
        Ok(Some(Next::Events(Uuid::nil())))
    }

    async fn sessions(
        &mut self,
        tx: &impl ConnectionTrait,
        after: Uuid,
        page: &mut Vec<u8>,
    ) -> Result<Option<Next>, ExportError> {
        let rows = self
            .owned::<session::Entity>(session::Column::UserId)
            .filter(session::Column::Id.gt(after))
            .order_by_asc(session::Column::Id)
            .limit(PAGE)
            .all(tx)
            .await?;
        let last = rows.last().map(|last| last.id);
        for row in rows {
            line(page, &Line::Session(row.into()))?;
            self.counts.sessions += 1;
        }
        Ok(Some(last.map_or(Next::Events(Uuid::nil()), Next::Sessions)))
    }

    async fn events(
        &mut self,
        tx: &impl ConnectionTrait,
        after: Uuid,
        page: &mut Vec<u8>,
    ) -> Result<Option<Next>, ExportError> {
        let rows = self
            .owned::<account_event::Entity>(account_event::Column::UserId)
            .filter(account_event::Column::Id.gt(after))
            .order_by_asc(account_event::Column::Id)
            .limit(PAGE)
            .all(tx)
            .await?;
        let last = rows.last().map(|last| last.id);
        for row in rows {
            line(page, &Line::AccountEvent(row.into()))?;
            self.counts.events += 1;
        }
        Ok(Some(last.map_or(Next::Readings(Uuid::nil()), Next::Events)))
    }

    async fn readings(
        &mut self,
        tx: &impl ConnectionTrait,
        after: Uuid,
        page: &mut Vec<u8>,
    ) -> Result<Option<Next>, ExportError> {
        let rows = self
            .owned::<reading::Entity>(reading::Column::UserId)
            .filter(reading::Column::Id.gt(after))
            .order_by_asc(reading::Column::Id)
            .limit(PAGE_OF_READINGS)
            .all(tx)
            .await?;
        let last = rows.last().map(|last| last.id);
        for reading in whole(tx, rows, self.owner.is_none(), self.now).await? {
            line(page, &Line::Reading(Box::new(reading)))?;
            self.counts.readings += 1;
        }
        Ok(Some(last.map_or(Next::End, Next::Readings)))
    }

    fn owned<E: EntityTrait>(&self, column: E::Column) -> Select<E> {
        match self.owner {
            Some(owner) => E::find().filter(column.eq(owner)),
            None => E::find(),
        }
    }
}

fn line(page: &mut Vec<u8>, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *page, line)?;
    page.push(b'\n');
    Ok(())
}
