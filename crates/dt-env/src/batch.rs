//! Many worlds stepped together, observations written straight into one buffer.

use std::sync::Arc;

use rayon::prelude::*;

use crate::core::action::Action;
use crate::core::world::StepResult;
use crate::env::Env;
use crate::spec::EnvSpec;

/// Worlds per task when a batch is stepped on several cores.
const CHUNK: usize = 64;

/// Worlds of one definition, reset by themselves when their episode ends.
///
/// ```
/// use dt_env::{Action, Batch, EnvSpec};
///
/// let spec = EnvSpec::builtin("MiniGrid-MemoryS7-v0").unwrap();
/// let mut batch = Batch::new(&spec.into(), 8, 0);
/// batch.step(&[Action::Forward; 8]);
/// assert_eq!(batch.observations().len(), 8 * 147);
/// ```
#[derive(Clone, Debug)]
pub struct Batch {
    envs: Vec<Env>,
    observation_len: usize,
    observations: Vec<u8>,
    results: Vec<StepResult>,
}

impl Batch {
    /// `count` worlds; world `i` is reset with `seed + i`, as gymnasium's vector environments do.
    pub fn new(spec: &Arc<EnvSpec>, count: usize, seed: u64) -> Self {
        let observation_len = spec.observation_len();
        let envs = (0..count as u64)
            .map(|i| {
                let mut env = Env::new(spec.clone());
                env.reset(seed.wrapping_add(i));
                env
            })
            .collect();
        let mut batch = Self {
            envs,
            observation_len,
            observations: vec![0; count * observation_len],
            results: vec![StepResult::default(); count],
        };
        for (env, out) in batch
            .envs
            .iter()
            .zip(batch.observations.chunks_exact_mut(observation_len))
        {
            env.world().observe(out);
        }
        batch
    }

    /// Number of worlds.
    pub fn len(&self) -> usize {
        self.envs.len()
    }

    /// Whether there is no world.
    pub fn is_empty(&self) -> bool {
        self.envs.is_empty()
    }

    /// The worlds.
    pub fn envs(&self) -> &[Env] {
        &self.envs
    }

    /// What each agent sees now, world after world.
    pub fn observations(&self) -> &[u8] {
        &self.observations
    }

    /// Reward and flags of the last step.
    pub fn results(&self) -> &[StepResult] {
        &self.results
    }

    /// One step of every world, on this thread.
    ///
    /// A world whose episode ends is reset at once: its result tells of the last step, its
    /// observation is the first of the next episode.
    ///
    /// # Panics
    /// If there is not one action per world.
    pub fn step(&mut self, actions: &[Action]) {
        assert_eq!(actions.len(), self.envs.len(), "one action per world");
        step_chunk(
            &mut self.envs,
            actions,
            &mut self.observations,
            &mut self.results,
            self.observation_len,
        );
    }

    /// [`Self::step`] on all cores of rayon's pool; the results are the same.
    ///
    /// # Panics
    /// If there is not one action per world.
    pub fn step_parallel(&mut self, actions: &[Action]) {
        assert_eq!(actions.len(), self.envs.len(), "one action per world");
        let len = self.observation_len;
        self.envs
            .par_chunks_mut(CHUNK)
            .zip(actions.par_chunks(CHUNK))
            .zip(self.observations.par_chunks_mut(CHUNK * len))
            .zip(self.results.par_chunks_mut(CHUNK))
            .for_each(|(((envs, actions), observations), results)| {
                step_chunk(envs, actions, observations, results, len);
            });
    }
}

fn step_chunk(
    envs: &mut [Env],
    actions: &[Action],
    observations: &mut [u8],
    results: &mut [StepResult],
    observation_len: usize,
) {
    for (((env, &action), out), result) in envs
        .iter_mut()
        .zip(actions)
        .zip(observations.chunks_exact_mut(observation_len))
        .zip(results)
    {
        *result = env.step(action);
        if result.is_last() {
            env.reset_next();
        }
        env.world().observe(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_change_nothing() {
        let spec = Arc::new(EnvSpec::builtin("MiniGrid-MemoryS7-v0").unwrap());
        let mut one = Batch::new(&spec, 150, 3);
        let mut many = Batch::new(&spec, 150, 3);
        for t in 0..400_usize {
            let actions: Vec<Action> = (0..150)
                .map(|i| Action::ALL[(t * 31 + i * 17 + t * i) % 7])
                .collect();
            one.step(&actions);
            many.step_parallel(&actions);
            assert_eq!(one.observations(), many.observations());
            assert_eq!(one.results(), many.results());
        }
    }
}
