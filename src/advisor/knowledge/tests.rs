use super::{Knowledge, Obi, Subject};

const HEAD: &str = "name = 'N'\ntitle = 'T'\ndomains = ['x', 'y']\ngreeting = 'G'\nmanner = 'M'\n\
                    suggestions = ['S']\n";
const VOICE: &str = "[voice]\nopen = ['a']\nthrow = ['b']\nlead = ['c']\naside = ['d']\n\
                     nothing = ['e']\nclose = ['f']\nalafia = ['g']\netawa = ['h']\nejife = ['i']\n\
                     okana = ['j']\noyekun = ['k']\nopen_gentle = ['l']\nopen_bright = ['m']\nasked = ['n']\n\
                     asked_gentle = ['o']\nlead_gentle = ['p']\nagain = ['s']\nnothing_gentle = ['q']\nclose_gentle = ['r']\n";
const PASSAGE: &str = "[[passage]]\nid = 'a'\ntitle = 'A'\nsource = 's'\ntags = ['t']\n\
                       text = 'u'\n";

fn fault(text: &str) -> String {
    Knowledge::parse(("x.toml", text), None)
        .unwrap_err()
        .to_string()
}

#[test]
fn a_file_is_read() {
    let text = format!(
        "# a comment\n{HEAD}{VOICE}[[passage]]\nid = 'one'\ntitle = 'One'\nsource = 'W'\n\
         url = 'https://example.org/w'\ntags = ['p', 'q']\nasks = ['why  me']\nnot = ['r']\n\
         text = \"\"\"\nfirst line,\nsecond.\n\"\"\"\n"
    );
    let more = Some(("x.more.toml", PASSAGE));
    let knowledge = Knowledge::parse(("x.toml", &text), more).unwrap();
    assert_eq!(knowledge.persona.domains, ["x", "y"]);
    let one = &knowledge.passages[0];
    assert_eq!(one.text, "first line, second.");
    assert_eq!(one.url.as_deref(), Some("https://example.org/w"));
    assert_eq!(
        (&one.asks[..], &one.not[..]),
        (&["why me".to_owned()][..], &["r".to_owned()][..])
    );
    assert_eq!(
        [4, 0].map(|open| &knowledge.voice.figure(open)[0]),
        ["g", "k"]
    );
    let ids: Vec<_> = knowledge.passages.iter().map(|p| &p.id).collect();
    assert_eq!(ids, ["one", "a"]);
}

#[test]
fn wrong_entries_are_named_by_file_and_line() {
    for (text, expected) in [
        (
            format!("{HEAD}{VOICE}[[passage]]\nid = 'a'\n"),
            "x.toml:27: missing field `title`",
        ),
        ("what is this\n".to_owned(), "x.toml:1: "),
        (
            format!("{HEAD}[vioce]\n{VOICE}"),
            "x.toml:7: unknown field `vioce`, expected one of `name`",
        ),
        (
            format!("colour = 'red'\n{HEAD}{VOICE}"),
            "x.toml:1: unknown field `colour`",
        ),
        (
            format!("{HEAD}name = 'M'\n{VOICE}"),
            "x.toml:7: duplicate key",
        ),
        (
            format!("{}{VOICE}", HEAD.replace("'N'", "' '")),
            "x.toml:1: blank text in `name`",
        ),
        (
            format!("{HEAD}{}", VOICE.replace("['c']", "[]")),
            "x.toml:10: empty list: expected at least one text in `lead`",
        ),
        (
            format!("{HEAD}{}", VOICE.replace("['c']", "['c',\n'']")),
            "x.toml:10: blank text in `lead`",
        ),
        (
            format!("{HEAD}{}", VOICE.replace("['c']", "'c'")),
            "x.toml:10: invalid type: string \"c\", expected a sequence in `lead`",
        ),
        (HEAD.to_owned(), "x.toml: missing table [voice]"),
        (
            format!("passage = 1\n{HEAD}{VOICE}"),
            "x.toml:1: expected tables [[passage]]",
        ),
        (
            format!("{HEAD}{VOICE}{PASSAGE}{PASSAGE}"),
            "x.toml:33: duplicate passage id \"a\"",
        ),
        (
            format!("{HEAD}{VOICE}{PASSAGE}url = 'example.org'\n"),
            "x.toml:33: invalid URL \"example.org\": expected https:// or http:// in `url`",
        ),
    ] {
        let said = fault(&text);
        assert!(said.starts_with(expected), "{said}\nis not\n{expected}");
    }
}

#[test]
fn all_wrong_parts_are_named_at_once() {
    let text = format!(
        "colour = 'red'\n{HEAD}{}[[passage]]\nid = 'a'\ntitle = 3\n{PASSAGE}",
        VOICE.replace("open", "opne")
    );
    let more = format!("name = 'N'\n{PASSAGE}[[passage]]\n");
    let errors = Knowledge::parse(("x.toml", &text), Some(("x.more.toml", &more)));
    let errors = errors.unwrap_err().to_string();
    let expected = [
        "x.toml:1: unknown field `colour`",
        "x.toml:9: unknown field `opne`",
        "x.toml:30: invalid type: integer `3`, expected a string in `title`",
        "x.more.toml:1: unknown field `name`",
        "x.more.toml:2: duplicate passage id \"a\"",
        "x.more.toml:8: missing field `id`",
    ];
    assert_eq!(errors.lines().count(), expected.len(), "{errors}");
    for (said, expected) in errors.lines().zip(expected) {
        assert!(said.starts_with(expected), "{said}\nis not\n{expected}");
    }

    let errors = fault("name = \ntitle = 'T\n");
    let lines: Vec<_> = errors.lines().map(|line| &line[..9]).collect();
    assert_eq!(lines, ["x.toml:1:", "x.toml:2:"], "{errors}");
}

#[test]
fn subjects_are_checked() {
    let subjects = Subject::parse(("x.toml", "[sea]\nwords = ['salt', 'wave']\n"));
    assert_eq!(subjects.unwrap()[0].words, ["salt", "wave"]);
    let fault = |text: &str| Subject::parse(("x.toml", text)).unwrap_err().to_string();
    assert!(fault("words = 'a'\n").starts_with("x.toml:1: invalid type: string"));
    assert!(fault("[sea]\n").starts_with("x.toml:1: missing field `words`"));
}

#[test]
fn the_figures_are_checked() {
    let fault = |text: &str| Obi::parse(("obi.toml", text)).unwrap_err().to_string();
    let said = fault("source = 'S'\n[okana]\nname = 'O'\n[coin]\n");
    for expected in [
        "obi.toml: missing table [alafia]",
        "obi.toml:2: missing field `meaning`",
        "obi.toml:4: unknown field `coin`, expected `source` or `about`",
    ] {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
}
