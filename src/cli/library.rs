//! `mula library`: what the advisors know, and what they would find on a question and why.

use std::{
    io::{self, Write},
    path::Path,
};

use clap::ValueEnum;
use serde_json::{Value, json};

use super::{Error, count};
use crate::{
    advisor::{Advisors, Nearest, Passage, Ranked, Signals},
    entity::reading,
};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show which passages would answer a question, and why; needs no database
    Search {
        /// The question
        question: String,
        /// The advisor; by default all four
        #[arg(long)]
        advisor: Option<Advisor>,
        /// Passages to show of each, whether found or only nearest
        #[arg(long, default_value = "3", value_parser = clap::value_parser!(u8).range(1..=100))]
        limit: u8,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Read and check all that the advisors know, and say how much it is
    Check,
    /// List the passages of answers that users rated as not helpful
    Ratings {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub fn is_without_database(&self) -> bool {
        !matches!(self, Self::Ratings { .. })
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Advisor {
    Legba,
    Oshun,
    Shango,
    Yemaya,
}

impl From<Advisor> for reading::Advisor {
    fn from(advisor: Advisor) -> Self {
        match advisor {
            Advisor::Legba => Self::Legba,
            Advisor::Oshun => Self::Oshun,
            Advisor::Shango => Self::Shango,
            Advisor::Yemaya => Self::Yemaya,
        }
    }
}

pub fn run(command: &Command, folder: Option<&Path>) -> Result<(), Error> {
    let advisors = Advisors::load(folder, None)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match command {
        Command::Search {
            question,
            advisor,
            limit,
            json,
        } => {
            let asked = match advisor {
                Some(advisor) => std::slice::from_ref(advisor),
                None => Advisor::value_variants(),
            };
            if *json {
                let found: Vec<_> = asked
                    .iter()
                    .map(|advisor| as_json(&advisors, (*advisor).into(), question, *limit))
                    .collect();
                writeln!(out, "{:#}", Value::from(found))?;
                return Ok(out.flush()?);
            }
            for (n, advisor) in asked.iter().enumerate() {
                if n > 0 {
                    writeln!(out)?;
                }
                search(&mut out, &advisors, (*advisor).into(), question, *limit)?;
            }
        }
        Command::Check => check(&mut out, &advisors)?,
        Command::Ratings { .. } => unreachable!("it needs the database"),
    }
    out.flush()?;
    Ok(())
}

fn as_json(advisors: &Advisors, advisor: reading::Advisor, question: &str, limit: u8) -> Value {
    let ranking = advisors.rank(advisor, question);
    let passages = advisors.passages(advisor);
    let shown = ranking.ranked.iter().take(limit.into()).enumerate();
    let shown = shown.map(|(n, ranked)| {
        let passage = &passages[ranked.passage];
        json!({
            "id": passage.id,
            "title": passage.title,
            "source": passage.source,
            "found": n < ranking.found,
            "chance": ranked.chance(),
            "score": ranked.score,
        })
    });
    json!({
        "advisor": advisors.persona(advisor).name,
        "found": ranking.found,
        "passages": shown.collect::<Vec<_>>(),
    })
}

fn search(
    out: &mut impl Write,
    advisors: &Advisors,
    advisor: reading::Advisor,
    question: &str,
    limit: u8,
) -> io::Result<()> {
    let ranking = advisors.rank(advisor, question);
    let name = &advisors.persona(advisor).name;
    if ranking.found > 0 {
        writeln!(out, "{name} finds {}.", count(ranking.found, "passage"))?;
    } else {
        write!(out, "{name}'s library holds nothing on this")?;
        match &ranking.off_topic.subject {
            Some(subject) => {
                let Nearest { words, ask, .. } = ranking.off_topic;
                let likeness = words.max(ask);
                writeln!(
                    out,
                    ": the nearest off-topic subject is [{subject}], likeness {likeness:.2}."
                )?;
            }
            None => writeln!(out, ".")?,
        }
        writeln!(out, "What came nearest:")?;
    }
    let passages = advisors.passages(advisor);
    for (n, ranked) in ranking.ranked.iter().take(limit.into()).enumerate() {
        if n > 0 && n == ranking.found {
            writeln!(out, "\nNot found, but next:")?;
        }
        explain(out, n + 1, &passages[ranked.passage], ranked)?;
    }
    Ok(())
}

/// A passage, and its score in each signal.
fn explain(out: &mut impl Write, n: usize, passage: &Passage, ranked: &Ranked) -> io::Result<()> {
    writeln!(out, "\n{n:>3}  {}  [{}]", passage.title, passage.id)?;
    write_wrapped(out, &passage.source)?;
    if ranked.is_excluded {
        writeln!(
            out,
            "{MARGIN}excluded: the question has a phrase of its `not`"
        )?;
    }
    let Signals {
        words,
        subject,
        nearest,
    } = ranked.signals;
    writeln!(
        out,
        "{MARGIN}chance {:.2}  score {:.2}  words {words:.2}  subject {subject:.2}  nearest {nearest:.2}",
        ranked.chance(),
        ranked.score,
    )?;
    match &ranked.matched[..] {
        [] => writeln!(out, "{MARGIN}no words of the question"),
        matched => write_wrapped(
            out,
            &format!("words of the question: {}", matched.join(", ")),
        ),
    }
}

const MARGIN: &str = "     ";
/// Columns.
const WIDTH: usize = 95;

fn write_wrapped(out: &mut impl Write, text: &str) -> io::Result<()> {
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty()
            && MARGIN.len() + line.chars().count() + 1 + word.chars().count() > WIDTH
        {
            writeln!(out, "{MARGIN}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{MARGIN}{line}")
}

fn check(out: &mut impl Write, advisors: &Advisors) -> io::Result<()> {
    for advisor in Advisor::value_variants() {
        let advisor = reading::Advisor::from(*advisor);
        let name = &advisors.persona(advisor).name;
        let passages = count(advisors.passages(advisor).len(), "passage");
        writeln!(out, "{name:<8} {passages}")?;
    }
    writeln!(out, "All is right.")
}
