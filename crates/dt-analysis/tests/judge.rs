//! Judging kept evidence: the same findings, other thresholds, and files that cannot be trusted.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)] // tests may panic

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{given, small_config, small_subject, write_agent};
use dt_analysis::papers::memory_dt::claims::{Claims, judge};
use dt_analysis::papers::memory_dt::dossier::agent_study::AgentStudy;
use dt_analysis::papers::memory_dt::dossier::reproduce::{measure, reproduce};
use dt_analysis::papers::memory_dt::evidence::{Evidence, about};
use dt_analysis::prompts::{PromptSet, Study};
use dt_analysis::subject::{Experiment, Subject};
use dt_train::checkpoint::{load_agent, save_agent};
use dt_train::device::DeviceSpec;
use dt_train::formats::pytorch_2023::import_pytorch;
use dt_train::model::{ModelConfig, Padding};
use serde_json::{Value, json};

const CLAIMS: &str = include_str!("../../../studies/claims.ron");

/// The claims with some text in the place of other.
fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(CLAIMS.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

fn posts() -> PromptSet {
    PromptSet::new(&Study::memory_post()).unwrap()
}

fn assert_same_after_a_round_trip(subject: &Subject) {
    let (set, claims) = (posts(), Claims::memory_post());
    let results = reproduce(&Experiment::new(subject, &set), &claims).unwrap();
    let text = serde_json::to_string(&results.evidence).unwrap();
    let kept = Evidence::parse(Path::new("kept.json"), &text).unwrap();
    assert_eq!(kept, results.evidence, "bit for bit");
    let again = judge(&kept, &claims, None).unwrap();
    assert_eq!(again.findings, results.findings);
    assert_eq!(again.usable, results.usable);
    assert_eq!(again.exposed_cells, results.geometry.exposed_cells);
    assert_eq!(again.findings.len(), 18);
}

#[test]
fn kept_evidence_of_a_small_agent_gives_the_same_findings() {
    assert_same_after_a_round_trip(&small_subject(Padding::Aligned));
    assert_same_after_a_round_trip(&small_subject(Padding::ZeroFrames));
}

#[test]
fn kept_evidence_of_the_authors_agent_gives_the_same_findings() {
    let Some(dir) = given() else { return };
    let agent_dir = tempfile::tempdir().unwrap();
    let (record, values, _) = import_pytorch(&dir.join("MemoryGatedMLP.pt"), None).unwrap();
    save_agent(agent_dir.path(), &record, &values).unwrap();
    let agent = load_agent(agent_dir.path(), &DeviceSpec::Cpu.open().unwrap()).unwrap();
    let subject = Subject::new("gated".to_owned(), agent, &Study::memory_post()).unwrap();
    assert_same_after_a_round_trip(&subject);
    let results = reproduce(&Experiment::new(&subject, &posts()), &Claims::memory_post()).unwrap();
    // As they were before measuring and judging came apart.
    let known = [
        (
            1,
            1.0,
            "4 of 4 successes at 0.892, 4 of 4 wrong targets at 0",
        ),
        (3, -0.7652, "AUC 0.98 over 30 exposed cells"),
        (4, 0.6251, "AUC 0.98"),
        (
            9,
            0.9899,
            "other turn in 100 %, decoys 0.12 (median of 21 pairs)",
        ),
        (12, 0.625, "8 usable facets"),
        (14, 0.8614, "NDE 0.11"),
        (16, 1.0, "4 of 4 layouts; random 1 % of 100"),
        (18, 0.125, "1 of 8 facets flip at blocks.1.hook_resid_mid"),
    ];
    for (id, value, details) in known {
        let found = results.findings.iter().find(|f| f.id == id).unwrap();
        assert!((found.value.unwrap() - value).abs() < 1e-3, "{found:?}");
        assert_eq!(found.details, details);
    }
}

#[test]
fn thresholds_change_verdicts_on_the_same_evidence() {
    let subject = small_subject(Padding::Aligned);
    let set = posts();
    let experiment = Experiment::new(&subject, &set);
    let claims = Claims::memory_post();
    let evidence = measure(&experiment, claims.random_directions())
        .unwrap()
        .evidence;
    let of = |id: u32, changes: &[(&str, &str)]| {
        let claims = Claims::parse("mine.ron", &changed(changes)).unwrap();
        let judgement = judge(&evidence, &claims, None).unwrap();
        let found = judgement.findings.into_iter().find(|f| f.id == id);
        (found.unwrap(), judgement.exposed_cells, judgement.usable)
    };
    let (found, cells, usable) = of(3, &[]);
    assert_eq!(found.passes, Some(false));
    let loose = [(
        "most_median: -0.4, least_auc: 0.9",
        "most_median: 1, least_auc: 0",
    )];
    assert_eq!(of(3, &loose).0.passes, Some(true));
    assert_eq!(of(3, &loose).0.value, found.value);

    // Fewer exposed cells, and decoys among whichever there are.
    let all_count = (
        "usable_range: 2.0,\n    least_usable: 6",
        "usable_range: 0.0,\n    least_usable: 1",
    );
    for (frames, fewer) in [("1", false), ("2000", true)] {
        let exposed = format!("exposed_frames: {frames}");
        let (found, others, more) = of(9, &[("exposed_frames: 200", &exposed), all_count]);
        assert_eq!(others.len() < cells.len(), fewer, "{others:?}");
        assert!(more.len() >= usable.len() && !more.is_empty());
        assert!(found.details.contains("decoys"), "{}", found.details);
    }

    // Fewer random directions are the first of more; more were not measured.
    let fewer = [("random: 200", "random: 50"), all_count];
    assert!(of(15, &fewer).0.details.starts_with("50 random"));
    let fresh = measure(&experiment, 50).unwrap().evidence;
    let claims = Claims::parse("mine.ron", &changed(&fewer)).unwrap();
    let of_fresh = judge(&fresh, &claims, None).unwrap().findings;
    assert_eq!(of_fresh, judge(&evidence, &claims, None).unwrap().findings);
    let claims = Claims::parse(
        "mine.ron",
        &changed(&[("random: 200", "random: 900"), all_count]),
    );
    let message = judge(&evidence, &claims.unwrap(), None)
        .unwrap_err()
        .to_string();
    for part in ["small, claim 15", "900", "200", "dt-analysis"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn what_evidence_is_about_is_the_agent_and_the_study() {
    let subject = small_subject(Padding::Aligned);
    let set = posts();
    let before = about(&Experiment::new(&subject, &set));
    assert_eq!(before, about(&Experiment::new(&subject, &set)));
    let other = small_subject(Padding::ZeroFrames);
    assert_ne!(before, about(&Experiment::new(&other, &set)));
    let mut study = Study::memory_post();
    study.name += " again";
    let set = PromptSet::new(&study).unwrap();
    assert_ne!(before, about(&Experiment::new(&subject, &set)));
}

#[test]
fn hostile_evidence_is_one_error_with_file_and_field() {
    let subject = small_subject(Padding::Aligned);
    let evidence = measure(&Experiment::new(&subject, &posts()), 3)
        .unwrap()
        .evidence;
    let whole = serde_json::to_value(&evidence).unwrap();
    let parse = |value: &Value| Evidence::parse(Path::new("kept.json"), &value.to_string());
    assert_eq!(parse(&whole).unwrap(), evidence);
    let nested = json!({ "about": "", "results": { "evidence": whole.clone() } });
    assert_eq!(parse(&nested).unwrap(), evidence, "as a study keeps it");

    let facet = "Key, Key-Ball, 0.892";
    let effect = format!("/effects/effects/{facet}/Original");
    // Pointer to what is replaced, by what (nothing: it is removed), and what is said.
    let cases: &[(&str, Option<Value>, &str)] = &[
        ("/exact", Some(json!("many")), "`exact`"),
        ("/exact/0/rtg", Some(json!(null)), "`exact[0].rtg`"),
        ("/exact/0/of", Some(json!(0)), "`exact[0].of`"),
        ("/mediation", None, "mediation"),
        (
            "/mediation/facets/0/along",
            Some(json!(null)),
            "`mediation.facets[0].along`",
        ),
        ("/mediation/facets", Some(json!([])), "`mediation.facets`"),
        ("/walsh/0/flips/IR", Some(json!(-1)), "`walsh[0].flips.IR`"),
        (
            "/prediction_errors",
            Some(json!([1.0])),
            "`prediction_errors`",
        ),
        ("/decoys/original", Some(json!([])), "`decoys.original`"),
        ("/decoys/cells/0", Some(json!([99, 0])), "(99,0)"),
        ("/asked/wanted", Some(json!([])), "`asked.wanted`"),
        ("/asked/cue", Some(json!([7, 0])), "(7,0)"),
        (
            "/asked/complements/both",
            Some(json!("Nothing")),
            "`asked.complements.both`",
        ),
        (
            "/asked/target_edits/start",
            Some(json!("Nothing")),
            "`asked.target_edits.start`",
        ),
        ("/view", Some(json!(0)), "`view`"),
        (
            "/view",
            Some(json!(18_446_744_073_709_551_615_u64)),
            "`view`",
        ),
        ("/items/key, (2,6)", None, "key, (2,6)"),
        (
            "/items/key, (2,6)/vector",
            Some(json!([1.0])),
            "`items.key, (2,6).vector`",
        ),
        (
            "/items/key, (2,6)/vector/0",
            Some(json!(1e300)),
            "`items.key, (2,6).vector[0]`",
        ),
        ("/items/key, (2,6)/frames", Some(json!(-5)), "frames"),
        ("/effects/facets", Some(json!([])), "`effects.facets`"),
        (
            "/effects/flipped",
            Some(json!("Nothing")),
            "`effects.flipped`",
        ),
        (
            "/effects/groups/0/edits",
            Some(json!([])),
            "`effects.groups[0].edits`",
        ),
        (effect.as_str(), None, facet),
        ("/surprise", Some(json!(1)), "surprise"),
    ];
    for (pointer, value, said) in cases {
        let mut bad = whole.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match (bad.pointer_mut(parent).unwrap(), value) {
            (Value::Object(map), Some(value)) => {
                map.insert(key.to_owned(), value.clone());
            }
            (Value::Object(map), None) => assert!(map.remove(key).is_some(), "{pointer}"),
            (Value::Array(list), Some(value)) => {
                list[key.parse::<usize>().unwrap()] = value.clone();
            }
            _ => panic!("{pointer}"),
        }
        let message = parse(&bad).unwrap_err().to_string();
        assert!(
            message.starts_with("kept.json: ") && message.contains(said),
            "{pointer}: {message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    for (value, said) in [
        (
            json!({ "format": "memory-dt evidence 0" }),
            "measure the agent again",
        ),
        (
            json!({ "results": { "evidence": {} } }),
            "field `format` is not there",
        ),
        (json!([1, 2]), "this is no evidence"),
    ] {
        let message = parse(&value).unwrap_err().to_string();
        assert!(message.contains(said), "{message}");
    }
    let cut = &whole.to_string()[..5_000];
    let message = Evidence::parse(Path::new("cut.json"), cut).unwrap_err();
    assert!(message.to_string().starts_with("cut.json: "), "{message}");
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
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(dir: &Path, args: &[&str], parts: &[&str]) {
    let output = run(dir, args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn a_folder_is_judged_without_its_agents() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for seed in 0..2 {
        write_agent(&dir.join(format!("agent-{seed}")), &small_config(), seed);
    }
    let said = succeed(dir, &["reproduce", "agent-0", "agent-1", "--out", "out"]);
    let file = |name: &str| fs::read(dir.join(name)).unwrap();
    let kept = "out/evidence/small.seed-0.json";
    let before = file(kept);
    // Without weights nothing can be measured.
    fs::remove_dir_all(dir.join("agent-0")).unwrap();
    fs::remove_dir_all(dir.join("agent-1")).unwrap();

    let judged = succeed(dir, &["judge", "out", "--out", "again"]);
    let table = |text: &str| text.split("\n\n").next().unwrap().to_owned();
    assert_eq!(table(&judged), table(&said), "the same table");
    assert!(judged.contains("small/seed-1  passes"), "{judged}");
    for name in ["claims.json", "claims.csv"] {
        assert_eq!(
            file(&format!("again/{name}")),
            file(&format!("out/{name}")),
            "{name}"
        );
    }
    refused(
        dir,
        &["judge", "out", "--out", "again"],
        &["claims.json", "--force"],
    );

    let loose = [(
        "most_median: -0.4, least_auc: 0.9",
        "most_median: 1, least_auc: 0",
    )];
    fs::write(dir.join("loose.ron"), changed(&loose)).unwrap();
    let args = ["judge", kept, "--claims", "loose.ron", "--json"];
    let all: Value = serde_json::from_str(&succeed(dir, &args)).unwrap();
    assert_eq!(all["kinds"]["small"][2]["verdict"], "PASS");
    assert_eq!(all["agents"]["small/seed-0"]["findings"][2]["passes"], true);
    assert_eq!(file(kept), before, "evidence is read only");

    refused(
        dir,
        &["judge", "again"],
        &["again holds no evidence", "dt-analysis reproduce"],
    );
    refused(dir, &["judge", "nowhere.json"], &["nowhere.json"]);
    // A file of a study that was asked something else.
    let mut other: Value = serde_json::from_slice(&before).unwrap();
    other["study"]["name"] = json!("other");
    other["agent"]["name"] = json!("another");
    let place = dir.join("out/evidence/another.json");
    fs::write(&place, other.to_string()).unwrap();
    refused(
        dir,
        &["judge", "out"],
        &["another.json", "of study `other`", "judge them apart"],
    );
    // The same agent with other weights.
    let mut other: Value = serde_json::from_slice(&before).unwrap();
    other["about"] = json!("else");
    fs::write(&place, other.to_string()).unwrap();
    refused(
        dir,
        &["judge", "out"],
        &["both evidence about `small/seed-0`"],
    );
    other["view"] = json!("wide");
    fs::write(&place, other.to_string()).unwrap();
    refused(
        dir,
        &["judge", "out"],
        &["another.json", "`view`", "invalid type"],
    );
}

#[test]
fn a_study_with_other_thresholds_measures_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for seed in 0..2 {
        write_agent(&dir.join(format!("agent-{seed}")), &small_config(), seed);
    }
    let study = ["study", "agent-0", "agent-1", "--out", "out"];
    succeed(dir, &study);
    let judged = succeed(dir, &["judge", "out", "--out", "judged"]);
    assert!(judged.contains("small (2 agents)"), "{judged}");
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(dir.join(name)).unwrap()).unwrap()
    };
    assert_eq!(read("judged/claims.json"), read("out/claims.json"));
    assert_eq!(
        read("out/claims.json")["small"][16]["judged"],
        2,
        "with transfer"
    );

    // Marks that a new measurement would wipe out: on an agent, and on a transfer.
    let kept = dir.join("out/agents/small.seed-0.json");
    assert_eq!(
        read("out/agents/small.seed-0.json")["results"]["findings"],
        json!([]),
        "no verdict is kept"
    );
    let mut marked: AgentStudy = serde_json::from_slice(&fs::read(&kept).unwrap()).unwrap();
    marked.results.parameters = 12345;
    fs::write(&kept, marked.to_json()).unwrap();
    let mut transfers = read("out/transfer.json");
    for record in transfers.as_array_mut().unwrap() {
        record["turned"] = json!(1.0);
        record["random"] = json!(0.0);
    }
    fs::write(dir.join("out/transfer.json"), transfers.to_string()).unwrap();
    let before = fs::read(&kept).unwrap();

    let loose = [(
        "most_median: -0.4, least_auc: 0.9",
        "most_median: 1, least_auc: 0",
    )];
    fs::write(dir.join("loose.ron"), changed(&loose)).unwrap();
    let again = [&study[..], &["--claims", "loose.ron", "--force"]].concat();
    succeed(dir, &again);
    assert_eq!(fs::read(&kept).unwrap(), before);
    assert_eq!(
        read("out/results.json")["small/seed-0"]["parameters"],
        12345
    );
    let claims = read("out/claims.json");
    assert_eq!(claims["small"][2]["passes"], 2, "a threshold flipped it");
    assert_eq!(
        claims["small"][16]["median"], 1.0,
        "transfers are those kept"
    );
    // Other weights are measured, and what was tried on them again.
    let other = ModelConfig {
        initial_std: 0.5,
        ..small_config()
    };
    write_agent(&dir.join("agent-1"), &other, 1);
    succeed(dir, &again);
    assert_ne!(read("out/claims.json")["small"][16]["median"], 1.0);
}
