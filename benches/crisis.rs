//! How well cries for help are recognised: `cargo bench --bench crisis` measures both tiers, on a file
//! given after `--` or in cross-validation on the project's sets; `-- --learn` learns the soft tier.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "counts of questions, and weights that are rounded"
)]

use std::{error::Error, fs, path::Path};

use mula::{
    advisor::{
        Advisors,
        crisis::soft::{FEATURES, features, log_odds},
    },
    entity::reading::{Advisor, Care},
};

const SETS: [&str; 7] = [
    "questions",
    "held_out",
    "held_out_2",
    "held_out_3",
    "languages",
    "training_languages",
    "training",
];
const WEIGHTS: &str = "src/advisor/crisis/soft/weights.bin";

const PARTS: usize = 5;
/// How far each step goes, and how many there are.
const RATE: f64 = 0.5;
const STEPS: usize = 800;
const RIDGE: f64 = 2e-5;
/// The log-odds from which an everyday question is not learnt as one.
const DOUBTFUL: f64 = 2.0;

struct Example {
    text: String,
    is_cry: bool,
    features: Vec<(usize, f64)>,
}

/// The lines of a set: those under `[none]`, `[harmless]` and `[ordinary]` are no cries.
fn read(path: &Path) -> Result<Vec<Example>, Box<dyn Error>> {
    let mut is_cry = false;
    let mut examples = Vec::new();
    for line in fs::read_to_string(path)?.lines().map(str::trim) {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            is_cry = !matches!(name, "none" | "harmless" | "ordinary");
        } else if !line.is_empty() && !line.starts_with('#') {
            examples.push(Example {
                text: line.to_owned(),
                is_cry,
                features: features(line),
            });
        }
    }
    Ok(examples)
}

/// Everyday questions: those of passages and suggestions, as far as a first model does not classify
/// them as cries, which most are not.
fn everyday(advisors: &Advisors, first: &Model) -> Vec<Example> {
    let all = [
        Advisor::Legba,
        Advisor::Oshun,
        Advisor::Shango,
        Advisor::Yemaya,
    ];
    let asks = all.into_iter().flat_map(|advisor| {
        let passages = advisors.passages(advisor).iter();
        let suggestions = &advisors.persona(advisor).suggestions;
        passages
            .flat_map(|passage| &passage.asks)
            .chain(suggestions)
    });
    let examples = asks.map(|text| Example {
        text: text.clone(),
        is_cry: false,
        features: features(text),
    });
    examples
        .filter(|example| advisors.care(&example.text).is_none())
        .filter(|example| first.log_odds(&example.features) < DOUBTFUL)
        .collect()
}

struct Model {
    intercept: f64,
    weights: Vec<f64>,
}

impl Model {
    fn log_odds(&self, features: &[(usize, f64)]) -> f64 {
        let weighted = features
            .iter()
            .map(|(place, value)| value * self.weights[*place]);
        self.intercept + weighted.sum::<f64>()
    }

    /// Logistic regression with a ridge, both labels counting the same in all, by accelerated gradient
    /// descent (Nesterov, 1983).
    fn learn<'a>(examples: &(impl Iterator<Item = &'a Example> + Clone)) -> Self {
        let cries = examples.clone().filter(|example| example.is_cry).count() as f64;
        let all = examples.clone().count() as f64;
        let mut ahead = Self {
            intercept: 0.0,
            weights: vec![0.0; FEATURES],
        };
        let mut before = ahead.weights.clone();
        for step in 0..STEPS {
            let mut slopes: Vec<f64> = ahead.weights.iter().map(|weight| RIDGE * weight).collect();
            let mut slope = 0.0;
            for example in examples.clone() {
                let chance = 1.0 / (1.0 + (-ahead.log_odds(&example.features)).exp());
                let error = if example.is_cry {
                    (chance - 1.0) / (2.0 * cries)
                } else {
                    chance / (2.0 * (all - cries))
                };
                for (place, value) in &example.features {
                    slopes[*place] += error * value;
                }
                slope += error;
            }
            let momentum = step as f64 / (step as f64 + 3.0);
            ahead.intercept -= RATE * slope;
            for place in 0..FEATURES {
                let now = ahead.weights[place] - RATE * slopes[place];
                ahead.weights[place] = now + momentum * (now - before[place]);
                before[place] = now;
            }
        }
        Self {
            intercept: ahead.intercept,
            weights: before,
        }
    }
}

/// In the form that `soft.rs` reads.
fn write_weights(model: &Model) -> Result<(), Box<dyn Error>> {
    let weights = model.weights.iter();
    let largest = weights
        .clone()
        .fold(0.0_f64, |most, weight| most.max(weight.abs()));
    let scale = largest / 127.0;
    let mut file = (model.intercept as f32).to_le_bytes().to_vec();
    file.extend((scale as f32).to_le_bytes());
    file.extend(weights.map(|weight| ((weight / scale).round() as i8).cast_unsigned()));
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(WEIGHTS), file)?;
    Ok(())
}

/// Prints which cries are caught, and which others are taken for one.
fn report(name: &str, rows: &[(bool, Care, f64, &str)], is_long: bool) {
    let count = |is_cry, care: &dyn Fn(Care) -> bool| {
        rows.iter()
            .filter(|row| row.0 == is_cry && care(row.1))
            .count()
    };
    let (cries, others) = (count(true, &|_| true), count(false, &|_| true));
    println!(
        "{name}: {cries} cries, hard {}, soft {}, recall {:.3}; {others} others, hard {} ({:.3}), soft {} ({:.3})",
        count(true, &|care| care == Care::Crisis),
        count(true, &|care| care == Care::Soft),
        count(true, &|care| care != Care::None) as f64 / cries as f64,
        count(false, &|care| care == Care::Crisis),
        count(false, &|care| care == Care::Crisis) as f64 / others as f64,
        count(false, &|care| care == Care::Soft),
        count(false, &|care| care == Care::Soft) as f64 / others as f64,
    );
    if is_long {
        for (is_cry, care, odds, text) in rows {
            if *is_cry == (*care == Care::None) {
                println!("  {care:?} {odds:.1} {text}");
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let advisors = Advisors::load(None, None)?;
    let care = |text: &str| advisors.approach(text).care;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/care");
    let mut all = Vec::new();
    for set in SETS {
        all.extend(read(&folder.join(format!("{set}.txt")))?);
    }
    let everyday = everyday(&advisors, &Model::learn(&all.iter()));
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|one| one != "--bench")
        .collect();
    if arguments.iter().any(|one| one == "--learn") {
        write_weights(&Model::learn(&all.iter().chain(&everyday)))?;
        println!("{WEIGHTS} is written; build again to measure it");
        return Ok(());
    }
    if arguments.is_empty() {
        for bar in [-1.0, -0.5, 0.0, 0.5] {
            let mut rows = Vec::new();
            for part in 0..PARTS {
                let of = |is_in: bool| {
                    all.iter()
                        .enumerate()
                        .filter(move |(n, _)| (n % PARTS == part) == is_in)
                };
                let others = of(false).map(|(_, example)| example);
                let model = Model::learn(&others.chain(&everyday));
                for (_, example) in of(true) {
                    let odds = model.log_odds(&example.features);
                    let soft = if odds >= bar { Care::Soft } else { Care::None };
                    let care = match care(&example.text) {
                        Care::Crisis => Care::Crisis,
                        _ => soft,
                    };
                    rows.push((example.is_cry, care, odds, example.text.as_str()));
                }
            }
            report(&format!("cross-validation, from {bar}"), &rows, false);
        }
    }
    for file in &arguments {
        let examples = read(Path::new(file))?;
        let rows: Vec<_> = examples
            .iter()
            .map(|example| {
                let text = example.text.as_str();
                (example.is_cry, care(text), log_odds(text), text)
            })
            .collect();
        report(file, &rows, true);
    }
    Ok(())
}
