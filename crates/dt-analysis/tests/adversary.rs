//! Searches for adversaries, on an agent with random weights and on the authors'.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod common;

use common::{given, small_config, small_subject, write_agent};
use dt_analysis::prompts::{EditConfig, PromptSet, Study};
use dt_analysis::questions::adversary::{
    Mode, Placement, Reached, all_edits, answers_to, beam_search, closed_loop, edit_config,
    edit_vectors, eligible, exhaustive, search, steering_curve,
};
use dt_analysis::questions::formation::{FormationPoint, formation, last_point};
use dt_analysis::questions::reach::Reachable;
use dt_analysis::questions::transfer::{Chosen, Kinship, kinship, transfer};
use dt_analysis::subject::Experiment;
use dt_analysis::subject::Subject;
use dt_analysis::subject::exposure::Exposure;
use dt_env::{Cell, Object};
use dt_train::checkpoint::{load_agent, save_agent};
use dt_train::device::DeviceSpec;
use dt_train::formats::pytorch_2023::import_pytorch;
use dt_train::model::Padding;
use std::path::Path;

fn placement(text: &str) -> Placement {
    text.parse().unwrap()
}

/// No frame is known to be seen: every item is as rare as every other.
fn unseen() -> Exposure {
    Exposure::default()
}

#[test]
fn answers_to_edits_are_those_to_edited_prompts() {
    let study = Study::memory_post();
    let all = PromptSet::new(&study).unwrap();
    for padding in [Padding::Aligned, Padding::ZeroFrames] {
        let subject = small_subject(padding);
        let edits = [
            vec![placement("other, (0,5)")],
            vec![placement("same, (4,2)"), placement("other, (6,6)")],
            vec![placement("other, (2,6)"), placement("other, (1,2)")],
        ];
        for moment in ["start", "decision"] {
            let step = study.moment(moment).unwrap();
            let facets = answers_to(
                &Experiment::new(&subject, &all),
                step,
                Mode::Replacing,
                &edits,
            )
            .unwrap();
            for (n, edit) in edits.iter().enumerate() {
                let prompts = all.of(&edit_config(edit, "instruction", moment)).unwrap();
                for (facet, direct) in facets.iter().zip(subject.logit_diffs(&prompts)) {
                    let found = f64::from(facet.answers[n].logit_diff);
                    assert!((found - direct).abs() < 1e-4, "{found} {direct}");
                }
            }
        }
    }
}

#[test]
fn a_frame_has_so_many_edits() {
    // Keys and balls at 49 cells: 98 items, and all pairs of them.
    assert_eq!(all_edits(7, Mode::Adding).len(), 98 + 4753);
    // Two objects cannot stand in one cell.
    assert_eq!(all_edits(7, Mode::Replacing).len(), 98 + 4753 - 49);
}

#[test]
fn what_is_chosen_is_judged_elsewhere() {
    let study = Study::memory_post();
    let all = PromptSet::new(&study).unwrap();
    let subject = small_subject(Padding::Aligned);
    let frame = ("start", Mode::Replacing);
    let (record, table) = search(&Experiment::new(&subject, &all), &unseen(), frame).unwrap();
    assert_eq!(record.chosen_on.iter().filter(|c| **c).count(), 4);
    let eligible = eligible(&table, &all).unwrap();
    for cell in [(2, 6), (1, 2), (5, 2), (3, 6)].map(Cell::from) {
        assert!(
            eligible.iter().all(|p| p.cell != cell),
            "{cell:?} is no place for a headline"
        );
    }
    // The best is best where it was chosen: no eligible edit has a better worst facet there.
    let worst = |edit: usize| {
        let facets = table.facets.iter().filter(|f| f.chosen_on);
        let restored = facets.map(|f| f.restored(edit).unwrap());
        restored.fold(f64::INFINITY, f64::min)
    };
    let best = (0..table.edits.len())
        .filter(|&n| table.edits[n].iter().all(|p| eligible.contains(p)))
        .map(worst)
        .fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(record.best[0].worst_chosen, best);
    assert!(
        record
            .best
            .windows(2)
            .all(|w| w[0].worst_chosen >= w[1].worst_chosen)
    );
    assert_eq!(record.behaviour.len(), 6, "five edits and the study's own");
    assert!(record.latent.iter().all(|l| l.nie.is_some()));
    let unknown = search(
        &Experiment::new(&subject, &all),
        &unseen(),
        ("noon", Mode::Valid),
    );
    assert!(unknown.unwrap_err().to_string().contains("start, decision"));
}

#[test]
fn beams_are_no_worse_than_what_they_extend() {
    let study = Study::memory_post();
    let all = PromptSet::new(&study).unwrap();
    let subject = small_subject(Padding::Aligned);
    let found = beam_search(&Experiment::new(&subject, &all), &[0, 1, 2, 3]).unwrap();
    assert_eq!(found.best.len(), 3);
    for (n, edit) in found.best.iter().enumerate() {
        assert_eq!(edit.placements.len(), n + 1);
        assert!(
            edit.placements
                .iter()
                .all(|(step, p)| *step < 4 && p.cell != Cell::new(2, 6) || *step > 0)
        );
    }
    // In one frame, the best single placement of all is the exhaustive search's.
    let one = beam_search(&Experiment::new(&subject, &all), &[0]).unwrap();
    let frame = ("start", Mode::Replacing);
    let (record, _) = search(&Experiment::new(&subject, &all), &unseen(), frame).unwrap();
    let single = record.best_single.unwrap();
    if one.best[0].placements[0].1 == single.placements[0] {
        assert!((one.best[0].worst_chosen - single.worst_chosen).abs() < 1e-4);
    } else {
        assert!(one.best[0].worst_chosen <= single.worst_chosen);
    }
    assert!(one.best[1].worst_chosen <= record.best[0].worst_chosen + 1e-4);
    assert!(found.forecast.is_some());
}

#[test]
fn edits_of_nothing_change_nothing() {
    let study = Study::memory_post();
    let all = PromptSet::new(&study).unwrap();
    let subject = small_subject(Padding::Aligned);
    let nothing =
        edit_vectors(&Experiment::new(&subject, &all), (0, Mode::Replacing), &[]).unwrap();
    assert!(nothing.iter().flatten().all(|v| *v == 0.0));
    let ends = closed_loop(
        &Experiment::new(&subject, &all),
        &[nothing.clone(), nothing],
    )
    .unwrap();
    assert_eq!(ends[0], ends[1]);
    let curve = steering_curve(&Experiment::new(&subject, &all)).unwrap();
    assert_eq!(curve.reached.len(), curve.units.len());
    // An agent with random weights reaches nothing, wherever its thoughts are put.
    assert!(
        curve
            .reached
            .iter()
            .flatten()
            .filter(|r| **r == Reached::Neither)
            .count()
            > 100
    );
}

#[test]
fn what_the_world_can_show_is_told_apart() {
    let study = Study::memory_post();
    let all = PromptSet::new(&study).unwrap();
    let world = Reachable::new(&all).unwrap();
    let of = |mode, edit: &[Placement]| world.of_edit(&all, (0, mode), edit, None).unwrap();
    let untouched = of(Mode::Valid, &[]);
    assert_eq!(
        (untouched.valid, untouched.shown, untouched.produced),
        (8, 8, 8)
    );
    // The other instruction is another layout of the world.
    let flipped = of(Mode::Valid, &[placement("other, (2,6)")]);
    assert_eq!((flipped.shown, flipped.produced), (8, 8));
    let decoys = [placement("other, (0,5)"), placement("other, (4,2)")];
    let decoyed = of(Mode::Valid, &decoys);
    assert_eq!((decoyed.valid, decoyed.shown, decoyed.produced), (8, 0, 0));
    assert_eq!(of(Mode::Adding, &decoys).valid, 0);

    let subject = small_subject(Padding::Aligned);
    let frames = world
        .search_frames(&Experiment::new(&subject, &all), 0)
        .unwrap();
    assert!(frames.iter().all(|f| f.frames > 100 && f.turn <= f.frames));
    let histories = world
        .search_histories(&Experiment::new(&subject, &all))
        .unwrap();
    // The study's walk is the shortest of them; the context holds no more than its steps.
    assert!(
        histories
            .iter()
            .all(|h| h.histories >= 1 && h.worst.len() >= 4)
    );
}

#[test]
fn adversaries_go_from_agent_to_agent() {
    let study = Study::memory_post();
    let all = PromptSet::new(&study).unwrap();
    let subject = small_subject(Padding::Aligned);
    let frame = ("start", Mode::Replacing);
    let (record, table) = search(&Experiment::new(&subject, &all), &unseen(), frame).unwrap();
    let chosen = Chosen::of("small", &record, &table, &all, &unseen())
        .unwrap()
        .unwrap();
    assert_eq!(chosen.edit.len(), 2);
    assert!(!chosen.random.is_empty());
    // Tried on itself, it does what the search says.
    let tried = [(&chosen, Kinship::SameData)];
    let found = transfer(&Experiment::new(&subject, &all), Mode::Replacing, &tried).unwrap();
    let pair = table.find(&chosen.edit).unwrap();
    let turned = table
        .facets
        .iter()
        .filter(|f| f.is_flipped(pair, subject.contrast()));
    assert_eq!(found[0].turned, turned.count() as f64 / 8.0);
    let padded = small_subject(Padding::ZeroFrames);
    assert_eq!(kinship(&subject, &padded), Kinship::OtherArchitecture);
    assert_eq!(
        kinship(&subject, &subject),
        Kinship::OtherData,
        "their data are unknown"
    );
}

#[test]
fn formation_needs_kept_weights() {
    let dir = tempfile::tempdir().unwrap();
    let study = Study::memory_post();
    write_agent(dir.path(), &small_config(), 1);
    let set = PromptSet::new(&study).unwrap();
    let load = |path: &Path| Subject::load(path, &study, DeviceSpec::Cpu).unwrap();
    let last = load(dir.path());
    let experiment = Experiment::new(&last, &set);
    let message = formation(&experiment, &[]).unwrap_err().to_string();
    assert!(message.contains("keep_every"), "{message}");
    let mut states = vec![load(dir.path())];
    for (step, seed) in [("step-000010", 2), ("step-000020", 3)] {
        let path = dir.path().join("checkpoints").join(step);
        write_agent(&path, &small_config(), seed);
        states.push(load(&path));
    }
    let record = formation(&experiment, &states).unwrap();
    assert_eq!(record.points.len(), 3);
    assert_eq!(record.points[0].alignment.len(), 12);
    assert_eq!(last_point(&experiment).unwrap(), record.points[0]);
    for (point, state) in record.points.iter().zip(&states) {
        assert_point_is_as_computed_directly(point, state, &set);
    }
}

/// Geometry from the rows of the embedding, and answers to edited prompts one by one.
fn assert_point_is_as_computed_directly(point: &FormationPoint, agent: &Subject, set: &PromptSet) {
    let table = agent.embeddings();
    let row = |object: Object, x: usize, y: usize| &table[49 * object as usize + 7 * x + y];
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let difference = |x: usize, y: usize| -> Vec<f64> {
        let pairs = row(Object::Key, x, y).iter().zip(row(Object::Ball, x, y));
        pairs.map(|(key, ball)| key - ball).collect()
    };
    let own = difference(2, 6);
    let cue_cells = [(2, 6), (0, 5), (4, 2), (4, 3), (1, 5), (2, 5)];
    for (x, y) in cue_cells {
        let here = difference(x, y);
        let direct = dot(&here, &own) / (dot(&here, &here) * dot(&own, &own)).sqrt();
        let found = point.cosines.iter().find(|(c, _)| *c == Cell::new(x, y));
        let (_, found) = found.unwrap();
        assert!((found - direct).abs() < 1e-9, "({x},{y}): {found} {direct}");
    }
    assert_eq!(point.cosines.len(), cue_cells.len());

    // First eigenvalue of the Gram matrix of unit-normalised, centred items, by powers.
    let cells = &set.study.direction_set().unwrap().cells;
    let mut items: Vec<Vec<f64>> = Vec::new();
    for object in [Object::Key, Object::Ball] {
        for cell in cells {
            let item = row(object, cell.x, cell.y);
            let length = dot(item, item).sqrt();
            items.push(item.iter().map(|v| v / length).collect());
        }
    }
    let count = items.len() as f64;
    for column in 0..items[0].len() {
        let mean = items.iter().map(|item| item[column]).sum::<f64>() / count;
        for item in &mut items {
            item[column] -= mean;
        }
    }
    let mut weights: Vec<f64> = (0..items.len()).map(|n| n as f64 + 1.0).collect();
    let mut largest = 0.0;
    for _ in 0..2000 {
        let times = |i: &Vec<f64>| -> f64 {
            let with = items.iter().zip(&weights);
            with.map(|(j, w)| dot(i, j) * w).sum()
        };
        let next: Vec<f64> = items.iter().map(times).collect();
        largest = dot(&next, &next).sqrt();
        weights = next.iter().map(|v| v / largest).collect();
    }
    let total: f64 = items.iter().map(|item| dot(item, item)).sum();
    assert!(
        (point.component - largest / total).abs() < 1e-6,
        "{} {}",
        point.component,
        largest / total
    );

    let diffs = |edit: &EditConfig| agent.logit_diffs(&set.of(edit).unwrap());
    let pair = [placement("other, (0,5)"), placement("other, (4,2)")];
    let edited = diffs(&edit_config(&pair, "instruction", "start"));
    let (original, flipped) = (diffs(set.study.original()), diffs(set.study.flipped()));
    let (mut part, mut whole) = (0.0, 0.0);
    for n in 0..original.len() {
        let full = flipped[n] - original[n];
        part += (edited[n] - original[n]) * full.signum();
        whole += full.abs();
    }
    let found = point.double_complement.unwrap();
    assert!(
        (found - part / whole).abs() < 1e-4,
        "{found} {}",
        part / whole
    );
}

#[test]
fn the_authors_agent_has_the_known_adversaries() {
    let Some(dir) = given() else { return };
    let agent_dir = tempfile::tempdir().unwrap();
    let (record, values, _) = import_pytorch(&dir.join("MemoryGatedMLP.pt"), None).unwrap();
    save_agent(agent_dir.path(), &record, &values).unwrap();
    let agent = load_agent(agent_dir.path(), &DeviceSpec::Cpu.open().unwrap()).unwrap();
    let study = Study::memory_post();
    let subject = Subject::new("authors".to_owned(), agent, &study).unwrap();
    let all = PromptSet::new(&study).unwrap();
    let table = exhaustive(&Experiment::new(&subject, &all), 0, Mode::Adding).unwrap();
    let pair = table
        .find(&[placement("other, (4,2)"), placement("other, (0,5)")])
        .unwrap();
    let ranks = table.ranks(pair, &eligible(&table, &all).unwrap());
    // 4 to 17 of 4,753 pairs are at least as strong as the hand-picked one, itself included.
    let at_least: Vec<usize> = ranks.iter().map(|r| r.at_least + 1).collect();
    assert_eq!(ranks[0].of, 4753);
    assert_eq!(at_least.iter().min(), Some(&4), "{at_least:?}");
    assert_eq!(at_least.iter().max(), Some(&17), "{at_least:?}");

    let frame = ("start", Mode::Replacing);
    let (record, _) = search(&Experiment::new(&subject, &all), &unseen(), frame).unwrap();
    assert_eq!(record.best[0].edit, "other, (0,5) + other, (4,2)");
    assert_eq!(record.best[0].flips[1], 4);
    assert!(record.behaviour[0].turned == 8, "{:?}", record.behaviour[0]);
    // Its effect goes along the instruction direction, and not along the second component.
    let (along, second) = (&record.latent[0], &record.latent_second[0]);
    assert!((along.nie.unwrap() - 0.86).abs() < 0.01, "{:?}", along.nie);
    assert!(second.nie.unwrap().abs() < 0.05, "{:?}", second.nie);
    let random = record.against_random.unwrap();
    assert!(random.chosen == 1.0 && random.random < 0.3, "{random:?}");
}
