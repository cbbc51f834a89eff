//! The library: its results, their quality, and the files it reads.

use std::fs;

use mula::advisor::Advisors;
use tempfile::TempDir;

use crate::support::{mula, run};

mod questions;

use questions::{ADVISORS, DEVELOPMENT, Figures, held_out, read};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

/// Raise these when the search gets better; a change that makes them worse has to say why.
#[test]
fn it_finds_as_much_as_it_did() {
    let advisors = Advisors::load(None, None).unwrap();

    let figures = Figures::measure(&advisors, &read(DEVELOPMENT));
    assert!(figures.questions >= 196 && figures.about_something_else >= 80);
    assert!(
        figures.first >= 167
            && figures.ranked >= 184
            && figures.three >= 172
            && figures.false_hits == 0
            && figures.right * 100 >= figures.shown * 84,
        "{figures}"
    );
    let (_, questions) = held_out().swap_remove(0);
    let figures = Figures::measure(&advisors, &questions);
    assert!(figures.questions >= 60 && figures.about_something_else >= 40);
    assert!(
        figures.first >= 34
            && figures.ranked >= 52
            && figures.three >= 36
            && figures.false_hits <= 3
            && figures.right * 100 >= figures.shown * 57,
        "{figures}"
    );
}

#[test]
fn every_passage_has_what_it_is_found_by() {
    let advisors = Advisors::load(None, None).unwrap();
    let mut all = 0;
    for (_, advisor) in ADVISORS {
        for passage in advisors.passages(advisor) {
            all += 1;
            let mut asks: Vec<_> = passage.asks.iter().map(|ask| ask.to_lowercase()).collect();
            asks.sort_unstable();
            asks.dedup();
            assert!(asks.len() >= 8, "{}", passage.id);
            assert_eq!(asks.len(), passage.asks.len(), "{}", passage.id);
            assert!(passage.tags.len() >= 20, "{}", passage.id);
            assert!(passage.close.is_some(), "{}", passage.id);
        }
    }
    assert!(all >= 200, "{all}");
}

#[test]
fn every_answer_to_a_question_is_a_passage() {
    let advisors = Advisors::load(None, None).unwrap();
    let held_out = held_out().into_iter().flat_map(|(_, questions)| questions);
    for question in read(DEVELOPMENT).into_iter().chain(held_out) {
        let passages = advisors.passages(question.advisor);
        for answer in question.answers {
            assert!(
                passages.iter().any(|passage| passage.id == answer),
                "{:?}: {} has no passage {answer}",
                question.advisor,
                question.text
            );
        }
    }
}

#[test]
fn the_same_question_finds_the_same() {
    let advisors = Advisors::load(None, None).unwrap();
    for question in read(DEVELOPMENT).iter().step_by(10) {
        let ranking = advisors.rank(question.advisor, question.text);
        assert!(ranking.found <= 3, "{}", question.text);
        assert_eq!(
            ranking.ranked.len(),
            advisors.passages(question.advisor).len()
        );
        let again = advisors.rank(question.advisor, question.text);
        assert_eq!(format!("{again:?}"), format!("{ranking:?}"));
    }
}

#[test]
fn a_passage_is_not_found_for_what_it_is_not_about() {
    let passage = format!("{PASSAGE}not = ['electric kettle', 'boiled']\n");
    let dir = folder(&[("legba.more.toml", &passage)]);
    let advisors = Advisors::load(Some(dir.path()), None).unwrap();
    let (_, legba) = ADVISORS[0];
    let place = |question| {
        let ranking = advisors.rank(legba, question);
        let is_kettle =
            |passage: usize| advisors.passages(legba)[passage].id == "the-borrowed-kettle";
        let place = ranking
            .ranked
            .iter()
            .position(|ranked| is_kettle(ranked.passage));
        (place.unwrap(), ranking.found)
    };

    let (first, found) = place("My neighbour borrowed my kettle and will not give it back");
    assert!(first == 0 && found > 0);
    for question in [
        "My neighbour borrowed my ELECTRIC kettles and will not give it back",
        "My neighbour borrowed my kettle, boiled it dry and will not give it back",
    ] {
        let (last, _) = place(question);
        assert_eq!(last, advisors.passages(legba).len() - 1, "{question}");
    }
}

/// The advisors' own words are no mark of another subject.
#[test]
fn the_tradition_is_no_other_subject() {
    let advisors = Advisors::load(None, None).unwrap();
    let [legba, oshun, shango, yemaya] = ADVISORS.map(|(_, advisor)| advisor);
    for (advisor, question) in [
        (shango, "Why is he tied to thunder?"),
        (shango, "Was Shango a real king?"),
        (oshun, "is oshun the river or the goddess of it"),
        (yemaya, "Is Yemaya the sea itself?"),
        (legba, "Who is Legba?"),
    ] {
        assert!(advisors.rank(advisor, question).found > 0, "{question}");
    }
    for question in ["what causes thunder and lightning", "how deep is the ocean"] {
        assert_eq!(advisors.rank(shango, question).found, 0, "{question}");
    }
}

#[test]
fn mistakes_in_spelling_are_forgiven() {
    let advisors = Advisors::load(None, None).unwrap();
    let found = |question| {
        let ranking = advisors.rank(ADVISORS[1].1, question);
        let found = ranking.ranked[..ranking.found]
            .iter()
            .map(|ranked| ranked.passage);
        found.collect::<Vec<_>>()
    };
    assert_eq!(
        found("my frieend is jealuos"),
        found("my friend is jealous")
    );
    assert!(!found("my frieend is jealuos").is_empty());
    assert!(found("???").is_empty());
}

const PASSAGE: &str = "[[passage]]
id = 'the-borrowed-kettle'
title = 'The borrowed kettle'
tags = ['kettle', 'borrow', 'neighbour', 'give back']
source = 'Told at home, 2024'
text = 'Who borrows a kettle brings it back full.'
";

#[tokio::test]
async fn a_search_says_what_is_found_and_why() {
    let dir = folder(&[]);
    let question = "I'm so jealous of my brother's success";
    let arguments = ["library", "search", question, "--advisor", "shango"];
    let (code, out, err) = run(mula(dir.path(), &arguments)).await;

    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("Shango finds "), "{out}");
    assert!(
        out.contains("The brother's crown of shells  [dadas-crown]"),
        "{out}"
    );
    assert!(out.contains("Pierre Verger, Orix"), "{out}");
    assert!(
        out.contains("words of the question: jealous, brothers"),
        "{out}"
    );
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");

    let (_, out, _) = run(mula(
        dir.path(),
        &["library", "search", question, "--limit", "1"],
    ))
    .await;
    for name in ["Legba", "Oshun", "Shango", "Yemaya"] {
        assert!(out.contains(&format!("{name} finds ")), "{name} in {out}");
    }
    assert_eq!(out.matches("\n  1  ").count(), 4, "{out}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_search_says_when_nothing_is_found() {
    let arguments = [
        "library",
        "search",
        "How hot is the oven for bread?",
        "--advisor",
        "oshun",
    ];
    let (code, out, _) = run(mula(folder(&[]).path(), &arguments)).await;

    assert_eq!(code, Some(0));
    assert!(
        out.starts_with(
            "Oshun's library holds nothing on this: the nearest off-topic subject is [cooking]"
        ),
        "{out}"
    );
    assert!(out.contains("What came nearest:\n\n  1  "), "{out}");
}

#[tokio::test]
async fn a_folder_adds_passages() {
    let dir = folder(&[("legba.more.toml", PASSAGE), ("notes.md", "to myself")]);
    let path = dir.path().to_str().unwrap();
    let question = "My neighbor never brought my kettle back";
    let search = [
        "library",
        "search",
        question,
        "--advisor",
        "legba",
        "--knowledge-dir",
        path,
    ];

    let (code, out, err) = run(mula(dir.path(), &search)).await;
    assert_eq!(code, Some(0), "{err}");
    let (found, _) = out.split_once("Not found").unwrap_or((&out, ""));
    assert!(
        found.contains("The borrowed kettle  [the-borrowed-kettle]"),
        "{out}"
    );
    assert!(found.contains("Told at home, 2024"), "{out}");

    let mut check = mula(dir.path(), &["library", "check"]);
    check.env("KNOWLEDGE_DIR", path);
    let (_, out, _) = run(check).await;
    let built_in = Advisors::load(None, None).unwrap();
    let all = built_in.passages(ADVISORS[0].1).len() + 1;
    assert!(out.contains(&format!("Legba    {all} passages")), "{out}");
}

#[test]
fn a_folder_replaces_files_and_the_version_changes() {
    let mine = include_str!("../knowledge/legba.toml")
        .replace(r#"name = "Legba""#, r#"name = "Papa Legba""#);
    let (mine, _) = mine.split_once("\n[[passage]]").unwrap();
    let dir = folder(&[("legba.toml", &format!("{mine}\n{PASSAGE}"))]);
    let (built_in, replaced) = (
        Advisors::load(None, None).unwrap(),
        Advisors::load(Some(dir.path()), None).unwrap(),
    );

    let [legba, oshun, ..] = ADVISORS.map(|(_, advisor)| advisor);
    assert_eq!(replaced.persona(legba).name, "Papa Legba");
    let slugs: Vec<_> = replaced.passages(legba).iter().map(|p| &p.id).collect();
    assert_eq!(slugs, ["the-borrowed-kettle"]);
    assert_eq!(
        replaced.passages(oshun).len(),
        built_in.passages(oshun).len()
    );
    assert_ne!(replaced.version(), built_in.version());
    // The only passage is all that can be found.
    assert_eq!(replaced.rank(legba, "May I borrow a kettle?").found, 1);

    let added = folder(&[("oshun.more.toml", PASSAGE)]);
    let added = Advisors::load(Some(added.path()), None).unwrap();
    assert_ne!(added.version(), built_in.version());
}

#[tokio::test]
async fn wrong_entries_stop_the_start_all_named() {
    let knowledge = folder(&[
        ("legba.more.toml", "[[passage]]\nid = 'a'\ntitle = 'A'\n"),
        ("off-topic.toml", "[sea]\ncolour = 'blue'\n"),
        ("obi.toml", "source = 'S'\n"),
    ]);
    let dir = folder(&[]);
    let path = knowledge.path().display();
    let arguments = [
        "--port",
        "0",
        "--knowledge-dir",
        knowledge.path().to_str().unwrap(),
    ];

    let (code, out, err) = run(mula(dir.path(), &arguments)).await;

    assert_eq!((code, out.as_str()), (Some(1), ""));
    for named in [
        "legba.more.toml:1: missing field `source`",
        "off-topic.toml:2: unknown field `colour`, expected `words`",
        "obi.toml:1: missing field `about`",
        "obi.toml: missing table [alafia]",
    ] {
        assert!(
            err.contains(&format!("{path}/{named}")),
            "{named} is not in {err}"
        );
    }
}

#[tokio::test]
async fn files_that_nobody_reads_are_named() {
    let dir = folder(&[("legbas.toml", ""), ("legba.txt", ""), ("oshun.toml", "")]);
    fs::write(dir.path().join("oshun.toml"), [0xff]).unwrap();
    let path = dir.path().to_str().unwrap();
    let check = ["library", "check", "--knowledge-dir", path];

    let (code, out, err) = run(mula(dir.path(), &check)).await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("legbas.toml: not a knowledge file"), "{err}");
    assert!(err.contains("legba.txt: not a knowledge file"), "{err}");
    assert!(err.contains("legba.toml, oshun.toml"), "{err}");
    assert!(err.contains("oshun.toml: cannot be read"), "{err}");

    let gone = dir.path().join("gone");
    let check = [
        "library",
        "check",
        "--knowledge-dir",
        gone.to_str().unwrap(),
    ];
    let (code, _, err) = run(mula(dir.path(), &check)).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("gone: cannot be read"), "{err}");
}
