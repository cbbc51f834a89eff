use super::{Crisis, soft::is_serious};

const SETS: [(&str, &str); 5] = [
    (
        "questions.txt",
        include_str!("../../../tests/care/questions.txt"),
    ),
    (
        "held_out.txt",
        include_str!("../../../tests/care/held_out.txt"),
    ),
    (
        "held_out_2.txt",
        include_str!("../../../tests/care/held_out_2.txt"),
    ),
    (
        "held_out_3.txt",
        include_str!("../../../tests/care/held_out_3.txt"),
    ),
    (
        "languages.txt",
        include_str!("../../../tests/care/languages.txt"),
    ),
];

/// Nothing is learnt from these, and no pattern was written for them.
const UNSEEN: [&str; 3] = [
    include_str!("../../../tests/care/held_out_4.txt"),
    include_str!("../../../tests/care/held_out_5.txt"),
    include_str!("../../../tests/care/held_out_6.txt"),
];

fn crisis() -> Crisis {
    let text = include_str!("../../../knowledge/crisis.toml");
    Crisis::parse(("crisis.toml", text)).unwrap()
}

#[test]
fn every_question_gets_its_reply() {
    let crisis = crisis();
    let mut wrong = Vec::new();
    let mut right = 0;
    for (file, set) in SETS {
        let mut wanted = "";
        for (index, line) in set.lines().enumerate() {
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                wanted = name;
            } else if !line.is_empty() && !line.starts_with('#') {
                let reply = crisis.reply(line);
                let given = reply.map_or("none", |reply| reply.name.as_str());
                if given == wanted {
                    right += 1;
                } else {
                    let place = format!("{file}:{}", index + 1);
                    wrong.push(format!("{place}: {line:?} got {given}, not {wanted}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(right > 800, "only {right} questions were read");
}

#[test]
fn most_cries_in_unseen_words_are_recognised() {
    let crisis = crisis();
    let (mut cries, mut recognised) = (0, 0);
    let (mut others, mut hard, mut soft) = (0, 0, 0);
    for set in UNSEEN {
        let mut is_cry = false;
        for line in set.lines() {
            if line.starts_with('[') {
                is_cry = line == "[serious]";
            } else if !line.is_empty() && !line.starts_with('#') {
                let is_hard = crisis.reply(line).is_some();
                let is_soft = !is_hard && is_serious(line);
                if is_cry {
                    cries += 1;
                    recognised += u32::from(is_hard || is_soft);
                } else {
                    others += 1;
                    hard += u32::from(is_hard);
                    soft += u32::from(is_soft);
                }
            }
        }
    }
    assert!(
        recognised * 100 >= cries * 85,
        "recognised {recognised} of {cries}"
    );
    assert!(hard * 100 <= others * 3, "hard {hard} of {others}");
    assert!(soft * 100 <= others * 20, "soft {soft} of {others}");
}

#[test]
fn every_reply_says_where_help_is() {
    for reply in crisis().replies {
        let text = &reply.answer.text;
        assert!(text.contains("112"), "{text}");
        assert!(!text.contains("!!") && !text.contains(['!', '¡']), "{text}");
        assert!(reply.answer.sources.len() >= 5, "{}", reply.name);
        for (index, source) in reply.answer.sources.iter().enumerate() {
            let url = source.url.as_deref().unwrap();
            assert!(url.starts_with("https://"), "{url}");
            assert!(text.contains(&format!("{url} [{}]", index + 1)), "{text}");
        }
    }
}

const HEAD: &str = "disguised = ['kill']\nmisspelt = ['suicide']\nignore = ['just']\n";
const TABLES: &str =
    "[spelling]\n[lists]\n[harmless]\nwhen = []\n[soft]\nfirst = ['S']\nhelp = []\n";
const HELP: &str = "[[help]]\nid = 'line'\ntitle = 'T'\nabout = 'A'\nurl = 'https://example.com'\n";
const REPLY: &str = "[[reply]]\nname = 'one'\nfirst = ['F']\nhelp = ['line']\nlast = ['L']\n";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn wrong_entries_are_named_by_file_and_line() {
    let whole = format!("{HEAD}{TABLES}{HELP}{REPLY}when = ['kill']\n");
    assert!(Crisis::parse(("crisis.toml", &whole)).is_ok());
    let with = |when: &str| format!("{HEAD}{TABLES}{HELP}{REPLY}when = ['kill',\n{when}]\n");
    for (text, what) in [
        (
            format!("{HEAD}{TABLES}[words]\n"),
            "11: unknown field `words`",
        ),
        (
            format!(
                "{HEAD}{}",
                TABLES.replace("[lists]", "[lists]\na = ['b', 'just']")
            ),
            "6: \"just\" is no word, or one that is ignored",
        ),
        (
            format!("{HEAD}{TABLES}[[help]]\nid = 'line'\ntitle = 'T'\n"),
            "11: missing field `about`",
        ),
        (
            format!("{HEAD}{TABLES}{HELP}{HELP}"),
            "16: duplicate help id \"line\"",
        ),
        (
            format!("{HEAD}{TABLES}{REPLY}when = ['kill']\n"),
            "14: no [[help]] has the id \"line\"",
        ),
        (
            format!("{whole}{REPLY}when = ['kill']\n"),
            "22: duplicate reply name \"one\"",
        ),
        (
            format!("{HEAD}{TABLES}{HELP}{REPLY}except = 'x'\n"),
            "21: unknown field `except`",
        ),
        (
            format!("{HEAD}{TABLES}{HELP}{REPLY}"),
            "16: missing field `when`",
        ),
        (
            format!("{HEAD}{TABLES}{HELP}"),
            "1: missing tables [[reply]]",
        ),
        (with("'<them>'"), "22: there is no list \"them\" in [lists]"),
        (with("'.. kill'"), "22: a pattern begins with a word"),
        (with("'kill|. me'"), "22: a pattern begins with a word"),
        (with("'kill ..'"), "22: a pattern does not end with a gap"),
        (
            with("'kill just|me'"),
            "22: \"just\" is no word, or one that is ignored",
        ),
    ] {
        let error = Crisis::parse(("crisis.toml", &text))
            .unwrap_err()
            .to_string();
        let expected = format!("crisis.toml:{what}");
        assert!(
            error.lines().any(|line| line.starts_with(&expected)),
            "{error}\nlacks\n{expected}"
        );
    }
}

#[test]
fn what_is_harmless_hides_nothing_else() {
    let crisis = crisis();
    let name = |question| crisis.reply(question).map(|reply| reply.name.clone());
    assert_eq!(name("How do I kill time?"), None);
    let both = "I only kill time all day, and I want to kill myself.";
    assert_eq!(name(both).as_deref(), Some("self"));
}
