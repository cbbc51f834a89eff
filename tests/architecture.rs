//! The map in `src/lib.rs`, held against the code: a module uses only modules on lower rows of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Libraries that only some modules may name, so that replacing one of them stays a change of those.
const LIBRARIES: [(&str, &[&str]); 6] = [
    ("async_graphql", &["graphql", "http"]),
    ("clap", &["cli", "config"]),
    ("lettre", &["account", "config"]),
    ("opentelemetry", &["spans"]),
    ("prometheus", &["metrics"]),
    ("tokio_tungstenite", &["http"]),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules by row of the map, top to bottom.
fn rows(lib: &str) -> Vec<BTreeSet<&str>> {
    let map = lib.split("//! ```").nth(1).unwrap();
    map.lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .map(|row| row.split("  ").next().unwrap())
        .map(|names| names.split(", ").collect())
        .collect()
}

/// The code of every file in `src`, without line comments, under the name of its
/// top-level module.
fn modules() -> Vec<(String, PathBuf, String)> {
    let mut folders = vec![source()];
    let mut modules = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(source()).unwrap().with_extension("");
                let module = inside.iter().next().unwrap().to_str().unwrap().to_owned();
                if !["lib", "main"].contains(&module.as_str()) {
                    let code = without_comments(&fs::read_to_string(&path).unwrap());
                    modules.push((module, path, code));
                }
            }
        }
    }
    modules
}

fn without_comments(code: &str) -> String {
    code.lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

fn first_name(path: &str) -> &str {
    let end = path
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(path.len());
    &path[..end]
}

/// The names right behind each `crate::`, those of a group in braces one by one.
fn uses(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (at, prefix) in code.match_indices("crate::") {
        let path = &code[at + prefix.len()..];
        let Some(group) = path.strip_prefix('{') else {
            names.insert(first_name(path));
            continue;
        };
        let mut depth = 0;
        let mut begins = true;
        for (at, c) in group.char_indices() {
            match c {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                _ if begins && !c.is_whitespace() => {
                    names.insert(first_name(&group[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    names
}

#[test]
fn a_group_of_imports_is_read_name_by_name() {
    let code = "use crate::{\n    clock::{Clock, at},\n    digest,\n};\nlet row = crate::entity::user::find();";
    assert_eq!(uses(code), BTreeSet::from(["clock", "digest", "entity"]));
}

#[test]
fn every_module_is_on_the_map_once() {
    let lib = fs::read_to_string(source().join("lib.rs")).unwrap();
    let declared: Vec<_> = lib
        .lines()
        .filter_map(|line| {
            line.trim_start_matches("pub ")
                .strip_prefix("mod ")?
                .strip_suffix(';')
        })
        .collect();
    let mut mapped: Vec<_> = rows(&lib).into_iter().flatten().collect();
    mapped.sort_unstable();
    assert_eq!(mapped, declared);
}

#[test]
fn a_module_uses_only_modules_on_lower_rows() {
    let lib = fs::read_to_string(source().join("lib.rs")).unwrap();
    let row: BTreeMap<_, _> = rows(&lib)
        .into_iter()
        .enumerate()
        .flat_map(|(row, names)| names.into_iter().map(move |name| (name, row)))
        .collect();
    let mut upwards = Vec::new();
    for (module, path, code) in &modules() {
        for used in uses(code) {
            let used_row = row.get(used).copied();
            if used != module && used_row.is_none_or(|used_row| used_row <= row[module.as_str()]) {
                upwards.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn a_library_is_named_only_where_it_belongs() {
    let mut elsewhere = Vec::new();
    for (module, path, code) in &modules() {
        for (library, allowed) in LIBRARIES {
            if code.contains(&format!("{library}::")) && !allowed.contains(&module.as_str()) {
                elsewhere.push(format!("{} uses {library}", path.display()));
            }
        }
    }
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}
