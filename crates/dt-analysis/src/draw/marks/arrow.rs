//! Arrows among the data.

use super::{Drawn, Extent};
use crate::draw::palette::{Color, Dash};
use crate::draw::panel::Panel;
use crate::draw::pen;
use crate::draw::place::Place;
use crate::draw::scene::Scene;
use crate::draw::table::Rows;
use crate::draw::theme;

/// An arrow from one place of the data to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrow {
    /// Name in the table of numbers.
    pub series: String,
    /// Where it starts.
    pub from: (f64, f64),
    /// Where its point is.
    pub to: (f64, f64),
    /// Colour.
    pub color: Color,
    /// Width.
    pub width: f64,
}

impl Arrow {
    /// An arrow of usual width in the colour of axes.
    pub fn new(series: impl Into<String>, from: (f64, f64), to: (f64, f64)) -> Self {
        Self {
            series: series.into(),
            from,
            to,
            color: theme::INK,
            width: 1.2,
        }
    }
}

impl Drawn for Arrow {
    fn extent(&self, _: &Panel) -> Extent {
        [self.from, self.to].into_iter().unzip()
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let ends = [self.from, self.to].map(|at| place.point(panel, at));
        if let [Some(from), Some(to)] = ends {
            pen::arrow(scene, &[from, to], self.color, self.width, Dash::Solid);
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        for (kind, end) in [("arrow from", self.from), ("arrow to", self.to)] {
            let cells = rows.place(end);
            rows.push(kind, &self.series, cells);
        }
    }
}
