//! Areas between two lines, alone or stacked.

use super::{Drawn, Extent, Layer};
use crate::draw::legend::Swatch;
use crate::draw::palette::Color;
use crate::draw::panel::Panel;
use crate::draw::place::Place;
use crate::draw::scene::{Point, Scene, clip};
use crate::draw::table::{Cells, Rows, number};
use crate::draw::theme::PAPER;

/// The area between `low` and `high`.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Name in the table of numbers.
    pub series: String,
    /// Entry in the legend.
    pub legend: Option<String>,
    /// x, low, high.
    pub points: Vec<(f64, f64, f64)>,
    /// Colour.
    pub color: Color,
    /// 1 covers what is below.
    pub opacity: f64,
}

/// Areas on top of each other: each series' values at `xs`, with what lies below them.
pub fn stacked_areas(xs: &[f64], series: &[(String, Color, Vec<f64>)]) -> Vec<Band> {
    let mut base = vec![0.0; xs.len()];
    series
        .iter()
        .map(|(name, color, values)| {
            let points = xs.iter().zip(&mut base).zip(values);
            Band {
                series: name.clone(),
                legend: Some(name.clone()),
                points: points
                    .map(|((&x, base), value)| {
                        let low = *base;
                        *base += value;
                        (x, low, *base)
                    })
                    .collect(),
                color: *color,
                opacity: 1.0,
            }
        })
        .collect()
}

impl Drawn for Band {
    fn extent(&self, _: &Panel) -> Extent {
        (
            self.points.iter().map(|p| p.0).collect(),
            self.points.iter().flat_map(|p| [p.1, p.2]).collect(),
        )
    }

    fn legend(&self) -> Option<(String, Swatch)> {
        Some((
            self.legend.clone()?,
            Swatch::Patch(self.color, self.opacity),
        ))
    }

    fn layer(&self) -> Layer {
        Layer::BelowAxes
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let edge = |which: fn(&(f64, f64, f64)) -> f64| -> Vec<Point> {
            let points = self.points.iter().map(|p| (p.0, which(p)));
            points.filter_map(|p| place.point(panel, p)).collect()
        };
        let within = |(x, y): Point| {
            let plot = &place.plot;
            (
                x.clamp(plot.x, plot.right()),
                y.clamp(plot.y, plot.bottom()),
            )
        };
        let (low, high) = (edge(|p| p.1), edge(|p| p.2));
        if low.len() < 2 || high.len() < 2 {
            return;
        }
        let around = high.iter().chain(low.iter().rev()).copied().map(within);
        scene.polygon(around.collect(), self.color, self.opacity);
        // Stacked areas part in grey print as well.
        if self.opacity == 1.0 && self.points.iter().any(|p| p.1 > 0.0) {
            for part in clip(&low, &place.plot) {
                scene.path(part, PAPER, 1.0, 1.0);
            }
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        for &(x, low, high) in &self.points {
            let cells = Cells {
                low: number(low),
                high: number(high),
                ..rows.at((x, high - low))
            };
            rows.push("band", &self.series, cells);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::palette::{BLUE, ORANGE};

    #[test]
    fn areas_are_stacked_in_order() {
        let areas = stacked_areas(
            &[0.0, 1.0],
            &[
                ("a".to_owned(), BLUE, vec![0.25, 0.5]),
                ("b".to_owned(), ORANGE, vec![0.75, 0.5]),
            ],
        );
        assert_eq!(areas[1].points, [(0.0, 0.25, 1.0), (1.0, 0.5, 1.0)]);
    }
}
