//! Who looks, on a grid of what is seen.

use super::Drawn;
use crate::draw::palette::VERMILION;
use crate::draw::panel::Panel;
use crate::draw::place::Place;
use crate::draw::scene::Scene;
use crate::draw::table::Rows;
use crate::draw::theme::PAPER;

/// A triangle that looks up the picture, in the lower half of a cell of a heat map.
///
/// It is no number, so that the table has no row for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewer {
    /// Column and row.
    pub at: (f64, f64),
}

impl Viewer {
    /// A viewer at a column and a row.
    pub fn new(column: usize, row: usize) -> Self {
        Self {
            at: (column as f64, row as f64),
        }
    }
}

impl Drawn for Viewer {
    fn stands_in(&self) -> Option<(f64, f64)> {
        Some(self.at)
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let Some(rect) = place.cell(panel, self.at) else {
            return;
        };
        let (x, y) = (rect.x + rect.width / 2.0, rect.y + rect.height * 0.7);
        let size = rect.height.min(rect.width) * 0.2;
        let triangle = |r: f64| {
            vec![
                (x, y - r),
                (x + r * 0.9, y + r * 0.75),
                (x - r * 0.9, y + r * 0.75),
            ]
        };
        scene.polygon(triangle(size + 2.0), PAPER, 1.0);
        scene.polygon(triangle(size), VERMILION, 1.0);
    }

    fn rows(&self, _: &mut Rows<'_>) {}
}
