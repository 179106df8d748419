//! A walk over the fields of every file that is read back: each field in turn gets values that
//! nobody meant, and the file is either read and used as it stands, or refused by an error that
//! names file and field. Nothing panics, and nothing takes memory without end.
//!
//! What fuzzing of bytes does not find: a sound file with one strange field.

#![allow(clippy::unwrap_used)] // tests may panic

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use common::small_subject;
use dt_analysis::draw::render_svg;
use dt_analysis::figures::plot;
use dt_analysis::papers::memory_dt::claims::{Claims, judge};
use dt_analysis::papers::memory_dt::dossier::agent_study::AgentStudy;
use dt_analysis::papers::memory_dt::dossier::reproduce::measure;
use dt_analysis::papers::memory_dt::evidence::Evidence;
use dt_analysis::prompts::{PromptSet, Study};
use dt_analysis::questions::edits::effects;
use dt_analysis::questions::geometry::geometry;
use dt_analysis::subject::{Experiment, Subject};
use dt_train::model::Padding;
use rayon::prelude::*;
use serde_json::Value;

/// Most memory that the process may have had, in kilobytes.
const MOST_MEMORY: u64 = 2 << 20;

/// Values that nobody meant, as they stand in JSON.
fn nasty_json() -> Vec<String> {
    let long = format!("\"{}\"", "long ".repeat(300));
    let short = [
        "0",
        "-1",
        "18446744073709551615",
        "1e308",
        "-1e308",
        "1e999",
        "1e-320",
        "0.5",
        "true",
        "null",
        "[]",
        "{}",
        "\"\"",
        "\"=1+1\"",
        "\"\\u001b[31m<b>\"",
        "[0,0]",
    ];
    short.map(str::to_owned).into_iter().chain([long]).collect()
}

/// The same as they stand in RON.
fn nasty_ron() -> Vec<String> {
    let long = format!("\"{}\"", "long ".repeat(300));
    let short = [
        "0",
        "-1",
        "18446744073709551615",
        "1000000000000",
        "1e308",
        "NaN",
        "-inf",
        "0.5",
        "true",
        "None",
        "[]",
        "{}",
        "()",
        "\"\"",
        "\"=1+1\"",
        "\"\\u{1b}[31m\"",
        "(0, 0)",
        "Left",
        "'\\u{7}'",
    ];
    short.map(str::to_owned).into_iter().chain([long]).collect()
}

/// Where the values of a RON text stand: after `name:` and in lists, whatever they hold.
fn ron_values(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut open, mut found): (Vec<usize>, Vec<(usize, usize)>) = (Vec::new(), Vec::new());
    let mut at = 0;
    let mut end = |open: &mut Vec<usize>, at: usize| {
        let start = open.pop().unwrap();
        if !text[start..at].trim().is_empty() {
            found.push((start, at));
        }
    };
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes[at + 1] == b'/' => {
                while bytes[at] != b'\n' {
                    at += 1;
                }
            }
            b'"' => {
                at += 1;
                while bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
            }
            b'\'' => at += text[at + 1..].find('\'').unwrap() + 1,
            b'(' | b'[' | b'{' => open.push(at + 1),
            b')' | b']' | b'}' => end(&mut open, at),
            b',' => {
                end(&mut open, at);
                open.push(at + 1);
            }
            // The name goes on before the value.
            b':' => *open.last_mut().unwrap() = at + 1,
            _ => {}
        }
        at += 1;
    }
    found
}

/// Paths of values in a JSON document: of a list or map of many only the first, as all are alike.
fn json_values(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    found.insert(path.to_owned());
    match value {
        Value::Array(all) => {
            if let Some(first) = all.first() {
                json_values(first, &format!("{path}/0"), found);
            }
        }
        Value::Object(all) => {
            let is_record = all.len() <= 24 && all.keys().all(|key| !key.contains([',', ' ']));
            let most = if is_record { usize::MAX } else { 1 };
            for (key, inner) in all.iter().take(most) {
                let key = key.replace('~', "~0").replace('/', "~1");
                json_values(inner, &format!("{path}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// The document with other text at a path.
fn replaced(value: &Value, path: &str, text: &str) -> String {
    const MARK: &str = "the place";
    let mut value = value.clone();
    *value.pointer_mut(path).unwrap() = Value::from(MARK);
    value.to_string().replace(&format!("\"{MARK}\""), text)
}

/// Runs a reader on every change; gives how many changes it took as they stood. Its error must be
/// one line that names the file and a field.
fn walk(
    file: &str,
    changes: &[(String, String)],
    read: impl Fn(&str) -> Result<(), String> + Sync,
) -> usize {
    let wrong = |what: &str, message: &str| Some(format!("{file}: {what}: {message}"));
    let results: Vec<(bool, Option<String>)> = (changes.par_iter())
        .map(
            |(what, text)| match catch_unwind(AssertUnwindSafe(|| read(text))) {
                Ok(Ok(())) => (true, None),
                Ok(Err(message)) if is_clear(file, &message) => (false, None),
                Ok(Err(message)) => (false, wrong(what, &message)),
                Err(_) => (false, wrong(what, "panicked")),
            },
        )
        .collect();
    let wrong: Vec<&String> = results
        .iter()
        .filter_map(|(_, wrong)| wrong.as_ref())
        .collect();
    let some = &wrong[..wrong.len().min(20)];
    assert!(
        wrong.is_empty(),
        "{} of {}: {some:#?}",
        wrong.len(),
        changes.len()
    );
    let taken = results.iter().filter(|(taken, _)| *taken).count();
    assert!(taken < changes.len(), "some are refused");
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
        let most: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(most < MOST_MEMORY, "{file}: {most} kB");
    }
    taken
}

/// Whether an error is one line that names the file and a field.
fn is_clear(file: &str, message: &str) -> bool {
    let names_field = message.contains("field") || message.contains("format");
    message.contains(file) && names_field && message.len() < 3000
}

fn ron_changes(text: &str) -> Vec<(String, String)> {
    let mut changes = Vec::new();
    for (start, end) in ron_values(text) {
        for nasty in nasty_ron() {
            let changed = [&text[..start], " ", &nasty, &text[end..]].concat();
            let old: String = text[start..end].chars().take(60).collect();
            let new: String = nasty.chars().take(40).collect();
            changes.push((format!("{} as {new}", old.trim()), changed));
        }
    }
    changes
}

fn json_changes(value: &Value) -> Vec<(String, String)> {
    let mut paths = BTreeSet::new();
    json_values(value, "", &mut paths);
    let mut changes = Vec::new();
    for path in &paths {
        for nasty in nasty_json() {
            let new: String = nasty.chars().take(40).collect();
            let text = replaced(value, path, &nasty);
            changes.push((format!("{path} as {new}"), text));
        }
    }
    changes
}

#[test]
fn studies() {
    let small = small_subject(Padding::Aligned);
    for text in [
        include_str!("../../../studies/memory-post.ron"),
        include_str!("../../../studies/two-rooms.ron"),
    ] {
        walk("my.ron", &ron_changes(text), |text| {
            let study = Study::parse("my.ron", text).map_err(|e| e.to_string())?;
            // What is read can be asked of agents of its world, or refused by name.
            let Ok(subject) = Subject::new("small".to_owned(), small.agent.clone(), &study) else {
                return Ok(());
            };
            let set = PromptSet::new(&study).unwrap();
            let experiment = Experiment::new(&subject, &set);
            effects(&experiment).unwrap();
            geometry(&experiment, &[]).unwrap();
            Ok(())
        });
    }
}

#[test]
fn claims_and_evidence() {
    let claims = include_str!("../../../studies/claims.ron");
    let subject = small_subject(Padding::Aligned);
    let set = PromptSet::new(&Study::memory_post()).unwrap();
    let own = Claims::memory_post();
    let random = own.random_directions();
    let measured = measure(&Experiment::new(&subject, &set), random).unwrap();
    walk("my.ron", &ron_changes(claims), |text| {
        let claims = Claims::parse("my.ron", text).map_err(|e| e.to_string())?;
        match judge(&measured.evidence, &claims, None) {
            Err(error) => assert!(error.to_string().contains("small"), "{error}"),
            Ok(judgement) => assert_eq!(judgement.findings.len(), claims.claims.len()),
        }
        Ok(())
    });

    let evidence = serde_json::to_value(&measured.evidence).unwrap();
    let changes = json_changes(&evidence);
    walk("small.json", &changes, |text| {
        let kept = Evidence::parse(Path::new("small.json"), text).map_err(|e| e.to_string())?;
        if let Err(error) = judge(&kept, &own, None) {
            assert!(error.to_string().contains("claim"), "{error}");
        }
        Ok(())
    });
    // What a study keeps of an agent has evidence within it, and is believed only as it was written.
    for (what, text) in changes.iter().step_by(50) {
        let kept = format!("{{\"about\":\"\",\"results\":{{\"evidence\":{text}}}}}");
        let _: Result<Evidence, _> = Evidence::parse(Path::new("small.json"), &kept);
        assert!(AgentStudy::parse(&kept, "").is_none(), "{what}");
    }
}

#[test]
fn records_of_runs_and_datasets() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for (folder, file) in [
        ("run/seed-0", "calibration.json"),
        ("run/seed-0", "eval.json"),
        ("run/seed-0", "metrics.jsonl"),
        ("dataset", "card.json"),
    ] {
        let text = fs::read_to_string(data.join(folder).join(file)).unwrap();
        let lines: Vec<&str> = match file {
            "metrics.jsonl" => text.lines().collect(),
            _ => vec![&text],
        };
        let mut changes = Vec::new();
        for (n, line) in lines.iter().enumerate() {
            for (what, changed) in json_changes(&serde_json::from_str(line).unwrap()) {
                let mut lines = lines.clone();
                lines[n] = &changed;
                changes.push((format!("line {n}: {what}"), lines.join("\n") + "\n"));
            }
        }
        walk(file, &changes, |text| {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(file), text).unwrap();
            let figures = plot::figures(&[dir.path().to_owned()]).map_err(|e| {
                // A line is a place of its own.
                e.to_string().replace("line", "field")
            })?;
            for figure in &figures {
                let svg = render_svg(figure).unwrap();
                let mut xml = quick_xml::Reader::from_str(&svg);
                while xml.read_event().unwrap() != quick_xml::events::Event::Eof {}
            }
            Ok(())
        });
    }
}
