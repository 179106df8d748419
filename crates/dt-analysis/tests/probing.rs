//! Sweeps of probes over a small agent, as a library and from outside.

#![allow(clippy::unwrap_used)] // helpers, not only tests

mod common;

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{given, small_config, small_subject, write_agent};
use dt_analysis::prompts::Study;
use dt_analysis::questions::probing::{
    Concept, ProbeSweepRecord, ProbeVerdict, SweepConfig, Token, sweep_probes,
};
use dt_analysis::subject::Subject;
use dt_train::checkpoint::{load_agent, save_agent};
use dt_train::device::DeviceSpec;
use dt_train::formats::pytorch_2023::import_pytorch;
use dt_train::model::{ModelConfig, Padding};
use serde_json::Value;

fn small_sweep() -> SweepConfig {
    SweepConfig {
        episodes: 20,
        walks: 60,
        ..SweepConfig::default()
    }
}

fn worst(record: &ProbeSweepRecord, point: &str, token: Token, concept: Concept) -> f64 {
    let probe = record.probe(point, token, concept).unwrap();
    probe.worst_case().unwrap()
}

#[test]
fn products_are_absent_from_single_observations() {
    let study = Study::memory_post();
    let config = SweepConfig {
        hooks: vec!["hook_state_embed".into(), "blocks.0.hook_resid_pre".into()],
        ..small_sweep()
    };
    for padding in [Padding::Aligned, Padding::ZeroFrames] {
        let subject = small_subject(padding);
        let record = sweep_probes(
            &Experiment::new(&subject, &PromptSet::new(&study).unwrap()),
            &config,
            None,
        )
        .unwrap()
        .record;
        assert_eq!(record.absent_by_construction_ok, Some(true));
        assert!(record.absent_by_construction_broken.is_empty());
        let products = Concept::all(&study)
            .into_iter()
            .filter(|c| c.is_interaction());
        for concept in products {
            for token in Token::ALL {
                for point in record.points() {
                    let value = worst(&record, point, token, concept);
                    assert!(value <= 0.5, "{concept}, {point} at {token}: {value}");
                    let probe = record.probe(point, token, concept).unwrap();
                    assert_eq!(probe.verdict, Some(ProbeVerdict::NotRead));
                }
            }
        }
        // What is seen is there to be read; what is not seen is not.
        for point in record.points() {
            // By rank: with random weights, what is left out may lie on one side of the boundary.
            let separated = |token, name: &str| {
                let probe = record.probe(point, token, concept(name)).unwrap();
                let left_out = &probe.reading.as_ref().unwrap().left_out;
                !left_out.is_empty() && left_out.iter().all(|l| l.quality.auc == Some(1.0))
            };
            assert!(separated(Token::Start, "I"), "{point}");
            assert!(separated(Token::Decision, "T"), "{point}");
            assert!(worst(&record, point, Token::Decision, concept("I")) <= 0.55);
            assert!(worst(&record, point, Token::Decision, concept("R")) <= 0.5);
        }
        let data = &record.data;
        assert_eq!((data.walks, data.combinations), (60, 8));
        let prefixes = data.prefixes[&Token::Start];
        match padding {
            Padding::Aligned => assert_eq!(prefixes, 8),
            Padding::ZeroFrames => assert!(prefixes > 8 && prefixes.is_multiple_of(8)),
        }
    }
}

#[test]
fn the_authors_agent_holds_three_bits_and_their_product_at_the_end() {
    let Some(dir) = given() else { return };
    let study = Study::memory_post();
    let agent_dir = tempfile::tempdir().unwrap();
    let (record, values, _) = import_pytorch(&dir.join("MemoryGatedMLP.pt"), None).unwrap();
    save_agent(agent_dir.path(), &record, &values).unwrap();
    let agent = load_agent(agent_dir.path(), &DeviceSpec::Cpu.open().unwrap()).unwrap();
    let subject = Subject::new("gated".to_owned(), agent, &study).unwrap();
    let config = SweepConfig {
        episodes: 60,
        walks: 120,
        tokens: vec![Token::Decision],
        hooks: vec![
            "blocks.0.hook_resid_mid".into(),
            "blocks.1.hook_resid_post".into(),
        ],
        ..SweepConfig::default()
    };
    let record = sweep_probes(
        &Experiment::new(&subject, &PromptSet::new(&study).unwrap()),
        &config,
        None,
    )
    .unwrap()
    .record;
    let verdict = |point: &str, concept: Concept| {
        let probe = record.probe(point, Token::Decision, concept).unwrap();
        probe.verdict.unwrap()
    };
    for concept in Concept::all(&study)
        .into_iter()
        .filter(|c| c.letters().is_some())
    {
        let expected = match concept.is_interaction() {
            false => ProbeVerdict::Represented,
            true => ProbeVerdict::NotRead,
        };
        assert_eq!(
            verdict("blocks.0.hook_resid_mid", concept),
            expected,
            "{concept}"
        );
    }
    let last = "blocks.1.hook_resid_post";
    assert_eq!(verdict(last, concept("ITR")), ProbeVerdict::Represented);
    assert_eq!(verdict(last, concept("IR")), ProbeVerdict::NotRead);
}

fn concept(name: &str) -> Concept {
    name.parse().unwrap()
}

fn run(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dt-analysis"))
        .current_dir(dir)
        .args(args)
        .output()
        .unwrap()
}

fn succeed(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(dir: &Path, args: &[&str], parts: &[&str]) {
    let output = run(dir, args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(output.stdout.is_empty());
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

const SMALL: [&str; 4] = ["--episodes", "20", "--walks", "40"];

#[test]
fn a_sweep_writes_numbers_figure_and_directions() {
    let dir = tempfile::tempdir().unwrap();
    write_agent(&dir.path().join("agent"), &small_config(), 0);
    let ask = |more: &[&'static str]| -> Vec<&'static str> {
        [&["probe", "agent"], &SMALL[..], more].concat()
    };
    let args = ask(&["--out", "out", "--save-directions", "d.safetensors"]);
    let printed = succeed(dir.path(), &args);
    assert!(
        printed.contains("start: 8 distinct token prefixes"),
        "{printed}"
    );
    assert!(printed.contains("as they must be"), "{printed}");
    let out = dir.path().join("out");
    let text = fs::read_to_string(out.join("probe.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let record = &json["small/seed-0"];
    assert_eq!(record["absent_by_construction_ok"], true);
    assert_eq!(record["probes"].as_array().unwrap().len(), 6 * 3 * 11);
    let read: ProbeSweepRecord = serde_json::from_value(record.clone()).unwrap();
    assert_eq!(read.seed, Some(0));
    let table = fs::read_to_string(out.join("probe.csv")).unwrap();
    assert!(table.starts_with("agent,seed,concept,hook_point,token,metric,value\n"));
    assert!(table.contains("small,0,ITR,blocks.1.hook_resid_post,decision,swap flips,"));
    assert!(table.contains("small,0,T,observation,decision,worst case,1\n"));
    for ending in ["svg", "png", "csv", "json"] {
        assert!(out.join(format!("probe.small-seed-0.{ending}")).exists());
    }
    refused(dir.path(), &args, &["exists already", "--force"]);

    // The same numbers on one thread, and the same flips by the directions from the file.
    let again = Command::new(env!("CARGO_BIN_EXE_dt-analysis"))
        .current_dir(dir.path())
        .env("RAYON_NUM_THREADS", "1")
        .args(ask(&["--out", "again", "--json"]))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(again.stdout).unwrap(), text);
    let tried = succeed(
        dir.path(),
        &ask(&["--out", "tried", "--directions", "d.safetensors", "--json"]),
    );
    let tried: Value = serde_json::from_str(&tried).unwrap();
    let tried: ProbeSweepRecord = serde_json::from_value(tried["small/seed-0"].clone()).unwrap();
    assert_eq!(tried.directions.as_deref(), Some("d.safetensors"));
    for probe in read.probes.iter().filter(|p| p.reading.is_some()) {
        let other = tried
            .probe(&probe.point, probe.token, probe.concept)
            .unwrap();
        let flips =
            |p: &dt_analysis::questions::probing::ProbeRecord| p.swap.as_ref().map(|s| s.flips);
        assert_eq!(
            flips(other),
            flips(probe),
            "{} {}",
            probe.point,
            probe.concept
        );
    }

    let other = |name: &str, config: &ModelConfig| {
        write_agent(&dir.path().join(name), config, 0);
        let with = ["--directions", "d.safetensors", "--out", "other"];
        let args = [&["probe", name], &SMALL[..], &with].concat();
        args.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let wide = ModelConfig {
        d_model: 32,
        ..small_config()
    };
    let args = other("wide", &wide);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    refused(
        dir.path(),
        &args,
        &["has 16 numbers", "d_model 32", "architecture"],
    );
    let shallow = ModelConfig {
        n_layers: 1,
        ..small_config()
    };
    let args = other("shallow", &shallow);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    refused(dir.path(), &args, &["has no `blocks.1.", "run from 0 to 0"]);
    assert!(!dir.path().join("other").exists());
}

#[test]
fn what_cannot_be_probed_is_said() {
    let dir = tempfile::tempdir().unwrap();
    write_agent(&dir.path().join("agent"), &small_config(), 0);
    let refuse = |more: &[&str], parts: &[&str]| {
        let args = [&["probe", "agent", "--out", "out"], &SMALL[..], more].concat();
        refused(dir.path(), &args, parts);
    };
    refuse(&["--folds", "9"], &["9 folds", "--folds 8 or fewer"]);
    refuse(
        &["--concepts", "facing", "--tokens", "decision"],
        &["concept facing is the same in all", "--concepts"],
    );
    refuse(&["--concepts", "XY"], &["no concept `XY`", "ITR"]);
    refuse(&["--tokens", "end"], &["no token `end`", "current"]);
    refuse(
        &["--hooks", "blocks.0.hook_resid_pst"],
        &["blocks.0.hook_resid_post"],
    );
    refuse(
        &["--hooks", "blocks.0.attn.hook_q"],
        &["no place of the residual stream"],
    );
    refuse(&["--tokens", "start,start"], &["given twice"]);
    let none = ["probe", "agent", "--out", "out", "--episodes", "0"];
    refused(dir.path(), &none, &["needs episodes"]);
    refuse(
        &["--directions", "nothing.safetensors"],
        &["nothing.safetensors"],
    );
    fs::write(dir.path().join("bad.safetensors"), "not tensors").unwrap();
    refuse(
        &["--directions", "bad.safetensors"],
        &["not a safetensors file"],
    );
    let weights = "agent/agent.safetensors";
    refuse(
        &["--directions", weights],
        &["is no direction", "--save-directions"],
    );
    write_agent(&dir.path().join("agent-1"), &small_config(), 1);
    refuse(
        &["agent-1", "--save-directions", "d.safetensors"],
        &["takes the probes of one agent, 2 were given"],
    );

    let study = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies/memory-post.ron"),
    )
    .unwrap();
    let ball = |order: &str| format!("{{\"instruction\": \"ball\", \"order\": \"{order}\"}},");
    let keys_only = study.replace(&ball("ball-key"), "");
    let keys_only = keys_only.replace(&ball("key-ball"), "");
    assert_ne!(keys_only, study);
    fs::write(dir.path().join("keys.ron"), keys_only).unwrap();
    refuse(
        &["--study", "keys.ron"],
        &["concept I is the same in all", "both values of each factor"],
    );
    assert!(
        !dir.path().join("out").exists(),
        "nothing is written on the way to an error"
    );
}
