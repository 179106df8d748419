//! Families of worlds: how a reset lays them out, and what their tasks are.
//!
//! A family is one file: its options in a definition, its layouts, and [`Task`] for them. The
//! two enums here ([`Layout`] and `Family`) are the only other place that lists the families.

pub mod map;
pub mod memory;
pub mod obstacles;

use crate::cell::Cell;
use crate::core::action::Action;
use crate::core::grid::Grid;
use crate::core::rng::Pcg64;
use crate::core::tile::Object;
use crate::core::world::{Rules, StepResult, World};
use crate::facts::{Axis, Facts};
use crate::outcome::Failure;
use map::ParsedMap;
use memory::{MemoryConfig, MemoryLayout};

/// What a family of worlds says of itself.
pub trait Task {
    /// What a reset decides.
    type Layout;

    /// A grid of the right size, and rules of the task on top of `rules`.
    fn blank(&self, view: usize, rules: Rules) -> (Grid, Rules);

    /// What resets decide, axis by axis, with every value that an axis can have.
    fn axes(&self) -> Vec<Axis>;

    /// Draws a layout. What `given` fixes is not drawn; its axes and values are among
    /// [`Self::axes`]. `None` where no layout has all of them together.
    fn draw(&self, rng: &mut Pcg64, given: &Facts) -> Option<Self::Layout>;

    /// Every layout with the probability that a reset gives it; `None` where there are more than
    /// `most`, or where they cannot be listed.
    fn layouts(&self, most: usize) -> Option<Vec<(Self::Layout, f64)>>;

    /// What a layout says, one value for each of [`Self::axes`], in the same order.
    fn facts(&self, layout: &Self::Layout) -> Facts;

    /// Lays `layout` out in `world` and starts an episode.
    fn build(&self, layout: &Self::Layout, world: &mut World);

    /// What the task adds to a step of the world. Marked cells, goals, lava and things to pick up
    /// need nothing here: [`World::step`] knows them.
    #[inline]
    fn after_step(
        &self,
        _layout: &Self::Layout,
        _world: &mut World,
        _action: Action,
        _result: &mut StepResult,
    ) {
    }

    /// The task in one sentence, as MiniGrid words it where MiniGrid has the world.
    fn mission(&self, layout: &Self::Layout) -> String;

    /// Ways in which an episode can fail, in the order of tables.
    fn failures(&self) -> &'static [Failure];

    /// Kinds of objects that the agent must tell apart, in the order of tables.
    fn items(&self) -> &'static [Object] {
        &[]
    }

    /// The axis of [`Self::axes`] that the agent must see and remember, if the task has one.
    fn cue_axis(&self) -> Option<&'static str> {
        None
    }

    /// Cell of the view in which an agent that sees `observation` sees the cue now: its own cell
    /// where it carries it. `None` out of sight, and in worlds without a cue.
    fn cue(&self, _layout: &Self::Layout, _world: &World, _observation: &[u8]) -> Option<Cell> {
        None
    }

    /// What episodes record of a layout, by the names of columns in files.
    fn columns(&self, _layout: &Self::Layout) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// What a reset decided; only its task looks inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Layout(Drawn);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Drawn {
    Memory(MemoryLayout, memory::Varies),
    Map,
}

impl Layout {
    /// What the reset decided, axis by axis.
    pub fn facts(&self) -> Facts {
        match &self.0 {
            Drawn::Memory(layout, varies) => layout.facts(*varies),
            Drawn::Map => Facts::new(),
        }
    }

    /// The layout with the same cells and the same ends in which the agent starts at the first of
    /// its places: equal for two layouts that differ in the start alone.
    #[must_use]
    pub fn stage(&self) -> Self {
        match self.0 {
            Drawn::Memory(layout, varies) => Self(Drawn::Memory(layout.at_first_start(), varies)),
            Drawn::Map => *self,
        }
    }

    /// What a memory world's reset decided.
    pub fn memory(&self) -> Option<&MemoryLayout> {
        match &self.0 {
            Drawn::Memory(layout, _) => Some(layout),
            Drawn::Map => None,
        }
    }
}

/// The families, so that a step is never a dynamic call.
#[derive(Clone, Debug)]
pub(crate) enum Family {
    Memory(MemoryConfig),
    Map(ParsedMap),
}

impl Family {
    pub(crate) fn blank(&self, view: usize, rules: Rules) -> (Grid, Rules) {
        match self {
            Self::Memory(task) => task.blank(view, rules),
            Self::Map(task) => task.blank(view, rules),
        }
    }

    pub(crate) fn axes(&self) -> Vec<Axis> {
        match self {
            Self::Memory(task) => task.axes(),
            Self::Map(task) => task.axes(),
        }
    }

    pub(crate) fn draw(&self, rng: &mut Pcg64, given: &Facts) -> Option<Layout> {
        Some(Layout(match self {
            Self::Memory(task) => Drawn::Memory(task.draw(rng, given)?, task.varies()),
            Self::Map(task) => {
                task.draw(rng, given)?;
                Drawn::Map
            }
        }))
    }

    pub(crate) fn layouts(&self, most: usize) -> Option<Vec<(Layout, f64)>> {
        let listed = match self {
            Self::Memory(task) => (task.layouts(most)?.into_iter())
                .map(|(layout, p)| (Layout(Drawn::Memory(layout, task.varies())), p))
                .collect(),
            Self::Map(task) => (task.layouts(most)?.into_iter())
                .map(|((), p)| (Layout(Drawn::Map), p))
                .collect(),
        };
        Some(listed)
    }

    /// # Panics
    /// If the layout is of another family.
    pub(crate) fn build(&self, layout: &Layout, world: &mut World) {
        match (self, &layout.0) {
            (Self::Memory(task), Drawn::Memory(layout, _)) => task.build(layout, world),
            (Self::Map(task), Drawn::Map) => task.build(&(), world),
            _ => panic!("a layout of another family of worlds"),
        }
    }

    #[inline]
    pub(crate) fn after_step(
        &self,
        layout: &Layout,
        world: &mut World,
        action: Action,
        result: &mut StepResult,
    ) {
        match (self, &layout.0) {
            (Self::Memory(task), Drawn::Memory(layout, _)) => {
                task.after_step(layout, world, action, result);
            }
            (Self::Map(task), Drawn::Map) => task.after_step(&(), world, action, result),
            // `build` has refused it.
            _ => {}
        }
    }

    pub(crate) fn mission(&self, layout: &Layout) -> String {
        match (self, &layout.0) {
            (Self::Memory(task), Drawn::Memory(layout, _)) => task.mission(layout),
            (Self::Map(task), Drawn::Map) => task.mission(&()),
            _ => panic!("a layout of another family of worlds"),
        }
    }

    pub(crate) fn items(&self) -> &'static [Object] {
        match self {
            Self::Memory(task) => task.items(),
            Self::Map(task) => task.items(),
        }
    }

    pub(crate) fn cue_axis(&self) -> Option<&'static str> {
        match self {
            Self::Memory(task) => task.cue_axis(),
            Self::Map(task) => task.cue_axis(),
        }
    }

    pub(crate) fn cue(&self, layout: &Layout, world: &World, observation: &[u8]) -> Option<Cell> {
        match (self, &layout.0) {
            (Self::Memory(task), Drawn::Memory(layout, _)) => task.cue(layout, world, observation),
            (Self::Map(task), Drawn::Map) => task.cue(&(), world, observation),
            _ => panic!("a layout of another family of worlds"),
        }
    }

    pub(crate) fn columns(&self, layout: &Layout) -> Vec<(&'static str, String)> {
        match (self, &layout.0) {
            (Self::Memory(task), Drawn::Memory(layout, _)) => task.columns(layout),
            (Self::Map(task), Drawn::Map) => task.columns(&()),
            _ => panic!("a layout of another family of worlds"),
        }
    }

    pub(crate) fn failures(&self) -> &'static [Failure] {
        match self {
            Self::Memory(task) => task.failures(),
            Self::Map(task) => task.failures(),
        }
    }
}
