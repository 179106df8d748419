//! Everything that the claims are judged by, measured on one agent and kept on disk.
//!
//! Measuring asks an agent and takes seconds; judging ([`super::claims::judge()`]) applies the
//! thresholds of `studies/claims.ron` to what is here, and takes milliseconds. So nothing here
//! depends on a threshold: which facets are usable and which cells exposed is for the judge to say.
//! All of it is plain data, and [`Evidence::parse`] trusts none of it.

mod asked;
mod decoys;
mod parse;
mod prediction;

use std::collections::BTreeMap;
use std::sync::Arc;

use dt_env::{Cell, Object};
use dt_train::evaluate::{ExactRecord, evaluate_exact};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::prompts::{Item, PromptSet, Study, items_at};
use crate::questions::edits::{EffectsRecord, effects};
use crate::questions::mediation::{MediationRecord, clean_mediation};
use crate::questions::steering::{SteeringRecord, steering};
use crate::questions::walsh::{WalshSite, check_factorial, residual_points, walsh};
use crate::subject::embedding::initial_embeddings;
use crate::subject::exposure::Exposure;
use crate::subject::{Experiment, Subject};

pub use asked::{Asked, Complements, TARGETS, TargetEdits};
pub use decoys::{DecoyPair, DecoyRecord, pairs_of};

/// Changes whenever other numbers are measured, so that kept ones are not mixed with them.
pub const FORMAT: &str = "memory-dt evidence 1";

/// The two objects whose items the claims are about.
pub const OBJECTS: [Object; 2] = [Object::Key, Object::Ball];

/// What one agent showed: all that a claim's statistic needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// [`FORMAT`].
    pub format: String,
    /// What was measured on what: see [`about`].
    pub about: String,
    /// The agent.
    pub agent: AgentId,
    /// The study that it was asked.
    pub study: StudyId,
    /// What of the study the judge needs.
    pub asked: Asked,
    /// Greedy episodes at the study's returns-to-go.
    pub exact: Vec<ExactRecord>,
    /// Logits, restored logit differences and largest actions of all edits, by facet.
    pub effects: EffectsRecord,
    /// Side of the view.
    pub view: usize,
    /// Items of the objects that are asked about, at every cell of the view.
    pub items: BTreeMap<Item, ItemEvidence>,
    /// Whether the exposure is that of the agent's own data.
    pub own_data: bool,
    /// Random directions that were tried in each facet.
    pub random_directions: usize,
    /// Mediation of the double complement along the direction that it does not touch.
    #[serde(deserialize_with = "Option::deserialize")] // may be null, may not be missing
    pub mediation: Option<MediationRecord>,
    /// Closed-loop steering.
    #[serde(deserialize_with = "Option::deserialize")]
    pub steering: Option<SteeringRecord>,
    /// Walsh decomposition of the residual stream at the decision, the last MLP's output last.
    pub walsh: Vec<WalshSite>,
    /// Per facet: error of the predicted logit differences, as a share of the range.
    pub prediction_errors: Vec<Option<f64>>,
    /// The double complement at cells that show no instruction.
    pub decoys: DecoyRecord,
}

/// Which agent it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentId {
    /// Name by which results are keyed.
    pub name: String,
    /// Name of its kind: agents of one kind are seeds of it.
    pub kind: String,
    /// Seed of its training; none for an imported agent.
    #[serde(deserialize_with = "Option::deserialize")]
    pub seed: Option<u64>,
    /// Steps of its training.
    pub step: u64,
}

/// Which study it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyId {
    /// Its name.
    pub name: String,
    /// blake3 of what it says.
    pub blake3: String,
}

/// An item of the vocabulary, as the agent knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemEvidence {
    /// Frames of the training data that show it.
    pub frames: u64,
    /// Its vector, `[d_model]`.
    pub vector: Vec<f32>,
    /// The same before training, where it is known.
    #[serde(deserialize_with = "Option::deserialize")]
    pub initial: Option<Vec<f32>>,
}

impl AgentId {
    fn of(subject: &Subject) -> Self {
        let record = &subject.agent.record;
        Self {
            name: subject.name.clone(),
            kind: subject.kind().to_owned(),
            seed: record.seed,
            step: record.step,
        }
    }
}

impl StudyId {
    fn of(study: &Study) -> Self {
        let text = serde_json::to_string(study).expect("plain data");
        Self {
            name: study.name.clone(),
            blake3: blake3::hash(text.as_bytes()).to_hex().to_string(),
        }
    }
}

/// blake3 of what evidence depends on: the agent's weights and record, the study, and how it is
/// measured ([`FORMAT`]). No threshold of a claim is among it.
pub fn about(experiment: &Experiment) -> String {
    let subject = experiment.subject;
    let mut hasher = blake3::Hasher::new();
    for spec in subject.model().specs() {
        hasher.update(spec.name.as_bytes());
        let values = subject.parameter(&spec.name);
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        hasher.update(&bytes);
    }
    let record = serde_json::to_string(&subject.agent.record).expect("plain data");
    hasher.update(record.as_bytes());
    hasher.update(StudyId::of(&experiment.prompts.study).blake3.as_bytes());
    hasher.update(FORMAT.as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// Refuses a study that lacks what is measured, before anything is.
///
/// # Errors
/// [`Error::Question`], which says what is missing.
pub fn check_study(set: &PromptSet) -> Result<(), Error> {
    set.study.main_factor()?;
    check_factorial(set)?;
    Asked::of(set).map(drop)
}

/// Measures what the claims are judged by, with so many random directions a facet.
///
/// # Errors
/// If the study cannot be asked of the agent, or its data cannot be found.
pub fn evidence(experiment: &Experiment, random_directions: usize) -> Result<Evidence, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let asked = Asked::of(set)?;
    let exposure = Exposure::of(&subject.agent, study)?;
    let items = items(subject, &asked, &exposure)?;
    let spec = Arc::new(study.env_spec().map_err(Error::Config)?);
    let mediation = match asked::complements(study) {
        Some([both, ..]) => clean_mediation(experiment, both, random_directions)?,
        None => None,
    };
    Ok(Evidence {
        format: FORMAT.to_owned(),
        about: about(experiment),
        agent: AgentId::of(subject),
        study: StudyId::of(study),
        exact: evaluate_exact(subject.model(), &spec, &study.returns_to_go)
            .map_err(|e| Error::Question(format!("{}: {e}", subject.name)))?,
        effects: effects(experiment)?,
        view: subject.view(),
        own_data: exposure.own,
        random_directions,
        mediation,
        steering: steering(experiment)?,
        walsh: walsh(experiment, &residual_points(subject.n_layers()), "decision")?,
        prediction_errors: prediction::prediction_errors(experiment)?,
        decoys: decoys::decoys(experiment, |cell| frames_at(&items, asked.objects, cell))?,
        asked,
        items,
    })
}

/// Every item of the objects that are asked about.
fn items(
    subject: &Subject,
    asked: &Asked,
    exposure: &Exposure,
) -> Result<BTreeMap<Item, ItemEvidence>, Error> {
    let short = |vector: &[f64]| vector.iter().map(|&x| x as f32).collect(); // f32 is what it was
    let (trained, initial) = (subject.embeddings(), initial_embeddings(subject)?);
    let view = subject.view();
    let of = |item: Item| ItemEvidence {
        frames: exposure.frames(item),
        vector: short(&trained[item.index(view)]),
        initial: initial.as_ref().map(|all| short(&all[item.index(view)])),
    };
    Ok(asked
        .all_items(view)
        .into_iter()
        .map(|i| (i, of(i)))
        .collect())
}

/// Frames that show each of two objects at a cell: the fewer of both.
fn frames_at(items: &BTreeMap<Item, ItemEvidence>, objects: (Object, Object), cell: Cell) -> u64 {
    let frames = |object| items.get(&Item::new(object, cell)).map_or(0, |i| i.frames);
    frames(objects.0).min(frames(objects.1))
}

impl Evidence {
    /// Frames that show each of the two objects at a cell: the fewer of both.
    pub fn frames_at(&self, cell: Cell) -> u64 {
        frames_at(&self.items, self.asked.objects, cell)
    }

    /// Name of the residual stream after the last MLP.
    pub fn last_point(&self) -> Option<&str> {
        self.walsh.last().map(|site| site.point.as_str())
    }

    /// The kept item vectors as a table over the whole vocabulary, `[item][d_model]`; items that
    /// nothing is asked about are empty there.
    pub fn embeddings(&self) -> Vec<Vec<f64>> {
        let cells = self.view * self.view;
        let mut table = vec![Vec::new(); Object::ALL.len() * cells];
        for (item, known) in &self.items {
            table[item.index(self.view)] = known.vector.iter().map(|&x| f64::from(x)).collect();
        }
        table
    }
}

impl Asked {
    /// Every item of the objects that are asked about, at all cells of a view.
    fn all_items(&self, view: usize) -> Vec<Item> {
        let cells: Vec<Cell> = (0..view * view)
            .map(|n| Cell::from_index(n, view))
            .collect();
        let sets = self.item_sets.iter().map(|set| set.objects);
        let pairs = [(OBJECTS[0], OBJECTS[1]), self.objects]
            .into_iter()
            .chain(sets);
        pairs
            .flat_map(|objects| items_at(objects, &cells))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dt_train::model::HookPoint;

    #[test]
    fn the_last_point_is_after_the_last_mlp() {
        for layers in [1, 2, 5] {
            let last = residual_points(layers).pop();
            assert_eq!(last, Some(HookPoint::ResidPost(layers - 1)));
        }
    }
}
