//! One environment: a definition, a random stream and a world.

use std::sync::Arc;

use crate::cell::Cell;
use crate::core::action::Action;
use crate::core::rng::Pcg64;
use crate::core::world::{StepResult, World};
use crate::facts::{Facts, FactsError};
use crate::spec::EnvSpec;
use crate::tasks::{Family, Layout};

/// An environment that can be reset and stepped, as gymnasium's are.
///
/// ```
/// use dt_env::{Action, Env, EnvSpec};
///
/// let spec = EnvSpec::builtin("MiniGrid-MemoryS7FixedStart-v0").unwrap();
/// let mut env = Env::new(spec.into());
/// env.reset(0);
/// let before = env.world().observation();
/// let step = env.step(Action::Forward);
/// assert!(!step.is_last());
/// assert_ne!(env.world().observation(), before);
/// ```
#[derive(Clone, Debug)]
pub struct Env {
    spec: Arc<EnvSpec>,
    family: Family,
    rng: Pcg64,
    world: World,
    layout: Layout,
}

impl Env {
    /// An environment after `reset(0)`.
    pub fn new(spec: Arc<EnvSpec>) -> Self {
        let family = spec.family();
        let mut world = spec.new_world(&family);
        let mut rng = Pcg64::from_seed(0);
        let layout = drawn(&family, &mut rng);
        family.build(&layout, &mut world);
        Self {
            spec,
            family,
            rng,
            world,
            layout,
        }
    }

    /// Its definition.
    pub fn spec(&self) -> &Arc<EnvSpec> {
        &self.spec
    }

    /// Its world.
    #[inline]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Its world, for experiments.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// Its random stream.
    pub fn rng(&self) -> &Pcg64 {
        &self.rng
    }

    /// What the last reset decided.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What the last reset decided, axis by axis.
    pub fn facts(&self) -> Facts {
        self.layout.facts()
    }

    /// The task in one sentence.
    pub fn mission(&self) -> String {
        self.family.mission(&self.layout)
    }

    /// Cell of the view in which an agent that sees `observation`, the world's own, sees the cue
    /// now: its own cell where it carries it. `None` out of sight, and in worlds without a cue.
    pub fn cue(&self, observation: &[u8]) -> Option<Cell> {
        self.family.cue(&self.layout, &self.world, observation)
    }

    /// What episodes record of the last reset, by the names of columns in files.
    pub fn columns(&self) -> Vec<(&'static str, String)> {
        self.family.columns(&self.layout)
    }

    /// gymnasium's `reset(seed=seed)`: a new stream, and a first episode from it.
    pub fn reset(&mut self, seed: u64) {
        self.reset_with(Pcg64::from_seed(seed));
    }

    /// A first episode from the given stream.
    pub fn reset_with(&mut self, rng: Pcg64) {
        self.rng = rng;
        self.reset_next();
    }

    /// gymnasium's `reset()`: the next episode of the same stream.
    pub fn reset_next(&mut self) {
        self.layout = drawn(&self.family, &mut self.rng);
        self.family.build(&self.layout, &mut self.world);
    }

    /// The next episode of the same stream with these facts given; what they fix is not drawn.
    ///
    /// # Errors
    /// If the world has no such axis, value or combination; the episode under way goes on, and
    /// nothing is drawn.
    pub fn reset_where(&mut self, facts: &Facts) -> Result<(), FactsError> {
        facts.check(&self.spec.id, &self.family.axes())?;
        let mut rng = self.rng;
        let layout = (self.family.draw(&mut rng, facts)).ok_or_else(|| FactsError::Together {
            env: self.spec.id.clone(),
            facts: facts.clone(),
        })?;
        self.rng = rng;
        self.reset_layout(&layout);
        Ok(())
    }

    /// Lays out one of [`EnvSpec::layouts`]. Draws nothing.
    ///
    /// # Panics
    /// If the layout is of another family of worlds.
    pub fn reset_layout(&mut self, layout: &Layout) {
        self.family.build(layout, &mut self.world);
        self.layout = *layout;
    }

    /// Takes one step; after a last step, call one of the resets.
    #[inline]
    pub fn step(&mut self, action: Action) -> StepResult {
        let mut result = self.world.step(action);
        self.family
            .after_step(&self.layout, &mut self.world, action, &mut result);
        result
    }
}

fn drawn(family: &Family, rng: &mut Pcg64) -> Layout {
    family
        .draw(rng, &Facts::new())
        .expect("with nothing given, some layout fits")
}
