//! The cells of a world, kept so that an egocentric window is seven short copies.
//!
//! Beside the plain cells, the grid holds four pre-rotated planes, one per heading, of MiniGrid's
//! three bytes per cell, each padded with walls as far as a view can reach. A window then is
//! `view_size` runs of contiguous bytes, and a row of sight is a shift of one machine word. A
//! cell that changes (a door, a key picked up) is written to all four planes; that happens far
//! less often than a look.
//!
//! Frame of heading `d`: lateral coordinate `u` grows to the agent's right, depth coordinate `v`
//! grows towards the agent's back. A window cell `(i, j)` of MiniGrid's image lies at padded
//! `(u + i, v + j)`, where `(u, v)` is the agent's own cell without padding.

use crate::core::action::{Direction, Pose};
use crate::core::tile::Tile;

/// Largest `max(width, height) + view_size`: a row of sight is one 64-bit word.
pub const MAX_REACH: usize = 64;

/// The cells of one world.
#[derive(Clone, Debug)]
pub struct Grid {
    width: usize,
    height: usize,
    view: usize,
    /// Row-major cells with a ring of walls around them, so that the cell in front always exists.
    cells: Vec<Tile>,
    frames: [Frame; 4],
}

/// One rotated, padded copy.
#[derive(Clone, Debug)]
struct Frame {
    /// `u` and `v` as `[constant, per x, per y]`: no branch on the heading when looking.
    u: [i32; 3],
    v: [i32; 3],
    /// Padded extent along `v`.
    depth: usize,
    /// Encoded cells, `v` fastest: byte `(u * depth + v) * 3 + channel`.
    bytes: Vec<u8>,
    /// One word per `v`; bit `u` is set where the agent can see behind the cell.
    clear: Vec<u64>,
}

impl Frame {
    /// A cell's coordinates in this frame, before padding.
    #[inline]
    fn locate(&self, x: usize, y: usize) -> (usize, usize) {
        let at = |[c, per_x, per_y]: [i32; 3]| (c + per_x * x as i32 + per_y * y as i32) as usize;
        (at(self.u), at(self.v))
    }
}

impl PartialEq for Grid {
    fn eq(&self, other: &Self) -> bool {
        (self.width, self.height, &self.cells) == (other.width, other.height, &other.cells)
    }
}

impl Grid {
    /// An empty grid (no walls inside) for views of `view` × `view` cells.
    ///
    /// # Panics
    /// If a side is 0, `view` is even or below 3, or a side plus `view` exceeds [`MAX_REACH`].
    pub fn new(width: usize, height: usize, view: usize) -> Self {
        assert!(width > 0 && height > 0, "a grid needs cells");
        assert!(view >= 3 && view % 2 == 1, "view size must be odd and >= 3");
        assert!(width.max(height) + view <= MAX_REACH, "grid too large");
        let mut cells = vec![Tile::WALL; (width + 2) * (height + 2)];
        for row in cells.chunks_exact_mut(width + 2).skip(1).take(height) {
            row[1..=width].fill(Tile::EMPTY);
        }
        let frames = std::array::from_fn(|d| {
            let (lateral, depth) = if d % 2 == 0 {
                (height, width)
            } else {
                (width, height)
            };
            let (lateral, depth) = (lateral + view - 1, depth + view - 1);
            let (right, bottom) = (width as i32 - 1, height as i32 - 1);
            let (u, v) = match Direction::from_index(d as u8) {
                Direction::Right => ([0, 0, 1], [right, -1, 0]),
                Direction::Down => ([right, -1, 0], [bottom, 0, -1]),
                Direction::Left => ([bottom, 0, -1], [0, 1, 0]),
                Direction::Up => ([0, 1, 0], [0, 0, 1]),
            };
            Frame {
                u,
                v,
                depth,
                bytes: Tile::WALL.encode().repeat(lateral * depth),
                clear: vec![0; depth],
            }
        });
        let mut grid = Self {
            width,
            height,
            view,
            cells,
            frames,
        };
        for y in 0..height {
            for x in 0..width {
                grid.write_frames(x, y, Tile::EMPTY);
            }
        }
        grid
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Side of the egocentric window.
    pub fn view_size(&self) -> usize {
        self.view
    }

    #[inline]
    fn index(&self, x: usize, y: usize) -> usize {
        (y + 1) * (self.width + 2) + x + 1
    }

    /// The cell at column `x`, row `y`.
    ///
    /// # Panics
    /// If the cell lies outside the grid.
    #[inline]
    pub fn get(&self, x: usize, y: usize) -> Tile {
        assert!(x < self.width && y < self.height, "({x}, {y}) is outside");
        self.cells[self.index(x, y)]
    }

    /// Writes the cell at column `x`, row `y`.
    ///
    /// # Panics
    /// If the cell lies outside the grid.
    pub fn set(&mut self, x: usize, y: usize, tile: Tile) {
        assert!(x < self.width && y < self.height, "({x}, {y}) is outside");
        let index = self.index(x, y);
        let old = std::mem::replace(&mut self.cells[index], tile);
        if old.encode() != tile.encode() {
            self.write_frames(x, y, tile);
        }
    }

    /// Coordinates of the cell in front of `pose`; they may lie outside the grid.
    #[inline]
    pub fn front_of(pose: Pose) -> (i32, i32) {
        let (dx, dy) = pose.dir.vector();
        (i32::from(pose.x) + dx, i32::from(pose.y) + dy)
    }

    /// The cell in front of `pose`, a wall where the grid ends.
    #[inline]
    pub fn front(&self, pose: Pose) -> Tile {
        let (fx, fy) = Self::front_of(pose);
        // The ring of walls makes -1 and width (or height) valid here.
        self.cells[(fy + 1) as usize * (self.width + 2) + (fx + 1) as usize]
    }

    /// Makes every cell equal to `other`'s; only cells that differ are touched.
    ///
    /// # Panics
    /// If the sizes differ.
    pub fn copy_from(&mut self, other: &Self) {
        assert_eq!((self.width, self.height), (other.width, other.height));
        for y in 0..self.height {
            for x in 0..self.width {
                self.set(x, y, other.get(x, y));
            }
        }
    }

    /// Cells that are not as in `other`, row by row: place `y * width + x`, and what lies there.
    ///
    /// # Panics
    /// If the sizes differ.
    pub fn differing(&self, other: &Self) -> Vec<(u16, Tile)> {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let mut found = Vec::new();
        for y in 0..self.height {
            let row = self.index(0, y)..self.index(self.width, y);
            // Rows are compared whole: nearly all are equal.
            if self.cells[row.clone()] == other.cells[row.clone()] {
                continue;
            }
            let pairs = self.cells[row.clone()].iter().zip(&other.cells[row]);
            for (x, (&here, &there)) in pairs.enumerate() {
                if here != there {
                    // `MAX_REACH` bounds both sides.
                    found.push(((y * self.width + x) as u16, here));
                }
            }
        }
        found
    }

    /// MiniGrid's `Grid.encode()`: three bytes per cell, x-major, byte `(x * height + y) * 3 + c`.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.width * self.height * 3);
        for x in 0..self.width {
            for y in 0..self.height {
                out.extend(self.get(x, y).encode());
            }
        }
        out
    }

    fn write_frames(&mut self, x: usize, y: usize, tile: Tile) {
        for frame in &mut self.frames {
            let (u, v) = frame.locate(x, y);
            let (u, v) = (u + self.view / 2, v + self.view - 1);
            let at = (u * frame.depth + v) * 3;
            frame.bytes[at..at + 3].copy_from_slice(&tile.encode());
            frame.clear[v] = frame.clear[v] & !(1 << u) | u64::from(tile.see_behind()) << u;
        }
    }

    /// The window that an agent at `pose` faces, before visibility.
    #[inline]
    pub(crate) fn window(&self, pose: Pose) -> Window<'_> {
        let frame = &self.frames[pose.dir as usize];
        let (u, v) = frame.locate(pose.x as usize, pose.y as usize);
        Window { frame, u, v }
    }
}

/// Borrowed window of a grid, in the agent's frame.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    frame: &'a Frame,
    u: usize,
    v: usize,
}

impl<'a> Window<'a> {
    /// Bytes of view column `i`, far to near, at least `view * 3` of them.
    #[inline]
    pub(crate) fn column(&self, i: usize) -> &'a [u8] {
        &self.frame.bytes[((self.u + i) * self.frame.depth + self.v) * 3..]
    }

    /// See-behind bits of view row `j`; bit `i` is view column `i`, higher bits are junk.
    #[inline]
    pub(crate) fn clear_row(&self, j: usize) -> u64 {
        self.frame.clear[self.v + j] >> self.u
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::tile::{Color, Object};

    #[test]
    fn set_reaches_every_frame() {
        let mut grid = Grid::new(5, 4, 3);
        let key = Tile::new(Object::Key, Color::Green, 0);
        grid.set(3, 1, key);
        // (3, 1) is straight ahead of each of these, one cell away: view column 1, row 1.
        let poses = [(2, 1, 0), (3, 0, 1), (4, 1, 2), (3, 2, 3)];
        for (x, y, d) in poses {
            let dir = Direction::from_index(d);
            let window = grid.window(Pose { x, y, dir });
            assert_eq!(window.column(1)[3..6], key.encode(), "heading {dir:?}");
        }
        assert_eq!(grid.encode()[(3 * 4 + 1) * 3..][..3], key.encode());
    }

    #[test]
    fn what_differs_is_found() {
        let base = Grid::new(5, 4, 3);
        let mut grid = base.clone();
        assert!(grid.differing(&base).is_empty());
        let key = Tile::new(Object::Key, Color::Green, 0);
        grid.set(4, 3, Tile::WALL);
        grid.set(0, 1, key);
        assert_eq!(grid.differing(&base), [(5, key), (19, Tile::WALL)]);
    }

    #[test]
    fn the_world_ends_in_walls() {
        let grid = Grid::new(3, 3, 3);
        let pose = Pose {
            x: 2,
            y: 0,
            dir: Direction::Right,
        };
        assert_eq!(grid.front(pose), Tile::WALL);
        assert_eq!(grid.window(pose).column(0)[3..6], Tile::WALL.encode());
    }
}
