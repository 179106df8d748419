//! Which of the task's bits an activation holds: the exact Walsh decomposition of the prompts.
//!
//! The eight prompts are all combinations of instruction I, target order T and return-to-go R
//! (±1 each). Any activation `a(I, T, R)` is exactly a sum of eight components,
//! `c_S = mean over prompts of χ_S a` with `χ_S` the product of the bits in S. Reversing one
//! component alone, `a − 2 χ_S c_S`, tells whether the agent uses it.

use crate::subject::Experiment;
use std::collections::BTreeMap;

use dt_train::model::HookPoint;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::vectors::{scaled, to_f32, to_f64};
use crate::prompts::Study;
use crate::subject::TokenKind;
use crate::subject::hooks::Add;

/// Components by name: `I`, `T`, `R` and their products.
pub const COMPONENTS: [(&str, [bool; 3]); 7] = [
    ("I", [true, false, false]),
    ("T", [false, true, false]),
    ("R", [false, false, true]),
    ("IT", [true, true, false]),
    ("IR", [true, false, true]),
    ("TR", [false, true, true]),
    ("ITR", [true, true, true]),
];

/// One hook point at one token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WalshSite {
    /// Hook point.
    pub point: String,
    /// Token.
    pub token: String,
    /// Share of the variance over prompts that each component has.
    pub variance: BTreeMap<String, f64>,
    /// Prompts whose answer changes sign when a component alone is reversed there.
    pub flips: BTreeMap<String, usize>,
    /// Prompts.
    pub of: usize,
}

/// Sign of a component in a prompt.
fn character(bits: [bool; 3], signs: [f64; 3]) -> f64 {
    let chosen = bits.iter().zip(signs).filter(|(b, _)| **b);
    chosen.map(|(_, s)| s).product()
}

/// Components of activations, `[prompt][feature]`, of prompts with these signs.
pub fn components(activations: &[Vec<f64>], signs: &[[f64; 3]]) -> Vec<(&'static str, Vec<f64>)> {
    let n = activations.len() as f64;
    COMPONENTS
        .iter()
        .map(|&(name, bits)| {
            let mut mean = vec![0.0; activations[0].len()];
            for (a, &s) in activations.iter().zip(signs) {
                let chi = character(bits, s);
                for (sum, x) in mean.iter_mut().zip(a) {
                    *sum += chi * x / n;
                }
            }
            (name, mean)
        })
        .collect()
}

/// Decomposes the residual stream, or the state's embedding, at a state token and reverses each component in turn.
///
/// # Errors
/// If the study's prompts are not the eight combinations, once each.
pub fn walsh(
    experiment: &Experiment,
    points: &[HookPoint],
    moment: &str,
) -> Result<Vec<WalshSite>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let frame = study
        .moment(moment)
        .ok_or_else(|| Error::Question(format!("the study names no frame `{moment}`")))?;
    let token = subject.token(frame, TokenKind::State);
    // State embeddings have no other tokens between them.
    let place = |point: HookPoint| match point {
        HookPoint::StateEmbed => subject.timestep(frame),
        _ => token,
    };
    let middle = middle_return(study);
    let signs: Vec<[f64; 3]> = set
        .scenarios
        .iter()
        .map(|s| s.facet.signs(middle))
        .collect();
    let mut seen: Vec<[bool; 3]> = signs.iter().map(|s| s.map(|x| x > 0.0)).collect();
    seen.sort_unstable();
    seen.dedup();
    if signs.len() != 8 || seen.len() != 8 {
        return Err(Error::Question(
            "the Walsh decomposition needs each combination of instruction, target order and two \
             returns-to-go once"
                .to_owned(),
        ));
    }
    let prompts = set.of(study.original())?;
    let (cache, logits) = subject.cache(&prompts, points.iter().copied());
    let clean: Vec<f64> = logits.iter().map(|l| subject.difference(l)).collect();
    let names = subject.token_names();
    let site = |&point: &HookPoint| {
        let recorded = cache.get(point).expect("recorded");
        let activations: Vec<Vec<f64>> = (0..8)
            .map(|n| to_f64(recorded.at(n, place(point))))
            .collect();
        let parts = components(&activations, &signs);
        let power = |v: &Vec<f64>| v.iter().map(|x| x * x).sum::<f64>();
        let total: f64 = parts.iter().map(|(_, v)| power(v)).sum();
        let mut flips = BTreeMap::new();
        for ((name, bits), (_, part)) in COMPONENTS.iter().zip(&parts) {
            let vectors: Vec<Vec<f32>> = signs
                .iter()
                .map(|&s| to_f32(&scaled(part, -2.0 * character(*bits, s))))
                .collect();
            let reversed = subject.logit_diffs_with(&prompts, |range| Add {
                point,
                token: place(point),
                vectors: vectors[range].to_vec(),
            });
            let flipped = clean.iter().zip(&reversed).filter(|(a, b)| *a * *b < 0.0);
            flips.insert((*name).to_owned(), flipped.count());
        }
        WalshSite {
            point: point.to_string(),
            token: names[token].clone(),
            variance: parts
                .iter()
                .map(|(name, v)| {
                    (
                        (*name).to_owned(),
                        if total > 0.0 { power(v) / total } else { 0.0 },
                    )
                })
                .collect(),
            flips,
            of: 8,
        }
    };
    Ok(points.iter().map(site).collect())
}

/// Residual-stream points of a model, in order.
pub fn residual_points(n_layers: usize) -> Vec<HookPoint> {
    let mut points = vec![HookPoint::ResidPre(0)];
    for layer in 0..n_layers {
        points.push(HookPoint::ResidMid(layer));
        points.push(HookPoint::ResidPost(layer));
    }
    points
}

/// Halfway between the lowest and the highest return-to-go that is asked for.
pub fn middle_return(study: &Study) -> f64 {
    let returns = || study.returns_to_go.iter().copied();
    let low = returns().fold(f64::INFINITY, f64::min);
    let high = returns().fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_exact() {
        let mut signs = Vec::new();
        let mut activations = Vec::new();
        for n in 0..8 {
            let bit = |k: usize| if n >> k & 1 == 1 { 1.0 } else { -1.0 };
            let s = [bit(0), bit(1), bit(2)];
            signs.push(s);
            activations.push(vec![
                3.0 + 2.0 * s[0] - 0.5 * s[0] * s[2],
                s[0] * s[1] * s[2],
            ]);
        }
        let parts: BTreeMap<&str, Vec<f64>> =
            components(&activations, &signs).into_iter().collect();
        assert_eq!(parts["I"], [2.0, 0.0]);
        assert_eq!(parts["IR"], [-0.5, 0.0]);
        assert_eq!(parts["ITR"], [0.0, 1.0]);
        assert_eq!(parts["T"], [0.0, 0.0]);
    }
}
