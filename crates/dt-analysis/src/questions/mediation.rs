//! How much of an edit's effect goes through the study's direction.
//!
//! An edit of one frame changes that frame's embedding by a vector. It is split into its part
//! along the direction and the rest; each is added alone at the frame's state
//! token with the observation left as it was. Following Pearl (2001), with the direction as the
//! mediator: NIE is the share of the effect that the part along the direction has alone, NDE that
//! of the rest alone.

use crate::subject::Experiment;
use dt_env::Cell;
use dt_env::streams::{Purpose, stream};
use dt_train::model::HookPoint;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::logit_diff::{LogitDiffs, pooled_restored, share};
use crate::maths::vectors::{dot, minus, norm, scaled, to_f32};
use crate::prompts::{EditConfig, Prompt};
use crate::questions::edits::{clean_direction, embedding_change, untouched_cells};
use crate::questions::geometry::components_from_cells;
use crate::subject::hooks::Add;
use crate::subject::{Subject, TokenKind};

/// Logit differences of one facet under the four combinations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FacetMediation {
    /// Facet.
    pub facet: String,
    /// Nothing added.
    pub clean: f64,
    /// The part along the direction alone.
    pub along: f64,
    /// The rest alone.
    pub rest: f64,
    /// Both: the edit itself.
    pub both: f64,
    /// Length of the part along the direction, with its sign.
    pub coefficient: f64,
    /// Effects of random directions of the same length, as shares of the full effect.
    pub random: Vec<f64>,
}

impl FacetMediation {
    /// Share of the effect that the part along the direction has alone.
    pub fn nie(&self) -> Option<f64> {
        share(self.along - self.clean, self.both - self.clean)
    }

    /// Share that the rest has alone.
    pub fn nde(&self) -> Option<f64> {
        share(self.rest - self.clean, self.both - self.clean)
    }
}

/// Mediation of one edit over all facets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediationRecord {
    /// The edit.
    pub edit: String,
    /// Cells from which the direction was fitted.
    pub cells: Vec<Cell>,
    /// By facet.
    pub facets: Vec<FacetMediation>,
    /// NIE over all facets together.
    pub nie: Option<f64>,
    /// NDE over all facets together.
    pub nde: Option<f64>,
}

impl MediationRecord {
    fn new(edit: &str, cells: Vec<Cell>, facets: Vec<FacetMediation>) -> Self {
        let pooled = |edit: fn(&FacetMediation) -> f64| {
            let changes: Vec<LogitDiffs> = facets
                .iter()
                .map(|f| LogitDiffs {
                    edit: edit(f),
                    original: f.clean,
                    flipped: f.both,
                })
                .collect();
            pooled_restored(&changes)
        };
        let (nie, nde) = (pooled(|f| f.along), pooled(|f| f.rest));
        Self {
            edit: edit.to_owned(),
            cells,
            facets,
            nie,
            nde,
        }
    }
}

/// Splits an edit of one frame along a direction, in every facet. `random` directions of
/// the same length are tried in each, drawn from `seed`.
///
/// # Errors
/// If the edit cannot be made.
pub fn mediation(
    experiment: &Experiment,
    edit: &EditConfig,
    (direction, cells): (&[f64], Vec<Cell>),
    random: usize,
    seed: u64,
) -> Result<MediationRecord, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let frame = set.edited_frame(edit)?.ok_or_else(|| {
        Error::Question(format!(
            "edit `{}` changes not one frame but several or none, so its effect has no one token \
             to go through",
            edit.name
        ))
    })?;
    let embeddings = subject.embeddings();
    let originals = set.of(study.original())?;
    let edited = set.of(edit)?;
    let facets = set.scenarios.iter().enumerate().map(|(n, scenario)| {
        let change = embedding_change(
            &embeddings,
            subject.view(),
            &originals[n],
            &edited[n],
            frame,
        );
        let coefficient = dot(&change, direction);
        let along = scaled(direction, coefficient);
        let rest = minus(&change, &along);
        let mut vectors = vec![vec![0.0; change.len()], along, rest, change];
        vectors.extend(random_directions(
            random,
            direction.len(),
            coefficient.abs(),
            &mut stream(seed, Purpose::MediationDirections, n as u64),
        ));
        let diffs = with_added(subject, &originals[n], frame, &vectors);
        let full = diffs[3] - diffs[0];
        FacetMediation {
            facet: scenario.facet.to_string(),
            clean: diffs[0],
            along: diffs[1],
            rest: diffs[2],
            both: diffs[3],
            coefficient,
            random: diffs[4..]
                .iter()
                .filter_map(|d| share(d - diffs[0], full))
                .collect(),
        }
    });
    Ok(MediationRecord::new(&edit.name, cells, facets.collect()))
}

/// The same along the direction that the edit does not touch, if there is one.
///
/// # Errors
/// If the edit cannot be made.
pub fn clean_mediation(
    experiment: &Experiment,
    edit: &EditConfig,
    random: usize,
) -> Result<Option<MediationRecord>, Error> {
    let set = experiment.prompts;
    if set.edited_frame(edit)?.is_none() {
        return Ok(None);
    }
    let (_, cells) = untouched_cells(set, edit)?;
    match clean_direction(experiment, edit)? {
        None => Ok(None),
        Some(v) => mediation(experiment, edit, (&v, cells), random, 0).map(Some),
    }
}

/// The same along the second component of the cells that the edit does not touch: a direction as
/// much of the set's items, and a control.
///
/// # Errors
/// If the edit cannot be made.
pub fn second_mediation(
    experiment: &Experiment,
    edit: &EditConfig,
) -> Result<Option<MediationRecord>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let (objects, cells) = untouched_cells(set, edit)?;
    if cells.is_empty() || set.edited_frame(edit)?.is_none() {
        return Ok(None);
    }
    let components = components_from_cells(&subject.embeddings(), subject.view(), objects, &cells)?;
    match components.get(1) {
        None => Ok(None),
        Some(v) => mediation(experiment, edit, (v, cells), 0, 0).map(Some),
    }
}

/// Random directions of a given length.
pub(crate) fn random_directions(
    count: usize,
    d: usize,
    length: f64,
    rng: &mut impl Rng,
) -> Vec<Vec<f64>> {
    (0..count)
        .map(|_| {
            // Normal draws brought to length are uniform on the sphere (Muller, 1959).
            let draw: Vec<f64> = StandardNormal.sample_iter(&mut *rng).take(d).collect();
            let n = norm(&draw);
            scaled(&draw, length / n)
        })
        .collect()
}

/// Logit differences of a prompt with vectors added at one frame's state token.
pub fn with_added(
    subject: &Subject,
    prompt: &Prompt,
    frame: usize,
    vectors: &[Vec<f64>],
) -> Vec<f64> {
    let prompts = vec![prompt.clone(); vectors.len()];
    let vectors: Vec<Vec<f32>> = vectors.par_iter().map(|v| to_f32(v)).collect();
    subject.logit_diffs_with(&prompts, |range| Add {
        point: HookPoint::ResidPre(0),
        token: subject.token(frame, TokenKind::State),
        vectors: vectors[range].to_vec(),
    })
}
