//! Whatever the documents tell a reader to type can be typed: every command line in README.md,
//! CONTRIBUTING.md and docs, and every example of a `--help`, passes through the program's own
//! parser; every file that they name is there.
//!
//! A command line is given to its program with `--help` behind it. Its parser then reads what stands
//! before, complains of what it does not know or cannot read, and if it has nothing to complain of
//! prints the help and does nothing. What it would miss is read from the usage that it prints.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::{Program, Run, help, root};

/// A command line, and where it was found.
struct Line {
    place: String,
    words: Vec<String>,
    /// Whether it stands alone, as something to type, and not in a sentence.
    is_whole: bool,
}

/// The documents, which are read by strangers.
fn documents() -> Vec<PathBuf> {
    let root = root();
    let mut found = vec![root.join("README.md")];
    found.extend(Some(root.join("CONTRIBUTING.md")).filter(|path| path.exists()));
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The code of a document: lines of its blocks of shell, and what stands between backticks in its
/// text. Each with the number of its line and whether it stands alone.
fn code_of(text: &str) -> Vec<(usize, String, bool)> {
    let mut found: Vec<(usize, String, bool)> = Vec::new();
    let mut block: Option<&str> = None;
    let mut prose = String::new();
    for (number, line) in text.lines().enumerate() {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            block = block.map_or(Some(fence), |_| None);
        } else if let Some(language) = block {
            if language != "sh" {
                continue;
            }
            match found.last_mut() {
                Some((_, last, true)) if last.ends_with('\\') => {
                    last.pop();
                    last.push_str(line.trim());
                }
                _ => found.push((number + 1, line.trim().to_owned(), true)),
            }
        } else if line.trim().is_empty() {
            prose.clear();
        } else {
            // Backticks may open on one line and close on the next.
            let before = prose.matches('`').count();
            prose.push_str(line);
            prose.push(' ');
            let closed = prose.matches('`').count();
            for n in (before / 2 * 2 + 1..closed).step_by(2) {
                let inner = prose.split('`').nth(n).unwrap_or_default();
                found.push((number + 1, inner.trim().to_owned(), false));
            }
        }
    }
    found
}

/// The words of a shell's line up to a pipe, a comment or the next command.
fn words_of(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut is_quoted = false;
    for c in line.chars().chain([' ']) {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.push(c),
            None if c == '\'' || c == '"' => (quote, is_quoted) = (Some(c), true),
            None if c.is_whitespace() => {
                if !is_quoted
                    && (["|", "&&", ">", "&", ";"].contains(&&word[..]) || word.starts_with('#'))
                {
                    return words;
                }
                if !word.is_empty() || is_quoted {
                    words.push(std::mem::take(&mut word));
                }
                is_quoted = false;
            }
            None => word.push(c),
        }
    }
    words
}

/// The program and the arguments of a command line, if it runs one of ours.
fn called(words: &[String]) -> Option<(Program, Vec<String>)> {
    if words.first().is_some_and(|word| word == "cargo") {
        if words.get(1)? != "run" {
            return None;
        }
        let package = words.iter().position(|word| word == "-p")?;
        let program = Program::by_name(words.get(package + 1)?)?;
        let own = words.iter().position(|word| word == "--");
        let own = own.map_or(Vec::new(), |place| words[place + 1..].to_vec());
        return Some((program, own));
    }
    let name = words.first()?.rsplit('/').next()?;
    Some((Program::by_name(name)?, words[1..].to_vec()))
}

/// Values for the letters that stand for a value in a document.
fn filled_in(word: &str) -> String {
    match word {
        "N" => "1".to_owned(),
        "R" => "0.5".to_owned(),
        "A..B" => "0..5".to_owned(),
        _ => word.replace("cuda:N", "cuda:0"),
    }
}

/// Why a program would not take a command line.
fn complaint(line: &Line) -> Option<String> {
    let (program, words) = called(&line.words)?;
    let words: Vec<String> = words
        .iter()
        .filter(|word| !["…", "..."].contains(&&word[..]))
        .map(|word| filled_in(word.trim_matches(['[', ']'])))
        .collect();
    // `a | b` and `dt-env ← dt-data` within a sentence are no command lines.
    if !line.is_whole && words.iter().any(|word| word.contains(['|', '←'])) {
        return None;
    }
    let mut asked: Vec<String> = words.clone();
    asked.retain(|word| word != "--help" && word != "-h" && word != "--version");
    let output = program.command().args(&asked).arg("--help").output();
    let run = Run::from(output.unwrap());
    if run.code != Some(0) {
        return Some(run.stderr);
    }
    if line.is_whole && asked.len() == words.len() {
        return missing(&run.stdout, &asked);
    }
    None
}

/// What the usage in a help text requires and a command line does not have.
fn missing(text: &str, words: &[String]) -> Option<String> {
    let (_, usage) = text.split_once("Usage: ")?;
    let usage = usage.lines().next()?;
    let required: Vec<&str> = usage
        .split_whitespace()
        .filter(|word| word.starts_with("--") || word.starts_with('<'))
        .collect();
    let mut positional = 0;
    let mut expected = required.iter().peekable();
    while let Some(word) = expected.next() {
        if word.starts_with("--") {
            if !words
                .iter()
                .any(|given| given.split('=').next() == Some(word))
            {
                return Some(format!("{word} is missing: {usage}"));
            }
            expected.next_if(|value| value.starts_with('<'));
        } else {
            positional += 1;
        }
    }
    let with_values = help::options_with_values(text);
    let mut given = words.iter();
    let mut free = 0_usize;
    while let Some(word) = given.next() {
        if with_values.contains(&&word[..]) {
            given.next();
        } else if !word.starts_with('-') {
            free += 1;
        }
    }
    // A subcommand is a word too.
    let is_top = usage.contains("[COMMAND]") || usage.contains("<COMMAND>");
    let have = free.saturating_sub(usize::from(!is_top));
    (have < positional).then(|| format!("too few arguments: {usage}"))
}

#[test]
fn every_command_line_of_the_documents_can_be_typed() {
    let mut broken = Vec::new();
    let mut count = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for (number, code, is_whole) in code_of(&text) {
            let line = Line {
                place: format!(
                    "{}:{number}",
                    document.strip_prefix(root()).unwrap().display()
                ),
                words: words_of(&code),
                is_whole,
            };
            count += usize::from(called(&line.words).is_some());
            if let Some(complaint) = complaint(&line) {
                broken.push(format!("{}: {code}\n{complaint}", line.place));
            }
        }
    }
    assert!(count > 40, "only {count} command lines were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_example_of_a_help_can_be_typed() {
    let mut broken = Vec::new();
    for program in Program::ALL {
        for subcommand in help::subcommands(program) {
            let examples = help::examples(program, &help::help(program, &[&subcommand]));
            assert!(!examples.is_empty(), "{} {subcommand}", program.name());
            for example in examples {
                let line = Line {
                    place: format!("{} {subcommand} --help", program.name()),
                    words: words_of(&example),
                    is_whole: true,
                };
                assert!(called(&line.words).is_some(), "{example}");
                if let Some(complaint) = complaint(&line) {
                    broken.push(format!("{}: {example}\n{complaint}", line.place));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The file of `dt-env/tasks/map.rs`, which the documents write without `crates` and `src`.
fn source_file(word: &str) -> Option<PathBuf> {
    let (krate, file) = word.split_once('/')?;
    let is_ours = Program::by_name(krate).is_some() && file.ends_with(".rs");
    is_ours.then(|| root().join("crates").join(krate).join("src").join(file))
}

/// What stands between backticks.
fn ticked(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_trail_of_an_edit_is_in_the_code() {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (_, trail) = text.split_once("## The trail of one edit\n").unwrap();
    let trail = trail.split("\n## ").next().unwrap();
    let rows: Vec<Vec<&str>> = (trail.lines())
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').collect())
        .collect();
    let rooms: BTreeSet<&str> = rows.iter().map(|row| row[1].trim()).collect();
    assert!(!rows.is_empty() && rows.len() <= 6 && rooms.len() == rows.len());
    for row in rows {
        let room = ticked(row[1])[0];
        let mut code = String::new();
        for file in ticked(row[2]) {
            let own = file.split('/').nth(1).unwrap();
            assert_eq!(own.trim_end_matches(".rs"), room, "{file}");
            code += &std::fs::read_to_string(source_file(file).unwrap()).unwrap();
        }
        for name in ticked(row[3]) {
            let function = name.rsplit("::").next().unwrap();
            let is_there = ['(', '<'].map(|next| code.contains(&format!("fn {function}{next}")));
            assert!(is_there.contains(&true), "{room}: no function `{name}`");
        }
    }
}

#[test]
fn every_file_that_the_documents_name_is_there() {
    let root = root();
    let mut broken = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        let folder = document.parent().unwrap();
        let mut check = |path: &Path, named: &str| {
            if !path.exists() {
                broken.push(format!(
                    "{}: {named}",
                    document.strip_prefix(&root).unwrap().display()
                ));
            }
        };
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            let file = link.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") {
                check(&folder.join(file), link);
            }
        }
        for (_, code, _) in code_of(&text) {
            for word in words_of(&code) {
                let ours = [
                    "scripts/",
                    "agents/",
                    "datasets/",
                    "studies/",
                    "envs/",
                    "crates/",
                    "tests/",
                ];
                let is_pattern = word.contains(['*', '{', '<', '|', '…']) || word.contains("NAME");
                let is_path =
                    ours.iter().any(|start| word.starts_with(start)) && word.contains('.');
                if is_path && !is_pattern {
                    check(
                        &root.join(word.split('#').next().unwrap_or_default()),
                        &word,
                    );
                }
                if let Some(path) = source_file(&word).filter(|_| !is_pattern) {
                    check(&path, &word);
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn what_cannot_be_typed_is_noticed() {
    let says = |code: &str| {
        complaint(&Line {
            place: String::new(),
            words: words_of(code),
            is_whole: true,
        })
    };
    assert!(says("dt-env list --json | jq .").is_none());
    assert!(says("cargo run -p dt-train -- --seeds A..B --device libtorch:cuda:N").is_none());
    assert!(says("dt-env list --colour").unwrap().contains("--colour"));
    assert!(says("dt-env dance").unwrap().contains("dance"));
    assert!(
        says("cargo run -p dt-train -- --seeds five")
            .unwrap()
            .contains("five")
    );
    assert!(says("dt-analysis geometry RUN").unwrap().contains("--out"));
    assert!(says("dt-analysis geometry --out DIR").is_some());
    assert!(says("dt-data inspect").unwrap().contains("too few"));
    let code = code_of("a `dt-env\nlist` b\n```sh\ndt-env \\\n  bench # why\n```\n");
    let code: Vec<&str> = code.iter().map(|(_, code, _)| &code[..]).collect();
    assert_eq!(code, ["dt-env list", "dt-env bench # why"]);
}
