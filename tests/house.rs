//! The rules that keep the house in order, and where they are not kept yet.
//!
//! Data walk through each crate in one direction: env, data, train, analysis, and within a crate
//! the rooms of `ROOMS` from left to right. `docs/architecture.md` says what each room is for.

mod rules;
mod source;

use std::collections::BTreeSet;

use crate::support::{root, text};
use rules::{Finding, ROOMS};
use source::{Source, sources};

/// Where a rule is broken for now: rule, place, and what will mend it. An entry that is no longer
/// needed fails its rule's test.
const ALLOWED: &[(u8, &str, &str)] = &[];

/// Fails if a rule is broken at a place that is not allowed, or kept at one that is.
fn check(rule: u8, findings: impl Fn(&[Source]) -> Vec<Finding>) {
    let found = findings(&sources(&root()));
    let allowed: BTreeSet<&str> = ALLOWED
        .iter()
        .filter(|entry| entry.0 == rule)
        .map(|entry| entry.1)
        .collect();
    let broken: Vec<String> = found
        .iter()
        .filter(|(place, _)| !allowed.contains(&place[..]))
        .map(|(place, what)| format!("{place}: {what}"))
        .collect();
    assert!(
        broken.is_empty(),
        "rule {rule} is broken:\n{}",
        broken.join("\n")
    );
    let places: BTreeSet<&str> = found.iter().map(|(place, _)| &place[..]).collect();
    let stale: Vec<_> = allowed.difference(&places).collect();
    assert!(
        stale.is_empty(),
        "rule {rule} is kept here now, so strike it off: {stale:?}"
    );
}

#[test]
fn a_room_imports_only_rooms_to_its_left() {
    check(1, rules::leftwards);
}

#[test]
fn few_rooms_touch_the_disk() {
    check(2, rules::disk);
}

#[test]
fn maths_and_drawing_know_no_agents() {
    check(3, rules::numbers_only);
}

#[test]
fn questions_return_records_and_figures_read_them() {
    check(4, rules::questions_and_figures);
}

#[test]
fn files_are_named_after_ideas() {
    check(5, rules::ideas);
}

#[test]
fn the_instrument_knows_no_paper() {
    check(6, rules::papers);
}

#[test]
fn only_the_task_and_the_papers_know_what_a_task_is_about() {
    check(7, rules::tasks);
}

#[test]
fn every_file_is_compiled() {
    check(8, rules::compiled);
}

#[test]
fn every_exception_says_what_will_mend_it() {
    for (rule, place, reason) in ALLOWED {
        assert!((1..=8).contains(rule), "{place}");
        assert!(
            reason.starts_with("moves with "),
            "{rule} {place}: {reason}"
        );
    }
}

#[test]
fn every_room_stands_once() {
    for (krate, levels) in ROOMS {
        let mut seen = BTreeSet::new();
        for room in levels.iter().copied().flatten() {
            assert!(seen.insert(room), "{krate} has {room} twice");
        }
    }
}

#[test]
fn the_architecture_has_every_room_in_its_place() {
    let text = text("docs/architecture.md");
    let (_, plan) = text.split_once("```text\ndt-env ").expect("the plan");
    let (plan, _) = plan.split_once("```").expect("its end");
    let plan = format!("dt-env {plan}");
    let words: Vec<&str> = plan
        .split(|c: char| !(c.is_alphanumeric() || c == '-'))
        .collect();
    let sources = sources(&root());
    for (krate, levels) in ROOMS {
        let begin = words.iter().position(|word| *word == krate);
        let mut place = begin.unwrap_or_else(|| panic!("{krate} is not in the plan"));
        for level in levels {
            let mut last = place;
            for room in *level {
                let is_there = |s: &Source| s.krate == krate && s.room() == *room;
                if !sources.iter().any(is_there) {
                    continue;
                }
                let found = words[place..].iter().position(|word| word == room);
                let found = found.unwrap_or_else(|| panic!("{krate}: {room} is not in its place"));
                last = last.max(place + found);
            }
            place = last;
        }
    }
}

/// A file that breaks a rule is found, and one that does not is not.
#[test]
fn each_rule_can_be_broken() {
    type Rule = fn(&[Source]) -> Vec<Finding>;
    let found = |rule: Rule, krate: &str, path: &str, text: &str| {
        rule(&[Source::new(krate, path, text)]).len()
    };
    let cases: [(Rule, &str, &str, &str, &str); 8] = [
        (
            rules::leftwards,
            "dt-analysis",
            "maths/pca.rs",
            "use crate::questions::walsh;",
            "use super::vectors::norm;",
        ),
        (
            rules::leftwards,
            "dt-data",
            "card/mod.rs",
            "fn f() { super::store::write() }",
            "use super::dataset::Dataset;",
        ),
        (
            rules::disk,
            "dt-env",
            "env.rs",
            "use std::fs;",
            "use std::fmt;",
        ),
        (
            rules::numbers_only,
            "dt-analysis",
            "draw/panel.rs",
            "fn f(_: &Subject) {}",
            "/// A Subject.\nfn f() {}",
        ),
        (
            rules::questions_and_figures,
            "dt-analysis",
            "questions/walsh.rs",
            "fn f() -> Figure {}",
            "fn f() -> Record {}",
        ),
        (
            rules::questions_and_figures,
            "dt-analysis",
            "figures/edits.rs",
            "fn f(_: &Subject) {}",
            "fn f(_: &Record) {}",
        ),
        (
            rules::papers,
            "dt-analysis",
            "figures/edits.rs",
            "use crate::{draw, papers::memory_dt};",
            "use crate::draw;",
        ),
        (
            rules::tasks,
            "dt-train",
            "evaluate/mod.rs",
            "let ball = Object::Ball;",
            "let key = map.key();",
        ),
    ];
    for (rule, krate, path, broken, kept) in cases {
        assert_eq!(found(rule, krate, path, broken), 1, "{path}: {broken}");
        assert_eq!(found(rule, krate, path, kept), 0, "{path}: {kept}");
    }
    assert_eq!(found(rules::compiled, "dt-env", "core/left_over.rs", ""), 1);
    let files = [
        ("core/mod.rs", "mod tile;"),
        ("core/tile.rs", ""),
        ("lib.rs", "mod core;"),
    ];
    let kept = files.map(|(path, text)| Source::new("dt-env", path, text));
    assert_eq!(rules::compiled(&kept), []);
    assert_eq!(found(rules::ideas, "dt-env", "core/utils.rs", ""), 1);
    assert_eq!(found(rules::ideas, "dt-env", "core/tile.rs", ""), 0);
    assert_eq!(
        found(rules::leftwards, "dt-env", "attic/a.rs", ""),
        1,
        "a room without a place"
    );
}
