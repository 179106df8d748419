//! Direct logit attribution: what each component adds to the logit difference.
//!
//! The final residual stream is a sum of embeddings, heads' outputs, their bias and MLP outputs.
//! With the final layer norm's standard deviation held at its value in the run, the logit
//! difference is a linear function of that sum, so the parts add up to it exactly: each part's
//! mean is taken off, it is divided by the deviation, scaled by the gain and read by the
//! contrast's difference of the action head's rows; what the norm's bias and the head's bias add are
//! parts of their own.

use crate::subject::Experiment;
use dt_train::model::{HookPoint, LayerNorm};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::vectors::{dot, to_f64};
use crate::prompts::{Facet, Prompt};
use crate::subject::Subject;

/// Added to the variance, as in the model.
const LN_EPS: f64 = 1e-5;

/// Attribution of one facet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// Facet.
    pub facet: Facet,
    /// Component and what it adds to the logit difference.
    pub parts: Vec<(String, f64)>,
    /// The logit difference itself.
    pub logit_diff: f64,
}

/// Attribution in every facet of a study, original prompts.
///
/// # Errors
/// If a prompt cannot be made.
pub fn attribution(experiment: &Experiment) -> Result<Vec<Attribution>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let prompts = set.of(study.original())?;
    let facets = set.facets().into_iter();
    Ok(facets
        .zip(attribute(subject, &prompts))
        .map(|(facet, (parts, logit_diff))| Attribution {
            facet,
            parts,
            logit_diff,
        })
        .collect())
}

/// Parts of each prompt's logit difference, and the difference.
pub fn attribute(subject: &Subject, prompts: &[Prompt]) -> Vec<(Vec<(String, f64)>, f64)> {
    let layers = subject.n_layers();
    let config = subject.model().config().clone();
    let (d, d_head) = (config.d_model, config.d_head());
    let mut points = vec![
        HookPoint::StateEmbed,
        HookPoint::Embed,
        HookPoint::PosEmbed,
        HookPoint::ResidPost(layers - 1),
    ];
    points.extend((0..layers).flat_map(|l| [HookPoint::Z(l), HookPoint::MlpOut(l)]));
    let (cache, logits) = subject.cache(prompts, points);
    let token = subject.decision();
    let step = token / 3;

    let head = subject.parameter("action_predictor.weight"); // [d, n_actions]
    let n_actions = subject.model().sizes().n_actions;
    let read: Vec<f64> = (0..d)
        .map(|j| subject.difference(&head[j * n_actions..][..n_actions]))
        .collect();
    let head_bias = subject.difference(&subject.parameter("action_predictor.bias"));
    let (gain, norm_bias) = match config.layer_norm {
        LayerNorm::LN => (
            to_f64(&subject.parameter("transformer.ln_final.w")),
            to_f64(&subject.parameter("transformer.ln_final.b")),
        ),
        LayerNorm::LNPre | LayerNorm::Off => (vec![1.0; d], vec![0.0; d]),
    };
    let outputs: Vec<(Vec<f64>, Vec<f64>)> = (0..layers)
        .map(|l| {
            let weight = subject.parameter(&format!("transformer.blocks.{l}.attn.W_O"));
            let bias = subject.parameter(&format!("transformer.blocks.{l}.attn.b_O"));
            (to_f64(&weight), to_f64(&bias))
        })
        .collect();

    (0..prompts.len())
        .map(|n| {
            let at = |point, place| to_f64(cache.get(point).expect("recorded").at(n, place));
            let resid = at(HookPoint::ResidPost(layers - 1), token);
            let deviation = match config.layer_norm {
                LayerNorm::Off => None,
                _ => Some(standard_deviation(&resid)),
            };
            let added = |part: &[f64]| {
                let (mean, scale) = match deviation {
                    None => (0.0, 1.0),
                    Some(deviation) => (part.iter().sum::<f64>() / d as f64, deviation),
                };
                let normed = part.iter().zip(&gain).map(|(x, g)| (x - mean) / scale * g);
                normed.zip(&read).map(|(x, w)| x * w).sum::<f64>()
            };
            let state = at(HookPoint::StateEmbed, step);
            let embed = at(HookPoint::Embed, token);
            let time: Vec<f64> = embed.iter().zip(&state).map(|(e, s)| e - s).collect();
            let mut parts = vec![
                ("observation".to_owned(), added(&state)),
                ("time".to_owned(), added(&time)),
                (
                    "position".to_owned(),
                    added(&at(HookPoint::PosEmbed, token)),
                ),
            ];
            for (l, (weight, bias)) in outputs.iter().enumerate() {
                let z = at(HookPoint::Z(l), token); // [head * d_head]
                for h in 0..config.n_heads {
                    let mut out = vec![0.0; d];
                    for i in h * d_head..(h + 1) * d_head {
                        for (sum, w) in out.iter_mut().zip(&weight[i * d..][..d]) {
                            *sum += z[i] * w;
                        }
                    }
                    parts.push((format!("head {l}.{h}"), added(&out)));
                }
                parts.push((format!("attention bias {l}"), added(bias)));
                parts.push((format!("mlp {l}"), added(&at(HookPoint::MlpOut(l), token))));
            }
            parts.push(("final norm's bias".to_owned(), dot(&norm_bias, &read)));
            parts.push(("head's bias".to_owned(), head_bias));
            (parts, subject.difference(&logits[n]))
        })
        .collect()
}

fn standard_deviation(x: &[f64]) -> f64 {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / x.len() as f64;
    (variance + LN_EPS).sqrt()
}
