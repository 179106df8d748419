//! Controls of the methods: what must come out whatever the weights are.

#![allow(clippy::unwrap_used)] // tests may panic

mod common;

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use dt_env::Cell;
use std::sync::Arc;

use common::small_subject;
use dt_analysis::prompts::Study;
use dt_analysis::questions::attribution::attribution;
use dt_analysis::questions::edits::effects;
use dt_analysis::questions::mediation::clean_mediation;
use dt_analysis::questions::patching::{
    patch_all_sites, path_patching, sweep, token_head_sweep, token_sweep,
};
use dt_analysis::subject::hooks::{Add, Chain, Freeze, Gradients, Patch, SetCoefficient, Spot};
use dt_train::model::{ActivationCache, HookPoint, Padding};
use dt_train::to_host;

const PADDINGS: [Padding; 2] = [Padding::Aligned, Padding::ZeroFrames];

#[test]
fn patching_clean_into_clean_changes_nothing() {
    let study = Study::memory_post();
    for padding in PADDINGS {
        let subject = small_subject(padding);
        let all = PromptSet::new(&study).unwrap();
        let prompts = all.of(study.original()).unwrap();
        let points = HookPoint::all(2);
        let (cache, logits) = subject.cache(&prompts, points.clone());
        for point in points {
            let source = cache.get(point).unwrap();
            let patched = subject.logits_with(&prompts, |range| {
                Patch::new(
                    point,
                    source,
                    range.map(|w| vec![(w, Spot::default())]).collect(),
                )
            });
            for (a, b) in logits.iter().flatten().zip(patched.iter().flatten()) {
                assert!((a - b).abs() < 1e-4, "{point}: {a} {b}");
            }
        }
    }
}

#[test]
fn patching_all_sites_restores_the_clean_answer() {
    let study = Study::memory_post();
    for padding in PADDINGS {
        let subject = small_subject(padding);
        let all = PromptSet::new(&study).unwrap();
        for restored in patch_all_sites(&Experiment::new(&subject, &all)).unwrap() {
            assert!((restored.unwrap() - 1.0).abs() < 1e-3, "{restored:?}");
        }
    }
}

#[test]
fn a_frozen_forward_equals_the_plain_one() {
    let study = Study::memory_post();
    let subject = small_subject(Padding::Aligned);
    let all = PromptSet::new(&study).unwrap();
    let prompts = all.of(study.original()).unwrap();
    let points = HookPoint::all(2);
    let (cache, logits) = subject.cache(&prompts, points.clone());
    let frozen = subject.logits_with(&prompts, |range| {
        Freeze::new(&cache, points.clone(), range.collect())
    });
    for (a, b) in logits.iter().flatten().zip(frozen.iter().flatten()) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
    // And it holds: with all points frozen at the original, an edit cannot get through.
    let flipped = all.of(study.flipped()).unwrap();
    let held = subject.logits_with(&flipped, |range| {
        Freeze::new(&cache, points.clone(), range.collect())
    });
    assert_eq!(frozen, held);
    assert_ne!(frozen, subject.logits(&flipped));
}

#[test]
fn only_the_edited_token_and_later_ones_carry_the_edit() {
    let study = Study::memory_post();
    let subject = small_subject(Padding::ZeroFrames);
    let all = PromptSet::new(&study).unwrap();
    let record = sweep(&Experiment::new(&subject, &all), &token_sweep()).unwrap();
    for map in record.maps["resid_pre"].values() {
        let start = map.columns.iter().position(|c| c == "s0").unwrap();
        assert_eq!(map.columns[0], "R0", "filling is left out");
        for (token, value) in map.restored[0].iter().enumerate() {
            let expected = if token == start { 1.0 } else { 0.0 };
            assert!(
                (value.unwrap() - expected).abs() < 1e-3,
                "token {token}: {value:?}"
            );
        }
    }
    let heads = sweep(&Experiment::new(&subject, &all), &token_head_sweep()).unwrap();
    let of_z = heads.maps["z by token"].values().next().unwrap();
    assert_eq!(of_z.rows.len(), 4);
}

/// Some cells are known to do nothing and are not computed; here every one is.
#[test]
fn maps_equal_patching_each_cell_by_hand() {
    let study = Study::memory_post();
    let subject = small_subject(Padding::ZeroFrames);
    let all = PromptSet::new(&study).unwrap();
    let clean = all.of(study.original()).unwrap();
    let corrupted = all.of(study.flipped()).unwrap();
    let (cache, logits) = subject.cache(&clean, HookPoint::all(2));
    let plain = subject.logit_diffs(&corrupted);
    let mut sweeps = token_sweep();
    sweeps.extend(token_head_sweep());
    let record = sweep(&Experiment::new(&subject, &all), &sweeps).unwrap();
    let facet = 5;
    let name = all.scenarios[facet].facet.to_string();
    let whole = subject.difference(&logits[facet]) - plain[facet];
    let one = &corrupted[facet..=facet];
    let mut moved = 0;
    for (kind, of_layer) in [
        ("resid_pre", HookPoint::ResidPre as fn(usize) -> HookPoint),
        ("attn_out", HookPoint::AttnOut),
        ("mlp_out", HookPoint::MlpOut),
        ("q by token", HookPoint::Q),
        ("k by token", HookPoint::K),
        ("v by token", HookPoint::V),
        ("pattern by token", HookPoint::Pattern),
        ("z by token", HookPoint::Z),
    ] {
        let map = &record.maps[kind][&name];
        let heads = map.rows.len() / 2;
        for (row, values) in map.restored.iter().enumerate() {
            let point = of_layer(row / heads);
            let source = cache.get(point).unwrap();
            for (column, found) in values.iter().enumerate() {
                let spot = Spot {
                    token: Some(record.first_token + column),
                    head: (heads > 1).then_some(row % heads),
                };
                let spots = || vec![vec![(facet, spot)]];
                let patched = subject.logit_diffs_with(one, |_| Patch::new(point, source, spots()));
                let by_hand = (patched[0] - plain[facet]) / whole;
                let found = found.unwrap();
                // In logits: the flip of an untrained agent is small, and its share of rounding large.
                assert!(
                    ((found - by_hand) * whole).abs() < 1e-5,
                    "{kind}, row {row}, column {column}: {found} {by_hand}"
                );
                moved += usize::from(found.abs() > 0.01);
            }
        }
    }
    assert!(moved > 20, "{moved} cells do something");
}

#[test]
fn the_parts_of_an_attribution_sum_to_the_logit_difference() {
    let study = Study::memory_post();
    for padding in PADDINGS {
        let subject = small_subject(padding);
        let all = PromptSet::new(&study).unwrap();
        for found in attribution(&Experiment::new(&subject, &all)).unwrap() {
            let sum: f64 = found.parts.iter().map(|p| p.1).sum();
            let scale = found.parts.iter().map(|p| p.1.abs()).fold(1.0, f64::max);
            assert!(
                (sum - found.logit_diff).abs() < 1e-4 * scale,
                "{}: {sum} {}",
                found.facet,
                found.logit_diff
            );
        }
    }
}

#[test]
fn gradients_at_a_hook_point_are_slopes() {
    let study = Study::memory_post();
    let subject = small_subject(Padding::Aligned);
    let all = PromptSet::new(&study).unwrap();
    let prompts = vec![all.of(study.original()).unwrap()[0].clone()];
    let (left, right) = (0, 1);
    for point in [
        HookPoint::ResidPre(0),
        HookPoint::ResidMid(1),
        HookPoint::MlpOut(0),
    ] {
        let batch = Arc::new(subject.batch(&prompts));
        let mut hooks = Gradients::at([point]);
        let logits = subject.model().tracked().forward(&batch, &mut hooks);
        let [_, rows, _] = logits.dims();
        let last = logits.slice([0..1, rows - 1..rows, 0..7]);
        let of = |a: usize| last.clone().slice([0..1, 0..1, a..a + 1]).sum();
        let gradients = (of(left) - of(right)).backward();
        let found = hooks.read(point, &gradients).unwrap();
        let token = subject.decision();
        let slope: Vec<f32> = found.at(0, token).to_vec();
        let length = slope.iter().map(|v| v * v).sum::<f32>().sqrt();
        let step = 1e-2;
        let along = |sign: f32| {
            let vector = slope.iter().map(|v| sign * step * v / length).collect();
            subject.logit_diffs_with(&prompts, |_| Add {
                point,
                token,
                vectors: vec![Vec::clone(&vector)],
            })[0]
        };
        let measured = (along(1.0) - along(-1.0)) / f64::from(2.0 * step);
        let off = (measured - f64::from(length)).abs() / f64::from(length);
        assert!(off < 0.02, "{point}: {measured} {length}");
    }
}

#[test]
fn hooks_compose_in_order() {
    let study = Study::memory_post();
    let subject = small_subject(Padding::Aligned);
    let all = PromptSet::new(&study).unwrap();
    let prompts = vec![all.of(study.original()).unwrap()[0].clone()];
    let d = 16;
    let point = HookPoint::ResidPre(1);
    let direction = |n: usize| {
        (0..d)
            .map(|i| f32::from(u8::from(i == n)))
            .collect::<Vec<f32>>()
    };
    let set = |c: f32| SetCoefficient {
        point,
        token: 4,
        direction: direction(2),
        coefficients: vec![Some(c)],
    };
    let mut cache = ActivationCache::of([point]);
    {
        let hooks = Chain::default().then(set(5.0)).then(Add {
            point,
            token: 4,
            vectors: vec![direction(2)],
        });
        let mut chain = Chain(vec![Box::new(hooks), Box::new(&mut cache)]);
        let batch = Arc::new(subject.batch(&prompts));
        to_host(&subject.model().forward(&batch, &mut chain));
    }
    let seen = cache.get(point).unwrap().at(0, 4)[2];
    assert!((seen - 6.0).abs() < 1e-5, "set to 5, then 1 added: {seen}");
}

#[test]
fn an_edits_two_parts_are_the_edit() {
    let study = Study::memory_post();
    let subject = small_subject(Padding::Aligned);
    let all = PromptSet::new(&study).unwrap();
    let both = &study.edits[3];
    let edited = subject.logit_diffs(&all.of(both).unwrap());
    let record = clean_mediation(&Experiment::new(&subject, &all), both, 4)
        .unwrap()
        .unwrap();
    assert_eq!(
        record.cells,
        [(2, 6), (4, 3)].map(Cell::from),
        "the edited cells are left out of the fit"
    );
    for (facet, edited) in record.facets.iter().zip(edited) {
        assert!(
            (facet.both - edited).abs() < 1e-3,
            "{} {edited}",
            facet.both
        );
        assert_eq!(facet.random.len(), 4);
    }
}

#[test]
fn a_flip_restores_itself_and_the_original_nothing() {
    let study = Study::memory_post();
    let subject = small_subject(Padding::Aligned);
    let all = PromptSet::new(&study).unwrap();
    let record = effects(&Experiment::new(&subject, &all)).unwrap();
    for edits in record.effects.values() {
        assert_eq!(edits["Original"].restored, Some(0.0));
        assert_eq!(edits["Instruction Flipped"].restored, Some(1.0));
    }
    let paths = path_patching(&Experiment::new(&subject, &all)).unwrap();
    assert_eq!(paths.lost.len(), paths.senders.len());
    let late = paths.senders.iter().position(|s| s == "mlp 1").unwrap();
    let early = paths.receivers.iter().position(|r| r == "0.0 q").unwrap();
    assert_eq!(paths.lost[late][early], None, "no path goes back");
}
