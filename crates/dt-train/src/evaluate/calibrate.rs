//! Achieved against asked return.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use dt_env::EnvSpec;

use super::{EvaluateError, EvaluationLine, SampledRecord, evaluate_exact, evaluate_sampled};
use crate::definition::SampledConfig;
use crate::model::Model;
use crate::rollout::NotFiniteLogits;

/// What `calibration.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationRecord {
    /// Environment.
    pub env: String,
    /// Device that computed.
    pub device: String,
    /// Greedy over all outcomes of a reset, at each return-to-go; null where there are too many.
    pub exact: Option<Vec<EvaluationLine>>,
    /// Sampled, at each return-to-go.
    pub sampled: Vec<SampledRecord>,
}

/// What is asked of an agent.
#[derive(Clone, Copy, Debug)]
pub struct CalibrationConfig {
    /// Lowest return-to-go.
    pub low: f64,
    /// Highest return-to-go.
    pub high: f64,
    /// Number of values, both ends included.
    pub points: usize,
    /// Sampled episodes at each value.
    pub episodes: usize,
    /// Temperature of the softmax.
    pub temperature: f64,
    /// Root of the episodes' random streams.
    pub seed: u64,
}

impl CalibrationConfig {
    /// The values that are asked for, evenly spaced, both ends included.
    pub fn returns_to_go(&self) -> Vec<f64> {
        let steps = self.points.saturating_sub(1).max(1) as f64;
        (0..self.points)
            .map(|i| self.low + (self.high - self.low) * i as f64 / steps)
            .collect()
    }
}

/// Measures an agent at each value; `progress` is told after each.
///
/// # Errors
/// If its logits are not finite.
pub fn calibrate(
    model: &Model,
    spec: &Arc<EnvSpec>,
    device: &str,
    config: &CalibrationConfig,
    mut progress: impl FnMut(usize),
) -> Result<CalibrationRecord, NotFiniteLogits> {
    let asked = config.returns_to_go();
    let exact = match evaluate_exact(model, spec, &asked) {
        Ok(records) => Some(records.iter().map(Into::into).collect()),
        Err(EvaluateError::NotEnumerated(_)) => None,
        Err(EvaluateError::Logits(error)) => return Err(error),
    };
    let mut sampled = Vec::with_capacity(asked.len());
    for (n, &rtg) in asked.iter().enumerate() {
        let asked = SampledConfig {
            return_to_go: rtg,
            temperature: config.temperature,
            episodes: config.episodes,
        };
        sampled.push(evaluate_sampled(model, spec, &asked, config.seed)?);
        progress(n + 1);
    }
    Ok(CalibrationRecord {
        env: spec.id.clone(),
        device: device.to_owned(),
        exact,
        sampled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_asked_for() {
        let config = CalibrationConfig {
            low: 0.0,
            high: 1.0,
            points: 5,
            episodes: 1,
            temperature: 1.0,
            seed: 0,
        };
        assert_eq!(config.returns_to_go(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    }
}
