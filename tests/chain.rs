//! The smallest whole chain: a world, a dataset, an agent, what it does, what is drawn and asked of
//! it. Everything is tiny; what is checked is that each program reads what the one before it wrote.

use crate::support::{Lab, Program};

#[test]
fn from_a_world_to_a_report() {
    let lab = Lab::new();
    let world = [
        "render",
        "MiniGrid-MemoryS7FixedStart-v0",
        "--out",
        "world.png",
    ];
    lab.succeed(Program::Env, &world);
    assert!(
        std::fs::read(lab.at("world.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );

    lab.succeed(
        Program::Data,
        &["generate", "tiny-data.ron", "--out", "data"],
    );
    let card = lab.json("data/card.json");
    assert_eq!(card["recipe"]["name"], "tiny");

    let train = [
        "train",
        "tiny.ron",
        "--quiet",
        "--datasets",
        "datasets",
        "--out",
        "run",
    ];
    lab.succeed(Program::Train, &train);
    // The trainer's own dataset is the one that the recipe makes.
    let made = crate::support::names(&lab.at("datasets"));
    assert_eq!(made.len(), 1, "{made:?}");
    let theirs = lab.json(&format!("datasets/{}/card.json", made[0]));
    assert_eq!(theirs["content_blake3"], card["content_blake3"]);
    assert_eq!(
        lab.json("run/run.json")["dataset_blake3"],
        card["content_blake3"]
    );

    let eval = lab.succeed(
        Program::Train,
        &["eval", "run", "--episodes", "5", "--json"],
    );
    let eval: serde_json::Value = serde_json::from_str(&eval).unwrap();
    let exact = eval["exact"].as_array().unwrap();
    assert!(exact.iter().all(|row| row["of"] == 4), "{eval}");
    lab.succeed(
        Program::Train,
        &["calibrate", "run", "--points", "3", "--episodes", "5"],
    );

    let figures = lab.succeed(
        Program::Analysis,
        &["plot", "run", "data", "--out", "figures"],
    );
    assert!(figures.lines().count() >= 5, "{figures}");
    assert!(figures.contains("calibration"), "{figures}");
    for line in figures.lines() {
        assert!(lab.at(line).exists(), "{line}");
    }

    lab.succeed(Program::Analysis, &["reproduce", "run", "--out", "report"]);
    let report = lab.read("report/report.html");
    assert!(report.starts_with("<!DOCTYPE html>") && report.trim_end().ends_with("</html>"));
    let results = lab.json("report/results.json");
    let (_, agent) = results.as_object().unwrap().iter().next().unwrap();
    for part in ["geometry", "restored_logit_diff", "claims"] {
        assert!(!agent[part].is_null(), "results.json has {part}");
    }
}
