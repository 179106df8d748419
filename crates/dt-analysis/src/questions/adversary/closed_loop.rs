//! What an agent does in the world when its first frame is edited, or its first thought is.

use crate::subject::Experiment;
use std::sync::Arc;

use dt_data::Outcome;
use dt_env::{EnvSpec, Layout, Object};
use dt_train::model::{HookPoint, Hooks, NoHooks};
use dt_train::rollout::walk_greedy;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::edit::{Mode, Placement};
use crate::Error;
use crate::subject::hooks::Add;
use crate::subject::{Subject, TokenKind};

/// Vectors whose episodes are walked together.
const TOGETHER: usize = 8;

/// Where a greedy episode ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// At the key.
    Key,
    /// At the ball.
    Ball,
    /// Nowhere before the step limit.
    Neither,
}

/// Greedy episodes from every prompt's layout and return-to-go, with a vector added to the first
/// frame's state token before the first block; `vectors[n][prompt]` is `[d_model]`, and what is
/// returned has the same order.
///
/// Adding the change of a frame's embedding is editing the frame: the token is a sum.
///
/// # Errors
/// If the world has no layout of a prompt.
pub fn closed_loop(
    experiment: &Experiment,
    vectors: &[Vec<Vec<f32>>],
) -> Result<Vec<Vec<Reached>>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let spec = Arc::new(study.env_spec().map_err(Error::Config)?);
    let layouts = spec.layouts().unwrap_or_default();
    let starts: Vec<(Layout, f64)> = set
        .scenarios
        .iter()
        .map(|scenario| {
            let wanted = scenario.facet.configuration;
            let found = layouts
                .iter()
                .map(|(layout, _)| *layout)
                .find(|layout| layout.memory().is_some_and(|l| l.configuration == wanted));
            found
                .map(|layout| (layout, scenario.facet.rtg))
                .ok_or_else(|| {
                    Error::Question(format!("{} has no layout {}", study.env, scenario.facet))
                })
        })
        .collect::<Result<_, _>>()?;
    // Cores share the episodes, each with few enough for its cache.
    let walked = vectors.par_chunks(TOGETHER).map(|some| {
        let ends = walk(subject, &spec, &starts, some);
        let reached = ends.into_iter().enumerate().map(|(n, outcome)| {
            let facet = &set.scenarios[n % starts.len()].facet;
            let key = facet.configuration.instruction == Object::Key;
            match (outcome, key) {
                (Outcome::Success, true) | (Outcome::Failure(_), false) => Reached::Key,
                (Outcome::Success, false) | (Outcome::Failure(_), true) => Reached::Ball,
                _ => Reached::Neither,
            }
        });
        let reached: Vec<Reached> = reached.collect();
        let rows = reached.chunks(starts.len()).map(<[Reached]>::to_vec);
        rows.collect::<Vec<_>>()
    });
    Ok(walked.collect::<Vec<_>>().concat())
}

/// How the episodes end, start by start, vector by vector.
fn walk(
    subject: &Subject,
    spec: &Arc<EnvSpec>,
    starts: &[(Layout, f64)],
    vectors: &[Vec<Vec<f32>>],
) -> Vec<Outcome> {
    let count = starts.len();
    let many: Vec<(Layout, f64)> = vectors
        .iter()
        .flat_map(|_| starts.iter().copied())
        .collect();
    let ends = walk_greedy(subject.model(), spec, &many, |pass| -> Box<dyn Hooks> {
        match pass.start {
            None => Box::new(NoHooks),
            Some(start) => Box::new(Add {
                point: HookPoint::ResidPre(0),
                token: 3 * start + TokenKind::State as usize,
                vectors: pass
                    .episodes
                    .iter()
                    .map(|&n| vectors[n / count][n % count].clone())
                    .collect(),
            }),
        }
    });
    ends.iter().map(|end| end.outcome).collect()
}

/// The vectors of an edit, one for each prompt: what it adds to the embedding of a frame.
///
/// # Errors
/// If a prompt cannot be made.
pub fn edit_vectors(
    experiment: &Experiment,
    (step, mode): (usize, Mode),
    edit: &[Placement],
) -> Result<Vec<Vec<f32>>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let embeddings = subject.embeddings();
    let originals = set.of(study.original())?;
    let view = subject.view();
    let vectors = set
        .scenarios
        .iter()
        .zip(&originals)
        .map(|(scenario, prompt)| {
            let frame = &prompt.observations[step];
            let instruction = scenario.facet.configuration.instruction;
            let mut sum = vec![0.0; embeddings[0].len()];
            for placement in edit {
                let change = placement.change(&embeddings, (frame, view), mode, instruction);
                sum.iter_mut().zip(change).for_each(|(s, c)| *s += c);
            }
            sum
        });
    Ok(vectors.collect())
}
