//! Comparisons between rows of the table.

use crate::table::Row;

/// Connections, where it is not their number that is measured.
pub const CONNECTIONS: u32 = 32;

// Names in the table.
pub const MULA: &str = "mula";
pub const ON_POSTGRES: &str = "mula, PostgreSQL";
pub const ON_SQLITE: &str = "mula, SQLite";
pub const PROFILE: &str = "profile";
pub const FIRST_PAGE: &str = "first page";
pub const WHOLE_PAGE: &str = "first page of many users, all columns";
pub const DEEP_PAGE: &str = "deep page";
pub const STREWN_PAGES: &str = "64 deep pages";
pub const FILTERED_PAGE: &str = "filtered page";
pub const PAGE_BACKWARDS: &str = "page backwards";

/// Costs of later pages relative to the first.
pub fn pages(rows: &[Row]) -> Vec<String> {
    let compared = [DEEP_PAGE, FILTERED_PAGE, PAGE_BACKWARDS].map(|case| {
        let ratio = find(rows, MULA, case)?.processor() / find(rows, MULA, FIRST_PAGE)?.processor();
        Some(format!("CPU of a {case}: {ratio:.2} × the first page's"))
    });
    compared.into_iter().flatten().collect()
}

pub fn databases(rows: &[Row]) -> Vec<String> {
    let compared = [PROFILE, FIRST_PAGE].map(|case| {
        let (sqlite, postgres) = (find(rows, ON_SQLITE, case)?, find(rows, ON_POSTGRES, case)?);
        let ratio = sqlite.per_second() / postgres.per_second();
        Some(format!(
            "SQLite, {case}: {ratio:.2} × the requests/s on PostgreSQL"
        ))
    });
    compared.into_iter().flatten().collect()
}

fn find<'a>(rows: &'a [Row], server: &str, case: &str) -> Option<&'a Row> {
    rows.iter()
        .find(|row| (row.server, row.case, row.connections) == (server, case, CONNECTIONS))
}
