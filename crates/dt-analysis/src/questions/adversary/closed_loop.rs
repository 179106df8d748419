//! What an agent does in the world when its first frame is edited, or its first thought is.

use dt_data::Outcome;
use dt_train::model::{HookPoint, Hooks, NoHooks};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::edit::{Mode, Placement, Told};
use crate::Error;
use crate::questions::steering::{Begun, all_starts, walk_from};
use crate::subject::hooks::Add;
use crate::subject::{Experiment, Subject, TokenKind};

/// Vectors whose episodes are walked together.
const TOGETHER: usize = 8;

/// Where a greedy episode ended, told by the main factor: success is the end of the value that the
/// prompt has, a failure of the task that of the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// At the end that the factor's first value asks for.
    First,
    /// At the end that its second value asks for.
    Second,
    /// At neither before the step limit.
    Neither,
}

/// Greedy episodes from every prompt's layout and return-to-go, with a vector added to the first
/// frame's state token before the first block; `vectors[n][prompt]` is `[d_model]`, and what is
/// returned has the same order.
///
/// Adding the change of a frame's embedding is editing the frame: the token is a sum.
///
/// # Errors
/// If the world has no layout of a prompt, or the agent's logits are not finite.
pub fn closed_loop(
    experiment: &Experiment,
    vectors: &[Vec<Vec<f32>>],
) -> Result<Vec<Vec<Reached>>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let starts = all_starts(set)?;
    // Cores share the episodes, each with few enough for its cache.
    let walked = vectors.par_chunks(TOGETHER).map(|some| {
        let ends = walk(subject, &starts, some)?;
        let reached = ends.into_iter().enumerate().map(|(n, outcome)| {
            match (outcome, starts[n % starts.len()].first_value) {
                (Outcome::Success, true) | (Outcome::Failure(_), false) => Reached::First,
                (Outcome::Success, false) | (Outcome::Failure(_), true) => Reached::Second,
                _ => Reached::Neither,
            }
        });
        let reached: Vec<Reached> = reached.collect();
        let rows = reached.chunks(starts.len()).map(<[Reached]>::to_vec);
        Ok(rows.collect::<Vec<_>>())
    });
    Ok(walked.collect::<Result<Vec<_>, Error>>()?.concat())
}

/// How the episodes end, start by start, vector by vector.
fn walk(
    subject: &Subject,
    starts: &[Begun],
    vectors: &[Vec<Vec<f32>>],
) -> Result<Vec<Outcome>, Error> {
    let count = starts.len();
    let many: Vec<Begun> = vectors
        .iter()
        .flat_map(|_| starts.iter().cloned())
        .collect();
    let ends = walk_from(subject, &many, |pass| -> Box<dyn Hooks> {
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
    })?;
    Ok(ends.iter().map(|end| end.outcome).collect())
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
    let told = Told::of_facets(set)?;
    let originals = set.of(study.original())?;
    let view = subject.view();
    let vectors = told.iter().zip(&originals).map(|(told, prompt)| {
        let frame = &prompt.observations[step];
        let mut sum = vec![0.0; embeddings[0].len()];
        for placement in edit {
            let change = placement.change(&embeddings, (frame, view), mode, *told);
            sum.iter_mut().zip(change).for_each(|(s, c)| *s += c);
        }
        sum
    });
    Ok(vectors.collect())
}
