//! Hand-drawn worlds: an ASCII map, a legend, and a rule for success.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::core::action::{Direction, Pose};
use crate::core::grid::Grid;
use crate::core::rng::Pcg64;
use crate::core::tile::{Color, DoorState, Object, Tile};
use crate::core::world::{Mark, Rules, World};
use crate::facts::{Axis, Facts};
use crate::outcome::Failure;
use crate::tasks::{Options, Task};

/// A world drawn in characters.
///
/// Known characters: `#` wall, `.` or space empty, `>` `v` `<` `^` the agent and its heading,
/// `+` a cell that means success, `-` a cell that means failure, `K` and `B` a green key and
/// ball, `G` a goal, `L` lava. The legend adds others, or gives these another meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapConfig {
    /// Rows from top to bottom, all of one length, closed by walls on every side.
    pub rows: Vec<String>,
    /// Further characters and what they stand for.
    #[serde(default)]
    pub legend: BTreeMap<char, Thing>,
    /// What counts as success.
    pub success: Success,
}

/// An object of a hand-drawn map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thing {
    /// Kind of object.
    pub object: Object,
    /// Its colour.
    #[serde(default = "grey")]
    pub color: Color,
    /// A door's state.
    #[serde(default = "open")]
    pub state: DoorState,
    /// What a box holds.
    #[serde(default)]
    pub holds: Option<(Object, Color)>,
}

fn grey() -> Color {
    Color::Grey
}

fn open() -> DoorState {
    DoorState::Open
}

impl Thing {
    fn tile(self) -> Tile {
        let state = match self.object {
            Object::Door => self.state as u8,
            _ => 0,
        };
        Tile::new(self.object, self.color, state).with_contents(
            self.holds
                .map(|(object, color)| Tile::new(object, color, 0)),
        )
    }
}

/// What counts as success in a hand-drawn map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Success {
    /// Standing on a `+` cell; standing on a `-` cell ends the episode without reward.
    Reach,
    /// Walking onto a goal tile.
    Goal,
    /// Picking up an object of this kind and colour.
    PickUp {
        /// Kind of object.
        object: Object,
        /// Its colour.
        color: Color,
    },
}

/// A map that has been checked and can be built any number of times.
#[derive(Clone, Debug)]
pub struct ParsedMap {
    grid: Grid,
    agent: Pose,
    marks: Vec<(usize, usize, Mark)>,
    wanted: Option<Tile>,
    success: Success,
}

impl MapConfig {
    /// Checks the drawing.
    ///
    /// # Errors
    /// A sentence that names the row and column of what is wrong.
    pub fn parse(&self, view: usize) -> Result<ParsedMap, String> {
        let rows: Vec<Vec<char>> = self.rows.iter().map(|row| row.chars().collect()).collect();
        let height = rows.len();
        let width = rows.first().map_or(0, Vec::len);
        if width < 3 || height < 3 {
            return Err("rows: a map needs at least 3 rows of 3 characters".to_owned());
        }
        if width.max(height) + view > crate::core::grid::MAX_REACH {
            let most = crate::core::grid::MAX_REACH - view;
            return Err(format!(
                "rows: a map may be at most {most} cells wide and high with view_size {view}"
            ));
        }
        let mut grid = Grid::new(width, height, view);
        let mut agent = None;
        let mut marks = Vec::new();
        for (y, row) in rows.iter().enumerate() {
            if row.len() != width {
                return Err(format!(
                    "rows[{y}]: has {} characters, the first row has {width}",
                    row.len()
                ));
            }
            for (x, &c) in row.iter().enumerate() {
                let tile = match (self.legend.get(&c), c) {
                    (Some(thing), _) => thing.tile(),
                    (None, '#') => Tile::WALL,
                    (None, '.' | ' ') => Tile::EMPTY,
                    (None, 'K') => Tile::new(Object::Key, Color::Green, 0),
                    (None, 'B') => Tile::new(Object::Ball, Color::Green, 0),
                    (None, 'G') => Tile::new(Object::Goal, Color::Green, 0),
                    (None, 'L') => Tile::new(Object::Lava, Color::Red, 0),
                    (None, '+' | '-') => {
                        let mark = if c == '+' {
                            Mark::Success
                        } else {
                            Mark::Failure(Failure::WrongTarget)
                        };
                        marks.push((x, y, mark));
                        Tile::EMPTY
                    }
                    (None, '>' | 'v' | '<' | '^') => {
                        if agent.is_some() {
                            return Err(format!("rows[{y}], column {x}: a second agent"));
                        }
                        let dir = match c {
                            '>' => Direction::Right,
                            'v' => Direction::Down,
                            '<' => Direction::Left,
                            _ => Direction::Up,
                        };
                        let (x, y) = (x as u8, y as u8);
                        agent = Some(Pose { x, y, dir });
                        Tile::EMPTY
                    }
                    (None, other) => {
                        return Err(format!(
                            "rows[{y}], column {x}: '{other}' is not in the legend"
                        ));
                    }
                };
                let border = x == 0 || y == 0 || x == width - 1 || y == height - 1;
                if border && tile.object() != Object::Wall {
                    return Err(format!(
                        "rows[{y}], column {x}: the border must be wall, found {tile:?}"
                    ));
                }
                grid.set(x, y, tile);
            }
        }
        if let Some((c, thing)) = self.legend.iter().find(|(_, thing)| {
            let inside = thing.holds.map(|(object, _)| object);
            [Some(thing.object), inside]
                .into_iter()
                .flatten()
                .any(|object| matches!(object, Object::Unseen | Object::Agent))
        }) {
            return Err(format!(
                "legend: '{c}' is {}, which no cell can hold",
                thing.object
            ));
        }
        let agent = agent.ok_or("rows: no agent; draw one of > v < ^ where it starts")?;
        let wanted = match self.success {
            Success::Reach if !marks.iter().any(|m| m.2 == Mark::Success) => {
                return Err("success: Reach needs at least one + cell".to_owned());
            }
            Success::Goal if !holds(&grid, Object::Goal) => {
                return Err("success: Goal needs at least one goal tile".to_owned());
            }
            Success::PickUp { object, color } => {
                let wanted = Tile::new(object, color, 0);
                if !wanted.can_pick_up() {
                    return Err(format!("success: a {object} cannot be picked up"));
                }
                let encoded = grid.encode();
                let lies = encoded
                    .chunks(3)
                    .any(|c| (c[0], c[1]) == (object as u8, color as u8));
                let in_box = |t: &Thing| t.holds == Some((object, color));
                if !lies && !self.legend.values().any(in_box) {
                    return Err(format!(
                        "success: the map holds no {} {object}",
                        color.name()
                    ));
                }
                Some(wanted)
            }
            _ => None,
        };
        Ok(ParsedMap {
            grid,
            agent,
            marks,
            wanted,
            success: self.success,
        })
    }
}

impl Options for MapConfig {
    type Task = Box<ParsedMap>;

    const BUILTIN: &'static [(&'static str, &'static str)] = &[builtin!("two-rooms")];

    fn task(&self, view: usize) -> Result<Box<ParsedMap>, String> {
        (self.parse(view).map(Box::new)).map_err(|message| format!("field `world.Map`: {message}"))
    }

    fn max_steps(&self) -> u32 {
        let width = self.rows.first().map_or(0, |row| row.chars().count());
        4 * (width * self.rows.len()) as u32
    }
}

/// Boxed, since it is far larger than the other families.
impl Task for Box<ParsedMap> {
    /// A map has one layout.
    type Layout = ();

    fn blank(&self, _view: usize, rules: Rules) -> (Grid, Rules) {
        let rules = Rules {
            wanted: self.wanted,
            ..rules
        };
        (self.grid.clone(), rules)
    }

    fn axes(&self) -> Vec<Axis> {
        Vec::new()
    }

    fn draw(&self, _rng: &mut Pcg64, _given: &Facts) -> Option<()> {
        Some(())
    }

    fn layouts(&self, _most: usize) -> Option<Vec<((), f64)>> {
        Some(vec![((), 1.0)])
    }

    fn build(&self, (): &(), world: &mut World) {
        world.grid_mut().copy_from(&self.grid);
        world.restart(self.agent);
        for &(x, y, mark) in &self.marks {
            world.set_mark(x, y, mark);
        }
    }

    fn mission(&self, (): &()) -> String {
        match self.success {
            Success::PickUp { object, color } => {
                format!("pick up the {} {object}", color.name())
            }
            Success::Goal => "get to the green goal square".to_owned(),
            Success::Reach => "go to a cell that means success".to_owned(),
        }
    }

    /// What the characters `K` and `B` stand for.
    fn items(&self) -> &'static [Object] {
        &[Object::Key, Object::Ball]
    }

    fn failures(&self) -> &'static [Failure] {
        let marked = self.marks.iter().any(|(_, _, mark)| *mark != Mark::Success);
        let lava = holds(&self.grid, Object::Lava);
        match (marked, lava) {
            (true, true) => &[Failure::WrongTarget, Failure::Lava],
            (true, false) => &[Failure::WrongTarget],
            (false, true) => &[Failure::Lava],
            (false, false) => &[],
        }
    }
}

fn holds(grid: &Grid, kind: Object) -> bool {
    grid.encode().chunks(3).any(|c| c[0] == kind as u8)
}
