//! The authors' agent against its published numbers, where its weights are given.

#![allow(clippy::unwrap_used)] // tests may panic

mod common;

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use dt_env::{Cell, Object};
use std::fs;

use common::given;
use dt_analysis::papers::memory_dt::errata::errata;
use dt_analysis::papers::memory_dt::published::PostNumbers;
use dt_analysis::prompts::{Item, Study};
use dt_analysis::questions::edits::effects;
use dt_analysis::questions::geometry::{direction_from_cells, geometry};
use dt_analysis::questions::mediation::{clean_mediation, mediation};
use dt_analysis::questions::walsh::{residual_points, walsh};
use dt_analysis::subject::Subject;
use dt_train::checkpoint::{load_agent, save_agent};
use dt_train::device::DeviceSpec;
use dt_train::formats::pytorch_2023::import_pytorch;
use serde_json::Value;

struct Authors {
    study: Study,
    subject: Subject,
    all: PromptSet,
    published: Value,
}

fn authors() -> Option<Authors> {
    let dir = given()?;
    let study = Study::memory_post();
    let agent_dir = tempfile::tempdir().unwrap();
    let (record, values, _) = import_pytorch(&dir.join("MemoryGatedMLP.pt"), None).unwrap();
    save_agent(agent_dir.path(), &record, &values).unwrap();
    let agent = load_agent(agent_dir.path(), &DeviceSpec::Cpu.open().unwrap()).unwrap();
    let subject = Subject::new("gated".to_owned(), agent, &study).unwrap();
    let text = fs::read_to_string(dir.join("gated_mlp_figures.json")).unwrap();
    Some(Authors {
        all: PromptSet::new(&study).unwrap(),
        published: serde_json::from_str(&text).unwrap(),
        study,
        subject,
    })
}

fn assert_close(name: &str, ours: f64, theirs: f64, tolerance: f64) {
    assert!(
        (ours - theirs).abs() <= tolerance,
        "{name}: {ours}, published {theirs}"
    );
}

#[test]
fn edits_projections_and_interventions_are_the_published_ones() {
    let Some(authors) = authors() else { return };
    let record = effects(&Experiment::new(&authors.subject, &authors.all)).unwrap();
    let number = |v: &Value| v.as_f64().unwrap();
    let mut compared = 0;
    for (facet, of_facet) in authors.published["fig20_raw_aligned"].as_object().unwrap() {
        for (edit, e) in of_facet["edits"].as_object().unwrap() {
            let ours = record.effects[facet][edit].restored.unwrap();
            assert_close(
                &format!("{facet}, {edit}"),
                ours,
                number(&e["restored"]),
                1e-3,
            );
            compared += 1;
        }
    }
    for (facet, edits) in authors.published["fig18_raw"].as_object().unwrap() {
        for (edit, e) in edits.as_object().unwrap() {
            let ours = &record.effects[facet][edit];
            assert_close(edit, ours.projection[0], number(&e["proj_PC1"]), 1e-3);
            assert_close(edit, ours.logit_diff, number(&e["left_minus_right"]), 1e-3);
            compared += 2;
        }
    }
    for (facet, curve) in authors.published["fig19_raw_pc1"].as_object().unwrap() {
        for (coefficient, diff) in curve.as_object().unwrap() {
            let name = coefficient.parse::<f64>().unwrap().to_string();
            let ours = record.direct_intervention[facet][&name];
            assert_close(&format!("{facet}, {name}"), ours, number(diff), 1e-3);
            compared += 1;
        }
    }
    assert!(compared >= 16 + 40 + 44, "{compared} numbers");
}

#[test]
fn the_instruction_components_are_the_published_ones() {
    let Some(authors) = authors() else { return };
    let record = geometry(
        &Experiment::new(&authors.subject, &authors.all),
        &[(2, 6), (0, 5)].map(Cell::from),
    )
    .unwrap();
    let ours = &record.pca["instruction_pca"];
    let theirs = &authors.published["instruction_pca"];
    let labels: Vec<Item> = theirs["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l.as_str().unwrap().parse().unwrap())
        .collect();
    for (i, row) in theirs["cosine"].as_array().unwrap().iter().enumerate() {
        for (j, cosine) in row.as_array().unwrap().iter().enumerate() {
            let at = |item: &Item| ours.cosines.items.iter().position(|x| x == item).unwrap();
            let found = ours.cosines.cosine[at(&labels[i])][at(&labels[j])].unwrap();
            assert_close("cosine", found, cosine.as_f64().unwrap(), 1e-3);
        }
    }
    assert_close("PC1", ours.explained_variance_ratio[0], 0.756, 1e-3);
}

#[test]
fn figure_20_comes_out_to_two_decimals_with_its_defects() {
    let Some(authors) = authors() else { return };
    let record = errata(&Experiment::new(&authors.subject, &authors.all)).unwrap();
    let mut bars = 0;
    for (facet, edits) in &PostNumbers::read().gated_published {
        for (edit, &published) in edits.iter().filter(|(e, _)| e.starts_with("Complement")) {
            let ours = record.as_published[facet][edit].unwrap();
            assert_eq!(
                (ours * 100.0).round(),
                (published * 100.0).round(),
                "{facet}, {edit}: {ours}"
            );
            bars += 1;
        }
    }
    assert_eq!(bars, 24);
    let by_hand = &authors.published["fig20_folded_misaligned"]["instruction"];
    for (facet, of_facet) in by_hand.as_object().unwrap() {
        for (edit, e) in of_facet["edits"].as_object().unwrap() {
            let ours = record.as_published[facet][edit].unwrap();
            assert_close(facet, ours, e["restored"].as_f64().unwrap(), 1e-3);
        }
    }
}

#[test]
fn mediation_and_bits_are_the_known_ones() {
    let Some(authors) = authors() else { return };
    let (study, subject, all) = (&authors.study, &authors.subject, &authors.all);
    let both = &study.edits[3];
    let clean = clean_mediation(&Experiment::new(subject, &all), both, 0)
        .unwrap()
        .unwrap();
    assert_close("without the edited cells", clean.nie.unwrap(), 0.86, 0.005);
    for (cells, known) in [
        (vec![(2, 6), (0, 5), (4, 2), (4, 3)], 0.98),
        (vec![(2, 6)], 0.68),
    ] {
        let cells: Vec<Cell> = cells.into_iter().map(Cell::from).collect();
        let objects = (Object::Key, Object::Ball);
        let v = direction_from_cells(&subject.embeddings(), 7, objects, &cells).unwrap();
        let found = mediation(&Experiment::new(subject, &all), both, (&v, cells), 0, 0).unwrap();
        assert_close("NIE", found.nie.unwrap(), known, 0.01);
    }
    let sites = walsh(
        &Experiment::new(subject, &all),
        &residual_points(2),
        "decision",
    )
    .unwrap();
    let site = |name: &str| sites.iter().find(|s| s.point == name).unwrap();
    let first = site("blocks.0.hook_resid_mid");
    for (bits, least, most) in [
        ("I", 7, 8),
        ("T", 7, 8),
        ("R", 7, 8),
        ("IT", 0, 0),
        ("IR", 0, 0),
    ] {
        assert!(
            (least..=most).contains(&first.flips[bits]),
            "{bits}: {:?}",
            first.flips
        );
    }
    assert_close(
        "before",
        site("blocks.1.hook_resid_mid").variance["ITR"],
        0.02,
        0.005,
    );
    assert_close(
        "after",
        site("blocks.1.hook_resid_post").variance["ITR"],
        0.49,
        0.005,
    );
}
