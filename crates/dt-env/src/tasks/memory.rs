//! The memory family: an instruction in the first room, two targets at the corridor's end.
//!
//! The agent must walk to the target that matches the instruction. Geometry and order of random
//! draws follow MiniGrid 3.2.0's `MemoryEnv`; the options that it lacks (fixed start, random
//! direction, a real pickup) follow the fork that the 2023 study used.

use std::fmt;
use std::ops::{Range, RangeInclusive};

use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::core::action::{Direction, Pose};
use crate::core::grid::{Grid, MAX_REACH};
use crate::core::rng::Pcg64;
use crate::core::tile::{Color, Object, Tile};
use crate::core::world::{Mark, Rules, World};
use crate::facts::{Axis, Facts};
use crate::outcome::Failure;
use crate::tasks::{Laid, Options, Task};

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
    /// What else than instruction and order is a fact of it.
    #[serde(skip)]
    varies: Varies,
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

/// Which axes besides instruction and order a definition leaves to a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Varies {
    corridor: bool,
    start: bool,
    heading: bool,
}

/// Names of the axes.
const INSTRUCTION: &str = "instruction";
const ORDER: &str = "order";
const CORRIDOR: &str = "corridor";
const START: &str = "start";
const HEADING: &str = "heading";

impl Configuration {
    /// Instruction and order as facts: `instruction: key, order: key-ball`.
    pub fn facts(self) -> Facts {
        Facts::new()
            .with(INSTRUCTION, self.instruction.name())
            .with(ORDER, self.order.name().to_lowercase())
    }
}

impl Laid for MemoryLayout {
    /// `corridor` is the column of the last wall pair, `start` the agent's column.
    fn facts(&self) -> Facts {
        let varies = self.varies;
        let more = [
            (varies.corridor, CORRIDOR, self.hallway_end.to_string()),
            (varies.start, START, self.agent_x.to_string()),
            (varies.heading, HEADING, self.agent_dir.name().to_owned()),
        ];
        more.into_iter()
            .filter(|(varies, ..)| *varies)
            .fold(self.configuration.facts(), |facts, (_, axis, value)| {
                facts.with(axis, value)
            })
    }

    /// The same with the agent beside the instruction, looking down the corridor.
    fn stage(&self) -> Self {
        Self {
            agent_x: 1,
            agent_dir: Direction::Right,
            ..*self
        }
    }
}

impl MemoryConfig {
    fn varies(&self) -> Varies {
        Varies {
            corridor: self.random_length,
            start: self.start == Start::Random,
            heading: self.direction == StartDirection::Random,
        }
    }

    /// Columns at which the corridor can end.
    fn corridors(&self) -> Range<u8> {
        if self.random_length {
            4..self.size - 2
        } else {
            self.size - 3..self.size - 2
        }
    }

    /// Columns at which the agent can start in a corridor that ends there.
    fn starts(&self, hallway_end: u8) -> RangeInclusive<u8> {
        match self.start {
            Start::Random => 1..=hallway_end,
            Start::Fixed => 1..=1,
        }
    }

    fn headings(&self) -> &'static [Direction] {
        match self.direction {
            StartDirection::Fixed => &[Direction::Right],
            StartDirection::Random => &Direction::ALL,
        }
    }
}

/// Instructions and orders in the order of MiniGrid's draws.
const INSTRUCTIONS: [Object; 2] = [Object::Key, Object::Ball];
const ORDERS: [TargetOrder; 2] = [TargetOrder::BallKey, TargetOrder::KeyBall];

impl Options for MemoryConfig {
    type Task = Self;

    const BUILTIN: &'static [(&'static str, &'static str)] = &[
        builtin!("memory-s7"),
        builtin!("memory-s9"),
        builtin!("memory-s11"),
        builtin!("memory-s13"),
        builtin!("memory-s13-random"),
        builtin!("memory-s17-random"),
        builtin!("memory-s7-fixed-start"),
        builtin!("memory-s7-random-direction"),
        builtin!("dti-memory-s7-default"),
        builtin!("dti-memory-s13-random-length-dir"),
    ];

    fn task(&self, view: usize) -> Result<Self, String> {
        let (size, most) = (self.size, MAX_REACH - view);
        if size < 7 || size.is_multiple_of(2) || size as usize > most {
            return Err(format!(
                "field `world.Memory.size`: is {size}, must be odd and from 7 to {most}"
            ));
        }
        Ok(self.clone())
    }

    fn max_steps(&self) -> u32 {
        5 * u32::from(self.size).pow(2)
    }
}

impl Task for MemoryConfig {
    type Layout = MemoryLayout;

    fn blank(&self, view: usize, rules: Rules) -> (Grid, Rules) {
        let size = self.size as usize;
        (Grid::new(size, size, view), rules)
    }

    fn axes(&self) -> Vec<Axis> {
        let varies = self.varies();
        let longest = self.corridors().end - 1;
        let numbers = |values: RangeInclusive<u8>| values.map(|n| n.to_string()).collect();
        let all: [(bool, &str, Vec<String>); 5] = [
            (
                true,
                INSTRUCTION,
                INSTRUCTIONS.map(|o| o.name().to_owned()).to_vec(),
            ),
            (
                true,
                ORDER,
                ORDERS.map(|o| o.name().to_lowercase()).to_vec(),
            ),
            (
                varies.corridor,
                CORRIDOR,
                numbers(self.corridors().start..=longest),
            ),
            (varies.start, START, numbers(self.starts(longest))),
            (
                varies.heading,
                HEADING,
                (self.headings().iter())
                    .map(|h| h.name().to_owned())
                    .collect(),
            ),
        ];
        all.into_iter()
            .filter(|(varies, ..)| *varies)
            .map(|(_, axis, values)| (axis.to_owned(), values))
            .collect()
    }

    /// In MiniGrid's order: length, start, direction, instruction, target order.
    ///
    /// What is given is not drawn, as in the fork. A given start leaves the corridors that reach
    /// it, all alike.
    fn draw(&self, rng: &mut Pcg64, given: &Facts) -> Option<MemoryLayout> {
        let number = |axis| given.get(axis).and_then(|value| value.parse::<u8>().ok());
        let (corridor, start) = (number(CORRIDOR), number(START));
        let hallway_end = match corridor {
            Some(column) => column,
            None if self.random_length => {
                let shortest = start.map_or(4, |column| column.max(4));
                rng.integers(u32::from(shortest), u32::from(self.size) - 2) as u8
            }
            None => self.size - 3,
        };
        let agent_x = match (start, self.start) {
            (Some(column), _) => column,
            (None, Start::Random) => rng.integers(1, u32::from(hallway_end) + 1) as u8,
            (None, Start::Fixed) => 1,
        };
        let agent_dir = match (given.get(HEADING), self.direction) {
            (Some(name), _) => *Direction::ALL.iter().find(|h| h.name() == name)?,
            (None, StartDirection::Fixed) => Direction::Right,
            (None, StartDirection::Random) => Direction::from_index(rng.integers(0, 4) as u8),
        };
        let instruction = match given.get(INSTRUCTION) {
            Some(name) => *INSTRUCTIONS.iter().find(|o| o.name() == name)?,
            None => INSTRUCTIONS[rng.integers(0, 2) as usize],
        };
        let order = match given.get(ORDER) {
            Some(name) => *ORDERS.iter().find(|o| o.name().to_lowercase() == name)?,
            None => ORDERS[rng.integers(0, 2) as usize],
        };
        (agent_x <= hallway_end).then_some(MemoryLayout {
            configuration: Configuration { instruction, order },
            hallway_end,
            agent_x,
            agent_dir,
            varies: self.varies(),
        })
    }

    fn layouts(&self, most: usize) -> Option<Vec<(MemoryLayout, f64)>> {
        let alike = self.headings().len() * Configuration::ALL.len();
        let places: usize = self.corridors().map(|end| self.starts(end).len()).sum();
        if places * alike > most {
            return None;
        }
        let mut out = Vec::with_capacity(places * alike);
        for hallway_end in self.corridors() {
            let count = self.corridors().len() * self.starts(hallway_end).len() * alike;
            for agent_x in self.starts(hallway_end) {
                for &agent_dir in self.headings() {
                    for configuration in Configuration::ALL {
                        let layout = MemoryLayout {
                            configuration,
                            hallway_end,
                            agent_x,
                            agent_dir,
                            varies: self.varies(),
                        };
                        out.push((layout, 1.0 / count as f64));
                    }
                }
            }
        }
        Some(out)
    }

    /// # Panics
    /// If the world has another size.
    fn build(&self, layout: &MemoryLayout, world: &mut World) {
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
        for (side, mark) in [
            (side, Mark::Success),
            (side.other(), Mark::Failure(Failure::WrongTarget)),
        ] {
            let (x, y) = layout.target_cell(self.size, side);
            world.set_mark(x as usize, y as usize, mark);
        }
    }

    fn mission(&self, _layout: &MemoryLayout) -> String {
        "go to the matching object at the end of the hallway".to_owned()
    }

    fn failures(&self) -> &'static [Failure] {
        &[Failure::WrongTarget]
    }

    fn items(&self) -> &'static [Object] {
        &INSTRUCTIONS
    }

    fn cue_axis(&self) -> Option<&'static str> {
        Some(INSTRUCTION)
    }

    /// A frame alone does not tell the instruction from the targets; where these stand does.
    fn cue(&self, layout: &MemoryLayout, world: &World, observation: &[u8]) -> Option<Cell> {
        let (column, mid) = (i32::from(layout.hallway_end) + 1, i32::from(self.size / 2));
        let view = world.grid().view_size();
        let pose = world.agent();
        let (fx, fy) = pose.dir.vector();
        let (rx, ry) = (-fy, fx);
        (0..view * view).find_map(|index| {
            let kind = observation[index * 3];
            if !INSTRUCTIONS.iter().any(|&object| object as u8 == kind) {
                return None;
            }
            let cell = Cell::from_index(index, view);
            let side = cell.x as i32 - view as i32 / 2;
            let ahead = view as i32 - 1 - cell.y as i32;
            let x = i32::from(pose.x) + side * rx + ahead * fx;
            let y = i32::from(pose.y) + side * ry + ahead * fy;
            let is_target = x == column && (y == mid - 2 || y == mid + 2);
            (!is_target).then_some(cell)
        })
    }

    /// Columns that datasets of memory worlds have had from the first.
    fn columns(&self, layout: &MemoryLayout) -> Vec<(&'static str, String)> {
        let Configuration { instruction, order } = layout.configuration;
        let side = match layout.configuration.success_side() {
            Side::Left => "left",
            Side::Right => "right",
        };
        vec![
            ("instruction", instruction.name().to_owned()),
            ("left_right", order.name().to_owned()),
            ("target_side", side.to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_layouts_has_at_most_as_many_as_allowed() {
        let memory = MemoryConfig {
            size: 13,
            random_length: true,
            start: Start::Random,
            direction: StartDirection::Random,
        };
        let all = memory.layouts(usize::MAX).unwrap();
        assert_eq!(memory.layouts(all.len()).unwrap(), all);
        assert_eq!(memory.layouts(all.len() - 1), None);
    }
}
