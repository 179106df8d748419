//! One environment: a definition, a random stream and a world.

use std::sync::Arc;

use crate::core::action::Action;
use crate::core::rng::Pcg64;
use crate::core::world::{StepResult, World};
use crate::spec::{EnvSpec, WorldConfig};
use crate::tasks::map::ParsedMap;
use crate::tasks::memory::{Configuration, MemoryLayout};

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
    map: Option<ParsedMap>,
    rng: Pcg64,
    world: World,
    layout: Option<MemoryLayout>,
}

impl Env {
    /// An environment after `reset(0)`.
    pub fn new(spec: Arc<EnvSpec>) -> Self {
        let (world, map) = spec.new_world();
        let mut env = Self {
            spec,
            map,
            rng: Pcg64::from_seed(0),
            world,
            layout: None,
        };
        env.reset(0);
        env
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

    /// What the last reset decided, in a memory world.
    pub fn layout(&self) -> Option<&MemoryLayout> {
        self.layout.as_ref()
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
        self.reset_drawing(None);
    }

    /// The next episode with instruction and target order given; they are not drawn.
    ///
    /// Worlds other than memory worlds have no such choice and reset as usual.
    pub fn reset_to(&mut self, configuration: Configuration) {
        self.reset_drawing(Some(configuration));
    }

    fn reset_drawing(&mut self, forced: Option<Configuration>) {
        match &self.spec.world {
            WorldConfig::Memory(memory) => {
                let layout = memory.draw(&mut self.rng, forced);
                memory.build(&layout, &mut self.world);
                self.layout = Some(layout);
            }
            WorldConfig::Map(_) => {
                let map = self.map.as_ref().expect("maps are parsed in `new`");
                map.build(&mut self.world);
            }
        }
    }

    /// Lays out one of [`EnvSpec::layouts`]; `None` is a map's only start. Draws nothing.
    pub fn reset_layout(&mut self, layout: Option<&MemoryLayout>) {
        match (&self.spec.world, layout) {
            (WorldConfig::Memory(memory), Some(layout)) => {
                memory.build(layout, &mut self.world);
                self.layout = Some(*layout);
            }
            _ => self.reset_drawing(None),
        }
    }

    /// Takes one step; after a last step, call one of the resets.
    #[inline]
    pub fn step(&mut self, action: Action) -> StepResult {
        self.world.step(action)
    }
}

impl EnvSpec {
    /// Every outcome of a reset with its probability; a map has the one start `None`.
    pub fn layouts(&self) -> Vec<(Option<MemoryLayout>, f64)> {
        match &self.world {
            WorldConfig::Memory(memory) => memory
                .layouts()
                .into_iter()
                .map(|(layout, p)| (Some(layout), p))
                .collect(),
            WorldConfig::Map(_) => vec![(None, 1.0)],
        }
    }
}
