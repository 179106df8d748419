//! Families of worlds: how a reset lays them out, and what their tasks are.
//!
//! A family is one file. It holds
//! 1. its options in a definition, and [`Options`] for them: what is wrong with them, the step
//!    limit, and which definitions of `envs/` are built in;
//! 2. what a reset decides, and [`Laid`] for it: the same as facts;
//! 3. [`Task`]: how a reset draws and builds a layout, and what the task adds to a step.
//!
//! `families!` below is the only other place that lists the families; it makes [`WorldConfig`],
//! [`Layout`] and `Family`, and the one place that tells them apart.
//!
//! A built-in world whose id is an environment of Python's MiniGrid is compared with it from the
//! seed on: put its recorded episodes into `crates/dt-env/tests/data`, and
//! `cargo test --workspace --test conformance` replays them. [`crate::golden`] says what a recording
//! holds, and `scripts/fixtures/make_traces.py` makes one.

/// A built-in definition: the name of its file in `envs/`, and its text.
macro_rules! builtin {
    ($name:literal) => {
        (
            concat!("envs/", $name, ".ron"),
            include_str!(concat!("../../../../envs/", $name, ".ron")),
        )
    };
}

pub mod map;
pub mod memory;
pub mod obstacles;

use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::core::action::Action;
use crate::core::grid::Grid;
use crate::core::rng::Pcg64;
use crate::core::tile::Object;
use crate::core::world::{Rules, StepResult, World};
use crate::facts::{Axis, Facts};
use crate::outcome::Failure;

/// What a definition says of a world of one family.
pub trait Options {
    /// The family, with what is made of its options once.
    type Task: Task;

    /// File and text of the built-in definitions.
    const BUILTIN: &'static [(&'static str, &'static str)];

    /// The task for views of this side.
    ///
    /// # Errors
    /// A sentence that begins with the field (``field `world.Memory.size`: is 8, …``), where no
    /// world can be made of the options.
    fn task(&self, view: usize) -> Result<Self::Task, String>;

    /// Step at which an episode is truncated, where the definition does not say.
    fn max_steps(&self) -> u32;

    /// The field that asks for something to be picked up, if one does.
    fn needs_hands(&self) -> Option<&'static str> {
        None
    }
}

/// What a reset of one family decided.
pub trait Laid: Copy {
    /// One value for each of [`Task::axes`], in the same order.
    fn facts(&self) -> Facts;

    /// See [`Layout::stage`]; itself where the start is not drawn.
    #[must_use]
    fn stage(&self) -> Self {
        *self
    }
}

/// A reset that has nothing to decide.
impl Laid for () {
    fn facts(&self) -> Facts {
        Facts::new()
    }
}

/// What a family of worlds says of itself.
pub trait Task {
    /// What a reset decides.
    type Layout: Laid;

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

impl Layout {
    /// What a memory world's reset decided.
    pub fn memory(&self) -> Option<&memory::MemoryLayout> {
        let Drawn::Memory(layout) = &self.0 else {
            return None;
        };
        Some(layout)
    }
}

type TaskOf<O> = <O as Options>::Task;
type LayoutOf<O> = <TaskOf<O> as Task>::Layout;

/// Declares [`WorldConfig`], [`Layout`] and [`Family`] from the list of families: the name in
/// definitions, and the options.
macro_rules! families {
    ($($(#[$doc:meta])+ $kind:ident: $options:ty,)+) => {
        /// The family of a world and its options.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum WorldConfig {
            $($(#[$doc])+ $kind($options),)+
        }

        impl WorldConfig {
            /// File and text of every built-in definition, family by family.
            pub(crate) fn builtin() -> Vec<(&'static str, &'static str)> {
                [$(<$options>::BUILTIN),+].concat()
            }

            /// See [`Options::task`].
            pub(crate) fn family(&self, view: usize) -> Result<Family, String> {
                match self {
                    $(Self::$kind(options) => options.task(view).map(Family::$kind),)+
                }
            }

            /// See [`Options::max_steps`].
            pub(crate) fn max_steps(&self) -> u32 {
                match self {
                    $(Self::$kind(options) => options.max_steps(),)+
                }
            }

            /// See [`Options::needs_hands`].
            pub(crate) fn needs_hands(&self) -> Option<&'static str> {
                match self {
                    $(Self::$kind(options) => options.needs_hands(),)+
                }
            }
        }

        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        enum Drawn {
            $($kind(LayoutOf<$options>),)+
        }

        impl Layout {
            /// What the reset decided, axis by axis.
            pub fn facts(&self) -> Facts {
                match &self.0 {
                    $(Drawn::$kind(layout) => layout.facts(),)+
                }
            }

            /// The layout with the same cells and the same ends in which the agent starts at the
            /// first of its places: equal for two layouts that differ in the start alone.
            #[must_use]
            pub fn stage(&self) -> Self {
                Self(match &self.0 {
                    $(Drawn::$kind(layout) => Drawn::$kind(layout.stage()),)+
                })
            }
        }

        /// The families, so that a step is never a dynamic call.
        #[derive(Clone, Debug)]
        pub(crate) enum Family {
            $($kind(TaskOf<$options>),)+
        }

        impl Family {
            pub(crate) fn blank(&self, view: usize, rules: Rules) -> (Grid, Rules) {
                match self {
                    $(Self::$kind(task) => task.blank(view, rules),)+
                }
            }

            pub(crate) fn axes(&self) -> Vec<Axis> {
                match self {
                    $(Self::$kind(task) => task.axes(),)+
                }
            }

            pub(crate) fn draw(&self, rng: &mut Pcg64, given: &Facts) -> Option<Layout> {
                Some(Layout(match self {
                    $(Self::$kind(task) => Drawn::$kind(task.draw(rng, given)?),)+
                }))
            }

            pub(crate) fn layouts(&self, most: usize) -> Option<Vec<(Layout, f64)>> {
                Some(match self {
                    $(Self::$kind(task) => (task.layouts(most)?.into_iter())
                        .map(|(layout, p)| (Layout(Drawn::$kind(layout)), p))
                        .collect(),)+
                })
            }

            /// # Panics
            /// If the layout is of another family.
            pub(crate) fn build(&self, layout: &Layout, world: &mut World) {
                match (self, &layout.0) {
                    $((Self::$kind(task), Drawn::$kind(layout)) => task.build(layout, world),)+
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
                    $((Self::$kind(task), Drawn::$kind(layout)) => {
                        task.after_step(layout, world, action, result);
                    })+
                    // `build` has refused it.
                    _ => {}
                }
            }

            pub(crate) fn mission(&self, layout: &Layout) -> String {
                match (self, &layout.0) {
                    $((Self::$kind(task), Drawn::$kind(layout)) => task.mission(layout),)+
                    _ => panic!("a layout of another family of worlds"),
                }
            }

            pub(crate) fn items(&self) -> &'static [Object] {
                match self {
                    $(Self::$kind(task) => task.items(),)+
                }
            }

            pub(crate) fn cue_axis(&self) -> Option<&'static str> {
                match self {
                    $(Self::$kind(task) => task.cue_axis(),)+
                }
            }

            pub(crate) fn cue(
                &self,
                layout: &Layout,
                world: &World,
                observation: &[u8],
            ) -> Option<Cell> {
                match (self, &layout.0) {
                    $((Self::$kind(task), Drawn::$kind(layout)) => {
                        task.cue(layout, world, observation)
                    })+
                    _ => panic!("a layout of another family of worlds"),
                }
            }

            pub(crate) fn columns(&self, layout: &Layout) -> Vec<(&'static str, String)> {
                match (self, &layout.0) {
                    $((Self::$kind(task), Drawn::$kind(layout)) => task.columns(layout),)+
                    _ => panic!("a layout of another family of worlds"),
                }
            }

            pub(crate) fn failures(&self) -> &'static [Failure] {
                match self {
                    $(Self::$kind(task) => task.failures(),)+
                }
            }
        }
    };
}

families! {
    /// Instruction, corridor, two targets.
    Memory: memory::MemoryConfig,
    /// A hand-drawn map.
    Map: map::MapConfig,
}
