//! The commands that ask questions, from outside.

#![allow(clippy::unwrap_used)] // tests may panic

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{small_config, write_agent};
use dt_analysis::papers::memory_dt::dossier::agent_study::AgentStudy;
use dt_train::model::ModelConfig;
use serde_json::Value;

fn run(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dt-analysis"))
        .current_dir(dir)
        .args(args)
        .output()
        .unwrap()
}

fn done(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(dir: &Path, args: &[&str], parts: &[&str]) {
    let output = run(dir, args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn reproduce_writes_results_table_figures_and_report() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..2 {
        write_agent(
            &dir.path().join(format!("agent-{seed}")),
            &small_config(),
            seed,
        );
    }
    let args = ["reproduce", "agent-0", "agent-1", "--out", "out"];
    let output = run(dir.path(), &args);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let read = |name: &str| fs::read_to_string(dir.path().join("out").join(name)).unwrap();
    let results: Value = serde_json::from_str(&read("results.json")).unwrap();
    let agent = &results["small/seed-0"];
    let facet = "Key, Key-Ball, 0.892";
    assert_eq!(
        agent["restored_logit_diff"][facet]["Instruction Flipped"],
        1.0
    );
    assert!(agent["geometry"]["norms"]["key, (2,6)"].is_f64());
    assert!(agent["geometry"]["instruction_pca"]["explained_variance_ratio"][0].is_f64());
    assert!(agent["direct_intervention"][facet]["-2"].is_f64());
    assert!(agent["claims"]["9"]["verdict"].is_string());
    let table = read("results.csv");
    assert!(table.starts_with("agent,seed,facet,edit,metric,value\n"));
    assert!(table.contains("small,1,\"Key, Key-Ball, 0.892\",Original,logit_diff,"));
    let page = read("report.html");
    assert!(page.matches("<svg").count() > 20 && page.contains("data:image/gif;base64,"));
    assert!(
        !page.contains("http://")
            || page.matches("http://").count() == page.matches("http://www.w3.org").count()
    );
    assert!(
        dir.path()
            .join("out/figures/fig-17-restored.small.png")
            .exists()
    );
    assert_eq!(read("claims.csv").lines().count(), 1 + 2 * 18);
    let claims: Value = serde_json::from_str(&read("claims.json")).unwrap();
    assert_eq!(claims["small"].as_array().unwrap().len(), 18);

    refused(dir.path(), &args, &["exists already", "--force"]);
}

#[test]
fn activations_leave_in_one_file() {
    let dir = tempfile::tempdir().unwrap();
    write_agent(&dir.path().join("agent"), &small_config(), 0);
    let args = [
        "cache",
        "agent",
        "--hooks",
        "blocks.*.hook_resid_post,hook_embed",
        "--out",
        "a.safetensors",
    ];
    assert!(run(dir.path(), &args).status.success());
    let bytes = fs::read(dir.path().join("a.safetensors")).unwrap();
    let (_, head) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let edits = head.metadata().as_ref().unwrap()["edits"].clone();
    let edits: Vec<String> = serde_json::from_str(&edits).unwrap();
    assert_eq!(edits.len(), 64, "8 facets, 8 edits");
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(
        file.tensor("blocks.1.hook_resid_post").unwrap().shape(),
        [64, 14, 16]
    );
    assert_eq!(file.tensor("logits").unwrap().shape(), [64, 7]);
    refused(dir.path(), &args, &["exists already"]);
    refused(
        dir.path(),
        &[
            "cache",
            "agent",
            "--hooks",
            "blocks.0.hook_resid_pst",
            "--out",
            "b.safetensors",
        ],
        &["blocks.0.hook_resid_post"],
    );
}

#[test]
fn wrong_agents_and_studies_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let config = ModelConfig {
        n_ctx: 11,
        ..small_config()
    };
    write_agent(&dir.path().join("short"), &config, 0);
    refused(
        dir.path(),
        &["patch", "short", "--out", "out"],
        &["holds 4 timesteps", "have 5"],
    );
    refused(
        dir.path(),
        &["patch", "nothing", "--out", "out"],
        &["agent.json"],
    );

    write_agent(&dir.path().join("agent"), &small_config(), 0);
    let study = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies/memory-post.ron"),
    )
    .unwrap();
    let changed = |from: &str, to: &str| {
        assert!(study.contains(from), "{from}");
        fs::write(dir.path().join("study.ron"), study.replacen(from, to, 1)).unwrap();
    };
    let ask = ["geometry", "agent", "--study", "study.ron", "--out", "out"];
    changed("MiniGrid-MemoryS7FixedStart-v0", "MiniGrid-MemoryS7-v0");
    refused(
        dir.path(),
        &ask,
        &["agent was made for", "MiniGrid-MemoryS7-v0"],
    );
    changed("cells: [(4, 2), (2, 6), (0, 5), (4, 3)]", "cells: []");
    refused(dir.path(), &ask, &["study.ron", "no cells"]);
    changed(
        "Forward, Forward, Forward, Forward]",
        "Forward, Forward, Left, Forward]",
    );
    let edits = ["intervene", "agent", "--study", "study.ron", "--out", "out"];
    refused(dir.path(), &edits, &["edit", "nothing can be swapped"]);
    refused(
        dir.path(),
        &["geometry", "agent", "agent", "--out", "out"],
        &["give each agent once"],
    );
    assert!(
        !dir.path().join("out").exists(),
        "nothing is written on the way to an error"
    );
}

#[test]
fn a_study_goes_on_where_it_stopped() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..2 {
        let agent = dir.path().join(format!("agent-{seed}"));
        write_agent(&agent, &small_config(), seed);
    }
    let study = |more: &[&str]| {
        let args = ["study", "agent-0", "agent-1", "--out", "out"];
        let output = run(dir.path(), &[&args[..], more].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
    };
    study(&[]);
    let file = |name: &str| dir.path().join("out").join(name);
    let kept = file("agents/small.seed-0.json");
    let first = fs::read(&kept).unwrap();
    let table = fs::read_to_string(file("results.csv")).unwrap();
    assert!(
        table.contains("adversary.start.replacing.restored"),
        "searches are in the table"
    );
    let claims: Value = serde_json::from_slice(&fs::read(file("claims.json")).unwrap()).unwrap();
    let transfer = &claims["small"][16];
    assert_eq!(
        (&transfer["id"], &transfer["judged"]),
        (&17.into(), &2.into())
    );
    let transfers: Value =
        serde_json::from_slice(&fs::read(file("transfer.json")).unwrap()).unwrap();
    assert_eq!(transfers.as_array().unwrap().len(), 2, "each on the other");
    let page = fs::read_to_string(file("report.html")).unwrap();
    assert!(page.contains("Edit the picture or edit the thought"));

    // A kept agent is not asked again: what its file says stands, if a study wrote it.
    let mut marked: AgentStudy = serde_json::from_slice(&first).unwrap();
    marked.results.parameters = 12345;
    fs::write(&kept, marked.to_json()).unwrap();
    study(&["--force"]);
    let parameters = || {
        let results = fs::read(file("results.json")).unwrap();
        let results: Value = serde_json::from_slice(&results).unwrap();
        results["small/seed-0"]["parameters"].clone()
    };
    assert_eq!(parameters(), 12345);
    // One that somebody else has changed is no cache.
    let mut changed: Value = serde_json::from_slice(&fs::read(&kept).unwrap()).unwrap();
    changed["adversaries"] = Value::Array(Vec::new());
    fs::write(&kept, changed.to_string()).unwrap();
    study(&["--force"]);
    assert_ne!(parameters(), 12345);
    assert_eq!(fs::read(&kept).unwrap(), first);
    // Other weights are.
    write_agent(
        &dir.path().join("agent-0"),
        &ModelConfig {
            initial_std: 0.5,
            ..small_config()
        },
        0,
    );
    study(&["--force"]);
    let results: Value = serde_json::from_slice(&fs::read(file("results.json")).unwrap()).unwrap();
    assert_ne!(results["small/seed-0"]["parameters"], 12345);
}

#[test]
fn formation_says_of_a_run_alone_where_it_has_arrived() {
    let dir = tempfile::tempdir().unwrap();
    write_agent(&dir.path().join("agent"), &small_config(), 0);
    let printed = done(
        dir.path(),
        &["formation", "agent", "--out", "out", "--last"],
    );
    let table: Vec<&str> = printed.lines().collect();
    assert_eq!(table[0], "small/seed-0");
    assert!(
        table[1].contains("asked") && table[1].contains("(4,2)"),
        "{printed}"
    );
    assert_eq!(
        table[1].split_whitespace().count(),
        table[2].split_whitespace().count(),
        "{printed}"
    );
    let file = fs::read(dir.path().join("out/formation-last.json")).unwrap();
    let points: Value = serde_json::from_slice(&file).unwrap();
    let cosines = &points["small/seed-0"]["cosines"];
    // The first cell's direction with itself, to rounding.
    assert_eq!(cosines[0][0], serde_json::json!([2, 6]), "{cosines}");
    let cosine = cosines[0][1].as_f64().unwrap();
    assert!((cosine - 1.0).abs() < 1e-12, "{cosines}");
}

#[test]
fn every_built_in_study_is_listed_and_found_from_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    let printed = done(dir.path(), &["studies"]);
    let names: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(names, ["memory-post", "two-rooms"]);
    assert!(printed.contains("8 prompts"), "{printed}");
    // A world that it is not about is refused, so the study was read.
    write_agent(&dir.path().join("agent"), &small_config(), 0);
    let args = ["geometry", "agent", "--out", "out", "--study", "two-rooms"];
    refused(dir.path(), &args, &["study two-rooms"]);
}

#[test]
fn searches_say_what_they_need() {
    let dir = tempfile::tempdir().unwrap();
    write_agent(&dir.path().join("agent"), &small_config(), 0);
    let args = |more: &[&'static str]| [more, &["agent", "--out", "out"]].concat();
    refused(dir.path(), &args(&["transfer"]), &["two runs or more"]);
    refused(dir.path(), &args(&["formation"]), &["keep_every"]);
    refused(
        dir.path(),
        &args(&["adversary", "--frame", "noon"]),
        &["`noon`", "start, decision"],
    );
    refused(
        dir.path(),
        &args(&["adversary", "--mode", "shouting"]),
        &["replacing, adding and valid"],
    );
    assert!(!dir.path().join("out").exists(), "nothing is written");
}
