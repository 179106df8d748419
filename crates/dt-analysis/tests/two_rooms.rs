//! Questions of other worlds than the memory task's: a hand-drawn one, more factors, layouts by
//! seed; and what a study says of its mistakes.

#![allow(clippy::unwrap_used)] // tests may panic

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{small_config, small_subject_for, write_agent_for};
use dt_analysis::prompts::{PromptSet, Study};
use dt_analysis::questions::attribution::attribution;
use dt_analysis::questions::edits::effects;
use dt_analysis::questions::geometry::geometry;
use dt_analysis::questions::patching::{path_patching, sweep, token_sweep};
use dt_analysis::questions::walsh::{residual_points, walsh};
use dt_analysis::subject::Experiment;
use serde_json::Value;

const STUDY: &str = include_str!("../../../studies/two-rooms.ron");

/// The built-in study; its side of other actions than picking up is all ways of going on.
fn two_rooms() -> Study {
    let text = STUDY.replace("second: [Right]", "second: [Forward, Left, Right]");
    Study::parse("studies/two-rooms.ron", &text).unwrap()
}

fn run(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dt-analysis"))
        .current_dir(dir)
        .args(args)
        .output()
        .unwrap()
}

fn succeeds(dir: &Path, args: &[&str]) {
    let output = run(dir, args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {text}");
}

fn refused(dir: &Path, args: &[&str], parts: &[&str]) {
    let output = run(dir, args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn edits_change_their_cell_and_nothing_else() {
    let set = PromptSet::new(&two_rooms()).unwrap();
    let view = set.view();
    let originals = set.of(set.study.original()).unwrap();
    for edit in set.study.edits.iter().filter(|e| !e.changes.is_empty()) {
        let asked = &edit.changes[0];
        let step = set.study.moment(&asked.at).unwrap();
        let mut changed = BTreeSet::new();
        for (original, edited) in originals.iter().zip(set.of(edit).unwrap()) {
            let frames = original.observations.iter().zip(&edited.observations);
            for (n, (a, b)) in frames.enumerate() {
                let tiles = a.chunks_exact(3).zip(b.chunks_exact(3)).enumerate();
                changed.extend(
                    tiles
                        .filter(|(_, (a, b))| a != b)
                        .map(|(cell, _)| (n, cell)),
                );
            }
        }
        assert_eq!(
            changed,
            [(step, asked.cell.index(view))].into(),
            "{}",
            edit.name
        );
    }
    // What the world shows without the key is what the frame shows with the cell emptied.
    let emptied = set.of(&set.study.edits[1]).unwrap();
    let flipped = set.of(set.study.flipped()).unwrap();
    assert_eq!(emptied[0].observations[2], flipped[0].observations[2]);
    assert_ne!(emptied[0].observations[1], flipped[0].observations[1]);
    let cells = set.shown_at("key", "decision").unwrap();
    assert_eq!(cells, [set.study.factors[0].cells[2]]);
}

#[test]
fn every_question_can_be_asked_of_a_drawn_world() {
    let study = two_rooms();
    let subject = small_subject_for(&study, &small_config());
    let set = PromptSet::new(&study).unwrap();
    let experiment = Experiment::new(&subject, &set);
    let facets = [
        "Key there, 0.835",
        "Key gone, 0.835",
        "Key there, 0.700",
        "Key gone, 0.700",
    ];
    assert_eq!(set.facet_names(), facets);
    assert_eq!(
        set.signs(),
        [[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]]
    );

    let effects = effects(&experiment).unwrap();
    assert_eq!(
        effects.facets,
        set.scenarios
            .iter()
            .map(|s| s.facet.clone())
            .collect::<Vec<_>>()
    );
    for facet in facets {
        let of = &effects.effects[facet];
        assert_eq!(of.len(), study.edits.len());
        assert_eq!(of["Original"].restored, Some(0.0));
        assert_eq!(of["Key there or gone"].restored, Some(1.0));
        // Less the mean logit of three actions: parts of the difference add up.
        let l = &of["Original"].logits;
        let mean = f64::from(l[2] + l[0] + l[1]) / 3.0;
        assert!((of["Original"].logit_diff - (f64::from(l[3]) - mean)).abs() < 1e-5);
    }
    let [there, gone] = [&effects.effects[facets[0]], &effects.effects[facets[1]]];
    assert_eq!(there["Yellow key"].logit_diff, there["Original"].logit_diff);
    assert_eq!(gone["Cell emptied"].logit_diff, gone["Original"].logit_diff);

    let maps = sweep(&experiment, &token_sweep()).unwrap().maps;
    let map = &maps["resid_pre"][facets[0]];
    assert_eq!(map.rows.len(), 2);
    assert_eq!(map.columns.last().map(String::as_str), Some("s2"));
    let paths = path_patching(&experiment).unwrap();
    assert_eq!(paths.senders[0], "decision", "the site sends");

    for facet in attribution(&experiment).unwrap() {
        let sum: f64 = facet.parts.iter().map(|(_, part)| part).sum();
        assert!((sum - facet.logit_diff).abs() < 1e-4);
    }
    let sites = walsh(&experiment, &residual_points(2), "decision").unwrap();
    for site in &sites {
        let names: Vec<&str> = site.variance.keys().map(String::as_str).collect();
        assert_eq!((names, site.of), (vec!["K", "KR", "R"], 4));
    }
    let found = geometry(&experiment, &[]).unwrap();
    assert_eq!(found.pca["key_pca"].scores.len(), 10);
    assert!(found.feature_maps.iter().all(|m| m.first.len() == 7));
}

#[test]
fn every_command_answers_for_a_drawn_world() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..2 {
        let agent = dir.path().join(format!("agent-{seed}"));
        write_agent_for(&two_rooms(), &agent, &small_config(), seed);
    }
    let study = ["--study", "two-rooms", "--out", "out"];
    let ask = |command: &[&str]| succeeds(dir.path(), &[command, &study[..]].concat());
    for command in ["geometry", "intervene", "patch", "attribute", "transfer"] {
        ask(&[command, "agent-0", "agent-1"]);
    }
    ask(&["adversary", "agent-0"]);
    ask(&[
        "probe",
        "agent-0",
        "--folds",
        "4",
        "--episodes",
        "20",
        "--walks",
        "40",
    ]);
    let cache = [
        "cache",
        "agent-0",
        "--prompts",
        "two-rooms",
        "--hooks",
        "hook_embed",
    ];
    succeeds(
        dir.path(),
        &[&cache[..], &["--out", "a.safetensors"]].concat(),
    );
    let no_key = |name: &str| {
        let text = fs::read_to_string(dir.path().join("out").join(name)).unwrap();
        for word in [
            "instruction",
            "ball-key",
            "Key-Ball",
            "logit(left)",
            "MemoryDT",
        ] {
            assert!(!text.contains(word), "{word} in {name}");
        }
    };
    let mut figures = 0;
    for file in fs::read_dir(dir.path().join("out")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".svg") || name.ends_with(".json") {
            figures += usize::from(name.ends_with(".svg"));
            no_key(&name);
        }
    }
    assert!(figures >= 14, "{figures} figures");

    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(dir.path().join("out").join(name)).unwrap()).unwrap()
    };
    let walsh = &read("attribute.json")["small/seed-0"]["walsh"][0];
    assert!(walsh["variance"]["KR"].is_f64());
    let found = &read("adversary.json")["small/seed-0"];
    assert_eq!(found["moment"], "decision", "the study's site");
    assert_eq!(
        found["chosen_on"],
        serde_json::json!([true, true, false, false])
    );

    for command in ["reproduce", "study"] {
        let args = [&[command, "agent-0"], &study[..]].concat();
        refused(
            dir.path(),
            &args,
            &["two-rooms", "no factor `instruction`", "geometry"],
        );
    }
    refused(
        dir.path(),
        &[&["formation", "agent-0"], &study[..]].concat(),
        &["keep_every"],
    );
    refused(
        dir.path(),
        &[&["probe", "agent-0", "--force"], &study[..]].concat(),
        &["--folds 4"],
    );
}

const THREE_FACTORS: &str = r#"(
    name: "turned",
    env: "MiniGrid-MemoryS7RandomDirection-v0",
    max_steps: 50,
    factors: [
        (axis: "instruction", values: ("key", "ball"), objects: (Key, Ball)),
        (axis: "order", values: ("key-ball", "ball-key"), letter: 'T'),
        (axis: "heading", values: ("right", "left")),
    ],
    walk: [Left, Left],
    moments: [("start", 0), ("decision", 2)],
    contrast: (first: [Left], second: [Right]),
    returns_to_go: [0.9, 0.0],
    edits: [(name: "Original"), (name: "Flipped", flip: ["instruction"])],
    item_sets: [(name: "cue", objects: (Key, Ball), cells: [(2, 6), (0, 5)])],
)"#;

#[test]
fn three_factors_make_eight_layouts() {
    let study = Study::parse("turned.ron", THREE_FACTORS).unwrap();
    let set = PromptSet::new(&study).unwrap();
    assert_eq!(set.scenarios.len(), 16, "8 layouts at 2 returns-to-go");
    assert_eq!(set.facet_names()[1], "key, key-ball, left, 0.900");
    assert_eq!(study.letters(), ['I', 'T', 'H', 'R']);
    let mut signs: Vec<String> = set.signs().iter().map(|s| format!("{s:?}")).collect();
    signs.sort();
    signs.dedup();
    assert_eq!(signs.len(), 16);
    let subject = small_subject_for(&study, &small_config());
    let experiment = Experiment::new(&subject, &set);
    let site = walsh(&experiment, &residual_points(2)[..1], "decision").unwrap();
    assert_eq!(site[0].variance.len(), 15, "all products of four factors");
    assert!(site[0].variance.contains_key("ITHR"));
    assert!((site[0].variance.values().sum::<f64>() - 1.0).abs() < 1e-9);
    assert_eq!(set.wanted_sign(0), None, "the study does not say");

    // One return-to-go is no factor.
    let text = THREE_FACTORS.replace("[0.9, 0.0]", "[0.9]");
    let set = PromptSet::new(&Study::parse("turned.ron", &text).unwrap()).unwrap();
    assert_eq!((set.scenarios.len(), set.signs()[0].len()), (8, 3));
}

#[test]
fn layouts_can_be_those_of_seeds() {
    // Resets of this world look up or down as well, which a factor of two headings has no value for.
    let text = THREE_FACTORS
        .replace("MemoryS7RandomDirection", "MemoryS7")
        .replace(
            "        (axis: \"heading\", values: (\"right\", \"left\")),\n",
            "",
        )
        .replace("    walk:", "    layouts: Seeds([3, 4, 5]),\n    walk:");
    let set = PromptSet::new(&Study::parse("seeds.ron", &text).unwrap()).unwrap();
    assert_eq!(set.scenarios.len(), 6);
    for (scenario, seed) in set.scenarios.iter().zip([3, 4, 5]) {
        let mut env = dt_env::Env::new(scenario.start.spec.clone());
        env.reset(seed);
        assert_eq!(scenario.observations[0], env.world().observation());
        assert_eq!(scenario.facet.facts, env.facts());
        assert!(
            scenario
                .facet
                .to_string()
                .contains(&format!("seed {seed}, "))
        );
    }
    let twice = Study::parse("seeds.ron", &text.replace("[3, 4, 5]", "[3, 3]")).unwrap_err();
    assert!(
        twice.to_string().contains("two prompts are called"),
        "{twice}"
    );
    let subject = small_subject_for(&set.study, &small_config());
    let experiment = Experiment::new(&subject, &set);
    assert_eq!(effects(&experiment).unwrap().facets.len(), 6);
    let error = walsh(&experiment, &residual_points(2), "decision").unwrap_err();
    assert!(error.to_string().contains("each combination"), "{error}");
}

#[test]
fn each_mistake_is_one_sentence_with_file_field_and_remedy() {
    let says = |study: &str, from: &str, to: &str, parts: &[&str]| {
        assert!(study.contains(from), "{from}");
        let text = study.replacen(from, to, 1);
        let message = Study::parse("mine.ron", &text).unwrap_err().to_string();
        assert!(message.starts_with("mine.ron"), "{message}");
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    };
    let there = "facts: {\"key\": \"there\"}";
    says(
        STUDY,
        there,
        "facts: {\"key\": \"lost\"}",
        &["field `layouts`", "key: lost", "`key`"],
    );
    let (there_only, _) = STUDY
        .split_once("        (\n            facts: {\"key\": \"gone\"}")
        .unwrap();
    let (_, rest) = STUDY.split_once("    ]),\n").unwrap();
    let missing = format!("{there_only}    ]),\n{rest}");
    says(
        &missing,
        "two-rooms",
        "two-rooms",
        &[
            "field `layouts`",
            "no map is drawn for `key: gone`",
            "draw one",
        ],
    );
    says(
        STUDY,
        "\"#.K..#",
        "\"#.K..",
        &["field `layouts`", "key: there", "rows[2]"],
    );
    says(
        STUDY,
        "first: [Pickup]",
        "first: []",
        &["field `contrast`", "needs an action", "[Left]"],
    );
    says(
        STUDY,
        "cell: (3, 5)",
        "cell: (3, 7)",
        &["field `cell`", "(3,7)", "from 0 to 6"],
    );
    says(
        STUDY,
        "site: \"decision\"",
        "site: \"noon\"",
        &["field `site`", "`noon`", "start, turned, decision"],
    );
    says(
        STUDY,
        "flip: [\"key\"]",
        "flip: [\"door\"]",
        &["field `flip`", "`door`", "key"],
    );
    says(
        STUDY,
        "[Left, Forward]",
        "[Forward, Forward, Forward]",
        &["field `moments`", "decision"],
    );
    says(
        THREE_FACTORS,
        "axis: \"heading\"",
        "axis: \"weather\"",
        &["field `factors`", "`weather`", "heading"],
    );
    says(
        THREE_FACTORS,
        "(\"right\", \"left\")",
        "(\"right\", \"north\")",
        &["field `factors`", "`north`", "right"],
    );
    let drawn = "    layouts: Drawn([(facts: {}, rows: [\"###\"])]),\n    walk:";
    says(
        THREE_FACTORS,
        "    walk:",
        drawn,
        &["field `layouts`", "no hand-drawn world", "Facts or Seeds"],
    );
}
