//! How well, and how fast, the library finds the passages that answer a question.
//!
//! `cargo bench --bench library`, or `make library`; with `-- --misses`, also which it does not find;
//! with `-- --learn`, the weights of the floor.

use std::{hint::black_box, time::Instant};

use mula::advisor::Advisors;

#[path = "library/learn.rs"]
mod learn;
#[path = "../tests/library/questions.rs"]
mod questions;

use questions::{DEVELOPMENT, Figures, Question, held_out, read};

fn main() {
    if std::env::args().any(|argument| argument == "--learn") {
        learn::write_weights().expect("the knowledge is right");
        return;
    }
    let started = Instant::now();
    let advisors = Advisors::load(None, None).expect("the built-in knowledge is right");
    println!(
        "first load    {:>8.1?}, with the embeddings",
        started.elapsed()
    );
    let started = Instant::now();
    black_box(Advisors::load(None, None).expect("the built-in knowledge is right"));
    println!("load          {:>8.1?}", started.elapsed());

    let mut sets = vec![("development", read(DEVELOPMENT))];
    sets.extend(held_out());
    for (name, questions) in &sets {
        println!("{name:<15}  {}", Figures::measure(&advisors, questions));
    }

    let mut took: Vec<_> = sets
        .iter()
        .flat_map(|(_, questions)| questions)
        .map(|question| {
            let started = Instant::now();
            black_box(advisors.rank(question.advisor, black_box(question.text)));
            started.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!(
        "search        {:>8.1?} at the median, {:.1?} at the 99th percentile",
        took[took.len() / 2],
        took[took.len() * 99 / 100]
    );

    if std::env::args().any(|argument| argument == "--misses") {
        for (name, questions) in &sets {
            misses(&advisors, name, questions);
        }
    }
}

fn misses(advisors: &Advisors, name: &str, questions: &[Question]) {
    println!("\nNot right, {name}:");
    for question in questions {
        let ranking = advisors.rank(question.advisor, question.text);
        let right = if question.answers.is_empty() {
            ranking.found == 0
        } else {
            question.hit(advisors, &ranking).is_some()
        };
        if right {
            continue;
        }
        let passages = advisors.passages(question.advisor);
        let found: Vec<_> = ranking.ranked[..ranking.found]
            .iter()
            .map(|ranked| passages[ranked.passage].id.as_str())
            .collect();
        println!(
            "  {:?}: {}\n    {}",
            question.advisor,
            question.text,
            found.join(" ")
        );
    }
}
