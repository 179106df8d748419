//! AdamW with groups, schedules and a global-norm clip.
//!
//! The update is applied tensor by tensor, so that its moments are kept under the parameters' own
//! names. It knows parameters by their specs alone, whatever they are of.

mod adamw;
#[cfg(feature = "flex")]
mod host;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::adamw::State;
use crate::burn::prelude::*;
use crate::device::to_host;
use crate::model::{Group, ParamSpec, upload};

/// Learning rate over the steps of a run, as a factor of the full one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Schedule {
    /// Always 1.
    #[default]
    Constant,
    /// Up to 1 over the warm-up, then 1.
    ConstantWarmup {
        /// Steps of the warm-up.
        warmup: u64,
    },
    /// Up to 1 over the warm-up, then down to 0 at the last step.
    LinearWarmup {
        /// Steps of the warm-up.
        warmup: u64,
    },
    /// Up to 1 over the warm-up, then half a cosine down to `end` at the last step.
    CosineWarmup {
        /// Steps of the warm-up.
        warmup: u64,
        /// Factor at the last step.
        end: f64,
    },
    /// Half a cosine from 1 down to `end`, several times over: that of `cycles · step / steps` less
    /// its whole part.
    CosineRestarts {
        /// Number of times.
        cycles: u64,
        /// Factor at the end of each.
        end: f64,
    },
}

impl Schedule {
    /// Factor at `step` (from 0) of `steps`.
    pub fn factor(&self, step: u64, steps: u64) -> f64 {
        let ramp = |warmup: u64| (step + 1) as f64 / warmup.max(1) as f64;
        let left = |warmup: u64| {
            let span = steps.saturating_sub(warmup).max(1) as f64;
            (step.saturating_sub(warmup) as f64 / span).min(1.0)
        };
        let cosine =
            |end: f64, t: f64| end + (1.0 - end) * 0.5 * (1.0 + (std::f64::consts::PI * t).cos());
        match *self {
            Self::Constant => 1.0,
            Self::ConstantWarmup { warmup } => ramp(warmup).min(1.0),
            Self::LinearWarmup { warmup } | Self::CosineWarmup { warmup, .. } if step < warmup => {
                ramp(warmup)
            }
            Self::LinearWarmup { warmup } => 1.0 - left(warmup),
            Self::CosineWarmup { warmup, end } => cosine(end, left(warmup)),
            // In whole numbers, so that the last cycle ends with the run and no other one begins.
            Self::CosineRestarts { cycles, end } => {
                let steps = u128::from(steps.max(1));
                let into = u128::from(cycles) * u128::from(step) % steps;
                cosine(end, into as f64 / steps as f64)
            }
        }
    }

    /// What is out of range, if anything is.
    fn problem(&self) -> Option<String> {
        let end = match *self {
            Self::CosineRestarts { cycles: 0, .. } => {
                return Some("cycles: is 0, must be at least 1".to_owned());
            }
            Self::CosineWarmup { end, .. } | Self::CosineRestarts { end, .. } => end,
            Self::Constant | Self::ConstantWarmup { .. } | Self::LinearWarmup { .. } => 0.0,
        };
        (!(0.0..=1.0).contains(&end))
            .then(|| format!("end: is {end}, must be from 0 to 1, a factor of the full rate"))
    }
}

/// Options of the optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerConfig {
    /// Full learning rate.
    pub learning_rate: f64,
    /// Its course.
    pub schedule: Schedule,
    /// Decay of the first moment.
    pub beta_1: f32,
    /// Decay of the second moment.
    pub beta_2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Weight decay of the matrices. Embeddings, biases and gains are not decayed.
    pub weight_decay: f32,
    /// Whether the position table is decayed too, as in the original.
    pub decay_positions: bool,
    /// Largest global norm of the gradient; `None`: no limit.
    pub clip_norm: Option<f64>,
    /// Learning rate of the table of observation items, as a factor of the full one.
    pub state_embedding_rate: f64,
    /// Learning rate of the other embeddings, as a factor of the full one.
    pub embedding_rate: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            decay_positions: false,
            clip_norm: Some(1.0),
            state_embedding_rate: 1.0,
            embedding_rate: 1.0,
        }
    }
}

impl OptimizerConfig {
    /// What is out of range, if anything is; names the field.
    pub fn problem(&self) -> Option<String> {
        let positive = [
            ("learning_rate", self.learning_rate),
            ("epsilon", f64::from(self.epsilon)),
            ("state_embedding_rate", self.state_embedding_rate),
            ("embedding_rate", self.embedding_rate),
            ("clip_norm", self.clip_norm.unwrap_or(1.0)),
        ];
        if let Some((name, value)) = positive.iter().find(|(_, v)| !(v.is_finite() && *v > 0.0)) {
            return Some(format!(
                "field `optimizer.{name}`: is {value}, must be positive"
            ));
        }
        for (name, value) in [("beta_1", self.beta_1), ("beta_2", self.beta_2)] {
            if !(0.0..1.0).contains(&value) {
                return Some(format!(
                    "field `optimizer.{name}`: is {value}, must be from 0 to below 1"
                ));
            }
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return Some("field `optimizer.weight_decay`: must not be negative".to_owned());
        }
        let problem = self.schedule.problem();
        problem.map(|problem| format!("field `optimizer.schedule`: {problem}"))
    }

    pub(crate) fn rate(&self, group: Group) -> f64 {
        match group {
            Group::StateEmbedding => self.state_embedding_rate,
            Group::Embedding => self.embedding_rate,
            Group::Matrix | Group::Vector | Group::Position => 1.0,
        }
    }

    pub(crate) fn decays(&self, group: Group) -> bool {
        match group {
            Group::Matrix => true,
            Group::Position => self.decay_positions,
            Group::StateEmbedding | Group::Embedding | Group::Vector => false,
        }
    }
}

/// Moments of one parameter on the host, in memory order.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Running mean of the gradient.
    pub first: Vec<f32>,
    /// Running mean of its square.
    pub second: Vec<f32>,
}

/// An optimiser and its state.
pub struct Optimizer {
    config: OptimizerConfig,
    states: Vec<Option<State>>,
}

impl Optimizer {
    /// An optimiser for so many parameters, without history.
    pub fn new(config: OptimizerConfig, parameters: usize) -> Self {
        Self {
            config,
            states: vec![None; parameters],
        }
    }

    /// One update; `factor` is the schedule's. Returns the updated parameters, and the gradient's
    /// global norm before clipping, one per agent.
    ///
    /// # Shapes
    /// - `params` and `grads`: one tensor a spec, `[agents, rows, cols]` each
    ///
    /// # Panics
    /// If there are not as many of each as the optimiser was made for.
    pub fn step(
        &mut self,
        specs: &[ParamSpec],
        params: Vec<Tensor<3>>,
        grads: Vec<Tensor<3>>,
        factor: f64,
    ) -> (Vec<Tensor<3>>, Vec<f64>) {
        for count in [specs.len(), params.len(), grads.len()] {
            assert_eq!(count, self.states.len(), "one of each a parameter");
        }
        let norms = global_norms(&grads);
        let scales: Vec<f32> = norms
            .iter()
            .map(|&norm| match self.config.clip_norm {
                Some(limit) if norm > limit => (limit / norm) as f32,
                _ => 1.0,
            })
            .collect();
        let clip = scales.iter().any(|&s| s != 1.0).then(|| {
            let shape = [scales.len(), 1, 1];
            Tensor::<3>::from_data(TensorData::new(scales, shape), &grads[0].device())
        });
        let config = self.config;
        let (params, states): (Vec<_>, Vec<_>) = params
            .into_par_iter()
            .zip(grads)
            .zip(std::mem::take(&mut self.states))
            .zip(specs)
            .map(|(((param, grad), state), spec)| {
                let grad = match &clip {
                    Some(scale) => grad * scale.clone(),
                    None => grad,
                };
                let rate = config.learning_rate * factor * config.rate(spec.group);
                let decay = if config.decays(spec.group) {
                    config.weight_decay
                } else {
                    0.0
                };
                let (param, state) = adamw::step(&config, rate, decay, param, grad, state);
                (param, Some(state))
            })
            .unzip();
        self.states = states;
        (params, norms)
    }

    /// Moments of every parameter, and the number of updates they have seen.
    pub fn moments(&self) -> Option<(usize, Vec<Moments>)> {
        let mut updates = 0;
        let moments = self
            .states
            .iter()
            .map(|state| {
                let state = state.as_ref()?;
                updates = state.updates;
                Some(Moments {
                    first: to_host(&state.first),
                    second: to_host(&state.second),
                })
            })
            .collect::<Option<Vec<_>>>()?;
        Some((updates, moments))
    }

    /// Takes up moments read from a checkpoint, in the order of the parameters.
    pub fn restore(
        &mut self,
        updates: usize,
        moments: Vec<Moments>,
        specs: &[ParamSpec],
        device: &Device,
    ) {
        self.states = specs
            .iter()
            .zip(moments)
            .map(|(spec, m)| {
                Some(State {
                    updates,
                    first: upload(spec, m.first, device),
                    second: upload(spec, m.second, device),
                })
            })
            .collect();
    }
}

/// Norm of all gradients of each agent together, summed in a fixed order.
fn global_norms(grads: &[Tensor<3>]) -> Vec<f64> {
    let agents = grads[0].dims()[0];
    let squares: Vec<Vec<f64>> = grads
        .par_iter()
        .map(|grad| {
            let data = grad.to_data();
            let values = data.as_slice::<f32>().expect("gradients hold f32");
            values
                .chunks_exact(values.len() / agents)
                .map(|v| v.iter().map(|&x| f64::from(x) * f64::from(x)).sum())
                .collect()
        })
        .collect();
    (0..agents)
        .map(|agent| squares.iter().map(|s| s[agent]).sum::<f64>().sqrt())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_start_and_end_where_they_say() {
        let cosine = Schedule::CosineWarmup {
            warmup: 10,
            end: 0.1,
        };
        assert!((cosine.factor(0, 100) - 0.1).abs() < 1e-12);
        assert!((cosine.factor(9, 100) - 1.0).abs() < 1e-12);
        assert!((cosine.factor(55, 100) - 0.55).abs() < 1e-12);
        assert!((cosine.factor(100, 100) - 0.1).abs() < 1e-12);
        assert_eq!(Schedule::Constant.factor(5, 10), 1.0);
        assert_eq!(Schedule::LinearWarmup { warmup: 0 }.factor(5, 10), 0.5);
        assert_eq!(
            Schedule::CosineRestarts {
                cycles: 2,
                end: 0.0
            }
            .factor(50, 100),
            1.0
        );
        // As many tops as cycles, whatever is left over: 12 steps have 5.
        let restarts = Schedule::CosineRestarts {
            cycles: 5,
            end: 0.0,
        };
        let factors: Vec<f64> = (0..12).map(|step| restarts.factor(step, 12)).collect();
        let tops = (0..12).filter(|&n| n == 0 || factors[n] > factors[n - 1]);
        assert_eq!(tops.collect::<Vec<_>>(), [0, 3, 5, 8, 10]);
        let huge = Schedule::CosineRestarts {
            cycles: u64::MAX,
            end: 0.0,
        };
        assert!((0.0..=1.0).contains(&huge.factor(u64::MAX - 1, u64::MAX)));
        // A warm-up of 0 steps divides by nothing.
        assert_eq!(Schedule::ConstantWarmup { warmup: 0 }.factor(0, 10), 1.0);
    }

    #[test]
    fn a_schedule_ends_between_nothing_and_the_full_rate() {
        let problem = |schedule| {
            let config = OptimizerConfig {
                schedule,
                ..OptimizerConfig::default()
            };
            config.problem()
        };
        for end in [-5.0, f64::NAN, f64::INFINITY, 1.5] {
            for schedule in [
                Schedule::CosineWarmup { warmup: 0, end },
                Schedule::CosineRestarts { cycles: 1, end },
            ] {
                assert!(
                    problem(schedule)
                        .unwrap()
                        .contains("optimizer.schedule`: end")
                );
            }
        }
        assert!(
            problem(Schedule::CosineRestarts {
                cycles: 0,
                end: 0.0
            })
            .is_some()
        );
        assert_eq!(
            problem(Schedule::CosineWarmup {
                warmup: 0,
                end: 1.0
            }),
            None
        );
    }
}
