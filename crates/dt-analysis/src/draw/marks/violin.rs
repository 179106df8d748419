//! Samples and their densities.

use super::spread::spread;
use super::{Drawn, Extent, Room};
use crate::draw::legend::Swatch;
use crate::draw::palette::{Color, Marker};
use crate::draw::panel::Panel;
use crate::draw::place::Place;
use crate::draw::scene::{Point, Scene};
use crate::draw::table::{Cells, Rows, number};
use crate::draw::theme::{INK, PAPER};
use crate::maths::stats::{self, Density};

/// Width of the density's outline.
const OUTLINE: f64 = 1.1;
/// Places at which the density is drawn, and looked up for the median's tick.
const PLACES: usize = 129;

/// A sample: its density drawn to both sides of a line, its points beside it, its median.
///
/// It stands on the axis of names: upright if that is x, lying if that is y.
#[derive(Clone, Debug, PartialEq)]
pub struct Violin {
    /// Name in the table of numbers.
    pub series: String,
    /// Entry in the legend.
    pub legend: Option<String>,
    /// Place among the names.
    pub at: f64,
    /// Names and values.
    pub sample: Vec<(String, f64)>,
    /// Colour.
    pub color: Color,
    /// Largest width of the density, on the axis of names; points take about as much again.
    pub width: f64,
}

impl Violin {
    /// A violin at a place of the axis of names, in the legend under no name.
    pub fn new(
        series: impl Into<String>,
        at: f64,
        sample: Vec<(String, f64)>,
        color: Color,
    ) -> Self {
        Self {
            series: series.into(),
            legend: None,
            at,
            sample,
            color,
            width: 0.42,
        }
    }

    /// The values alone.
    fn values(&self) -> Vec<f64> {
        self.sample.iter().map(|point| point.1).collect()
    }

    /// The middle value; of an even number of them, halfway between the middle two.
    fn median(&self) -> Option<f64> {
        let values = self.values().into_iter().filter(|v| v.is_finite());
        stats::quantile(&values.collect::<Vec<f64>>(), 0.5).ok()
    }
}

impl Drawn for Violin {
    fn extent(&self, panel: &Panel) -> Extent {
        let (names, values) = (vec![self.at], self.values());
        match panel.lies() {
            true => (values, names),
            false => (names, values),
        }
    }

    fn room(&self) -> Room {
        Room::Marker
    }

    fn legend(&self) -> Option<(String, Swatch)> {
        Some((self.legend.clone()?, Swatch::Patch(self.color, 1.0)))
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let lies = panel.lies();
        let names = if lies { &panel.y } else { &panel.x };
        // Lying violins have their density above their points, upright ones to the right.
        let beyond = if names.reversed { -1.0 } else { 1.0 };
        let at = |value: f64, aside: f64| {
            let name = self.at + aside * beyond * self.width;
            let point = if lies { (value, name) } else { (name, value) };
            place.point(panel, point)
        };
        let values = self.values();
        if let Some(density) = Density::of(&values) {
            let curve = density.curve(PLACES);
            let peak = curve.iter().map(|p| p.1).fold(0.0, f64::max);
            // The density's middle, and half its width, in widths of the violin.
            let (middle, half) = (0.48, 0.5);
            let edge = |side: f64| {
                let places = curve.iter();
                places.filter_map(move |&(v, d)| at(v, middle + side * half * d / peak))
            };
            let mut outline: Vec<Point> = edge(-1.0).collect();
            let mut back: Vec<Point> = edge(1.0).collect();
            back.reverse();
            outline.extend(back);
            if let Some(&first) = outline.first() {
                scene.polygon(outline.clone(), self.color.mix(PAPER, 0.72), 1.0);
                outline.push(first);
                scene.path(outline, self.color, OUTLINE, 1.0);
            }
            let tick = self.median().and_then(|m| {
                let share = height_at(&curve, m) / peak;
                let end = |side: f64| at(m, middle + side * (half * share).max(0.12));
                Some((end(-1.0)?, end(1.0)?))
            });
            if let Some((from, to)) = tick {
                scene.segment(from, to, INK, 2.0);
            }
        }
        for (value, aside) in values.iter().zip(spread(&values)) {
            let point = at(*value, -0.52 + 0.36 * aside);
            if let Some(point) = point.filter(|&p| place.holds(p)) {
                scene.faint_marker(Marker::Disc, point, 1.7, (self.color, PAPER), 0.75);
            }
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        let (panel, lies) = (rows.panel, rows.panel.lies());
        let place = if lies { &panel.y } else { &panel.x }.name(self.at);
        let cells = |value: f64, name: &str| {
            let (x, y) = (place.clone(), number(value));
            let (x, y) = if lies { (y, x) } else { (x, y) };
            Cells {
                x,
                y,
                name: name.to_owned(),
                ..Cells::default()
            }
        };
        for (name, value) in &self.sample {
            rows.push("point", &self.series, cells(*value, name));
        }
        if let Some(median) = self.median() {
            rows.push("median", &self.series, cells(median, ""));
        }
    }
}

/// The height of a density's curve at the place nearest to a value.
fn height_at(curve: &[(f64, f64)], value: f64) -> f64 {
    let distance = |p: &&(f64, f64)| (p.0 - value).abs();
    let nearest = curve
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.map_or(0.0, |p| p.1)
}
