//! Greedy episodes over every outcome of a reset.

use std::sync::Arc;

use rayon::prelude::*;

use dt_env::{EnvSpec, Layout};

use super::record::{EpisodeRecord, ExactRecord, OutcomeCounts};
use crate::model::{Model, NoHooks};
use crate::rollout::{CHUNK, Choice, Ended, NotFiniteLogits, Walker, walk};

/// Most outcomes of a reset that are all tried.
const MAX_LAYOUTS: usize = 4096;

/// Why an agent's episodes could not be told exactly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// The world's resets cannot all be tried.
    #[error("{0}")]
    NotEnumerated(String),
    /// The agent cannot choose.
    #[error(transparent)]
    Logits(#[from] NotFiniteLogits),
}

/// Greedy episodes over every outcome of a reset, at each return-to-go.
///
/// # Errors
/// If a reset has too many outcomes to try them all, or the agent's logits are not finite.
pub fn evaluate_exact(
    model: &Model,
    spec: &Arc<EnvSpec>,
    returns_to_go: &[f64],
) -> Result<Vec<ExactRecord>, EvaluateError> {
    let mut each = evaluate_exact_each(model, spec, returns_to_go)?;
    Ok(each.swap_remove(0))
}

/// The same for each of a model's agents, which share their forward passes.
///
/// # Errors
/// If a reset has too many outcomes to try them all, or an agent's logits are not finite.
pub fn evaluate_exact_each(
    model: &Model,
    spec: &Arc<EnvSpec>,
    returns_to_go: &[f64],
) -> Result<Vec<Vec<ExactRecord>>, EvaluateError> {
    let too_many = EvaluateError::NotEnumerated;
    let layouts = spec.layouts().ok_or_else(|| {
        too_many(format!(
            "the outcomes of a reset of {} are not enumerated",
            spec.id
        ))
    })?;
    if layouts.len() > MAX_LAYOUTS {
        return Err(too_many(format!(
            "a reset of {} has {} outcomes, more than {MAX_LAYOUTS}",
            spec.id,
            layouts.len()
        )));
    }
    let starts: Vec<(f64, Layout, f64)> = returns_to_go
        .iter()
        .flat_map(|&rtg| layouts.iter().map(move |&(layout, p)| (rtg, layout, p)))
        .collect();
    // By chunk, then by agent.
    let walked: Vec<Vec<Vec<EpisodeRecord>>> = starts
        .par_chunks(CHUNK)
        .map(|chunk| -> Result<_, NotFiniteLogits> {
            let walker =
                |(rtg, layout, _): &(f64, Layout, f64)| Walker::from_layout(spec, layout, *rtg);
            let mut walkers: Vec<Vec<Walker>> = (0..model.agents())
                .map(|_| chunk.iter().map(walker).collect())
                .collect();
            walk(model, &mut walkers, &mut Choice::Greedy, &mut |_| {
                Box::new(NoHooks)
            })?;
            let records = |own: &Vec<Walker>| {
                let ends = own.iter().zip(chunk);
                ends.map(|(walker, (_, layout, p))| record(walker.ended(), layout, *p))
                    .collect()
            };
            Ok(walkers.iter().map(records).collect())
        })
        .collect::<Result<_, _>>()?;
    let of_agent = |agent: usize| {
        let mut episodes = walked.iter().flat_map(|chunk| &chunk[agent]).cloned();
        let at = |&rtg: &f64| exact_record(rtg, episodes.by_ref().take(layouts.len()).collect());
        returns_to_go.iter().map(at).collect()
    };
    Ok((0..model.agents()).map(of_agent).collect())
}

fn exact_record(rtg: f64, episodes: Vec<EpisodeRecord>) -> ExactRecord {
    let counts = OutcomeCounts::of(episodes.iter().map(|e| e.outcome));
    ExactRecord {
        rtg,
        success: counts.success,
        wrong_target: counts.failed(),
        truncated: counts.truncated,
        of: episodes.len(),
        mean_return: episodes
            .iter()
            .map(|e| e.probability * e.total_return)
            .sum(),
        episodes,
    }
}

fn record(end: Ended, layout: &Layout, probability: f64) -> EpisodeRecord {
    EpisodeRecord {
        facts: layout.facts(),
        probability,
        outcome: end.outcome,
        steps: end.steps,
        total_return: end.total_return,
    }
}
