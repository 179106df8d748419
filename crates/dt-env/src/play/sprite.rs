//! Cells of a world in characters, at two sizes.

use dt_env::{Color, Direction, DoorState, Object, Tile};

use super::screen::Glyph;

type Rgb = [u8; 3];

/// A cell in characters: a shape on a ground. Both sizes say the same.
struct Sprite {
    /// Four rows of eight dots, two by two to a character.
    dots: [&'static str; 4],
    /// Two characters, where there is no room for more.
    short: &'static str,
    ink: Rgb,
    ground: Rgb,
}

const NOTHING: [&str; 4] = ["", "", "", ""];
const BLACK: Rgb = [0; 3];

impl Sprite {
    fn flat(ground: Rgb) -> Self {
        Self {
            dots: NOTHING,
            short: "  ",
            ink: ground,
            ground,
        }
    }

    fn of(tile: Tile) -> Self {
        let color = tile.color().rgb();
        let drawn = |dots, short, ink, ground| Self {
            dots,
            short,
            ink,
            ground,
        };
        match tile.object() {
            Object::Unseen | Object::Empty | Object::Agent => Self::flat(BLACK),
            Object::Wall | Object::Goal => Self::flat(color),
            Object::Floor => Self::flat(color.map(|c| c / 2)),
            Object::Lava => drawn(
                ["", " #   #", "# # # #", "   #   #"],
                "~~",
                BLACK,
                [255, 128, 0],
            ),
            Object::Door if tile.state() == DoorState::Open as u8 => {
                drawn(["       #"; 4], " |", color, BLACK)
            }
            Object::Door if tile.state() == DoorState::Locked as u8 => drawn(
                ["########", "#    # #", "#      #", "########"],
                "-|",
                color,
                color.map(|c| (0.45 * f64::from(c)) as u8),
            ),
            Object::Door => drawn(
                ["########", "#      #", "#    # #", "########"],
                ".|",
                color,
                BLACK,
            ),
            Object::Key => drawn(["", " ##", " # #####", " ##  # #"], "o=", color, BLACK),
            Object::Ball => drawn(
                ["  ####", " ######", " ######", "  ####"],
                "()",
                color,
                BLACK,
            ),
            Object::Box => drawn(
                [" ######", " #    #", " ######", " ######"],
                "[]",
                color,
                BLACK,
            ),
        }
    }

    /// The agent hides the shape of what lies under it; the ground stays.
    fn with_agent(self, heading: Direction) -> Self {
        let (dots, short) = match heading {
            Direction::Right => ([" ##", " ######", " ######", " ##"], "=>"),
            Direction::Left => (["     ##", " ######", " ######", "     ##"], "<="),
            Direction::Up => (["   ##", "   ##", "  ####", " ######"], "/\\"),
            Direction::Down => ([" ######", "  ####", "   ##", "   ##"], "\\/"),
        };
        Self {
            dots,
            short,
            ink: Color::Red.rgb(),
            ground: self.ground,
        }
    }

    fn lit(self) -> Self {
        // MiniGrid's highlight.
        let lighten = |rgb: Rgb| rgb.map(|c| (f64::from(c) + 0.3 * (255.0 - f64::from(c))) as u8);
        Self {
            ink: lighten(self.ink),
            ground: lighten(self.ground),
            ..self
        }
    }
}

/// Size of a cell on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellSize {
    /// Two characters.
    Short,
    /// Four characters by two.
    Dots,
}

impl CellSize {
    /// Columns and rows of one cell.
    pub fn extent(self) -> (usize, usize) {
        match self {
            Self::Short => (2, 1),
            Self::Dots => (4, 2),
        }
    }
}

/// The characters of a cell, row by row.
pub fn cell(tile: Tile, agent: Option<Direction>, lit: bool, size: CellSize) -> Vec<Glyph> {
    let mut sprite = Sprite::of(tile);
    if let Some(heading) = agent {
        sprite = sprite.with_agent(heading);
    }
    if lit {
        sprite = sprite.lit();
    }
    let glyph = |symbol| Glyph {
        symbol,
        ink: Some(sprite.ink),
        ground: Some(sprite.ground),
    };
    match size {
        CellSize::Short => sprite.short.chars().map(glyph).collect(),
        CellSize::Dots => {
            let dot = |x: usize, y: usize| sprite.dots[y].as_bytes().get(x) == Some(&b'#');
            let quad = |x, y| {
                let corners = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
                corners.map(|(x, y)| dot(x, y))
            };
            [0, 2]
                .into_iter()
                .flat_map(|y| [0, 2, 4, 6].map(|x| glyph(quadrants(quad(x, y)))))
                .collect()
        }
    }
}

/// The block character with these corners filled: top left, top right, bottom left, bottom right.
fn quadrants(filled: [bool; 4]) -> char {
    let index = filled
        .iter()
        .enumerate()
        .map(|(bit, &on)| usize::from(on) << bit)
        .sum::<usize>();
    [
        ' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█',
    ][index]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(tile: Tile, size: CellSize) -> String {
        cell(tile, None, false, size)
            .iter()
            .map(|g| g.symbol)
            .collect()
    }

    #[test]
    fn objects_can_be_told_apart_without_colour() {
        let door = |state: DoorState| Tile::new(Object::Door, Color::Blue, state as u8);
        let mut tiles = vec![
            door(DoorState::Open),
            door(DoorState::Closed),
            door(DoorState::Locked),
        ];
        for object in [Object::Key, Object::Ball, Object::Box, Object::Lava] {
            tiles.push(Tile::new(object, Color::Blue, 0));
        }
        for size in [CellSize::Short, CellSize::Dots] {
            let mut texts: Vec<String> = tiles.iter().map(|&t| text(t, size)).collect();
            texts.sort();
            texts.dedup();
            assert_eq!(texts.len(), tiles.len(), "{texts:?}");
        }
    }

    #[test]
    fn cells_have_the_size_they_claim() {
        for size in [CellSize::Short, CellSize::Dots] {
            let (columns, rows) = size.extent();
            for object in Object::ALL {
                let tile = Tile::new(object, Color::Grey, 0);
                for agent in [None, Some(Direction::Up), Some(Direction::Left)] {
                    assert_eq!(cell(tile, agent, true, size).len(), columns * rows);
                }
            }
        }
    }

    #[test]
    fn light_shows_on_empty_cells() {
        let dark = cell(Tile::EMPTY, None, false, CellSize::Short)[0].ground;
        let light = cell(Tile::EMPTY, None, true, CellSize::Short)[0].ground;
        assert_eq!((dark, light), (Some([0; 3]), Some([76; 3])));
    }
}
