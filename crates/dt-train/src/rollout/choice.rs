//! From logits to an action.

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

/// How actions are chosen.
pub(crate) enum Choice {
    /// The action of the largest logit.
    Greedy,
    /// Softmax at a temperature; one random stream per episode.
    Sampled(f64, Vec<ChaCha8Rng>),
}

impl Choice {
    /// The action that an episode takes; the logits are finite.
    pub(super) fn action(&mut self, episode: usize, logits: &[f32]) -> usize {
        match self {
            Self::Greedy => argmax(logits),
            Self::Sampled(temperature, rngs) => {
                draw_softmax(logits, *temperature, &mut rngs[episode])
            }
        }
    }
}

/// Index of the largest value; the first of equals, and 0 of none.
pub fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (i, &v) in values.iter().enumerate() {
        if v > values[best] {
            best = i;
        }
    }
    best
}

/// Draws an index from the softmax of logits at a temperature above 0, by inverting its cumulative
/// sum.
///
/// # Panics
/// If there are no logits.
pub fn draw_softmax(logits: &[f32], temperature: f64, rng: &mut impl Rng) -> usize {
    let most = f64::from(logits[argmax(logits)]);
    let weights: Vec<f64> = logits
        .iter()
        .map(|&x| ((f64::from(x) - most) / temperature).exp())
        .collect();
    let mut u = rng.random::<f64>() * weights.iter().sum::<f64>();
    weights
        .iter()
        .position(|w| {
            u -= w;
            u < 0.0
        })
        .unwrap_or(logits.len() - 1)
}

#[cfg(test)]
mod tests {
    use dt_env::streams::{Purpose, stream};

    use super::*;

    #[test]
    fn the_first_of_equals_is_taken() {
        assert_eq!(argmax(&[0.0, 2.0, 2.0]), 1);
    }

    #[test]
    fn a_cold_draw_is_greedy() {
        let mut rng = stream(1, Purpose::Evaluation, 0);
        for _ in 0..50 {
            assert_eq!(draw_softmax(&[0.0, 3.0, 1.0], 1e-3, &mut rng), 1);
        }
    }
}
