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
use crate::maths::walsh::{Component, character, components, name};
use crate::prompts::Study;
use crate::subject::TokenKind;
use crate::subject::hooks::Add;

/// The factors' letters, in the order of a facet's signs.
const FACTORS: [&str; 3] = ["I", "T", "R"];

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
        let parts = components(&activations, &signs).expect("a whole design, checked above");
        // The mean is no variance.
        let parts: Vec<(String, Component)> = (parts.into_iter())
            .filter(|part| !part.subset.is_empty())
            .map(|part| (name(&part.subset, &FACTORS), part))
            .collect();
        let power = |v: &Vec<f64>| v.iter().map(|x| x * x).sum::<f64>();
        let total: f64 = parts.iter().map(|(_, part)| power(&part.vector)).sum();
        let mut flips = BTreeMap::new();
        for (name, part) in &parts {
            let vectors: Vec<Vec<f32>> = signs
                .iter()
                .map(|s| to_f32(&scaled(&part.vector, -2.0 * character(&part.subset, s))))
                .collect();
            let reversed = subject.logit_diffs_with(&prompts, |range| Add {
                point,
                token: place(point),
                vectors: vectors[range].to_vec(),
            });
            let flipped = clean.iter().zip(&reversed).filter(|(a, b)| *a * *b < 0.0);
            flips.insert(name.clone(), flipped.count());
        }
        WalshSite {
            point: point.to_string(),
            token: names[token].clone(),
            variance: parts
                .iter()
                .map(|(name, part)| {
                    let share = power(&part.vector) / total;
                    (name.clone(), if total > 0.0 { share } else { 0.0 })
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
    fn components_have_their_letters() {
        for (letters, bits) in COMPONENTS {
            let subset: Vec<usize> = (0..3).filter(|&k| bits[k]).collect();
            assert_eq!(name(&subset, &FACTORS), letters);
        }
    }
}
