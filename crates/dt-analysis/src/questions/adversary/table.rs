//! What every placement, and every pair of placements, in one frame does to the answer.

use crate::subject::Experiment;
use dt_train::model::EditedToken;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::edit::{Mode, Placement, Told};
use crate::Error;
use crate::maths::vectors::argmax;
use crate::prompts::{Contrast, Side};
use crate::subject::{Subject, TokenKind};

/// Answers to every edit of one frame in all facets.
#[derive(Clone, Debug, PartialEq)]
pub struct Exhaustive {
    /// How objects are put into cells.
    pub mode: Mode,
    /// Steps after the start of the edited frame.
    pub step: usize,
    /// Side of the view.
    pub view: usize,
    /// Edits by their placements: all single ones, then all pairs.
    pub edits: Vec<Vec<Placement>>,
    /// In the order of the prompts.
    pub facets: Vec<FacetAnswers>,
}

/// Answers of one facet.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetAnswers {
    /// Its name.
    pub facet: String,
    /// What tells its main factor.
    pub told: Told,
    /// Whether it is one of those that edits are chosen on; the others judge the choice.
    pub chosen_on: bool,
    /// The edited frame before the edit.
    pub frame: Vec<u8>,
    /// Answer to the original prompt.
    pub original: Answer,
    /// Answer to the prompt with the main factor flipped.
    pub flipped: Answer,
    /// One for each edit.
    pub answers: Vec<Answer>,
}

/// What an agent says at the decision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Logit difference.
    pub logit_diff: f32,
    /// Action with the largest logit.
    pub action: u8,
}

/// Least absolute logit difference of a decided answer.
pub const DECIDED: f32 = 1.0;

impl Answer {
    pub(crate) fn of(subject: &Subject, logits: &[f32]) -> Self {
        Self {
            logit_diff: subject.difference(logits) as f32,
            action: argmax(logits) as u8,
        }
    }

    /// Whether this is the other choice, and decidedly: the largest logit is on the contrast's side
    /// on which `original` is not, and the logit difference at least [`DECIDED`].
    pub fn is_turn_from(self, original: Self, contrast: &Contrast) -> bool {
        let [before, after] = [original, self].map(|a| contrast.side(a.action.into()));
        let other = before.map(Side::other);
        other.is_some() && after == other && self.logit_diff.abs() >= DECIDED
    }
}

impl FacetAnswers {
    /// Share of the flip that an edit makes; missing where the flip changes nothing.
    pub fn restored(&self, edit: usize) -> Option<f64> {
        let [edited, original, flipped] =
            [self.answers[edit], self.original, self.flipped].map(|a| f64::from(a.logit_diff));
        crate::maths::logit_diff::restored_logit_diff(edited, original, flipped)
    }

    /// Whether an edit turns the agent ([`Answer::is_turn_from`]).
    pub fn is_flipped(&self, edit: usize, contrast: &Contrast) -> bool {
        self.answers[edit].is_turn_from(self.original, contrast)
    }
}

/// Every single placement of a view, and every pair of them; two objects in one cell only where
/// they are added.
pub fn all_edits(view: usize, mode: Mode) -> Vec<Vec<Placement>> {
    let all = Placement::all(view);
    let mut edits: Vec<Vec<Placement>> = all.iter().map(|&p| vec![p]).collect();
    for (n, &a) in all.iter().enumerate() {
        for &b in &all[n + 1..] {
            if a.cell != b.cell || mode == Mode::Adding {
                edits.push(vec![a, b]);
            }
        }
    }
    edits
}

/// Asks an agent about every edit of a frame, in every facet.
///
/// The frame's state token is a sum of item vectors, so an edit is a vector added there; the
/// tokens before it are computed once.
///
/// # Errors
/// If a prompt cannot be made.
pub fn exhaustive(experiment: &Experiment, step: usize, mode: Mode) -> Result<Exhaustive, Error> {
    let subject = experiment.subject;
    let view = subject.view();
    let edits = all_edits(view, mode);
    let answers = answers_to(experiment, step, mode, &edits)?;
    Ok(Exhaustive {
        mode,
        step,
        view,
        edits,
        facets: answers,
    })
}

/// Asks an agent about some edits of a frame, in every facet.
///
/// # Errors
/// If a prompt cannot be made.
pub fn answers_to(
    experiment: &Experiment,
    step: usize,
    mode: Mode,
    edits: &[Vec<Placement>],
) -> Result<Vec<FacetAnswers>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let embeddings = subject.embeddings();
    let view = subject.view();
    let n_actions = subject.model().sizes().n_actions;
    let d = embeddings[0].len();
    let originals = set.of(study.original())?;
    let said = |prompts: &[_]| -> Vec<Answer> {
        let logits = subject.logits(prompts);
        logits.iter().map(|l| Answer::of(subject, l)).collect()
    };
    let original = said(&originals);
    let flipped = said(&set.of(study.flipped())?);
    let told = Told::of_facets(set)?;
    let token = subject.token(step, TokenKind::State);
    let facets = set.scenarios.iter().enumerate().map(|(n, scenario)| {
        let frame = &originals[n].observations[step];
        let told = told[n];
        let change = |p: &Placement| p.change(&embeddings, (frame, view), mode, told);
        let changes: std::collections::BTreeMap<Placement, Vec<f32>> = Placement::all(view)
            .into_iter()
            .map(|p| (p, change(&p)))
            .collect();
        let window = Arc::new(subject.batch(&originals[n..=n]));
        let edited = EditedToken::new(subject.model(), &window, token);
        let parts: Vec<Vec<Answer>> = edits
            .par_chunks(EditedToken::chunk())
            .map(|some| {
                let mut vectors = vec![0.0; some.len() * d];
                for (edit, vector) in some.iter().zip(vectors.chunks_exact_mut(d)) {
                    for placement in edit {
                        for (sum, value) in vector.iter_mut().zip(&changes[placement]) {
                            *sum += value;
                        }
                    }
                }
                let logits = edited.logits(&vectors);
                let rows = logits.chunks_exact(n_actions);
                rows.map(|row| Answer::of(subject, row)).collect()
            })
            .collect();
        FacetAnswers {
            facet: scenario.facet.to_string(),
            told,
            chosen_on: set.is_chosen_on(n),
            frame: frame.clone(),
            original: original[n],
            flipped: flipped[n],
            answers: parts.concat(),
        }
    });
    Ok(facets.collect())
}
