//! One cell of a view or of a world.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Column and row of a cell: `x` from left to right, `y` from far (top) to near (bottom).
///
/// ```
/// use dt_env::Cell;
///
/// let cell: Cell = "(2, 6)".parse().unwrap();
/// assert_eq!(cell, Cell::new(2, 6));
/// assert_eq!(cell.to_string(), "(2,6)");
/// assert_eq!(cell.index(7), 20);
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(from = "(usize, usize)", into = "(usize, usize)")]
pub struct Cell {
    /// Column, from 0 at the left.
    pub x: usize,
    /// Row, from 0 at the top: in a view, the row that is farthest ahead.
    pub y: usize,
}

impl Cell {
    /// The cell in this column and row.
    pub const fn new(x: usize, y: usize) -> Self {
        Self { x, y }
    }

    /// Number `x * side + y` of the cell in a square of this side: MiniGrid's order of a view.
    pub const fn index(self, side: usize) -> usize {
        self.x * side + self.y
    }

    /// The cell with this number in a square of this side.
    ///
    /// # Panics
    /// If the side is 0.
    pub const fn from_index(index: usize, side: usize) -> Self {
        Self::new(index / side, index % side)
    }

    /// Whether a square of this side has the cell.
    pub const fn is_within(self, side: usize) -> bool {
        self.x < side && self.y < side
    }

    /// The cell of a view of this side in which the agent itself stands: the middle of the row
    /// that is nearest.
    pub const fn of_agent(side: usize) -> Self {
        Self::new(side / 2, side - 1)
    }
}

impl From<(usize, usize)> for Cell {
    fn from((x, y): (usize, usize)) -> Self {
        Self::new(x, y)
    }
}

impl From<Cell> for (usize, usize) {
    fn from(cell: Cell) -> Self {
        (cell.x, cell.y)
    }
}

impl fmt::Display for Cell {
    /// `(2,6)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({},{})", self.x, self.y)
    }
}

/// Text that names no cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no cell; write it as (2,6): column, then row")]
pub struct CellError(String);

impl FromStr for Cell {
    type Err = CellError;

    /// `(2,6)`, `(2, 6)` or `2,6`.
    fn from_str(text: &str) -> Result<Self, CellError> {
        let error = || CellError(text.to_owned());
        let trimmed = text.trim();
        let inside = match trimmed.strip_prefix('(') {
            Some(rest) => rest.strip_suffix(')').ok_or_else(error)?,
            None => trimmed,
        };
        let (x, y) = inside.split_once(',').ok_or_else(error)?;
        let number = |part: &str| part.trim().parse().map_err(|_| error());
        Ok(Self::new(number(x)?, number(y)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_nonsense_is_named() {
        for text in ["(2,6)", "(2, 6)", " 2,6 ", "2 , 6"] {
            assert_eq!(text.parse(), Ok(Cell::new(2, 6)), "{text}");
        }
        for text in ["", "2", "(2,6", "2,6)", "(2,6,1)", "(-1,2)", "a,b"] {
            let message = text.parse::<Cell>().unwrap_err().to_string();
            assert!(message.starts_with(&format!("`{text}`")), "{message}");
        }
    }

    #[test]
    fn it_is_a_pair_in_ron_and_in_json() {
        let cell = Cell::new(2, 6);
        assert_eq!(serde_json::to_string(&cell).unwrap(), "[2,6]");
        assert_eq!(serde_json::from_str::<Cell>("[2,6]").unwrap(), cell);
        assert_eq!(ron::to_string(&cell).unwrap(), "(2,6)");
        assert_eq!(ron::from_str::<Cell>("(2, 6)").unwrap(), cell);
    }

    #[test]
    fn numbers_follow_the_order_of_a_view() {
        for index in 0..49 {
            let cell = Cell::from_index(index, 7);
            assert!(cell.is_within(7));
            assert_eq!(cell.index(7), index);
        }
        assert_eq!(Cell::of_agent(7), Cell::new(3, 6));
        assert!(!Cell::new(7, 0).is_within(7));
    }
}
