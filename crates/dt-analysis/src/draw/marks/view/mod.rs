//! What is seen of a world, cell by cell.

mod objects;
mod tiles;

use dt_env::{Object, Tile};

use super::{Drawn, Layer};
use crate::draw::palette::Color;
use crate::draw::panel::Panel;
use crate::draw::place::Place;
use crate::draw::scene::{Rect, Scene};
use crate::draw::table::{Cells, Rows};
use crate::draw::theme::ADDED;

/// An observation: a square of cells, seen by who stands at the bottom centre and looks up.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Name in the table of numbers.
    pub series: String,
    /// Object, colour and state of each cell in MiniGrid's order: column by column, each from
    /// the far end.
    pub observation: Vec<u8>,
    /// Cells that stand out.
    pub spots: Vec<Spot>,
    /// Share of paper over all cells that do not stand out; 0 shows them as they are.
    pub faded: f64,
}

/// A cell that stands out.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Column and row of the view.
    pub cell: (usize, usize),
    /// Colour of its frame.
    pub color: Color,
    /// What stands on a tag at the end of a line from it, and where the tag's middle is, in
    /// columns and rows; the tag may cover cells.
    pub tag: Option<(String, (f64, f64))>,
    /// Whether the cell was changed: its object is drawn in red, its frame is broken.
    pub added: bool,
}

impl Spot {
    /// A framed cell.
    pub fn framed(cell: (usize, usize), color: Color) -> Self {
        Self {
            cell,
            color,
            tag: None,
            added: false,
        }
    }

    /// A cell whose object is not the world's own.
    pub fn added(cell: (usize, usize)) -> Self {
        Self {
            added: true,
            ..Self::framed(cell, ADDED)
        }
    }

    /// With words on a tag around a place of the view; line ends in them are kept.
    #[must_use]
    pub fn tagged(mut self, words: impl Into<String>, middle: (f64, f64)) -> Self {
        self.tag = Some((words.into(), middle));
        self
    }
}

impl View {
    /// An observation as it is.
    ///
    /// # Panics
    /// If the bytes are no square of cells.
    pub fn new(series: impl Into<String>, observation: Vec<u8>) -> Self {
        let side = (observation.len() / 3).isqrt();
        assert!(
            side > 0 && side * side * 3 == observation.len(),
            "an observation has view * view * 3 bytes, got {}",
            observation.len()
        );
        Self {
            series: series.into(),
            observation,
            spots: Vec::new(),
            faded: 0.0,
        }
    }

    /// With a cell that stands out.
    #[must_use]
    pub fn with(mut self, spot: Spot) -> Self {
        self.spots.push(spot);
        self
    }

    /// With paper over the cells that do not stand out.
    #[must_use]
    pub fn faded(mut self, share: f64) -> Self {
        self.faded = share;
        self
    }

    /// Cells in a row.
    pub fn side(&self) -> usize {
        (self.observation.len() / 3).isqrt()
    }

    /// Object, colour and state at a column and a row.
    pub fn bytes(&self, column: usize, row: usize) -> [u8; 3] {
        let at = (column * self.side() + row) * 3;
        let cell = &self.observation[at..at + 3];
        [cell[0], cell[1], cell[2]]
    }

    /// What a cell is called: object, colour and state, or their numbers where there is no such
    /// tile.
    fn words(&self, column: usize, row: usize) -> [String; 3] {
        let bytes = self.bytes(column, row);
        match Tile::from_encoding(bytes) {
            Some(tile) => [
                tile.object().name().to_owned(),
                tile.color().name().to_owned(),
                match tile.object() {
                    Object::Door => {
                        ["open", "closed", "locked", "3"][usize::from(tile.state())].to_owned()
                    }
                    _ => tile.state().to_string(),
                },
            ],
            None => bytes.map(|byte| byte.to_string()),
        }
    }

    /// The spot of a cell.
    fn spot(&self, column: usize, row: usize) -> Option<&Spot> {
        self.spots.iter().find(|spot| spot.cell == (column, row))
    }

    /// What is said of a cell.
    fn remark(&self, column: usize, row: usize) -> String {
        match self.spot(column, row) {
            Some(spot) => match &spot.tag {
                Some((words, _)) => words.replace('\n', " "),
                None if spot.added => "added".to_owned(),
                None => "marked".to_owned(),
            },
            None => String::new(),
        }
    }

    /// Draws it into a square, wherever that is.
    pub(super) fn draw_in(&self, scene: &mut Scene, square: &Rect) {
        tiles::draw(scene, square, self);
    }

    /// A row for each cell, row by row from the far end.
    pub(super) fn push_rows(&self, rows: &mut Rows<'_>) {
        let side = self.side();
        for (row, column) in (0..side).flat_map(|row| (0..side).map(move |c| (row, c))) {
            let cells = Cells {
                x: column.to_string(),
                y: row.to_string(),
                name: self.remark(column, row),
                tile: self.words(column, row),
                ..Cells::default()
            };
            rows.push("tile", &self.series, cells);
        }
    }
}

impl Drawn for View {
    fn layer(&self) -> Layer {
        Layer::BelowAxes
    }

    fn cells(&self) -> Option<(usize, usize)> {
        Some((self.side(), self.side()))
    }

    fn draw(&self, scene: &mut Scene, _: &Panel, place: &Place) {
        self.draw_in(scene, &place.plot);
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        self.push_rows(rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_words() {
        let mut bytes = vec![0; 27];
        bytes[(2 * 3 + 1) * 3..][..3].copy_from_slice(&[5, 1, 0]);
        bytes[3..6].copy_from_slice(&[4, 2, 2]);
        bytes[6..9].copy_from_slice(&[200, 0, 0]);
        let view = View::new("v", bytes).with(Spot::added((2, 1)));
        assert_eq!(view.words(2, 1), ["key", "green", "0"]);
        assert_eq!(view.words(0, 1), ["door", "blue", "locked"]);
        assert_eq!(view.words(0, 2), ["200", "0", "0"]);
        assert_eq!(view.words(1, 1)[0], "unseen");
        assert!(view.spot(2, 1).is_some() && view.spot(1, 2).is_none());
    }

    #[test]
    #[should_panic(expected = "got 146")]
    fn half_a_view_is_none() {
        View::new("v", vec![0; 146]);
    }
}
