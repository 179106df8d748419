//! Editing the picture and editing the thought, read on the same axes at the same site.
//!
//! The post's Figure 18 projects the edited token before its position is added, its Figure 19 sets
//! a coefficient after that. Here both are the coefficient along the direction of the first frame's state
//! token in the residual stream before the first block, in natural units, and the answer is the
//! restored logit difference.

use crate::subject::Experiment;
use serde::{Deserialize, Serialize};

use super::closed_loop::edit_vectors;
use super::edit::name;
use super::steering_curve::NaturalAxis;
use super::table::Exhaustive;
use crate::Error;
use crate::maths::logit_diff::restored_logit_diff;
use crate::questions::mediation::with_added;

/// Coefficients that are set, in natural units.
const UNITS: std::ops::RangeInclusive<i32> = -12..=12;
/// Pairs of all that are shown, evenly spread over the list.
const PAIRS: usize = 240;

/// Answers to edits of the first frame and to coefficients set there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneSite {
    /// Facets in order.
    pub facets: Vec<String>,
    /// Coefficients that were set: +1 is where prompts with the main factor's first value lie, −1
    /// those with its second.
    pub units: Vec<f64>,
    /// `[unit][facet]`: restored logit difference after setting.
    pub set: Vec<Vec<Option<f64>>>,
    /// Edits of the frame.
    pub edits: Vec<SiteEdit>,
}

/// One edit at the site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteEdit {
    /// Its name.
    pub edit: String,
    /// Whether it is among the best by the prompts that edits are chosen on.
    pub best: bool,
    /// `[facet]`: coefficient along the direction of the token under it.
    pub units: Vec<f64>,
    /// `[facet]`: restored logit difference.
    pub restored: Vec<Option<f64>>,
}

/// Sets coefficients, and takes edits from a search of the first frame.
///
/// # Errors
/// If a prompt cannot be made, or the instruction set has no components.
pub fn one_site(
    experiment: &Experiment,
    table: &Exhaustive,
    best: &[String],
) -> Result<OneSite, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let axis = NaturalAxis::new(experiment)?;
    let units: Vec<f64> = UNITS.map(|k| f64::from(k) / 4.0).collect();
    let originals = set.of(study.original())?;
    let answers: Vec<Vec<f64>> = (originals.iter().enumerate())
        .map(|(n, prompt)| {
            let moves: Vec<Vec<f64>> = units.iter().map(|&u| axis.vector(u, n)).collect();
            with_added(subject, prompt, table.step, &moves)
        })
        .collect();
    let restored = |facet: usize, edited: f64| {
        let of = &table.facets[facet];
        let [original, flipped] = [of.original, of.flipped].map(|a| f64::from(a.logit_diff));
        restored_logit_diff(edited, original, flipped)
    };
    let set = (0..units.len())
        .map(|k| {
            (0..answers.len())
                .map(|f| restored(f, answers[f][k]))
                .collect()
        })
        .collect();
    let pairs: Vec<usize> = (0..table.edits.len())
        .filter(|&n| table.edits[n].len() == 2)
        .collect();
    let spread =
        (0..PAIRS.min(pairs.len())).map(|k| pairs[k * pairs.len() / PAIRS.min(pairs.len())]);
    let chosen = (0..table.edits.len()).filter(|&n| best.contains(&name(&table.edits[n])));
    let mut shown: Vec<usize> = spread.chain(chosen).collect();
    shown.sort_unstable();
    shown.dedup();
    let edits = shown
        .into_iter()
        .map(|n| {
            let edit = &table.edits[n];
            let vectors = edit_vectors(experiment, (table.step, table.mode), edit)?;
            let facets = table.facets.iter();
            Ok(SiteEdit {
                edit: name(edit),
                best: best.contains(&name(edit)),
                units: axis.after(&vectors),
                restored: facets.map(|f| f.restored(n)).collect(),
            })
        })
        .collect::<Result<_, Error>>()?;
    Ok(OneSite {
        facets: table.facets.iter().map(|f| f.facet.clone()).collect(),
        units,
        set,
        edits,
    })
}
