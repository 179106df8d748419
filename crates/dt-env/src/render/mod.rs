//! Pictures of worlds and of what an agent sees, pixel for pixel MiniGrid's own.
//!
//! Start from [`Renderer`]; [`write_png`] and [`write_gif`] put its pictures on disk. Equality
//! with MiniGrid 3.2.0 holds at its default of 32 pixels per cell, and is tested against pictures
//! that MiniGrid drew.
//!
//! ```
//! use dt_env::render::Renderer;
//! use dt_env::{Env, EnvSpec};
//!
//! let env = Env::new(EnvSpec::builtin("MiniGrid-MemoryS7-v0").unwrap().into());
//! let mut renderer = Renderer::default();
//! let world = renderer.render_world(env.world());
//! assert_eq!((world.width, world.height), (7 * 32, 7 * 32));
//! let view = renderer.render_observation(&env.world().observation()).unwrap();
//! assert_eq!(view.width, 7 * 32);
//! ```
//!
//! What it leaves out: mission text, and windows on a screen (`dt-env play` draws in a terminal).

mod file;
mod shape;
mod tile;

use crate::core::action::{Direction, Pose};
use crate::core::grid::Grid;
use crate::core::tile::{Object, Tile};
use crate::core::world::World;
use crate::shared::files::FilesError;

pub use file::{encode_gif, encode_png, encode_timed_gif, write_gif, write_png};

use tile::TileCache;

/// MiniGrid's pixels per cell.
pub const TILE_PIXELS: usize = 32;

/// Why a picture could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The bytes are not a square view.
    #[error("an observation has view * view * 3 bytes with an odd view, got {got}")]
    ObservationLength {
        /// Bytes given.
        got: usize,
    },
    /// Three bytes stand for no tile.
    #[error("observation cell ({column}, {row}): {bytes:?} is not a tile")]
    UnknownTile {
        /// View column.
        column: usize,
        /// View row.
        row: usize,
        /// Object, colour and state found there.
        bytes: [u8; 3],
    },
    /// An animation of nothing, or of pictures that do not fit together.
    #[error("an animation needs one picture or more, all of one size up to 65535 pixels")]
    Frames,
    /// An animation without a time for each picture.
    #[error("an animation of {pictures} pictures has {delays} times")]
    Delays {
        /// Pictures given.
        pictures: usize,
        /// Times given.
        delays: usize,
    },
    /// The PNG encoder refused the picture.
    #[error("cannot encode as PNG: {0}")]
    Png(#[from] png::EncodingError),
    /// The GIF encoder refused the pictures.
    #[error("cannot encode as GIF: {0}")]
    Gif(#[from] gif::EncodingError),
    /// The file could not be written.
    #[error("cannot write {0}")]
    Write(#[from] FilesError),
}

/// A picture: three bytes (red, green, blue) per pixel, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}

impl Picture {
    fn black(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            rgb: vec![0; width * height * 3],
        }
    }

    /// Red, green and blue of a pixel.
    ///
    /// # Panics
    /// If it lies outside the picture.
    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        assert!(x < self.width && y < self.height, "({x}, {y}) is outside");
        let at = (y * self.width + x) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Copies a square of `side` pixels to cell `(column, row)`.
    fn put(&mut self, column: usize, row: usize, side: usize, rgb: &[u8]) {
        for (dy, line) in rgb.chunks_exact(side * 3).enumerate() {
            let at = ((row * side + dy) * self.width + column * side) * 3;
            self.rgb[at..at + side * 3].copy_from_slice(line);
        }
    }
}

/// Draws worlds and views, and remembers the cells that it has drawn.
#[derive(Clone, Debug)]
pub struct Renderer {
    cells: TileCache,
}

impl Default for Renderer {
    /// MiniGrid's size, [`TILE_PIXELS`] per cell.
    fn default() -> Self {
        Self::new(TILE_PIXELS)
    }
}

impl Renderer {
    /// A renderer with cells of `side` × `side` pixels.
    ///
    /// # Panics
    /// If `side` is 0.
    pub fn new(side: usize) -> Self {
        assert!(side > 0, "a cell needs pixels");
        Self {
            cells: TileCache::new(side),
        }
    }

    /// The whole world with the agent; cells that it sees now are lighter.
    pub fn render_world(&mut self, world: &World) -> Picture {
        let grid = world.grid();
        let lit = seen_cells(world);
        let side = self.cells.side();
        let mut picture = Picture::black(grid.width() * side, grid.height() * side);
        let agent = world.agent();
        for y in 0..grid.height() {
            for x in 0..grid.width() {
                let here = (x, y) == (agent.x as usize, agent.y as usize);
                let heading = here.then_some(agent.dir);
                let cell = self
                    .cells
                    .tile(grid.get(x, y), heading, lit[y * grid.width() + x]);
                picture.put(x, y, side, cell);
            }
        }
        picture
    }

    /// An observation as the agent has it: it stands at the bottom centre and looks up.
    ///
    /// `observation` has `view * view * 3` bytes in MiniGrid's order. Cells out of sight are black
    /// and not lightened; what the agent carries lies under it.
    ///
    /// # Errors
    /// If the length fits no view, or a cell is no tile.
    pub fn render_observation(&mut self, observation: &[u8]) -> Result<Picture, RenderError> {
        let (cells, rest) = observation.as_chunks::<3>();
        let view = cells.len().isqrt();
        if !rest.is_empty() || view * view != cells.len() || view % 2 == 0 {
            return Err(RenderError::ObservationLength {
                got: observation.len(),
            });
        }
        let side = self.cells.side();
        let mut picture = Picture::black(view * side, view * side);
        for (n, &bytes) in cells.iter().enumerate() {
            let (column, row) = (n / view, n % view);
            let tile = Tile::from_encoding(bytes).ok_or(RenderError::UnknownTile {
                column,
                row,
                bytes,
            })?;
            let here = (column, row) == (view / 2, view - 1);
            let heading = here.then_some(Direction::Up);
            let seen = tile.object() != Object::Unseen;
            picture.put(column, row, side, self.cells.tile(tile, heading, seen));
        }
        Ok(picture)
    }
}

/// Which cells of the world the agent sees now, row by row.
pub fn seen_cells(world: &World) -> Vec<bool> {
    let grid = world.grid();
    let view = grid.view_size();
    let mut lit = vec![false; grid.width() * grid.height()];
    for (n, cell) in world.observation().as_chunks::<3>().0.iter().enumerate() {
        if cell[0] == Object::Unseen as u8 {
            continue;
        }
        if let Some((x, y)) = view_to_world(grid, world.agent(), n / view, n % view) {
            lit[y * grid.width() + x] = true;
        }
    }
    lit
}

/// The world's cell at view column `i`, row `j`, if the world reaches so far.
fn view_to_world(grid: &Grid, agent: Pose, i: usize, j: usize) -> Option<(usize, usize)> {
    let view = grid.view_size() as i32;
    let (ahead, aside) = (view - 1 - j as i32, i as i32 - view / 2);
    let (fx, fy) = agent.dir.vector();
    let x = i32::from(agent.x) + ahead * fx - aside * fy;
    let y = i32::from(agent.y) + ahead * fy + aside * fx;
    let inside = (0..grid.width() as i32).contains(&x) && (0..grid.height() as i32).contains(&y);
    inside.then_some((x as usize, y as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_observations_are_refused() {
        let mut renderer = Renderer::new(4);
        for length in [0, 3 * 4, 3 * 36, 146, 148] {
            let error = renderer.render_observation(&vec![1; length]).unwrap_err();
            assert!(
                matches!(error, RenderError::ObservationLength { got } if got == length),
                "{length}: {error}"
            );
        }
        let mut observation = [0; 27];
        observation[(2 * 3 + 1) * 3] = 11;
        let error = renderer.render_observation(&observation).unwrap_err();
        assert_eq!(
            error.to_string(),
            "observation cell (2, 1): [11, 0, 0] is not a tile"
        );
    }
}
