//! Edits of several frames, or of more than two cells: too many to try them all.
//!
//! The gradient of the logit difference with respect to each frame's state token ranks all
//! placements of all frames by the share of the flip that they would make. It is the mean over the
//! way from the prompt to its flip (integrated gradients, Sundararajan et al., 2017): an agent that
//! has made up its mind has no gradient at the prompt itself. The most promising are tried exactly
//! and extended by one placement at a time, half of them those that do the most so far, half those
//! of the best forecast, as parts of an edit that turns the answer may do nothing alone.

use crate::subject::Experiment;
use std::sync::Arc;

use dt_env::Cell;
use dt_train::burn::prelude::*;

use dt_train::model::HookPoint;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::edit::{Mode, Placement, Told};
use super::table::Answer;
use crate::Error;
use crate::maths::logit_diff::restored_logit_diff;
use crate::maths::vectors::{dot, to_f32, to_f64};
use crate::prompts::Prompt;
use crate::subject::hooks::Gradients;
use crate::subject::{Subject, TokenKind};

/// Placements that are tried exactly, of all frames.
const CANDIDATES: usize = 64;
/// Edits that are extended.
const WIDTH: usize = 12;
/// Most placements of an edit.
const DEPTH: usize = 3;

/// The best edit of a size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeamEdit {
    /// Steps after the start of the frame, and what is placed there.
    pub placements: Vec<(usize, Placement)>,
    /// Least restored logit difference over the facets that edits are chosen on.
    pub worst_chosen: f64,
    /// The same over the others.
    pub worst_held_out: f64,
    /// Facets whose answer it turns decidedly, of those that edits are chosen on, and of the
    /// others.
    pub flips: [usize; 2],
}

/// What a beam search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeamRecord {
    /// Frames that may be edited, by steps after the start.
    pub steps: Vec<usize>,
    /// The best edit of one placement, of two, of three.
    pub best: Vec<BeamEdit>,
    /// Rank correlation (Spearman) of the gradient's forecast with the exact effect, over the
    /// single placements that were tried.
    pub forecast: Option<f64>,
    /// Edits that were tried exactly, in every facet.
    pub tried: usize,
}

/// One edit's answers: restored logit difference and whether it turns, by facet.
struct Tried {
    placements: Vec<(usize, Placement)>,
    restored: Vec<f64>,
    turned: Vec<bool>,
}

/// Searches the given frames together.
///
/// Placements that touch an object of the main factor or the agent's own cell are left out, as are
/// those that change no frame.
///
/// # Errors
/// If a prompt cannot be made.
pub fn beam_search(experiment: &Experiment, steps: &[usize]) -> Result<BeamRecord, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let originals = set.of(study.original())?;
    let flips = set.of(study.flipped())?;
    let flipped: Vec<f64> = subject.logit_diffs(&flips);
    let logits = subject.logits(&originals);
    let before: Vec<Answer> = logits.iter().map(|l| Answer::of(subject, l)).collect();
    let told = Told::of_facets(set)?;
    let chosen: Vec<bool> = (0..told.len()).map(|n| set.is_chosen_on(n)).collect();
    let worst = |restored: &[f64], of_chosen: bool| {
        let values = restored
            .iter()
            .zip(&chosen)
            .filter(|(_, c)| **c == of_chosen);
        values.map(|(r, _)| *r).fold(f64::INFINITY, f64::min)
    };

    let whole: Vec<f64> = (flipped.iter().zip(&before))
        .map(|(flipped, before)| flipped - f64::from(before.logit_diff))
        .collect();
    let forecasts = forecasts(subject, &told, (&originals, &flips), &whole, steps);
    let mut ranked: Vec<((usize, Placement), f64)> = forecasts
        .into_iter()
        .map(|(placement, restored)| (placement, worst(&restored, true)))
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.truncate(CANDIDATES);
    let foreseen = |placements: &[(usize, Placement)]| -> f64 {
        let of = |p: &(usize, Placement)| ranked.iter().find(|r| r.0 == *p).map_or(0.0, |r| r.1);
        placements.iter().map(of).sum()
    };
    let candidates: Vec<(usize, Placement)> = ranked.iter().map(|r| r.0).collect();

    let try_all = |edits: Vec<Vec<(usize, Placement)>>| -> Vec<Tried> {
        let prompts: Vec<Prompt> = edits
            .iter()
            .flat_map(|edit| {
                let facets = originals.iter().zip(&told);
                facets.map(move |(prompt, told)| {
                    let mut prompt = prompt.clone();
                    for (step, placement) in edit {
                        let frame = &mut prompt.observations[*step];
                        placement.apply(frame, subject.view(), Mode::Replacing, *told);
                    }
                    prompt
                })
            })
            .collect();
        let logits = subject.logits(&prompts);
        let answers: Vec<Answer> = logits.iter().map(|l| Answer::of(subject, l)).collect();
        edits
            .into_iter()
            .zip(answers.chunks(originals.len()))
            .map(|(placements, answers)| {
                let facets = answers.iter().zip(&before).zip(&flipped);
                let restored = facets.map(|((after, before), flipped)| {
                    let (after, before) = (after.logit_diff.into(), before.logit_diff.into());
                    restored_logit_diff(after, before, *flipped).unwrap_or(0.0)
                });
                let pairs = answers.iter().zip(&before);
                let turned =
                    pairs.map(|(after, before)| after.is_turn_from(*before, subject.contrast()));
                Tried {
                    placements,
                    restored: restored.collect(),
                    turned: turned.collect(),
                }
            })
            .collect()
    };
    let mut beam: Vec<Vec<(usize, Placement)>> = vec![Vec::new()];
    let (mut best, mut forecast, mut count) = (Vec::new(), None, 0);
    for depth in 0..DEPTH {
        let mut edits: Vec<Vec<(usize, Placement)>> = Vec::new();
        for edit in &beam {
            for &(step, placement) in &candidates {
                let taken = |(s, p): &(usize, Placement)| *s == step && p.cell == placement.cell;
                if edit.iter().any(taken) {
                    continue;
                }
                let mut longer = edit.clone();
                longer.push((step, placement));
                longer.sort_unstable();
                edits.push(longer);
            }
        }
        edits.sort_unstable();
        edits.dedup();
        count += edits.len();
        let mut tried = try_all(edits);
        if depth == 0 {
            let found = |c: &(usize, Placement)| {
                let one = tried.iter().find(|t| t.placements[0] == *c);
                worst(&one.expect("every candidate is tried").restored, true)
            };
            let exact: Vec<f64> = candidates.iter().map(found).collect();
            let forecasts: Vec<f64> = ranked.iter().map(|r| r.1).collect();
            forecast = crate::maths::stats::spearman(&forecasts, &exact).ok();
        }
        tried.sort_by(|a, b| {
            let value = |t: &Tried| worst(&t.restored, true);
            value(b)
                .total_cmp(&value(a))
                .then(a.placements.cmp(&b.placements))
        });
        let Some(top) = tried.first() else { break };
        let turned = |of_chosen: bool| {
            let facets = top.turned.iter().zip(&chosen);
            facets
                .filter(|(turned, c)| **turned && **c == of_chosen)
                .count()
        };
        best.push(BeamEdit {
            placements: top.placements.clone(),
            worst_chosen: worst(&top.restored, true),
            worst_held_out: worst(&top.restored, false),
            flips: [turned(true), turned(false)],
        });
        let mut next = tried.split_off(tried.len().min(WIDTH / 2));
        next.sort_by(|a, b| {
            foreseen(&b.placements)
                .total_cmp(&foreseen(&a.placements))
                .then(a.placements.cmp(&b.placements))
        });
        next.truncate(WIDTH - WIDTH / 2);
        tried.append(&mut next);
        beam = tried.into_iter().map(|t| t.placements).collect();
    }
    Ok(BeamRecord {
        steps: steps.to_vec(),
        best,
        forecast,
        tried: count,
    })
}

/// Points on the way from a prompt to its flip at which gradients are taken.
const WAY: usize = 8;

/// Prompts on the straight way from one to its flip: items that differ at strengths that add up
/// to one.
fn way(from: &Prompt, to: &Prompt, view: usize) -> Vec<Prompt> {
    let items = |frame: &[u8]| {
        let mut items = Vec::new();
        dt_train::model::push_items(frame, view, &mut items);
        items
    };
    let steps = from.observations.iter().zip(&to.observations).enumerate();
    let differ: Vec<(usize, u32, u32)> = steps
        .flat_map(|(step, (a, b))| {
            let pairs = items(a).into_iter().zip(items(b));
            pairs
                .filter(|(a, b)| a != b)
                .map(move |(a, b)| (step, a, b))
        })
        .collect();
    (0..WAY)
        .map(|k| {
            let share = (k as f32 + 0.5) / WAY as f32;
            let mut prompt = from.clone();
            for &(step, old, new) in &differ {
                prompt.additions.push((step, old, -share));
                prompt.additions.push((step, new, share));
            }
            prompt
        })
        .collect()
}

/// Forecast of the restored logit difference of every eligible placement in every facet: its change
/// of the token times the mean gradient on the way to the flip, as a share of the flip's effect.
fn forecasts(
    subject: &Subject,
    told: &[Told],
    (originals, flips): (&[Prompt], &[Prompt]),
    whole: &[f64],
    steps: &[usize],
) -> Vec<((usize, Placement), Vec<f64>)> {
    let view = subject.view();
    let embeddings = subject.embeddings();
    let point = HookPoint::ResidPre(0);
    // `[facet][step]`: gradient of the logit difference at the frame's state token.
    let slopes: Vec<Vec<Vec<f64>>> = (0..originals.len())
        .into_par_iter()
        .map(|n| {
            let way = way(&originals[n], &flips[n], view);
            let batch = Arc::new(subject.batch(&way));
            let mut hooks = Gradients::at([point]);
            let logits = subject.model().tracked().forward(&batch, &mut hooks);
            let dims = logits.dims();
            let weights = subject.contrast().weights(dims[2]);
            let weights = Tensor::<1>::from_floats(to_f32(&weights).as_slice(), &logits.device());
            let last =
                logits
                    .reshape([WAY, dims[1] / WAY, dims[2]])
                    .narrow(1, dims[1] / WAY - 1, 1);
            let difference = last * weights.reshape([1, 1, dims[2]]);
            let gradients = difference.sum().backward();
            let recorded = hooks.read(point, &gradients);
            steps
                .iter()
                .map(|&step| {
                    let token = subject.token(step, TokenKind::State);
                    let mut mean = vec![0.0; embeddings[0].len()];
                    if let Some(recorded) = &recorded {
                        for k in 0..WAY {
                            for (mean, slope) in mean.iter_mut().zip(recorded.at(k, token)) {
                                *mean += f64::from(*slope) / WAY as f64;
                            }
                        }
                    }
                    mean
                })
                .collect()
        })
        .collect();
    let objects: Vec<u8> = (told.iter().take(1))
        .flat_map(|t| [t.objects.0 as u8, t.objects.1 as u8])
        .collect();
    let mut found = Vec::new();
    for (k, &step) in steps.iter().enumerate() {
        for placement in Placement::all(view) {
            let shows_object =
                |p: &Prompt| objects.contains(&p.observations[step][placement.byte(view)]);
            if placement.cell == Cell::of_agent(view) || originals.iter().any(shows_object) {
                continue;
            }
            let facets = originals.iter().zip(told).enumerate();
            let restored = facets.map(|(n, (prompt, told))| {
                let frame = (prompt.observations[step].as_slice(), view);
                let change = placement.change(&embeddings, frame, Mode::Replacing, *told);
                let moved = dot(&to_f64(&change), &slopes[n][k]);
                crate::maths::logit_diff::share(moved, whole[n]).unwrap_or(0.0)
            });
            found.push(((step, placement), restored.collect()));
        }
    }
    found
}
