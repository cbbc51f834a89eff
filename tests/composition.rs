//! The built-in engine's answers: what they take up, what they leave out, and what they do not say
//! twice.

use std::collections::HashSet;

use mula::{
    advisor::{Advisors, CastRule, History, Thread, engine::EngineInput, obi::Cast},
    entity::reading::{Advisor, Care},
};

const FIGURES: [&str; 5] = ["Oyekun", "Okana", "Ejife", "Etawa", "Alafia"];

const ALL: [Advisor; 4] = [
    Advisor::Legba,
    Advisor::Oshun,
    Advisor::Shango,
    Advisor::Yemaya,
];

fn advisors() -> Advisors {
    Advisors::load(None, None).unwrap()
}

fn asked(advisor: Advisor, question: &str, history: History) -> EngineInput {
    EngineInput {
        advisor,
        question: question.to_owned(),
        cast: Cast::stored(3).unwrap(),
        history,
        thread: Thread::default(),
        memory: None,
    }
}

/// Which part of a question file a line is in, and the line.
fn lines(set: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    set.lines().filter_map(move |line| {
        let name = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(name) = name {
            section = name;
        }
        let is_question = name.is_none() && !line.is_empty() && !line.starts_with('#');
        is_question.then_some((section, line))
    })
}

#[test]
fn a_cast_is_made_only_where_yes_or_no_can_answer_and_may() {
    let advisors = advisors();
    let mut wrong = Vec::new();
    for (section, question) in lines(include_str!("cast/questions.txt")) {
        let approach = advisors.approach(question);
        if approach.care == Care::Soft {
            assert_ne!(approach.cast, CastRule::Made, "{question}");
            continue;
        }
        let (has_cast, refer) = match section {
            "cast" => (true, None),
            "no cast" => (false, None),
            _ => (false, Some(section)),
        };
        let referred = approach.refer.unwrap_or_default();
        if (approach.cast == CastRule::Made) != has_cast
            || !referred.contains(refer.unwrap_or_default())
        {
            wrong.push(format!("[{section}] {question}: {approach:?}"));
        }
        for advisor in ALL {
            let text = advisors
                .answer(&asked(advisor, question, History::default()), false)
                .text;
            let named = FIGURES.iter().filter(|name| text.contains(**name)).count();
            assert_eq!(named, usize::from(has_cast), "{question}\n{text}");
            assert_eq!(text.matches("Etawa").count(), named, "{text}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whom_to_ask_stands_first() {
    let advisors = advisors();
    for (question, whom) in [
        ("should i stop the chemo", "This is a question for a doctor"),
        ("Should I plead guilty?", "This is a question for a lawyer"),
        (
            "should i put all my savings into bitcoin",
            "This is a question for an adviser",
        ),
        (
            "is it safe to drink wine while pregnant",
            "This is a question for a ",
        ),
    ] {
        for advisor in ALL {
            let text = advisors
                .answer(&asked(advisor, question, History::default()), false)
                .text;
            assert!(text.starts_with(whom), "{text}");
        }
    }
}

#[test]
fn an_answer_takes_up_the_question_in_the_askers_words() {
    let advisors = advisors();
    for advisor in ALL {
        let question = "My sister moved out in May. Should I paint her room yellow?";
        let text = advisors
            .answer(&asked(advisor, question, History::default()), false)
            .text;
        assert!(text.contains("“Should I paint her room yellow?”"), "{text}");
    }
}

/// The share of an answer's words that stand in sentences of earlier answers.
fn repeated(text: &str, seen: &HashSet<String>) -> (usize, usize) {
    let mut words = (0, 0);
    for sentence in text.split(['.', '?', '!', '\n']).map(str::trim) {
        let count = sentence.split_whitespace().count();
        words.1 += count;
        if seen.contains(sentence) {
            words.0 += count;
        }
    }
    words
}

/// Twenty questions, one after another, to one advisor.
#[test]
fn little_is_read_twice_in_twenty_readings() {
    let advisors = advisors();
    for advisor in ALL {
        let suggestions = &advisors.persona(advisor).suggestions;
        let asks = advisors
            .passages(advisor)
            .iter()
            .map(|passage| &passage.asks[0]);
        let questions: Vec<_> = suggestions.iter().chain(asks).take(20).collect();
        let mut history = History::default();
        let mut seen = HashSet::new();
        let mut words = (0, 0);
        for (at, question) in questions.iter().enumerate() {
            let answer = advisors.answer(&asked(advisor, question, history.clone()), false);
            if at >= 5 {
                let (twice, all) = repeated(&answer.text, &seen);
                words = (words.0 + twice, words.1 + all);
            }
            let sentences = answer.text.split(['.', '?', '!', '\n']).map(str::trim);
            seen.extend(
                sentences
                    .filter(|sentence| !sentence.is_empty())
                    .map(ToOwned::to_owned),
            );
            let titles = answer.sources.iter().map(|source| source.title.as_str());
            history.add(&answer.text, titles);
        }
        assert!(
            words.0 * 100 < words.1 * 15,
            "{advisor:?}: {} of {}",
            words.0,
            words.1
        );
    }
}

#[test]
fn the_same_question_cast_and_history_give_the_same_text() {
    let mut history = History::default();
    history.add("Speak. The court is sitting.", ["x"]);
    for history in [History::default(), history] {
        let asked = asked(Advisor::Shango, "Should I run for office?", history);
        assert_eq!(
            advisors().answer(&asked, false),
            advisors().answer(&asked, false)
        );
    }
}

#[test]
fn few_questions_are_taken_for_a_cry_for_help() {
    let advisors = advisors();
    let set = include_str!("cast/questions.txt");
    let everyday: Vec<_> = lines(set)
        .filter(|(section, _)| *section == "cast")
        .collect();
    let taken = everyday
        .iter()
        .filter(|(_, question)| advisors.approach(question).care != Care::None);
    assert!(taken.count() * 10 < everyday.len());
}
