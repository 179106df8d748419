//! Causal use: the activation's mirror image beyond a probe's boundary.
//!
//! `x − 2 ((w·x + b) / |w|²) w` has the opposite score and is the same in all other directions. If
//! an agent uses what the probe reads, its turn changes.

use crate::subject::Experiment;
use dt_env::streams::{Purpose, stream};
use serde::{Deserialize, Serialize};

use super::site::Site;
use super::windows::place;
use crate::Error;
use crate::maths::probes::LinearProbe;
use crate::maths::vectors::{scaled, to_f32};
use crate::prompts::Prompt;
use crate::questions::mediation::random_directions;
use crate::subject::Subject;
use crate::subject::hooks::Add;

/// What mirroring activations along a probe's direction does to the turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SwapRecord {
    /// Prompts whose turn changes: whose logit difference changes its sign.
    pub flips: usize,
    /// Prompts.
    pub of: usize,
    /// Logit difference of each prompt afterwards, in the study's order.
    pub logit_diffs: Vec<f64>,
    /// Length of each prompt's change, with its sign along the direction.
    pub lengths: Vec<f64>,
    /// Changes of the same lengths along random directions; drawn where enough prompts flip for
    /// the answer to depend on it.
    pub random: Option<RandomSwaps>,
}

/// Flips by random directions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RandomSwaps {
    /// Directions.
    pub directions: usize,
    /// Prompts that flip, mean over directions.
    pub mean_flips: f64,
    /// Most that flip by one direction.
    pub most_flips: usize,
    /// Share of directions that flip at least as many as the probe's does.
    pub share_as_many: f64,
}

/// Largest share of random directions that may flip as many prompts as a direction that is used.
const RANDOM_SHARE: f64 = 0.05;

impl SwapRecord {
    /// Fewest flips that count as use: three quarters of the prompts, 6 of 8.
    pub fn needed(of: usize) -> usize {
        (3 * of).div_ceil(4)
    }

    /// Whether the direction is used: it flips enough prompts, and random ones rarely do.
    pub fn is_used(&self) -> bool {
        let random = self.random.is_none_or(|r| r.share_as_many <= RANDOM_SHARE);
        self.flips >= Self::needed(self.of) && random
    }
}

/// How far an activation lies from its mirror image, along the probe's direction; none if the
/// probe reads nothing.
fn mirror_length(probe: &LinearProbe, middle: f64, activation: &[f32]) -> Option<f64> {
    // Rounding alone moves the scores of a smaller scale: the direction is noise.
    let reads = probe.scale >= 1e-9;
    reads.then(|| -2.0 * (probe.score(activation) - middle) / probe.scale)
}

/// A study's prompts, ready to be swapped at one site.
pub(super) struct Swapper<'a> {
    subject: &'a Subject,
    site: Site,
    /// Place of the token in the point's tensor.
    at: usize,
    prompts: Vec<Prompt>,
    /// Activation of each prompt there.
    activations: Vec<Vec<f32>>,
    clean: Vec<f64>,
}

impl<'a> Swapper<'a> {
    pub(super) fn new(experiment: &Experiment<'a>, site: Site) -> Result<Self, Error> {
        let Experiment {
            subject,
            prompts: set,
        } = *experiment;
        let study = &set.study;
        let prompts = set.of(study.original())?;
        let frame = study
            .moment(site.token.moment())
            .expect("checked on reading");
        let at = place(site.point, subject.timestep(frame));
        let (cache, logits) = subject.cache(&prompts, [site.point]);
        let recorded = cache.get(site.point).expect("recorded");
        Ok(Self {
            at,
            activations: (0..prompts.len())
                .map(|n| recorded.at(n, at).to_vec())
                .collect(),
            clean: logits.iter().map(|l| subject.difference(l)).collect(),
            subject,
            site,
            prompts,
        })
    }

    /// Swaps along each probe; `middles` are the scores of their boundaries. A probe that reads
    /// nothing has no direction.
    pub(super) fn swap(
        &self,
        probes: &[(&LinearProbe, f64)],
        directions: usize,
        seed: u64,
    ) -> Vec<Option<SwapRecord>> {
        let lengths: Vec<Option<Vec<f64>>> = probes
            .iter()
            .map(|(probe, middle)| self.lengths(probe, *middle))
            .collect();
        let kept = || probes.iter().zip(&lengths);
        let changes = kept().filter_map(|((probe, _), lengths)| {
            let of_prompt = lengths.as_ref()?.iter();
            Some(of_prompt.map(|&l| to_f32(&scaled(&probe.direction, l))))
        });
        let diffs = self.with_added(&changes.flatten().collect::<Vec<_>>());
        let mut diffs = diffs.chunks(self.prompts.len());
        let record = |lengths: Option<Vec<f64>>| {
            let lengths = lengths?;
            let logit_diffs = diffs.next().expect("one for each probe").to_vec();
            let flips = self.flips(&logit_diffs);
            let of = self.prompts.len();
            let random = (flips >= SwapRecord::needed(of) && directions > 0)
                .then(|| self.random(&lengths, flips, directions, seed));
            Some(SwapRecord {
                flips,
                of,
                logit_diffs,
                lengths,
                random,
            })
        };
        lengths.into_iter().map(record).collect()
    }

    fn lengths(&self, probe: &LinearProbe, middle: f64) -> Option<Vec<f64>> {
        let lengths = self.activations.iter();
        lengths.map(|x| mirror_length(probe, middle, x)).collect()
    }

    fn random(&self, lengths: &[f64], flips: usize, directions: usize, seed: u64) -> RandomSwaps {
        let d = self.activations[0].len();
        let units = random_directions(
            directions,
            d,
            1.0,
            &mut stream(seed, Purpose::ProbeDirections, 0),
        );
        let changes = units
            .iter()
            .flat_map(|unit| lengths.iter().map(|&l| to_f32(&scaled(unit, l))));
        let diffs = self.with_added(&changes.collect::<Vec<_>>());
        let counts: Vec<usize> = diffs
            .chunks(self.prompts.len())
            .map(|diffs| self.flips(diffs))
            .collect();
        let as_many = counts.iter().filter(|&&n| n >= flips).count();
        RandomSwaps {
            directions,
            mean_flips: counts.iter().sum::<usize>() as f64 / directions as f64,
            most_flips: counts.iter().copied().max().unwrap_or(0),
            share_as_many: as_many as f64 / directions as f64,
        }
    }

    fn flips(&self, diffs: &[f64]) -> usize {
        let flipped = self.clean.iter().zip(diffs).filter(|(a, b)| *a * *b < 0.0);
        flipped.count()
    }

    /// Logit differences with a vector added, prompt by prompt, over and over.
    fn with_added(&self, vectors: &[Vec<f32>]) -> Vec<f64> {
        let prompts: Vec<Prompt> = (self.prompts.iter().cycle())
            .take(vectors.len())
            .cloned()
            .collect();
        self.subject.logit_diffs_with(&prompts, |range| Add {
            point: self.site.point,
            token: self.at,
            vectors: vectors[range].to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_image_has_the_opposite_score() {
        let probe = LinearProbe {
            direction: vec![0.6, -0.8, 0.0],
            intercept: 0.25,
            scale: 3.0,
            strength: 1.0,
        };
        let x = [1.0, 0.5, -2.0];
        for middle in [0.0, 1.5] {
            let length = mirror_length(&probe, middle, &x).unwrap();
            let image: Vec<f32> = (x.iter().zip(&probe.direction))
                .map(|(x, u)| x + (length * u) as f32)
                .collect();
            let (before, after) = (probe.score(&x) - middle, probe.score(&image) - middle);
            assert!((before + after).abs() < 1e-5, "{before}, {after}");
            assert_eq!(image[2], x[2]);
        }
        let nothing = LinearProbe {
            scale: 1e-15,
            ..probe
        };
        assert_eq!(mirror_length(&nothing, 0.0, &x), None);
        assert_eq!((SwapRecord::needed(8), SwapRecord::needed(4)), (6, 3));
    }
}
