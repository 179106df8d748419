//! The memory family: an instruction in the first room, two targets at the corridor's end.
//!
//! The agent must walk to the target that matches the instruction. Geometry and order of random
//! draws follow MiniGrid 3.2.0's `MemoryEnv`; the options that it lacks (fixed start, random
//! direction, a real pickup) follow the fork that the 2023 study used.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::core::action::{Direction, Pose};
use crate::core::grid::Grid;
use crate::core::rng::Pcg64;
use crate::core::tile::{Color, Object, Tile};
use crate::core::world::{Mark, World};

/// Where the agent starts in the corridor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// Any column from 1 to the corridor's end, uniformly.
    #[default]
    Random,
    /// Column 1, beside the instruction.
    Fixed,
}

/// Where the agent looks at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartDirection {
    /// Down the corridor.
    #[default]
    Fixed,
    /// Any of the four headings, uniformly.
    Random,
}

/// Options of a memory world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryConfig {
    /// Side of the square world; odd, from 7.
    pub size: u8,
    /// Whether the corridor's length is drawn (from column 4 to `size - 3`).
    #[serde(default)]
    pub random_length: bool,
    /// Where the agent starts.
    #[serde(default)]
    pub start: Start,
    /// Where the agent looks at the start.
    #[serde(default)]
    pub direction: StartDirection,
}

/// Which object is at which end: one bit of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TargetOrder {
    /// Ball on top (left of an agent that walks down the corridor), key at the bottom.
    BallKey,
    /// Key on top, ball at the bottom.
    KeyBall,
}

impl TargetOrder {
    /// Objects at the (top, bottom) end.
    pub fn objects(self) -> (Object, Object) {
        match self {
            Self::BallKey => (Object::Ball, Object::Key),
            Self::KeyBall => (Object::Key, Object::Ball),
        }
    }

    /// The name used in scenarios: left object, then right object.
    pub fn name(self) -> &'static str {
        match self {
            Self::BallKey => "Ball-Key",
            Self::KeyBall => "Key-Ball",
        }
    }
}

/// Side of the corridor's end, for an agent that walks down it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Top of the world; a left turn.
    Left,
    /// Bottom of the world; a right turn.
    Right,
}

impl Side {
    /// The opposite side.
    pub fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// One of the four tasks of a memory world: instruction × target order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Configuration {
    /// Object shown in the first room: key or ball.
    pub instruction: Object,
    /// Objects at the corridor's end.
    pub order: TargetOrder,
}

impl Configuration {
    /// All four, keys first.
    pub const ALL: [Self; 4] = [
        Self::new(Object::Key, TargetOrder::KeyBall),
        Self::new(Object::Key, TargetOrder::BallKey),
        Self::new(Object::Ball, TargetOrder::BallKey),
        Self::new(Object::Ball, TargetOrder::KeyBall),
    ];

    const fn new(instruction: Object, order: TargetOrder) -> Self {
        Self { instruction, order }
    }

    /// Side of the target that matches the instruction.
    pub fn success_side(self) -> Side {
        if self.order.objects().0 == self.instruction {
            Side::Left
        } else {
            Side::Right
        }
    }
}

impl fmt::Display for Configuration {
    /// `"Key, Key-Ball"`: instruction, then left and right target.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instruction = match self.instruction {
            Object::Key => "Key",
            _ => "Ball",
        };
        write!(f, "{instruction}, {}", self.order.name())
    }
}

/// Everything a reset decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MemoryLayout {
    /// Instruction and target order.
    pub configuration: Configuration,
    /// Column of the corridor's last wall pair; the targets stand one column further.
    pub hallway_end: u8,
    /// Column of the agent.
    pub agent_x: u8,
    /// Heading of the agent.
    pub agent_dir: Direction,
}

impl MemoryLayout {
    /// Cell beside the target at `side`, in a world of this size.
    pub fn target_cell(&self, size: u8, side: Side) -> (u8, u8) {
        let mid = size / 2;
        let y = match side {
            Side::Left => mid - 1,
            Side::Right => mid + 1,
        };
        (self.hallway_end + 1, y)
    }
}

impl MemoryConfig {
    /// Draws a layout in MiniGrid's order: length, start, direction, instruction, target order.
    ///
    /// What `forced` fixes is not drawn, as in the fork.
    pub fn draw(&self, rng: &mut Pcg64, forced: Option<Configuration>) -> MemoryLayout {
        let size = u32::from(self.size);
        let hallway_end = if self.random_length {
            rng.integers(4, size - 2)
        } else {
            size - 3
        };
        let agent_x = match self.start {
            Start::Random => rng.integers(1, hallway_end + 1),
            Start::Fixed => 1,
        };
        let agent_dir = match self.direction {
            StartDirection::Fixed => Direction::Right,
            StartDirection::Random => Direction::from_index(rng.integers(0, 4) as u8),
        };
        let configuration = forced.unwrap_or_else(|| {
            let instruction = [Object::Key, Object::Ball][rng.integers(0, 2) as usize];
            let order = [TargetOrder::BallKey, TargetOrder::KeyBall][rng.integers(0, 2) as usize];
            Configuration { instruction, order }
        });
        MemoryLayout {
            configuration,
            hallway_end: hallway_end as u8,
            agent_x: agent_x as u8,
            agent_dir,
        }
    }

    /// Every layout a reset can give, with its probability.
    pub fn layouts(&self) -> Vec<(MemoryLayout, f64)> {
        let lengths: Vec<u8> = if self.random_length {
            (4..self.size - 2).collect()
        } else {
            vec![self.size - 3]
        };
        let mut out = Vec::new();
        for &hallway_end in &lengths {
            let starts = match self.start {
                Start::Random => hallway_end,
                Start::Fixed => 1,
            };
            let headings: &[Direction] = match self.direction {
                StartDirection::Fixed => &[Direction::Right],
                StartDirection::Random => &Direction::ALL,
            };
            let count = lengths.len() * starts as usize * headings.len() * Configuration::ALL.len();
            for agent_x in 1..=starts {
                for &agent_dir in headings {
                    for configuration in Configuration::ALL {
                        let layout = MemoryLayout {
                            configuration,
                            hallway_end,
                            agent_x,
                            agent_dir,
                        };
                        out.push((layout, 1.0 / count as f64));
                    }
                }
            }
        }
        out
    }

    /// Lays `layout` out in `world` and starts an episode.
    ///
    /// # Panics
    /// If the world has another size.
    pub fn build(&self, layout: &MemoryLayout, world: &mut World) {
        let size = self.size as usize;
        let mid = size / 2;
        let hall = layout.hallway_end as usize;
        assert_eq!((world.grid().width(), world.grid().height()), (size, size));
        let (top, bottom) = layout.configuration.order.objects();
        let green = |object| Tile::new(object, Color::Green, 0);
        for y in 0..size {
            for x in 0..size {
                let border = x == 0 || y == 0 || x == size - 1 || y == size - 1;
                let room = (1..5).contains(&x) && (y + 2 == mid || y == mid + 2);
                let beside = y + 1 == mid || y == mid + 1;
                let door = x == 4 && beside;
                let corridor = (5..hall).contains(&x) && beside;
                let end = x == hall && y != mid;
                let wall = border || room || door || corridor || end || x == hall + 2;
                let tile = if (x, y) == (1, mid - 1) {
                    green(layout.configuration.instruction)
                } else if (x, y) == (hall + 1, mid - 2) {
                    green(top)
                } else if (x, y) == (hall + 1, mid + 2) {
                    green(bottom)
                } else if wall {
                    Tile::WALL
                } else {
                    Tile::EMPTY
                };
                world.grid_mut().set(x, y, tile);
            }
        }
        world.restart(Pose {
            x: layout.agent_x,
            y: mid as u8,
            dir: layout.agent_dir,
        });
        let side = layout.configuration.success_side();
        for (side, mark) in [(side, Mark::Success), (side.other(), Mark::Failure)] {
            let (x, y) = layout.target_cell(self.size, side);
            world.set_mark(x as usize, y as usize, mark);
        }
    }

    /// A grid of the right size for [`Self::build`].
    pub(crate) fn blank(&self, view: usize) -> Grid {
        Grid::new(self.size as usize, self.size as usize, view)
    }
}
