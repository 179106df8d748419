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

/// An object of a hand-drawn map: one that MiniGrid could encode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Said")]
pub struct Thing {
    /// Kind of object.
    pub object: Object,
    /// Its colour; grey by default, but green goals, red lava.
    pub color: Color,
    /// A door's state; open by default, and of other things.
    pub state: DoorState,
    /// What a box holds.
    pub holds: Option<(Object, Color)>,
}

/// What a legend says of a thing.
#[derive(Deserialize)]
#[serde(rename = "Thing", deny_unknown_fields)]
struct Said {
    object: Object,
    #[serde(default)]
    color: Option<Color>,
    #[serde(default)]
    state: Option<DoorState>,
    #[serde(default)]
    holds: Option<(Object, Color)>,
}

impl TryFrom<Said> for Thing {
    type Error = String;

    fn try_from(said: Said) -> Result<Self, String> {
        let object = said.object;
        if matches!(object, Object::Unseen | Object::Agent) {
            return Err(format!("object: is {object}, which no cell can hold"));
        }
        let own = object.own_color();
        let color = match (own, said.color) {
            // Grey is what older definitions, written out, say of what has no colour to choose.
            (Some(own), None | Some(Color::Grey)) => own,
            (_, given) => given.unwrap_or(Color::Grey),
        };
        check_color("color", object, color)?;
        let state = said.state.unwrap_or(DoorState::Open);
        if object != Object::Door && state != DoorState::Open {
            return Err(format!("state: only doors have one, and this is {object}"));
        }
        match said.holds {
            Some(_) if object != Object::Box => {
                return Err(format!("holds: only a box does, and this is {object}"));
            }
            Some((Object::Empty, _)) => {
                return Err("holds: leave it out where the box is empty".to_owned());
            }
            // What lies in a box is kept without its state, and a door is nothing without one.
            Some((inside @ (Object::Unseen | Object::Agent | Object::Door), _)) => {
                return Err(format!("holds: is {inside}, which no box can hold"));
            }
            Some((inside, color)) => check_color("holds", inside, color)?,
            None => {}
        }
        Ok(Self {
            object,
            color,
            state,
            holds: said.holds,
        })
    }
}

/// Refuses a colour that MiniGrid never gives this object.
fn check_color(field: &str, object: Object, color: Color) -> Result<(), String> {
    match object.own_color() {
        Some(_) if object == Object::Empty && color != Tile::EMPTY.color() => {
            Err(format!("{field}: an empty cell has none"))
        }
        Some(own) if color != own => Err(format!(
            "{field}: is {}, but {object} is always {}",
            color.name(),
            own.name()
        )),
        _ => Ok(()),
    }
}

impl Thing {
    fn tile(self) -> Tile {
        let tile = Tile::new(self.object, self.color, self.state as u8);
        tile.with_contents(
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
        let agent = agent.ok_or("rows: no agent; draw one of > v < ^ where it starts")?;
        let neighbours = Direction::ALL.map(|dir| grid.front(Pose { dir, ..agent }));
        if neighbours.iter().all(|tile| tile.object() == Object::Wall) {
            return Err(format!(
                "rows[{}], column {}: the agent is walled in",
                agent.y, agent.x
            ));
        }
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
                let is_wanted = |t: Tile| (t.object(), t.color()) == (object, color);
                let mut cells = (0..width * height).map(|n| grid.get(n % width, n / width));
                let lies = cells.any(|tile| is_wanted(tile) || is_wanted(tile.contents()));
                if !lies {
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

    fn needs_hands(&self) -> Option<&'static str> {
        matches!(self.success, Success::PickUp { .. }).then_some("world.Map.success")
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

#[cfg(test)]
mod tests {
    use crate::EnvSpec;
    use crate::tasks::WorldConfig;

    /// A world with `legend` for the character `e`, which lies before the agent.
    fn parse(legend: &str, success: &str, more: &str) -> Result<EnvSpec, String> {
        let text = format!(
            "(id: \"a\", world: Map((rows: [\"######\", \"#>eKG#\", \"#....#\", \"######\"], \
             legend: {{'e': ({legend})}}, success: {success})){more})"
        );
        EnvSpec::parse("a.ron", &text).map_err(|e| e.to_string())
    }

    fn seen(legend: &str) -> [u8; 3] {
        let WorldConfig::Map(map) = parse(legend, "Goal", "").unwrap().world else {
            unreachable!("it is a map");
        };
        map.parse(7).unwrap().grid.get(2, 1).encode()
    }

    #[test]
    fn things_are_what_minigrid_encodes() {
        for (legend, expected) in [
            ("object: Empty", [1, 0, 0]),
            ("object: Empty, color: Grey, state: Open", [1, 0, 0]),
            ("object: Goal", [8, 1, 0]),
            ("object: Lava, color: Grey", [9, 0, 0]),
            ("object: Floor, color: Blue", [3, 2, 0]),
            ("object: Wall", [2, 5, 0]),
            ("object: Door, color: Red, state: Locked", [4, 0, 2]),
            ("object: Key, state: Open", [5, 5, 0]),
            ("object: Box, holds: Some((Goal, Green))", [7, 5, 0]),
        ] {
            assert_eq!(seen(legend), expected, "{legend}");
        }
        for (legend, expected) in [
            (
                "object: Empty, color: Blue",
                "color: an empty cell has none",
            ),
            ("object: Goal, color: Red", "goal is always green"),
            ("object: Lava, color: Green", "lava is always red"),
            ("object: Key, state: Locked", "state: only doors"),
            ("object: Wall, state: Closed", "state: only doors"),
            ("object: Key, holds: Some((Ball, Red))", "holds: only a box"),
            (
                "object: Box, holds: Some((Empty, Red))",
                "holds: leave it out",
            ),
            ("object: Box, holds: Some((Door, Red))", "no box can hold"),
            ("object: Box, holds: Some((Agent, Red))", "no box can hold"),
            ("object: Box, holds: Some((Lava, Blue))", "holds: is blue"),
            ("object: Unseen", "no cell can hold"),
            ("object: Agent", "no cell can hold"),
        ] {
            let error = parse(legend, "Goal", "").unwrap_err();
            assert!(error.contains(expected), "{legend}: {error}");
            assert!(
                error.starts_with("a.ron:1:") && error.contains("legend"),
                "{error}"
            );
        }
    }

    #[test]
    fn tasks_that_cannot_be_done_are_refused() {
        let key = "PickUp(object: Key, color: Green)";
        parse("object: Floor", key, "").unwrap();
        let inside = "object: Box, holds: Some((Ball, Red))";
        parse(inside, "PickUp(object: Ball, color: Red)", "").unwrap();
        let error = parse("object: Floor", key, ", pickup: Toggle").unwrap_err();
        assert!(
            error.contains("`world.Map.success`") && error.contains("`pickup`"),
            "{error}"
        );
        for (success, expected) in [
            ("PickUp(object: Door, color: Red)", "cannot be picked up"),
            ("PickUp(object: Wall, color: Grey)", "cannot be picked up"),
            ("PickUp(object: Goal, color: Green)", "cannot be picked up"),
            ("PickUp(object: Lava, color: Red)", "cannot be picked up"),
            ("PickUp(object: Empty, color: Red)", "cannot be picked up"),
            ("PickUp(object: Ball, color: Red)", "holds no red ball"),
            ("Reach", "at least one + cell"),
        ] {
            let error = parse("object: Floor", success, "").unwrap_err();
            assert!(error.contains(expected), "{success}: {error}");
        }
        let walled =
            "(id: \"a\", world: Map((rows: [\"#####\", \"#>#G#\", \"#####\"], success: Goal)))";
        let error = EnvSpec::parse("a.ron", walled).unwrap_err().to_string();
        assert!(error.contains("walled in"), "{error}");
        // A box that the map does not have holds nothing for anyone.
        let text = "(id: \"a\", world: Map((rows: [\"####\", \"#>.#\", \"####\"], \
            legend: {'b': (object: Box, holds: Some((Key, Red)))}, \
            success: PickUp(object: Key, color: Red))))";
        let error = EnvSpec::parse("a.ron", text).unwrap_err().to_string();
        assert!(error.contains("holds no red key"), "{error}");
    }
}
