//! Learns the floor: logistic regressions with a ridge, by Newton's method.
//!
//! The example questions of `knowledge/` are dealt into parts, and the passages of each part asked
//! for in a library that was built without them.

use std::{error::Error, fmt::Write as _, fs, path::Path};

use mula::{advisor::Advisors, entity::reading::Advisor};

use crate::questions::{ADVISORS, DEVELOPMENT, read};

const PARTS: usize = 8;
/// Passages of each ranking that are learnt from: those that could be shown.
const TOP: usize = 3;
/// How strongly weights are held to zero: those of signals, and those of the direction of the question,
/// which are many.
const SIGNAL_RIDGE: f64 = 0.05;
const DIRECTION_RIDGE: f64 = 0.4;
/// Features of a question before those of its direction.
const SIGNALS: usize = 5;
const STEPS: usize = 8;

const WEIGHTS: &str = "src/advisor/library/floor/weights.rs";

/// Features, with a 1 before them, and what is to be told from them: 0 or 1.
struct Example {
    features: Vec<f64>,
    label: f64,
}

impl Example {
    fn new(features: Vec<f64>, label: bool) -> Self {
        let mut with_one = vec![1.0];
        with_one.extend(features);
        Self {
            features: with_one,
            label: f64::from(u8::from(label)),
        }
    }
}

/// Writes `src/advisor/library/floor/weights.rs`.
pub fn write_weights() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut on_topic = Vec::new();
    let mut speaks = Vec::new();
    for part in 0..PARTS {
        let folder = tempfile::tempdir()?;
        for (name, advisor) in ADVISORS {
            let file = format!("{name}.toml");
            let held_back = hold_back(&root.join("knowledge"), &file, folder.path(), part)?;
            // Only this advisor's questions are held back, so that the others' are whole.
            let advisors = Advisors::load(Some(folder.path()), None)?;
            for (id, question) in held_back {
                let ranking = advisors.rank(advisor, &question);
                on_topic.extend(ranking.features().map(|all| Example::new(all, true)));
                for ranked in ranking.ranked.iter().take(TOP) {
                    let is_meant = advisors.passages(advisor)[ranked.passage].id == id;
                    speaks.push(Example::new(ranked.features(), is_meant));
                }
            }
            fs::remove_file(folder.path().join(file))?;
        }
        let file = "off-topic.toml";
        let held_back = hold_back(&root.join("knowledge"), file, folder.path(), part)?;
        let advisors = Advisors::load(Some(folder.path()), None)?;
        for (n, (_, question)) in held_back.iter().enumerate() {
            let (_, advisor) = ADVISORS[n % ADVISORS.len()];
            on_topic.extend(off_topic(&advisors, advisor, question));
        }
    }
    let advisors = Advisors::load(None, None)?;
    for question in read(DEVELOPMENT) {
        if question.answers.is_empty() {
            on_topic.extend(off_topic(&advisors, question.advisor, question.text));
        }
    }
    let mut text = String::from(
        "//! Written by `cargo bench --bench library -- --learn`.\n\n\
         use super::{DIMENSIONS, Regression};\n",
    );
    let weights = learn(&on_topic, true);
    write_regression(&mut text, "ON_TOPIC", "{ 5 + DIMENSIONS }", &weights)?;
    let weights = learn(&speaks, false);
    write_regression(&mut text, "SPEAKS", "4", &weights)?;
    fs::write(root.join(WEIGHTS), text)?;
    println!("{WEIGHTS} is written; build again to measure it");
    Ok(())
}

fn off_topic(advisors: &Advisors, advisor: Advisor, question: &str) -> Option<Example> {
    let features = advisors.rank(advisor, question).features()?;
    Some(Example::new(features, false))
}

/// Copies a file without a part of its example questions; these, and the passage or subject of each.
fn hold_back(
    from: &Path,
    file: &str,
    to: &Path,
    part: usize,
) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let text = fs::read_to_string(from.join(file))?;
    let mut kept = String::new();
    let mut held_back = Vec::new();
    let (mut id, mut asks) = (String::new(), None);
    for line in text.lines() {
        // A question stands on a line of its own.
        if let Some(count) = &mut asks {
            if line == "]" {
                asks = None;
            } else {
                *count += 1;
                if *count % PARTS == part {
                    let value: toml::Table = toml::from_str(&format!("ask = [{line}]"))?;
                    let ask = value["ask"][0].as_str().ok_or("a question is no text")?;
                    held_back.push((id.clone(), ask.to_owned()));
                    continue;
                }
            }
        } else if line == "asks = [" {
            asks = Some(0);
        } else if let Some(name) = line.strip_prefix("id = ") {
            name.trim_matches('"').clone_into(&mut id);
        }
        kept.push_str(line);
        kept.push('\n');
    }
    fs::write(to.join(file), kept)?;
    Ok(held_back)
}

fn write_regression(
    text: &mut String,
    name: &str,
    size: &str,
    weights: &[f64],
) -> Result<(), Box<dyn Error>> {
    let (intercept, weights) = weights.split_first().ok_or("no weights")?;
    writeln!(
        text,
        "\npub(super) const {name}: Regression<{size}> = Regression {{\n    intercept: {intercept:.3},\n    \
         weights: ["
    )?;
    for row in weights.chunks(11) {
        let row: Vec<_> = row.iter().map(|weight| format!("{weight:.3}")).collect();
        writeln!(text, "        {},", row.join(", "))?;
    }
    writeln!(text, "    ],\n}};")?;
    Ok(())
}

/// The weights, the intercept first. If it is so wanted, both labels count the same in all.
fn learn(examples: &[Example], is_balanced: bool) -> Vec<f64> {
    let size = examples[0].features.len();
    let mut counts = [0.0; 2];
    for example in examples {
        counts[usize::from(example.label > 0.5)] += 1.0;
    }
    let [zeros, ones] = counts;
    let half = f64::midpoint(zeros, ones);
    let ridge = |n| match n {
        // The intercept is free.
        0 => 0.0,
        n if n <= SIGNALS => SIGNAL_RIDGE,
        _ => DIRECTION_RIDGE,
    };
    let mut weights = vec![0.0; size];
    for _ in 0..STEPS {
        let mut gradient = vec![0.0; size];
        let mut hessian = vec![vec![0.0; size]; size];
        for Example { features, label } in examples {
            let odds: f64 = features.iter().zip(&weights).map(|(x, w)| x * w).sum();
            let chance = 1.0 / (1.0 + (-odds).exp());
            let counts = match (is_balanced, *label > 0.5) {
                (false, _) => 1.0,
                (true, false) => half / zeros,
                (true, true) => half / ones,
            };
            for i in 0..size {
                gradient[i] += counts * (label - chance) * features[i];
                let curved = counts * chance * (1.0 - chance) * features[i];
                for (sum, other) in hessian[i].iter_mut().zip(features) {
                    *sum += curved * other;
                }
            }
        }
        for i in 0..size {
            gradient[i] -= ridge(i) * weights[i];
            hessian[i][i] += ridge(i);
        }
        for (weight, step) in weights.iter_mut().zip(solve(hessian, gradient)) {
            *weight += step;
        }
    }
    weights
}

/// Gaussian elimination with pivoting.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for column in 0..size {
        let pivot = (column..size)
            .max_by(|a, b| {
                let (a, b) = (matrix[*a][column].abs(), matrix[*b][column].abs());
                a.total_cmp(&b)
            })
            .unwrap_or(column);
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in column + 1..size {
            let factor = matrix[row][column] / matrix[column][column];
            let (above, below) = matrix.split_at_mut(row);
            let pivot = &above[column][column..];
            for (value, pivot) in below[0][column..].iter_mut().zip(pivot) {
                *value -= factor * pivot;
            }
            right[row] -= factor * right[column];
        }
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| matrix[row][k] * right[k]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}
