//! Random streams that never meet.
//!
//! Every random draw of the lab is a function of a seed, of what it is for and of its number among
//! its like. There is no generator state to keep, so a resumed run draws what the killed one
//! would have drawn, and draws for one purpose never shift those for another.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What random numbers are drawn for.
///
/// Its number is part of the cipher's key: two purposes have no draw in common at any seed, but
/// by chance. Numbers are fixed: a new purpose takes the next free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// An episode of a dataset; index: part, environment and episode (`dt_data`).
    Episode = 1,
    /// Initial values of a parameter; index: its place in the list of parameters.
    Weights = 2,
    /// Windows of a training step; index: the step.
    Batch = 3,
    /// A sampled evaluation; index: the episode.
    Evaluation = 4,
    /// Actions of a benchmark.
    Benchmark = 5,
    /// Random actions put into walks that probes are fitted on; index: the episode.
    DisturbedWalk = 6,
    /// Noise added to activations before a probe reads them; index: the row.
    ProbeNoise = 7,
    /// Random directions beside a probe's, of equal length.
    ProbeDirections = 8,
    /// Random directions beside the instruction's in mediation; index: the prompt.
    MediationDirections = 9,
    /// Random directions beside the instruction's in closed-loop steering.
    SteeringDirections = 10,
    /// Random directions beside the instruction's in steering by strength.
    SteeringCurveDirections = 11,
    /// Random edits beside the ones that a search found.
    RandomEdits = 12,
    /// Resamples of units; index: the resample.
    Bootstrap = 13,
    /// Random arrangements of a permutation test; index: the arrangement.
    Permutation = 14,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Episode,
        Self::Weights,
        Self::Batch,
        Self::Evaluation,
        Self::Benchmark,
        Self::DisturbedWalk,
        Self::ProbeNoise,
        Self::ProbeDirections,
        Self::MediationDirections,
        Self::SteeringDirections,
        Self::SteeringCurveDirections,
        Self::RandomEdits,
        Self::Bootstrap,
        Self::Permutation,
    ];
}

/// The generator of one draw: `ChaCha8` with seed and purpose as key, and `index` as its stream.
///
/// ```
/// use dt_env::streams::{Purpose, stream};
/// use rand::Rng;
///
/// let mut batch = stream(0, Purpose::Batch, 7);
/// let mut weights = stream(0, Purpose::Weights, 7);
/// assert_ne!(batch.next_u64(), weights.next_u64());
/// ```
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    key[16..].copy_from_slice(b"dt gridworld lab");
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(index);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;
    use std::collections::HashMap;

    #[test]
    fn no_two_purposes_share_a_draw() {
        // Seeds and indices that used to meet: parameter n, evaluated episode n, dataset episode
        // n, and batch n, whose stream was 1 << 48 | n.
        let mut seen = HashMap::new();
        for seed in [0, 1, 2, 1 << 32, u64::MAX] {
            for purpose in Purpose::ALL {
                for index in [0, 1, 2, 1 << 32, 1 << 48, 1 << 52, u64::MAX] {
                    let of = (seed, purpose, index);
                    let first = stream(seed, purpose, index).next_u64();
                    if let Some(other) = seen.insert(first, of) {
                        panic!("{of:?} and {other:?} draw the same numbers");
                    }
                }
            }
        }
        assert_eq!(seen.len(), 5 * Purpose::ALL.len() * 7);
    }

    #[test]
    fn every_purpose_is_listed_once_and_keeps_its_number() {
        for (n, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, n + 1);
        }
    }

    #[test]
    fn streams_keep_their_numbers() {
        // Datasets, agents and tests depend on them: a change of these is a change of every byte.
        let first = |purpose, index| stream(7, purpose, index).next_u64();
        assert_eq!(
            [
                first(Purpose::Episode, 0),
                first(Purpose::Weights, 1),
                first(Purpose::Permutation, u64::MAX),
            ],
            [
                3_584_087_337_568_430_168,
                210_909_933_566_766_320,
                13_332_807_716_776_818_957
            ]
        );
    }
}
