//! What the screen shows, as a rectangle of characters.

use dt_env::render::seen_cells;
use dt_env::{Direction, Object, Tile, World};

use super::session::{Ending, Session};
use super::sprite::{CellSize, cell};

/// Columns between the world and the agent's view.
const GAP: usize = 3;
/// Rows of text around the pictures.
const TEXT_ROWS: usize = 7;
const KEYS: [&str; 2] = [
    "left/right: turn   up: forward   p: pick up   d: drop   t, space: toggle",
    "enter: done   r: again   n: next episode   q: quit",
];

/// One character with its colours; `None` is the terminal's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph {
    pub symbol: char,
    pub ink: Option<[u8; 3]>,
    pub ground: Option<[u8; 3]>,
}

impl Glyph {
    const BLANK: Self = Self::plain(' ');

    const fn plain(symbol: char) -> Self {
        Self {
            symbol,
            ink: None,
            ground: None,
        }
    }
}

/// A screen's worth of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub width: usize,
    pub glyphs: Vec<Glyph>,
}

impl Page {
    fn blank(width: usize, height: usize) -> Self {
        Self {
            width,
            glyphs: vec![Glyph::BLANK; width * height],
        }
    }

    /// The rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[Glyph]> {
        self.glyphs.chunks_exact(self.width.max(1))
    }

    /// Puts one glyph; what lies outside the page is dropped.
    fn put(&mut self, x: usize, y: usize, glyph: Glyph) {
        if x < self.width
            && let Some(slot) = self.glyphs.get_mut(y * self.width + x)
        {
            *slot = glyph;
        }
    }

    fn write(&mut self, x: usize, y: usize, text: &str, ink: Option<[u8; 3]>) {
        for (n, symbol) in text.chars().enumerate() {
            let ground = None;
            self.put(
                x + n,
                y,
                Glyph {
                    symbol,
                    ink,
                    ground,
                },
            );
        }
    }
}

/// Cells to draw side by side, row by row.
struct Picture {
    columns: usize,
    cells: Vec<(Tile, Option<Direction>, bool)>,
}

impl Picture {
    fn of_world(world: &World) -> Self {
        let (grid, agent) = (world.grid(), world.agent());
        let columns = grid.width();
        let lit = seen_cells(world);
        let cell = |n: usize| {
            let (x, y) = (n % columns, n / columns);
            let here = (x, y) == (agent.x as usize, agent.y as usize);
            (grid.get(x, y), here.then_some(agent.dir), lit[n])
        };
        let cells = (0..lit.len()).map(cell).collect();
        Self { columns, cells }
    }

    /// The agent's view; it stands at the bottom centre and looks up.
    fn of_view(world: &World) -> Self {
        let observation = world.observation();
        let columns = world.grid().view_size();
        let cell = |n: usize| {
            let (i, j) = (n % columns, n / columns);
            let at = (i * columns + j) * 3;
            let bytes = [0, 1, 2].map(|channel| observation[at + channel]);
            let tile = Tile::from_encoding(bytes).unwrap_or(Tile::EMPTY);
            let here = (i, j) == (columns / 2, columns - 1);
            let heading = here.then_some(Direction::Up);
            (tile, heading, tile.object() != Object::Unseen)
        };
        let cells = (0..columns * columns).map(cell).collect();
        Self { columns, cells }
    }

    fn rows(&self) -> usize {
        self.cells.len() / self.columns
    }

    fn draw(&self, page: &mut Page, left: usize, top: usize, size: CellSize) {
        let (columns, rows) = size.extent();
        for (n, &(tile, agent, lit)) in self.cells.iter().enumerate() {
            let x = left + n % self.columns * columns;
            let y = top + n / self.columns * rows;
            for (k, glyph) in cell(tile, agent, lit, size).into_iter().enumerate() {
                page.put(x + k % columns, y + k / columns, glyph);
            }
        }
    }
}

/// Draws a session, as large as the terminal allows.
pub fn draw(session: &Session, width: usize, height: usize) -> Page {
    let mut page = Page::blank(width, height);
    let world = session.env().world();
    let pictures = [Picture::of_world(world), Picture::of_view(world)];
    let picture_rows = pictures.iter().map(Picture::rows).max().unwrap_or(0);
    let cells = pictures[0].columns + pictures[1].columns;
    let needs = |size: CellSize| {
        let (columns, rows) = size.extent();
        (cells * columns + GAP, picture_rows * rows + TEXT_ROWS)
    };
    let fits = |size: &CellSize| needs(*size).0 <= width && needs(*size).1 <= height;
    let Some(size) = [CellSize::Dots, CellSize::Short].into_iter().find(fits) else {
        let (columns, rows) = needs(CellSize::Short);
        page.write(0, 0, &format!("this world needs {columns} x {rows}"), None);
        page.write(
            0,
            1,
            &format!("characters, here are {width} x {height}"),
            None,
        );
        page.write(0, 2, "make the window larger, or q: quit", None);
        return page;
    };
    // Blank rows where there is room: after the title, after the pictures, before the keys.
    let spare = height - needs(size).1;
    let second = pictures[0].columns * size.extent().0 + GAP;
    page.write(0, 0, &session.title(), None);
    let top = 1 + usize::from(spare >= 1);
    page.write(0, top, "world", None);
    page.write(second, top, "what the agent sees", None);
    pictures[0].draw(&mut page, 0, top + 1, size);
    pictures[1].draw(&mut page, second, top + 1, size);
    let below = top + 1 + picture_rows * size.extent().1 + usize::from(spare >= 2);
    page.write(0, below, &session.status(), None);
    page.write(0, below + 1, &session.last_action(), None);
    let color = session.ending().map(|ending| match ending {
        Ending::Success => [0, 200, 0],
        Ending::Failure => [255, 80, 80],
        Ending::Timeout => [230, 180, 0],
    });
    page.write(0, below + 2, &session.message(), color);
    for (n, line) in KEYS.iter().enumerate() {
        let row = below + 3 + usize::from(spare >= 3) + n;
        page.write(0, row, line, Some([150; 3]));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use dt_env::{Action, Env, EnvSpec};

    fn session(id: &str) -> Session {
        Session::new(Env::new(EnvSpec::find(id).unwrap().into()), 0)
    }

    fn text(page: &Page) -> String {
        let line = |row: &[Glyph]| row.iter().map(|g| g.symbol).collect::<String>();
        let lines: Vec<String> = page.rows().map(|r| line(r).trim_end().to_owned()).collect();
        lines.join("\n")
    }

    #[test]
    fn every_builtin_world_fits_eighty_by_twenty_four() {
        for spec in EnvSpec::all_builtin() {
            let page = draw(&session(&spec.id), 80, 24);
            let text = text(&page);
            assert!(text.contains("step 0 of"), "{}:\n{text}", spec.id);
            assert!(text.contains("q: quit"), "{}:\n{text}", spec.id);
        }
    }

    #[test]
    fn a_small_world_is_drawn_large() {
        let large = text(&draw(&session("MiniGrid-MemoryS7-v0"), 80, 24));
        assert!(large.contains('█') && !large.contains("()"), "{large}");
        let small = text(&draw(&session("MiniGrid-MemoryS7-v0"), 79, 20));
        assert!(small.contains("()") && small.contains("=>"), "{small}");
    }

    #[test]
    fn tiny_terminals_get_a_message_and_no_panic() {
        for (width, height) in [(0, 0), (1, 1), (30, 5), (80, 3), (5, 80)] {
            let page = draw(&session("MiniGrid-MemoryS7-v0"), width, height);
            assert_eq!(page.glyphs.len(), width * height);
        }
        let text = text(&draw(&session("MiniGrid-MemoryS7-v0"), 40, 10));
        assert!(text.starts_with("this world needs 31 x 14"), "{text}");
    }

    #[test]
    fn the_ending_is_shown() {
        let mut session = session("MiniGrid-MemoryS7FixedStart-v0");
        for action in [2, 2, 2, 2, 1, 2] {
            session.act(Action::from_index(action).unwrap());
        }
        let text = text(&draw(&session, 80, 24));
        assert!(text.contains("SUCCESS in 6 steps"), "{text}");
    }
}
