//! `mula library ratings`: the passages of answers that did not help.

use std::{
    cmp::Reverse,
    collections::HashMap,
    io::{self, Write},
    path::Path,
};

use clap::ValueEnum;
use sea_orm::ActiveEnum;
use serde_json::{Value, json};

use super::{Error, Opened, library::Advisor};
use crate::{
    advisor::{Advisors, cited_title},
    config::DatabaseSettings,
    entity::reading,
    reading::told,
};

pub async fn run(
    as_json: bool,
    folder: Option<&Path>,
    settings: &DatabaseSettings,
) -> Result<(), Error> {
    let advisors = Advisors::load(folder, None)?;
    let mut ids = HashMap::new();
    for advisor in Advisor::value_variants() {
        let advisor = reading::Advisor::from(*advisor);
        for passage in advisors.passages(advisor) {
            ids.insert((advisor.to_value(), cited_title(passage)), &passage.id);
        }
    }
    let opened = Opened::migrated(settings).await?;
    let told = opened.named(told(opened.database.reads()).await)?;
    opened.database.close().await;
    let mut told: Vec<_> = told
        .iter()
        .filter(|(_, told)| told.not_helpful > 0)
        .collect();
    told.sort_by_key(|(_, told)| (Reverse(told.not_helpful), told.helpful));

    let mut out = io::stdout().lock();
    if as_json {
        let told = told.into_iter().map(|(source, told)| {
            json!({
                "advisor": source.0,
                "id": ids.get(source),
                "title": source.1,
                "not_helpful": told.not_helpful,
                "helpful": told.helpful,
            })
        });
        writeln!(out, "{:#}", Value::from(told.collect::<Vec<_>>()))?;
        return Ok(());
    }
    writeln!(out, "not helpful  helpful  advisor  passage")?;
    for (source, told) in told {
        let (advisor, title) = source;
        let id = ids
            .get(source)
            .map_or("not in the library", |id| id.as_str());
        writeln!(
            out,
            "{:>11}  {:>7}  {advisor:<7}  {title}  [{id}]",
            told.not_helpful, told.helpful
        )?;
    }
    Ok(())
}
