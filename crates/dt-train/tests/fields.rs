//! Sound files with one field changed to something nasty, field by field: each is read and used, or
//! refused with an error that names its file. Changed bytes rarely come this far.

#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use common::{definitions, run};
use dt_env::config::to_ron;
use dt_train::AgentConfig;
use dt_train::checkpoint::load_agent;
use dt_train::device::DeviceSpec;
use dt_train::evaluate::evaluate_exact;
use dt_train::run::{read_metrics, run_record};
use serde_json::{Value, json};

fn nasty() -> Vec<Value> {
    vec![
        json!(0),
        json!(1),
        json!(-1),
        json!(9),
        json!(65_535),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(0.5),
        json!(1e308),
        json!(-0.0),
        json!(""),
        json!("x".repeat(100_000)),
        json!("a\u{1b}[31m\n\u{0}"),
        json!([]),
        json!({}),
        Value::Null,
        json!(true),
    ]
}

/// Calls `each` with every way to change one field, or to leave it out.
fn changed(whole: &Value, each: &mut dyn FnMut(&str, &Value)) {
    let mut places = Vec::new();
    collect(whole, "", &mut places);
    for place in &places {
        for value in nasty() {
            let mut other = whole.clone();
            *other.pointer_mut(place).unwrap() = value;
            each(place, &other);
        }
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut other = whole.clone();
        if let Some(Value::Object(fields)) = other.pointer_mut(parent) {
            fields.remove(name);
            each(place, &other);
        }
    }
}

fn collect(value: &Value, place: &str, places: &mut Vec<String>) {
    if !place.is_empty() {
        places.push(place.to_owned());
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                collect(field, &format!("{place}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate().take(2) {
                collect(item, &format!("{place}/{n}"), places);
            }
        }
        _ => {}
    }
}

/// Whether it is read, and ends without a panic in any case.
fn survives(what: &str, act: impl FnOnce() -> Result<(), String>) -> bool {
    let ended = catch_unwind(AssertUnwindSafe(act));
    let what: String = what.chars().take(300).collect();
    ended.unwrap_or_else(|_| panic!("{what}: a panic")).is_ok()
}

fn trained(dir: &Path) {
    definitions(dir, 6, "");
    let output = run(dir, &["train", "tiny.ron", "--quiet", "--out", "run"]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn agents() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let dir = folder.path().join("run");
    let path = dir.join("agent.json");
    let whole: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let device = DeviceSpec::Cpu.open().unwrap();
    let (mut read, mut all) = (0, 0);
    changed(&whole, &mut |place, other| {
        fs::write(&path, other.to_string()).unwrap();
        all += 1;
        let sound = survives(&format!("agent.json{place}: {other}"), || {
            let agent = load_agent(&dir, &device).map_err(|e| {
                assert!(e.to_string().contains("run/agent."), "{e}");
                e.to_string()
            })?;
            let Ok(world) = agent.record.world() else {
                return Ok(());
            };
            let world = Arc::new(world.clone().with_max_steps(3));
            let found = evaluate_exact(&agent.model, &world, &[0.5]);
            found.map(drop).map_err(|e| e.to_string())
        });
        read += usize::from(sound);
    });
    assert!(read > 0 && read < all / 2, "{read} of {all} are read");
}

#[test]
fn records_and_logs() {
    let folder = tempfile::tempdir().unwrap();
    trained(folder.path());
    let dir = folder.path().join("run");
    let path = dir.join("run.json");
    let whole: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    changed(&whole, &mut |place, other| {
        fs::write(&path, other.to_string()).unwrap();
        survives(place, || run_record(&dir).map(drop).ok_or_else(String::new));
    });
    let path = dir.join("metrics.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    changed(&line, &mut |place, other| {
        fs::write(&path, format!("{other}\n")).unwrap();
        survives(place, || {
            read_metrics(&dir).map(drop).map_err(|e| e.to_string())
        });
    });
}

/// A definition is text: what stands behind each field's colon is changed.
#[test]
fn definitions_of_agents() {
    let nasty = [
        "0",
        "-1",
        "1",
        "3",
        "65536",
        "18446744073709551615",
        "18446744073709551616",
        "NaN",
        "inf",
        "-inf",
        "1e308",
        "0.5",
        "\"\"",
        "\"\\u{1b}[31m\"",
        "[]",
        "()",
        "None",
        "true",
        "{}",
        "'x'",
    ];
    let (mut read, mut all) = (0, 0);
    for name in AgentConfig::builtin_names() {
        let text = to_ron(&AgentConfig::find(name.as_ref()).unwrap());
        let lines: Vec<&str> = text.lines().collect();
        for (n, line) in lines.iter().enumerate() {
            let Some((field, _)) = line.split_once(": ").filter(|_| line.ends_with(',')) else {
                continue;
            };
            for value in nasty {
                let changed = format!("{field}: {value},");
                let mut other = lines.clone();
                other[n] = &changed;
                all += 1;
                let sound = survives(&changed, || {
                    let agent = AgentConfig::parse("other.ron", &other.join("\n"));
                    let agent = agent.map_err(|e| e.to_string()).inspect_err(|e| {
                        assert!(e.starts_with("other.ron"), "{e}");
                    })?;
                    // What is read can be written and read again.
                    let again = AgentConfig::parse("again.ron", &to_ron(&agent)).unwrap();
                    assert_eq!(again, agent);
                    Ok(())
                });
                read += usize::from(sound);
            }
        }
    }
    assert!(read > 0 && read < all, "{read} of {all} are read");
}
