//! The database schema, one file a step, the same on SQLite and PostgreSQL.
//!
//! A step that has been released is never edited: the next one changes what it made.
//! May use: sea-orm-migration. Knows nothing of the service.

use sea_orm_migration::prelude::*;

mod columns;
mod m20261121_000001_accounts;
mod m20261121_000002_readings;
mod m20261121_000003_costs;
mod m20261121_000004_changes;
mod m20261121_000005_replicas;
mod m20261129_000006_folded_names;
mod m20261129_000007_upkeep;
mod m20261129_000010_care;
mod m20261129_000018_models;
mod m20261129_000020_sessions;
mod m20261129_000021_mail;
mod m20261129_000022_addresses;
mod m20261129_000030_keeping;
mod m20261129_000031_filters;
mod m20261129_000032_replies;
mod m20261129_000033_search;
mod m20261130_000024_guests;
mod m20261130_000034_sharing;
mod m20261130_000040_account_events;
mod m20261130_000050_quotas;

/// All steps, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_accounts::Migration),
            Box::new(m20261121_000002_readings::Migration),
            Box::new(m20261121_000003_costs::Migration),
            Box::new(m20261121_000004_changes::Migration),
            Box::new(m20261121_000005_replicas::Migration),
            Box::new(m20261129_000006_folded_names::Migration),
            Box::new(m20261129_000007_upkeep::Migration),
            Box::new(m20261129_000010_care::Migration),
            Box::new(m20261129_000018_models::Migration),
            Box::new(m20261129_000020_sessions::Migration),
            Box::new(m20261129_000021_mail::Migration),
            Box::new(m20261129_000022_addresses::Migration),
            Box::new(m20261129_000030_keeping::Migration),
            Box::new(m20261129_000031_filters::Migration),
            Box::new(m20261129_000032_replies::Migration),
            Box::new(m20261129_000033_search::Migration),
            Box::new(m20261130_000034_sharing::Migration),
            Box::new(m20261130_000040_account_events::Migration),
            Box::new(m20261130_000024_guests::Migration),
            Box::new(m20261130_000050_quotas::Migration),
        ]
    }
}
