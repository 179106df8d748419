//! Which of a study's factors an activation holds: the exact Walsh decomposition of the prompts.
//!
//! The prompts are all combinations of the study's factors (±1 each), the return-to-go among them
//! where two are asked for. Any activation is exactly a sum of components, one for each set of
//! factors ([`crate::maths::walsh`]). Reversing one component alone, `a − 2 χ_S c_S`, tells
//! whether the agent uses it.

use std::collections::BTreeMap;

use dt_train::model::HookPoint;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::vectors::{scaled, to_f32, to_f64};
use crate::maths::walsh::{character, components, is_factorial, name};
use crate::prompts::PromptSet;
use crate::subject::hooks::Add;
use crate::subject::{Experiment, TokenKind};

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

/// Decomposes the residual stream, or the state's embedding, at a state token and reverses each
/// component in turn.
///
/// # Errors
/// If the study's prompts are not all combinations of its factors, once each.
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
    let frame = study.frame(moment)?;
    let token = subject.token(frame, TokenKind::State);
    // State embeddings have no other tokens between them.
    let place = |point: HookPoint| match point {
        HookPoint::StateEmbed => subject.timestep(frame),
        _ => token,
    };
    check_factorial(set)?;
    let signs = set.signs();
    let letters: Vec<String> = study.letters().into_iter().map(String::from).collect();
    let prompts = set.of(study.original())?;
    let (cache, logits) = subject.cache(&prompts, points.iter().copied());
    let clean: Vec<f64> = logits.iter().map(|l| subject.difference(l)).collect();
    let names = subject.token_names();
    let site = |&point: &HookPoint| {
        let recorded = cache.get(point).expect("recorded");
        let activations: Vec<Vec<f64>> = (0..prompts.len())
            .map(|n| to_f64(recorded.at(n, place(point))))
            .collect();
        // The empty subset's part is the mean, which is no variance.
        let mut parts = components(&activations, &signs).expect("the prompts are factorial");
        parts.retain(|part| !part.subset.is_empty());
        let power = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>();
        let total: f64 = parts.iter().map(|p| power(&p.vector)).sum();
        let mut flips = BTreeMap::new();
        for part in &parts {
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
            flips.insert(name(&part.subset, &letters), flipped.count());
        }
        let shares = parts.iter().map(|part| {
            let share = if total > 0.0 {
                power(&part.vector) / total
            } else {
                0.0
            };
            (name(&part.subset, &letters), share)
        });
        WalshSite {
            point: point.to_string(),
            token: names[token].clone(),
            variance: shares.collect(),
            flips,
            of: prompts.len(),
        }
    };
    Ok(points.iter().map(site).collect())
}

/// Refuses a study whose prompts are not all combinations of its factors, once each.
///
/// # Errors
/// [`Error::Question`].
pub fn check_factorial(set: &PromptSet) -> Result<(), Error> {
    let signs = set.signs();
    match is_factorial(&signs) {
        true => Ok(()),
        false => Err(Error::Question(format!(
            "study {}: the Walsh decomposition needs each combination of its {} factors once, and \
             there are {} prompts",
            set.study.name,
            set.study.letters().len(),
            signs.len()
        ))),
    }
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
