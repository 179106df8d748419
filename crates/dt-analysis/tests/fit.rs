//! What agent and study must have in common, and names as keys.

#![allow(clippy::unwrap_used)] // tests may panic

mod common;

use std::fs;
use std::path::Path;

use common::{small_config, small_subject, write_agent};
use dt_analysis::draw::render_svg;
use dt_analysis::figures::plot;
use dt_analysis::prompts::{PromptSet, Study};
use dt_analysis::questions::edits::effects;
use dt_analysis::subject::{Experiment, Subject};
use dt_train::device::DeviceSpec;
use dt_train::model::{ModelConfig, Padding, TimeEmbedding};
use serde_json::Value;

const STUDY: &str = include_str!("../../../studies/memory-post.ron");

fn load(dir: &Path, study: &Study) -> Result<Subject, String> {
    Subject::load(dir, study, DeviceSpec::Cpu).map_err(|e| e.to_string())
}

/// A small agent whose record has another value at a path.
fn with(dir: &Path, path: &str, value: Value) {
    write_agent(dir, &small_config(), 3);
    let file = dir.join("agent.json");
    let mut record: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    *record.pointer_mut(path).unwrap() = value;
    fs::write(&file, record.to_string()).unwrap();
}

#[test]
fn agents_of_another_world_are_refused_by_what_differs() {
    let dir = tempfile::tempdir().unwrap();
    let study = Study::memory_post();
    for (path, value, said) in [
        (
            "/env/see_through_walls",
            Value::from(true),
            "`see_through_walls` is true there and false here",
        ),
        (
            "/env/pickup",
            Value::from("Toggle"),
            "`pickup` is Toggle there",
        ),
        (
            "/env/world/Memory/random_length",
            Value::from(true),
            "random_length",
        ),
    ] {
        with(dir.path(), path, value);
        let message = load(dir.path(), &study).unwrap_err();
        for part in ["small", "memory-post", said] {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    }
    // Another name or description is no other world.
    with(dir.path(), "/env/id", Value::from("mine"));
    assert!(load(dir.path(), &study).is_ok());
}

#[test]
fn an_agent_must_know_as_many_steps_as_episodes_have() {
    let dir = tempfile::tempdir().unwrap();
    let short = |text: &str| Study::parse("my.ron", text).unwrap();
    let twenty = short(&STUDY.replace("max_steps: 50", "max_steps: 20"));
    common::write_agent_for(&twenty, dir.path(), &small_config(), 3);
    let message = load(dir.path(), &Study::memory_post()).unwrap_err();
    for part in [
        "small/seed-3",
        "step 20",
        "memory-post",
        "step 50",
        "`max_steps: 20`",
    ] {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
    let subject = load(dir.path(), &twenty).unwrap();
    effects(&Experiment::new(
        &subject,
        &PromptSet::new(&twenty).unwrap(),
    ))
    .unwrap();
    // A line has no end.
    let line = ModelConfig {
        time_embedding: TimeEmbedding::Linear,
        ..small_config()
    };
    common::write_agent_for(&twenty, dir.path(), &line, 3);
    assert!(load(dir.path(), &Study::memory_post()).is_ok());
}

#[test]
fn agents_of_many_sizes_are_each_asked_as_if_alone() {
    let dir = tempfile::tempdir().unwrap();
    let study = Study::memory_post();
    let longer = Study::parse("my.ron", &STUDY.replace("max_steps: 50", "max_steps: 90")).unwrap();
    common::write_agent_for(&longer, &dir.path().join("longer"), &small_config(), 3);
    write_agent(&dir.path().join("usual"), &small_config(), 4);
    let set = PromptSet::new(&study).unwrap();
    let ask = |name: &str| {
        let subject = load(&dir.path().join(name), &study).unwrap();
        effects(&Experiment::new(&subject, &set)).unwrap()
    };
    let (longer, usual) = (ask("longer"), ask("usual"));
    assert_eq!((ask("usual"), ask("longer")), (usual, longer));
}

#[test]
fn an_agent_that_computes_no_numbers_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_agent(dir.path(), &small_config(), 3);
    let file = dir.path().join("agent.safetensors");
    let mut bytes = fs::read(&file).unwrap();
    let start = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for value in bytes[start..].chunks_exact_mut(4) {
        value.copy_from_slice(&3e38_f32.to_le_bytes());
    }
    fs::write(&file, bytes).unwrap();
    let message = load(dir.path(), &Study::memory_post()).unwrap_err();
    assert!(
        message.contains("small/seed-3") && message.contains("logit"),
        "{message}"
    );
}

#[test]
fn renamed_edits_have_the_same_numbers() {
    let subject = small_subject(Padding::Aligned);
    let answers = |text: &str| {
        let study = Study::parse("my.ron", text).unwrap();
        effects(&Experiment::new(&subject, &PromptSet::new(&study).unwrap())).unwrap()
    };
    let usual = answers(STUDY);
    let mut renamed = STUDY.to_owned();
    for (n, name) in usual.edits.iter().enumerate() {
        renamed = renamed.replace(&format!("name: \"{name}\""), &format!("name: \"edit {n}\""));
    }
    let renamed = answers(&renamed);
    assert_eq!(renamed.original, "edit 0");
    for (facet, edits) in &usual.effects {
        for (n, name) in usual.edits.iter().enumerate() {
            let other = &renamed.effects[facet][&format!("edit {n}")];
            assert_eq!(&edits[name], other, "{facet}, {name}");
        }
    }
    assert_eq!(usual.direct_intervention, renamed.direct_intervention);
}

#[test]
fn names_that_are_keys_are_refused_where_they_are_one() {
    for (from, to, said) in [
        (
            "labels: (\"Key\", \"Ball\")",
            "labels: (\"A\", \"A\")",
            "label `A` twice",
        ),
        ("[0.892, 0.0]", "[0.0, -0.0]", "`returns_to_go`"),
        ("[0.892, 0.0]", "[0.8919, 0.8921]", "`returns_to_go`"),
        (
            "cells: [(4, 2), (2, 6), (0, 5), (4, 3)]",
            "cells: [(4, 2), (4, 2)]",
            "(4,2) twice",
        ),
        (
            "second: [Right]",
            "second: [Right, Right]",
            "right is there twice",
        ),
        (
            "\"IT\": \"matching",
            "\"TI\": \"matching",
            "`TI` is no product",
        ),
        (
            "\"sought object\"",
            "\"sought side\"",
            "`sought side` is there twice",
        ),
        ("wanted: \"ITR\"", "wanted: \"ITT\"", "T is there twice"),
        (
            "name: \"Original\"",
            "name: \"\"",
            "`edits`: a name is empty",
        ),
        (
            "name: \"Original\"",
            "name: \"\\u{1b}[31m\"",
            "control character",
        ),
        (
            "max_steps: 50",
            "max_steps: 4",
            "ends at step 4 of the walk",
        ),
        ("max_steps: 50", "max_steps: 0", "`max_steps`"),
        ("[0.892, 0.0]", "[1e300]", "`returns_to_go`"),
    ] {
        assert!(STUDY.contains(from), "{from}");
        let text = STUDY.replacen(from, to, 1);
        let message = Study::parse("my.ron", &text).unwrap_err().to_string();
        assert!(message.starts_with("my.ron: "), "{message}");
        assert!(message.contains(said), "`{said}` is not in: {message}");
    }
}

#[test]
fn a_half_written_line_of_metrics_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/run/seed-0/metrics.jsonl");
    let text = fs::read_to_string(own).unwrap();
    let file = dir.path().join("metrics.jsonl");
    let drawn = |text: &str| {
        fs::write(&file, text).unwrap();
        plot::figures(&[dir.path().to_owned()]).map(|figures| figures[0].csv())
    };
    let whole = drawn(&text).unwrap();
    let half = format!("{text}{{\"step\": 99, \"lo");
    assert_eq!(drawn(&half).unwrap(), whole);
    let amid = text.replacen('}', "", 1);
    let message = drawn(&amid).unwrap_err().to_string();
    assert!(message.contains("metrics.jsonl: line 1"), "{message}");
}

#[test]
fn pictures_are_xml_whatever_an_agent_is_called() {
    let dir = tempfile::tempdir().unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/run/seed-0");
    for name in ["eval.json", "metrics.jsonl"] {
        fs::copy(own.join(name), dir.path().join(name)).unwrap();
    }
    let text = fs::read_to_string(own.join("agent.json")).unwrap();
    let mut record: Value = serde_json::from_str(&text).unwrap();
    record["name"] = Value::from("\u{1b}[31m<&\u{ffff}\u{0}\u{202e}");
    fs::write(dir.path().join("agent.json"), record.to_string()).unwrap();
    for figure in plot::figures(&[dir.path().to_owned()]).unwrap() {
        let svg = render_svg(&figure).unwrap();
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!svg.contains(control), "{}", figure.name);
        let mut xml = quick_xml::Reader::from_str(&svg);
        while xml.read_event().unwrap() != quick_xml::events::Event::Eof {}
    }
}
