//! Reference lines.

use super::{Drawn, Extent};
use crate::draw::legend::Swatch;
use crate::draw::palette::Dash;
use crate::draw::panel::Panel;
use crate::draw::place::Place;
use crate::draw::scene::{Scene, clip};
use crate::draw::table::{Cells, Rows, number};
use crate::draw::theme::{GUIDE, LINE};

/// Where a reference line runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GuideAt {
    /// All along, at this y.
    Y(f64),
    /// From bottom to top, at this x.
    X(f64),
    /// Where x and y are the same.
    Identity,
}

impl GuideAt {
    /// Levels and the identity are dashed, places along the x axis dotted.
    fn dash(self) -> Dash {
        match self {
            Self::Y(_) | Self::Identity => Dash::Dashed,
            Self::X(_) => Dash::Dotted,
        }
    }
}

/// A reference line: chance, identity, a step of interest.
#[derive(Clone, Debug, PartialEq)]
pub struct Guide {
    /// What it stands for; its entry in the legend.
    pub legend: String,
    /// Where.
    pub at: GuideAt,
}

impl Guide {
    /// A reference line.
    pub fn new(legend: impl Into<String>, at: GuideAt) -> Self {
        Self {
            legend: legend.into(),
            at,
        }
    }
}

impl Drawn for Guide {
    fn extent(&self, _: &Panel) -> Extent {
        match self.at {
            GuideAt::Y(y) => (Vec::new(), vec![y]),
            GuideAt::X(x) => (vec![x], Vec::new()),
            GuideAt::Identity => (Vec::new(), Vec::new()),
        }
    }

    fn legend(&self) -> Option<(String, Swatch)> {
        Some((self.legend.clone(), Swatch::Guide(self.at.dash())))
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let plot = &place.plot;
        let ends = match self.at {
            GuideAt::Y(y) => place
                .up(panel, y)
                .map(|y| ((plot.x, y.round()), (plot.right(), y.round()))),
            GuideAt::X(x) => place
                .across(panel, x)
                .map(|x| ((x.round(), plot.bottom()), (x.round(), plot.y))),
            GuideAt::Identity => {
                let (low, high) = place.x.ends();
                let ends = [low, high].map(|v| place.point(panel, (v, v)));
                match ends {
                    [Some(from), Some(to)] => Some((from, to)),
                    _ => None,
                }
            }
        };
        if let Some((from, to)) = ends {
            for part in clip(&[from, to], plot) {
                let pattern = self.at.dash().pattern();
                scene.dashed(&part, pattern, GUIDE, LINE * 0.75, 1.0);
            }
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        let (x, y) = match self.at {
            GuideAt::X(x) => (rows.panel.x.name(x), String::new()),
            GuideAt::Y(y) => (String::new(), number(y)),
            GuideAt::Identity => ("x".to_owned(), "x".to_owned()),
        };
        let cells = Cells {
            x,
            y,
            ..Cells::default()
        };
        rows.push("guide", &self.legend, cells);
    }
}
