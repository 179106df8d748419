//! What the agent sees: an egocentric window with MiniGrid's visibility.

use crate::core::action::Pose;
use crate::core::grid::{Grid, Window};
use crate::core::tile::Tile;

/// Largest view whose rows and columns fit the byte-wide fast path.
const FAST_VIEW: usize = 7;

/// Writes the observation of an agent at `pose` into `out`.
///
/// `out` has `view * view * 3` bytes in MiniGrid's order: byte `(i * view + j) * 3 + channel`,
/// view column `i` from left to right, view row `j` from far to near, channels object, colour,
/// state. The agent stands at `(view / 2, view - 1)` and looks towards `j = 0`; that cell shows
/// what it carries, or the empty cell. Cells out of sight are `(0, 0, 0)`.
///
/// # Panics
/// If `out` has another length.
#[inline]
pub fn observe(grid: &Grid, pose: Pose, carrying: Tile, see_through_walls: bool, out: &mut [u8]) {
    let view = grid.view_size();
    assert_eq!(out.len(), view * view * 3, "observation buffer");
    let window = grid.window(pose);
    if see_through_walls {
        for (i, column) in out.chunks_exact_mut(view * 3).enumerate() {
            column.copy_from_slice(&window.column(i)[..view * 3]);
        }
    } else if view == FAST_VIEW {
        observe_seven(&window, out);
    } else {
        observe_any(&window, view, out);
    }
    let own = (view / 2 * view + view - 1) * 3;
    out[own..own + 3].copy_from_slice(&carrying.encode());
}

/// Light of one view row: `lit` are the cells already seen, `clear` those one can see behind.
///
/// MiniGrid's `process_vis` walks each row left to right and then right to left; every seen cell
/// that lets light through lights its neighbour in walking order and the three cells above. Over
/// both walks this lights each run of clear cells that holds a seen one, one cell on either
/// side of the run, and the same cells of the next row. Returns (this row, next row).
#[inline]
fn light_row(lit: u64, clear: u64, width_mask: u64) -> (u64, u64) {
    let source = lit & clear;
    // Upwards, a carry runs through a run of ones; `| source` repairs where two sources share it.
    let up = (((source + clear) ^ clear) | source) & clear;
    // Downwards, the run is filled in doubling steps.
    let mut fill = up;
    let mut through = clear;
    let mut step = 1;
    while width_mask >> step != 0 {
        fill |= through & fill >> step;
        through &= through >> step;
        step *= 2;
    }
    let spread = (fill | fill << 1 | fill >> 1) & width_mask;
    (lit | spread, spread)
}

/// Seven-by-seven path: sight in byte rows, a bit transpose, then masked copies.
#[inline]
fn observe_seven(window: &Window<'_>, out: &mut [u8]) {
    const MASK: u64 = 0x7f;
    let mut rows = 0_u64;
    let mut lit = 1 << (FAST_VIEW / 2);
    for j in (0..FAST_VIEW).rev() {
        let (row, next) = light_row(lit, window.clear_row(j) & MASK, MASK);
        rows |= row << (8 * j);
        lit = next;
    }
    let columns = transpose_bits(rows);
    for (i, target) in out.chunks_exact_mut(21).enumerate() {
        let mask = &SPREAD[(columns >> (8 * i) & MASK) as usize];
        let source = &window.column(i)[..21];
        // 21 bytes as three words, the last overlapping the second.
        for (word, at) in mask.iter().zip([0, 8, 13]) {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&source[at..at + 8]);
            let masked = u64::from_le_bytes(bytes) & word;
            target[at..at + 8].copy_from_slice(&masked.to_le_bytes());
        }
    }
}

/// For each set of seen cells in a column: byte masks at byte offsets 0, 8 and 13.
static SPREAD: [[u64; 3]; 128] = spread_table();

const fn spread_table() -> [[u64; 3]; 128] {
    let mut table = [[0; 3]; 128];
    let offsets = [0, 8, 13];
    let mut bits = 0;
    while bits < 128 {
        let mut k = 0;
        while k < 3 {
            let mut byte = 0;
            while byte < 8 {
                let cell = (offsets[k] + byte) / 3;
                if bits >> cell & 1 == 1 {
                    table[bits][k] |= 0xff << (8 * byte);
                }
                byte += 1;
            }
            k += 1;
        }
        bits += 1;
    }
    table
}

/// Transposes an 8 × 8 bit matrix: bit `8 * r + c` goes to bit `8 * c + r`.
#[inline]
fn transpose_bits(mut x: u64) -> u64 {
    let t = (x ^ x >> 7) & 0x00AA_00AA_00AA_00AA;
    x ^= t ^ t << 7;
    let t = (x ^ x >> 14) & 0x0000_CCCC_0000_CCCC;
    x ^= t ^ t << 14;
    let t = (x ^ x >> 28) & 0x0000_0000_F0F0_F0F0;
    x ^ t ^ t << 28
}

/// Any odd view size.
fn observe_any(window: &Window<'_>, view: usize, out: &mut [u8]) {
    let mask = u64::MAX >> (64 - view);
    let mut lit = 1 << (view / 2);
    for j in (0..view).rev() {
        let (row, next) = light_row(lit, window.clear_row(j) & mask, mask);
        for i in 0..view {
            let target = &mut out[(i * view + j) * 3..][..3];
            if row >> i & 1 == 1 {
                target.copy_from_slice(&window.column(i)[j * 3..j * 3 + 3]);
            } else {
                target.fill(0);
            }
        }
        lit = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::action::Direction;
    use crate::core::tile::{Color, DoorState, Object};
    use proptest::prelude::*;

    /// MiniGrid's `gen_obs_grid` and `process_vis`, loop by loop.
    fn reference(grid: &Grid, pose: Pose, carrying: Tile, see_through: bool) -> Vec<u8> {
        let view = grid.view_size();
        let (fx, fy) = pose.dir.vector();
        let (rx, ry) = (-fy, fx);
        let half = view as i32 / 2;
        let cell = |i: usize, j: usize| {
            let (side, ahead) = (i as i32 - half, view as i32 - 1 - j as i32);
            let x = i32::from(pose.x) + side * rx + ahead * fx;
            let y = i32::from(pose.y) + side * ry + ahead * fy;
            let inside = x >= 0 && y >= 0 && x < grid.width() as i32 && y < grid.height() as i32;
            if inside {
                grid.get(x as usize, y as usize)
            } else {
                Tile::WALL
            }
        };
        let mut seen = vec![vec![see_through; view]; view];
        seen[view / 2][view - 1] = true;
        if !see_through {
            for j in (0..view).rev() {
                for i in 0..view - 1 {
                    if seen[i][j] && cell(i, j).see_behind() {
                        seen[i + 1][j] = true;
                        if j > 0 {
                            seen[i + 1][j - 1] = true;
                            seen[i][j - 1] = true;
                        }
                    }
                }
                for i in (1..view).rev() {
                    if seen[i][j] && cell(i, j).see_behind() {
                        seen[i - 1][j] = true;
                        if j > 0 {
                            seen[i - 1][j - 1] = true;
                            seen[i][j - 1] = true;
                        }
                    }
                }
            }
        }
        let mut out = Vec::new();
        for (i, column) in seen.iter().enumerate() {
            for (j, &seen) in column.iter().enumerate() {
                let tile = if (i, j) == (view / 2, view - 1) {
                    carrying
                } else {
                    cell(i, j)
                };
                out.extend(if seen { tile.encode() } else { [0; 3] });
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn equals_minigrids_loops(
            kinds in prop::collection::vec(0_u8..8, 11 * 9),
            view in prop::sample::select(vec![3_usize, 5, 7, 9, 11]),
            at in (0_u8..11, 0_u8..9, 0_u8..4),
            see_through in prop::bool::weighted(0.1),
        ) {
            let mut grid = Grid::new(11, 9, view);
            for (n, kind) in kinds.iter().enumerate() {
                let tile = match kind {
                    0..=2 => Tile::WALL,
                    3 => Tile::new(Object::Key, Color::Green, 0),
                    4 => Tile::new(Object::Door, Color::Red, DoorState::Closed as u8),
                    5 => Tile::new(Object::Door, Color::Blue, DoorState::Open as u8),
                    _ => Tile::EMPTY,
                };
                grid.set(n % 11, n / 11, tile);
            }
            let pose = Pose { x: at.0, y: at.1, dir: Direction::from_index(at.2) };
            let carrying = Tile::new(Object::Ball, Color::Grey, 0);
            let mut out = vec![9; view * view * 3];
            observe(&grid, pose, carrying, see_through, &mut out);
            prop_assert_eq!(&out, &reference(&grid, pose, carrying, see_through));
            if view == FAST_VIEW && !see_through {
                let mut slow = vec![9; view * view * 3];
                observe_any(&grid.window(pose), view, &mut slow);
                let own = (view / 2 * view + view - 1) * 3;
                slow[own..own + 3].copy_from_slice(&carrying.encode());
                prop_assert_eq!(out, slow);
            }
        }

        /// In open space (no walls or doors) sight is symmetric: A sees B iff B, facing A's way
        /// turned round, sees A whenever both lie in each other's window.
        #[test]
        fn everything_is_seen_where_nothing_blocks(x in 0_u8..9, y in 0_u8..9, d in 0_u8..4) {
            let grid = Grid::new(9, 9, 7);
            let pose = Pose { x, y, dir: Direction::from_index(d) };
            let mut out = vec![0; 147];
            observe(&grid, pose, Tile::EMPTY, false, &mut out);
            let mut all = vec![0; 147];
            observe(&grid, pose, Tile::EMPTY, true, &mut all);
            // Cells inside the world are all seen; walls beyond its edge may hide one another.
            for (seen, full) in out.chunks(3).zip(all.chunks(3)) {
                if full[0] == Object::Empty as u8 {
                    prop_assert_eq!(seen, full);
                }
            }
        }
    }

    #[test]
    fn transpose_swaps_rows_and_columns() {
        let x = 0x0123_4567_89ab_cdef_u64;
        let t = transpose_bits(x);
        for r in 0..8 {
            for c in 0..8 {
                assert_eq!(x >> (8 * r + c) & 1, t >> (8 * c + r) & 1);
            }
        }
    }
}
