//! What one cell of the world holds, packed into sixteen bits.

use std::fmt;

/// Kind of object, numbered as MiniGrid's `OBJECT_TO_IDX`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[repr(u8)]
#[allow(missing_docs)] // the names say it
pub enum Object {
    Unseen = 0,
    Empty = 1,
    Wall = 2,
    Floor = 3,
    Door = 4,
    Key = 5,
    Ball = 6,
    Box = 7,
    Goal = 8,
    Lava = 9,
    Agent = 10,
}

impl Object {
    /// Every kind, in index order.
    pub const ALL: [Self; 11] = [
        Self::Unseen,
        Self::Empty,
        Self::Wall,
        Self::Floor,
        Self::Door,
        Self::Key,
        Self::Ball,
        Self::Box,
        Self::Goal,
        Self::Lava,
        Self::Agent,
    ];

    /// MiniGrid's name of the kind (`"key"`).
    pub fn name(self) -> &'static str {
        [
            "unseen", "empty", "wall", "floor", "door", "key", "ball", "box", "goal", "lava",
            "agent",
        ][self as usize]
    }

    /// The colour that every object of this kind has, where they all have one; that of the empty cell
    /// is what it is encoded with.
    pub fn own_color(self) -> Option<Color> {
        match self {
            Self::Empty => Some(Tile::EMPTY.color()),
            Self::Goal => Some(Color::Green),
            Self::Lava => Some(Color::Red),
            _ => None,
        }
    }

    /// The kind with this index (0 to 10), if there is one.
    pub fn from_index(index: u8) -> Option<Self> {
        Self::ALL.get(index as usize).copied()
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Colour, numbered as MiniGrid's `COLOR_TO_IDX`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Color {
    Red = 0,
    Green = 1,
    Blue = 2,
    Purple = 3,
    Yellow = 4,
    Grey = 5,
}

impl Color {
    /// Every colour, in index order.
    pub const ALL: [Self; 6] = [
        Self::Red,
        Self::Green,
        Self::Blue,
        Self::Purple,
        Self::Yellow,
        Self::Grey,
    ];

    /// MiniGrid's name of the colour (`"green"`).
    pub fn name(self) -> &'static str {
        ["red", "green", "blue", "purple", "yellow", "grey"][self as usize]
    }

    /// Red, green and blue, 0 to 255, as MiniGrid draws them.
    pub fn rgb(self) -> [u8; 3] {
        [
            [255, 0, 0],
            [0, 255, 0],
            [0, 0, 255],
            [112, 39, 195],
            [255, 255, 0],
            [100, 100, 100],
        ][self as usize]
    }

    /// The colour with this index (0 to 5), if there is one.
    pub fn from_index(index: u8) -> Option<Self> {
        Self::ALL.get(index as usize).copied()
    }
}

/// State of a door, numbered as MiniGrid's `STATE_TO_IDX`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum DoorState {
    Open = 0,
    Closed = 1,
    Locked = 2,
}

/// One cell: object, colour, state and, for a box, what lies inside.
///
/// Bits 0–3 object, 4–6 colour, 7–8 state, 9–12 object inside (0: nothing), 13–15 its colour.
/// A box inside a box therefore has nothing inside it, which MiniGrid's own worlds never need.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile(u16);

impl Tile {
    /// The empty cell, which MiniGrid encodes as `(1, 0, 0)`.
    pub const EMPTY: Self = Self::new(Object::Empty, Color::Red, 0);
    /// A grey wall, `(2, 5, 0)`; cells outside the world read as this too.
    pub const WALL: Self = Self::new(Object::Wall, Color::Grey, 0);

    /// A tile from its parts; `state` is 0 except for doors (see [`DoorState`]).
    pub const fn new(object: Object, color: Color, state: u8) -> Self {
        Self(object as u16 | (color as u16) << 4 | ((state & 3) as u16) << 7)
    }

    /// A tile from MiniGrid's three bytes, or `None` where one is out of range.
    pub fn from_encoding([object, color, state]: [u8; 3]) -> Option<Self> {
        if state > DoorState::Locked as u8 {
            return None;
        }
        Some(Self::new(
            Object::from_index(object)?,
            Color::from_index(color)?,
            state,
        ))
    }

    /// The same box with `inside` in it; the inner tile's state is dropped.
    pub fn with_contents(self, inside: Option<Self>) -> Self {
        let bits = inside.map_or(0, |t| (t.0 & 0x7f) << 9);
        Self(self.0 & 0x1ff | bits)
    }

    /// What a box becomes when it is opened: its contents, or the empty cell.
    pub fn contents(self) -> Self {
        match self.0 >> 9 {
            0 => Self::EMPTY,
            bits => Self(bits),
        }
    }

    /// Kind of object.
    #[inline]
    pub fn object(self) -> Object {
        Object::ALL[(self.0 & 15) as usize]
    }

    /// Colour.
    #[inline]
    pub fn color(self) -> Color {
        Color::ALL[(self.0 >> 4 & 7) as usize]
    }

    /// State byte: a door's [`DoorState`], otherwise 0.
    #[inline]
    pub fn state(self) -> u8 {
        (self.0 >> 7 & 3) as u8
    }

    /// MiniGrid's three bytes: object, colour, state.
    #[inline]
    pub fn encode(self) -> [u8; 3] {
        [(self.0 & 15) as u8, (self.0 >> 4 & 7) as u8, self.state()]
    }

    #[inline]
    fn in_set(self, set: u16) -> bool {
        set >> (self.0 & 15) & 1 == 1
    }

    #[inline]
    fn is_open_door(self) -> bool {
        self.0 & 0b1_1000_1111 == Object::Door as u16
    }

    /// Whether the agent can walk onto it: empty, floor, goal, lava, open door.
    #[inline]
    pub fn can_overlap(self) -> bool {
        self.in_set(set(&[
            Object::Empty,
            Object::Floor,
            Object::Goal,
            Object::Lava,
        ])) || self.is_open_door()
    }

    /// Whether it can be picked up: key, ball, box.
    #[inline]
    pub fn can_pick_up(self) -> bool {
        self.in_set(set(&[Object::Key, Object::Ball, Object::Box]))
    }

    /// Whether the agent sees what lies behind it: all but walls and doors that are not open.
    #[inline]
    pub fn see_behind(self) -> bool {
        !self.in_set(set(&[Object::Wall, Object::Door])) || self.is_open_door()
    }

    /// Whether an agent with these hands can change the cell in front: take it, toggle it, or put
    /// something there.
    #[inline]
    pub(crate) fn may_change(self, carrying: Self) -> bool {
        let thing = self.in_set(set(&[Object::Key, Object::Ball, Object::Box, Object::Door]));
        thing | ((self == Self::EMPTY) & (carrying != Self::EMPTY))
    }

    /// Whether a toggle does something to it: doors and boxes.
    #[inline]
    pub fn can_toggle(self) -> bool {
        self.in_set(set(&[Object::Door, Object::Box]))
    }

    /// What the cell holds after a toggle by an agent that carries `carrying`.
    ///
    /// A locked door opens to a key of its colour and nothing else; the key is kept. Other doors
    /// flip between open and closed. A box is replaced by its contents.
    pub fn toggled(self, carrying: Self) -> Self {
        match self.object() {
            Object::Box => self.contents(),
            Object::Door => {
                let state = match self.state() {
                    2 if carrying.object() == Object::Key && carrying.color() == self.color() => {
                        DoorState::Open
                    }
                    2 => DoorState::Locked,
                    0 => DoorState::Closed,
                    _ => DoorState::Open,
                };
                Self::new(Object::Door, self.color(), state as u8)
            }
            _ => self,
        }
    }
}

const fn set(objects: &[Object]) -> u16 {
    let mut bits = 0;
    let mut i = 0;
    while i < objects.len() {
        bits |= 1 << objects[i] as u16;
        i += 1;
    }
    bits
}

impl fmt::Debug for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.color().name(), self.object())?;
        match (self.object(), self.state()) {
            (Object::Door, 0) => f.write_str(" (open)"),
            (Object::Door, 1) => f.write_str(" (closed)"),
            (Object::Door, _) => f.write_str(" (locked)"),
            (Object::Box, _) if self.0 >> 9 != 0 => write!(f, " holding {:?}", self.contents()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_round_trips() {
        for object in Object::ALL {
            for color in Color::ALL {
                for state in 0..3 {
                    let tile = Tile::new(object, color, state);
                    assert_eq!(Tile::from_encoding(tile.encode()), Some(tile));
                    assert_eq!(tile.object(), object);
                    assert_eq!(tile.color(), color);
                }
            }
        }
        assert_eq!(Tile::from_encoding([11, 0, 0]), None);
        assert_eq!(Tile::from_encoding([5, 6, 0]), None);
        assert_eq!(Tile::from_encoding([4, 0, 3]), None);
    }

    #[test]
    fn doors_follow_minigrid() {
        let door = |state: DoorState| Tile::new(Object::Door, Color::Blue, state as u8);
        let key = |color| Tile::new(Object::Key, color, 0);
        assert!(door(DoorState::Open).can_overlap() && door(DoorState::Open).see_behind());
        assert!(!door(DoorState::Closed).can_overlap() && !door(DoorState::Closed).see_behind());
        let locked = door(DoorState::Locked);
        assert_eq!(locked.toggled(Tile::EMPTY), locked);
        assert_eq!(locked.toggled(key(Color::Red)), locked);
        assert_eq!(locked.toggled(key(Color::Blue)), door(DoorState::Open));
        assert_eq!(
            door(DoorState::Open).toggled(Tile::EMPTY),
            door(DoorState::Closed)
        );
    }

    #[test]
    fn boxes_give_up_their_contents() {
        let key = Tile::new(Object::Key, Color::Yellow, 0);
        let chest = Tile::new(Object::Box, Color::Purple, 0);
        assert_eq!(
            chest.with_contents(Some(key)).toggled(Tile::EMPTY),
            key,
            "a box is replaced by what it holds"
        );
        assert_eq!(chest.toggled(Tile::EMPTY), Tile::EMPTY);
        assert_eq!(chest.with_contents(Some(key)).encode(), chest.encode());
    }
}
