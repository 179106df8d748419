//! How the post's Figure 20 came about: its two defects, committed on purpose.
//!
//! 1. The weights were folded as the original's app folds them: layer norms into what reads them,
//!    reading weights centred. `W_gate` was left out, and the folded bias of the second layer norm
//!    went outside of the gate.
//! 2. The prompts' actions were those of a six-step call: `[7, 7, 2, 2, 2, 2, turn, 2]` with five
//!    frames, so that the last but one action says on which side the target is.

use crate::prompts::PromptSet;
use crate::subject::Experiment;
use std::collections::BTreeMap;
use std::sync::Arc;

use dt_env::Action;
use dt_train::model::{
    InputStatistics, LayerNorm, Model, ModelConfig, Padding, TokenBatch, param_specs,
};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::logit_diff::restored_logit_diff;
use crate::prompts::Scenario;
use crate::subject::Subject;

/// Restored logit differences, by facet, then by edit.
pub type Restored = BTreeMap<String, BTreeMap<String, Option<f64>>>;

/// The figure with and without its defects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrataRecord {
    /// Agent.
    pub agent: String,
    /// Unmodified weights, aligned actions: what the agent computes.
    pub correct: Restored,
    /// The first defect alone.
    pub folded: Restored,
    /// The second defect alone.
    pub misaligned: Restored,
    /// Both: the figure as published.
    pub as_published: Restored,
}

/// Computes Figure 20 four ways.
///
/// # Errors
/// If the agent is not one to which this happened: padded, with layer norm.
pub fn errata(experiment: &Experiment) -> Result<ErrataRecord, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let config = subject.model().config();
    if config.padding != Padding::ZeroFrames || config.layer_norm != LayerNorm::LN {
        return Err(Error::Question(format!(
            "{}: the errata concern the authors' padded agents with layer norm; import \
             MemoryGatedMLP.pt with `dt-train import`",
            subject.name
        )));
    }
    let folded = fold_as_the_app(subject.model());
    let run = |model: &Model, misaligned| restored(subject, model, set, misaligned);
    Ok(ErrataRecord {
        agent: subject.name.clone(),
        correct: run(subject.model(), false)?,
        folded: run(&folded, false)?,
        misaligned: run(subject.model(), true)?,
        as_published: run(&folded, true)?,
    })
}

fn restored(
    subject: &Subject,
    model: &Model,
    set: &PromptSet,
    misaligned: bool,
) -> Result<Restored, Error> {
    let study = &set.study;
    let mut diffs: Vec<(String, Vec<f64>)> = Vec::new();
    for edit in &study.edits {
        let mut batch = subject.batch(&set.of(edit)?);
        if misaligned {
            misalign(&mut batch, &set.scenarios);
        }
        let logits = model.forward(&Arc::new(batch), &mut dt_train::model::NoHooks);
        let of_edit = subject
            .at_decision(&logits)
            .iter()
            .map(|l| subject.difference(l))
            .collect();
        diffs.push((edit.name.clone(), of_edit));
    }
    let find = |name: &str| {
        &diffs
            .iter()
            .find(|(n, _)| n == name)
            .expect("among the edits")
            .1
    };
    let (original, flipped) = (find(&study.original().name), find(&study.flipped().name));
    let facets = set.scenarios.iter().enumerate();
    Ok(facets
        .map(|(n, scenario)| {
            let edits = diffs.iter().map(|(name, of_edit)| {
                (
                    name.clone(),
                    restored_logit_diff(of_edit[n], original[n], flipped[n]),
                )
            });
            (scenario.facet.to_string(), edits.collect())
        })
        .collect())
}

/// Shifts the actions as a six-step call did: two steps too early, the turn among them.
fn misalign(batch: &mut TokenBatch, scenarios: &[Scenario]) {
    let timesteps = batch.timesteps;
    for (actions, scenario) in batch.actions.chunks_mut(timesteps).zip(scenarios) {
        let walk = scenario.actions.len();
        let forward = scenario.actions[0];
        // The matching target is on the left where instruction and left target agree.
        let turn = match scenario.facet.values[0] == scenario.facet.values[1] {
            true => Action::Left,
            false => Action::Right,
        };
        // The last action of a window is not read. Before it: walk, turn, one step.
        let first = timesteps - 1 - (walk + 2);
        for action in &mut actions[first..timesteps - 1] {
            *action = forward;
        }
        actions[timesteps - 3] = turn as u32;
    }
}

/// The model with layer norms folded as the original's app folds them, defects included.
fn fold_as_the_app(model: &Model) -> Model {
    let config = model.config().clone();
    let d = config.d_model;
    let specs = model.specs();
    let mut values: BTreeMap<&str, Vec<f32>> = specs
        .iter()
        .zip(model.params())
        .map(|(spec, param)| (spec.name.as_str(), dt_train::to_host(param)))
        .collect();
    for layer in 0..config.n_layers {
        let name = |rest: &str| format!("transformer.blocks.{layer}.{rest}");
        for part in ["Q", "K", "V"] {
            let weight = name(&format!("attn.W_{part}"));
            let bias = name(&format!("attn.b_{part}"));
            fold_into(&mut values, &name("ln1"), &weight, Some(&bias), d);
        }
        // W_gate is left as it is; the bias goes outside of the gate.
        fold_into(
            &mut values,
            &name("ln2"),
            &name("mlp.W_in"),
            Some(&name("mlp.b_in")),
            d,
        );
    }
    fold_into(
        &mut values,
        "transformer.ln_final",
        "action_predictor.weight",
        Some("action_predictor.bias"),
        d,
    );
    let folded = ModelConfig {
        layer_norm: LayerNorm::LNPre,
        ..config
    };
    let (wanted, _) = param_specs(&folded, model.sizes());
    let values = wanted
        .iter()
        .map(|spec| {
            values
                .remove(spec.name.as_str())
                .expect("norms alone are gone")
        })
        .collect();
    let statistics = InputStatistics::neutral(model.sizes());
    let device = model.params()[0].device();
    Model::new(folded, *model.sizes(), &statistics, values, &device)
}

/// Folds a layer norm's gain and bias into the weight `[d, columns]` that reads it, and centres
/// the weight over `d` (which changes nothing, as what it reads has mean 0).
fn fold_into(
    values: &mut BTreeMap<&str, Vec<f32>>,
    norm: &str,
    weight: &str,
    bias: Option<&str>,
    d: usize,
) {
    let gain = values[format!("{norm}.w").as_str()].clone();
    let shift = values[format!("{norm}.b").as_str()].clone();
    let matrix = values.get_mut(weight).expect("every model has this weight");
    let columns = matrix.len() / d;
    let mut added = vec![0.0_f64; columns];
    for (row, (&g, &b)) in gain.iter().zip(&shift).enumerate() {
        for (column, sum) in added.iter_mut().enumerate() {
            let value = &mut matrix[row * columns + column];
            *sum += f64::from(b) * f64::from(*value);
            *value *= g;
        }
    }
    for column in 0..columns {
        let mean = (0..d)
            .map(|row| matrix[row * columns + column])
            .sum::<f32>()
            / d as f32;
        for row in 0..d {
            matrix[row * columns + column] -= mean;
        }
    }
    if let Some(bias) = bias {
        let bias = values.get_mut(bias).expect("every model has this bias");
        for (value, sum) in bias.iter_mut().zip(added) {
            *value = (f64::from(*value) + sum) as f32;
        }
    }
}
