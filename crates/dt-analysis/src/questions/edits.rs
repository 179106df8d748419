//! What edits of the observation and of the representation do to the logit difference.

use crate::subject::Experiment;
use std::collections::BTreeMap;

use dt_env::{Cell, Object};
use dt_train::model::{HookPoint, push_items};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::logit_diff::{LogitDiffs, restored_logit_diff};
use crate::maths::vectors::{argmax, dot, to_f32, to_f64};
use crate::prompts::{EditConfig, Facet, Prompt, PromptSet};
use crate::questions::geometry::{Pca, direction_from_cells, set_pca};
use crate::subject::TokenKind;
use crate::subject::hooks::SetCoefficient;

/// One edit of one facet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EditEffect {
    /// Logit difference.
    pub logit_diff: f64,
    /// Share of the flip that the edit makes; missing where the flip changes nothing.
    pub restored: Option<f64>,
    /// Projection of the first frame's state token, before position embeddings, on the first
    /// components of the study's direction set.
    pub projection: Vec<f64>,
    /// All logits at the decision.
    pub logits: Vec<f32>,
    /// Probability of either side of the contrast.
    pub answer_probability: f64,
    /// Action with the largest logit.
    pub argmax: usize,
}

/// By facet, then by edit.
pub type EditEffects = BTreeMap<String, BTreeMap<String, EditEffect>>;

/// What an agent says to a study's prompts, and how it is steered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectsRecord {
    /// Facets in the study's order.
    pub facets: Vec<Facet>,
    /// Edits in the study's order.
    pub edits: Vec<String>,
    /// Effects of the study's edits.
    pub effects: EditEffects,
    /// Names of the edits that change nothing and that flip the main factor.
    pub original: String,
    /// See `original`.
    pub flipped: String,
    /// Effects of the study's further groups of edits.
    pub groups: Vec<GroupEffects>,
    /// Logit difference with the direction's coefficient set to a value at the first state
    /// token of `blocks.0.hook_resid_pre`, by facet.
    pub direct_intervention: BTreeMap<String, BTreeMap<String, f64>>,
}

/// Effects of a group of edits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupEffects {
    /// Name of the group.
    pub name: String,
    /// Its edits in order, the one that changes nothing first.
    pub edits: Vec<String>,
    /// The edit that restored logit differences are relative to.
    pub flipped: String,
    /// Their effects.
    pub effects: EditEffects,
}

impl GroupEffects {
    /// Logit differences of an edit in all facets, in order.
    pub fn diffs(&self, facets: &[Facet], edit: &str) -> Vec<LogitDiffs> {
        let original = &self.edits[0];
        let diffs = facets.iter().map(|facet| {
            let of = &self.effects[&facet.to_string()];
            LogitDiffs {
                edit: of[edit].logit_diff,
                original: of[original].logit_diff,
                flipped: of[&self.flipped].logit_diff,
            }
        });
        diffs.collect()
    }
}

impl EffectsRecord {
    /// Logit differences of an edit in all facets, in order.
    pub fn diffs(&self, edit: &str) -> Vec<LogitDiffs> {
        self.facets
            .iter()
            .map(|facet| {
                let of = &self.effects[&facet.to_string()];
                LogitDiffs {
                    edit: of[edit].logit_diff,
                    original: of[&self.original].logit_diff,
                    flipped: of[&self.flipped].logit_diff,
                }
            })
            .collect()
    }
}

/// Coefficients of the direct intervention, as in the post's figure and beyond.
pub const COEFFICIENTS: [f64; 11] = [-4.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0];

/// Measures all effects of a study on an agent.
///
/// # Errors
/// If a prompt cannot be made, or the instruction set has no components.
pub fn effects(experiment: &Experiment) -> Result<EffectsRecord, Error> {
    let set = experiment.prompts;
    let study = &set.study;
    let pca = direction_pca(experiment)?;
    let measure = |edits: &[EditConfig], flip: &EditConfig| {
        edit_effects(experiment, edits, flip, &pca.components)
    };
    let groups = study.edit_groups.iter().map(|group| {
        let mut edits = vec![study.original().clone()];
        edits.extend(group.edits.iter().cloned());
        Ok(GroupEffects {
            name: group.name.clone(),
            edits: edits.iter().map(|e| e.name.clone()).collect(),
            flipped: group.flipped().name.clone(),
            effects: measure(&edits, group.flipped())?,
        })
    });
    Ok(EffectsRecord {
        facets: set.facets(),
        edits: study.edits.iter().map(|e| e.name.clone()).collect(),
        effects: measure(&study.edits, study.flipped())?,
        original: study.original().name.clone(),
        flipped: study.flipped().name.clone(),
        groups: groups.collect::<Result<_, Error>>()?,
        direct_intervention: direct_intervention(experiment, &pca.components[0])?,
    })
}

fn edit_effects(
    experiment: &Experiment,
    edits: &[EditConfig],
    flip: &EditConfig,
    components: &[Vec<f64>],
) -> Result<EditEffects, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let start = study.site_step();
    let token = subject.token(start, TokenKind::State);
    let mut by_edit: Vec<(String, Vec<EditEffect>)> = Vec::new();
    for edit in edits {
        let prompts = set.of(edit)?;
        let (cache, logits) = subject.cache(&prompts, [HookPoint::Embed]);
        let tokens = cache.get(HookPoint::Embed).expect("recorded");
        let effects = logits.into_iter().enumerate().map(|(n, logits)| {
            let state = to_f64(tokens.at(n, token));
            EditEffect {
                logit_diff: subject.difference(&logits),
                restored: None,
                projection: components.iter().take(2).map(|v| dot(&state, v)).collect(),
                answer_probability: subject.contrast().probability(&logits),
                argmax: argmax(&logits),
                logits,
            }
        });
        by_edit.push((edit.name.clone(), effects.collect()));
    }
    let find = |wanted: &EditConfig| {
        let found = by_edit.iter().find(|(name, _)| *name == wanted.name);
        let effects = &found.expect("original and flip are among the edits").1;
        effects.iter().map(|e| e.logit_diff).collect::<Vec<f64>>()
    };
    let (original, flipped) = (find(study.original()), find(flip));
    let facets = set.scenarios.iter().enumerate();
    Ok(facets
        .map(|(n, scenario)| {
            let of_facet = by_edit.iter().map(|(name, effects)| {
                let mut effect = effects[n].clone();
                effect.restored = restored_logit_diff(effect.logit_diff, original[n], flipped[n]);
                (name.clone(), effect)
            });
            (scenario.facet.to_string(), of_facet.collect())
        })
        .collect())
}

/// Logit differences with a direction's coefficient set at the first state token, at the
/// residual stream before the first block.
pub fn intervention_curve(
    experiment: &Experiment,
    prompt: &Prompt,
    direction: &[f64],
    coefficients: &[f64],
) -> Vec<f64> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let start = study.site_step();
    let prompts = vec![prompt.clone(); coefficients.len()];
    subject.logit_diffs_with(&prompts, |range| SetCoefficient {
        point: HookPoint::ResidPre(0),
        token: subject.token(start, TokenKind::State),
        direction: to_f32(direction),
        coefficients: coefficients[range]
            .iter()
            .map(|&c| Some(c as f32))
            .collect(),
    })
}

fn direct_intervention(
    experiment: &Experiment,
    direction: &[f64],
) -> Result<BTreeMap<String, BTreeMap<String, f64>>, Error> {
    let set = experiment.prompts;
    let study = &set.study;
    let prompts = set.of(study.original())?;
    let facets = set.scenarios.iter().zip(&prompts);
    Ok(facets
        .map(|(scenario, prompt)| {
            let curve = intervention_curve(experiment, prompt, direction, &COEFFICIENTS);
            let named = COEFFICIENTS.iter().map(f64::to_string).zip(curve);
            (scenario.facet.to_string(), named.collect())
        })
        .collect())
}

/// The study's direction fitted without the cells that an edit touches; if that leaves no cell of
/// its item set, `None`.
///
/// # Errors
/// If what is left has no direction.
pub fn clean_direction(
    experiment: &Experiment,
    edit: &EditConfig,
) -> Result<Option<Vec<f64>>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let (objects, cells) = untouched_cells(set, edit)?;
    if cells.is_empty() {
        return Ok(None);
    }
    direction_from_cells(&subject.embeddings(), subject.view(), objects, &cells).map(Some)
}

/// Cells of the direction's item set that an edit leaves alone, and the set's objects.
///
/// # Errors
/// If the study has no item sets.
pub fn untouched_cells(
    set: &PromptSet,
    edit: &EditConfig,
) -> Result<((Object, Object), Vec<Cell>), Error> {
    let touched = set.touched_cells(edit)?;
    let of = set.study.direction_set()?;
    let cells = of.cells.iter().filter(|cell| !touched.contains(cell));
    Ok((of.objects, cells.copied().collect()))
}

/// Components of the study's first item set: the direction that interventions go along.
///
/// # Errors
/// If the study has no item sets.
pub fn direction_pca(experiment: &Experiment) -> Result<Pca, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    set_pca(
        &subject.embeddings(),
        subject.view(),
        set.study.direction_set()?,
    )
}

/// What an edit adds to the embedding of the first frame of a facet: the sum of the items that
/// come less the sum of those that go.
pub fn embedding_change(
    embeddings: &[Vec<f64>],
    view: usize,
    original: &Prompt,
    edited: &Prompt,
    frame: usize,
) -> Vec<f64> {
    let frames = [original, edited].map(|prompt| prompt.observations[frame].as_slice());
    frame_change(embeddings, view, frames)
}

/// What putting one observation in the place of another adds to the embedding, `[d_model]`.
pub fn frame_change(embeddings: &[Vec<f64>], view: usize, [before, after]: [&[u8]; 2]) -> Vec<f64> {
    let mut change = vec![0.0; embeddings[0].len()];
    let items = |frame: &[u8]| {
        let mut items = Vec::with_capacity(frame.len());
        push_items(frame, view, &mut items);
        items
    };
    for (before, after) in items(before).into_iter().zip(items(after)) {
        if before != after {
            let (old, new) = (&embeddings[before as usize], &embeddings[after as usize]);
            for ((sum, old), new) in change.iter_mut().zip(old).zip(new) {
                *sum -= old;
                *sum += new;
            }
        }
    }
    change
}
