//! What the library finds, how well, and whose files it reads.

use std::fs;

use mula::advisor::Advisors;
use tempfile::TempDir;

use crate::support::{mula, run};

mod questions;

use questions::{ADVISORS, DEVELOPMENT, Figures, HELD_OUT, read};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

/// How many are right, of as many. Raise these when the search gets better; a change that makes
/// them worse has to say why.
#[test]
fn it_finds_as_much_as_it_did() {
    let advisors = Advisors::load(None, None).unwrap();

    let figures = Figures::measure(&advisors, &read(DEVELOPMENT));
    assert!(figures.questions >= 196 && figures.about_something_else >= 80);
    assert!(
        figures.first >= 136 && figures.three >= 171 && figures.false_hits <= 2,
        "{figures}"
    );
    let figures = Figures::measure(&advisors, &read(HELD_OUT));
    assert!(figures.questions >= 60 && figures.about_something_else >= 40);
    assert!(
        figures.first >= 24 && figures.three >= 42 && figures.false_hits <= 5,
        "{figures}"
    );
}

#[test]
fn every_answer_to_a_question_is_a_passage() {
    let advisors = Advisors::load(None, None).unwrap();
    for question in read(DEVELOPMENT).into_iter().chain(read(HELD_OUT)) {
        let passages = advisors.passages(question.advisor);
        for answer in question.answers {
            assert!(
                passages.iter().any(|passage| passage.slug == answer),
                "{:?}: {} has no passage {answer}",
                question.advisor,
                question.text
            );
        }
    }
}

#[test]
fn what_is_found_has_company() {
    let advisors = Advisors::load(None, None).unwrap();
    for question in read(DEVELOPMENT) {
        let ranking = advisors.rank(question.advisor, question.text);
        assert!([0, 2, 3].contains(&ranking.found), "{}", question.text);
        assert_eq!(
            ranking.ranked.len(),
            advisors.passages(question.advisor).len()
        );
        let again = advisors.rank(question.advisor, question.text);
        assert_eq!(format!("{again:?}"), format!("{ranking:?}"));
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

const PASSAGE: &str = "[passage the-borrowed-kettle]
title: The borrowed kettle
tags: kettle, borrow, neighbour, give back
source: Told at home, 2024

Who borrows a kettle brings it back full.
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
        out.starts_with("Oshun's library holds nothing on this: it is as much about [cooking]"),
        "{out}"
    );
    assert!(out.contains("What came nearest:\n\n  1  "), "{out}");
}

#[tokio::test]
async fn a_folder_adds_passages() {
    let dir = folder(&[("legba.more.txt", PASSAGE), ("notes.md", "to myself")]);
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
    assert!(out.contains("Legba    41 passages"), "{out}");
}

#[test]
fn a_folder_replaces_files_and_the_version_changes() {
    let mine = include_str!("../knowledge/legba.txt").replace("name: Legba", "name: Papa Legba");
    let (mine, _) = mine.split_once("\n[passage ").unwrap();
    let dir = folder(&[("legba.txt", &format!("{mine}\n{PASSAGE}"))]);
    let (built_in, replaced) = (
        Advisors::load(None, None).unwrap(),
        Advisors::load(Some(dir.path()), None).unwrap(),
    );

    let [legba, oshun, ..] = ADVISORS.map(|(_, advisor)| advisor);
    assert_eq!(replaced.persona(legba).name, "Papa Legba");
    let slugs: Vec<_> = replaced.passages(legba).iter().map(|p| &p.slug).collect();
    assert_eq!(slugs, ["the-borrowed-kettle"]);
    assert_eq!(
        replaced.passages(oshun).len(),
        built_in.passages(oshun).len()
    );
    assert_ne!(replaced.version(), built_in.version());
    // The only passage is all that can be found.
    assert_eq!(replaced.rank(legba, "May I borrow a kettle?").found, 1);

    let added = folder(&[("oshun.more.txt", PASSAGE)]);
    let added = Advisors::load(Some(added.path()), None).unwrap();
    assert_ne!(added.version(), built_in.version());
}

#[tokio::test]
async fn wrong_entries_stop_the_start_all_named() {
    let knowledge = folder(&[
        ("legba.more.txt", "[passage a]\ntitle: A\n"),
        ("elsewhere.txt", "[sea]\ncolour: blue\n"),
        ("obi.txt", "source: S\n"),
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
        "legba.more.txt:1: tags: is missing in [passage a]",
        "elsewhere.txt:1: words: is missing in [sea]",
        "elsewhere.txt:2: colour: is not known in [sea]",
        "obi.txt:1: about: is missing in []",
    ] {
        assert!(
            err.contains(&format!("{path}/{named}")),
            "{named} is not in {err}"
        );
    }
}

#[tokio::test]
async fn files_that_nobody_reads_are_named() {
    let dir = folder(&[("legbas.txt", ""), ("oshun.txt", "")]);
    fs::write(dir.path().join("oshun.txt"), [0xff]).unwrap();
    let path = dir.path().to_str().unwrap();
    let check = ["library", "check", "--knowledge-dir", path];

    let (code, out, err) = run(mula(dir.path(), &check)).await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("legbas.txt: is read by nobody"), "{err}");
    assert!(err.contains("legba.txt, oshun.txt"), "{err}");
    assert!(err.contains("oshun.txt: cannot be read"), "{err}");

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
