//! The seven actions and the four headings.

use std::fmt;

/// An action, numbered as MiniGrid's `Actions`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[repr(u8)]
pub enum Action {
    /// Turn left on the spot.
    Left = 0,
    /// Turn right on the spot.
    Right = 1,
    /// Walk one cell, if the cell in front can be walked on.
    Forward = 2,
    /// Take the object in front, if nothing is carried.
    Pickup = 3,
    /// Put the carried object into the empty cell in front.
    Drop = 4,
    /// Open or close the door, or open the box, in front.
    Toggle = 5,
    /// Say that the task is done; most tasks ignore it.
    Done = 6,
}

impl Action {
    /// Every action, in index order.
    pub const ALL: [Self; 7] = [
        Self::Left,
        Self::Right,
        Self::Forward,
        Self::Pickup,
        Self::Drop,
        Self::Toggle,
        Self::Done,
    ];

    /// Number of actions.
    pub const COUNT: usize = Self::ALL.len();

    /// MiniGrid's name of the action (`"forward"`).
    pub fn name(self) -> &'static str {
        [
            "left", "right", "forward", "pickup", "drop", "toggle", "done",
        ][self as usize]
    }

    /// The action with this index (0 to 6), if there is one.
    pub fn from_index(index: u8) -> Option<Self> {
        Self::ALL.get(index as usize).copied()
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Heading of the agent, numbered as MiniGrid's `agent_dir`; y grows downwards.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[repr(u8)]
pub enum Direction {
    /// Towards +x.
    Right = 0,
    /// Towards +y.
    Down = 1,
    /// Towards −x.
    Left = 2,
    /// Towards −y.
    Up = 3,
}

impl Direction {
    /// Every heading, in index order.
    pub const ALL: [Self; 4] = [Self::Right, Self::Down, Self::Left, Self::Up];

    /// The heading with this index, modulo 4.
    #[inline]
    pub fn from_index(index: u8) -> Self {
        Self::ALL[(index & 3) as usize]
    }

    /// Name of the heading, as on a screen: `"right"`, `"down"`, `"left"`, `"up"`.
    pub fn name(self) -> &'static str {
        ["right", "down", "left", "up"][self as usize]
    }

    /// Unit step `(dx, dy)` of this heading.
    #[inline]
    pub fn vector(self) -> (i32, i32) {
        [(1, 0), (0, 1), (-1, 0), (0, -1)][self as usize]
    }
}

/// Where the agent stands and where it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pose {
    /// Column, from 0 at the left.
    pub x: u8,
    /// Row, from 0 at the top.
    pub y: u8,
    /// Heading.
    pub dir: Direction,
}
