//! Points with error bars.

use super::interval;
use super::{Drawn, Extent, Room};
use crate::draw::legend::Swatch;
use crate::draw::palette::Style;
use crate::draw::panel::Panel;
use crate::draw::place::Place;
use crate::draw::scene::Scene;
use crate::draw::table::Rows;
use crate::draw::theme::PAPER;

/// A value with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Where.
    pub x: f64,
    /// Value.
    pub y: f64,
    /// Interval, where there is one.
    pub interval: Option<(f64, f64)>,
}

/// Points with error bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    /// Name in the table of numbers.
    pub series: String,
    /// Entry in the legend.
    pub legend: Option<String>,
    /// Values.
    pub points: Vec<Estimate>,
    /// Colour and marker.
    pub style: Style,
    /// Half the size of a marker.
    pub size: f64,
    /// Shift to the right, on the axis's scale; keeps points of one place apart.
    pub offset: f64,
}

impl Drawn for Points {
    fn extent(&self, _: &Panel) -> Extent {
        let ends = |p: &Estimate| interval::ends(p.y, p.interval);
        (
            self.points.iter().map(|p| p.x + self.offset).collect(),
            self.points.iter().flat_map(ends).collect(),
        )
    }

    fn room(&self) -> Room {
        Room::Marker
    }

    fn legend(&self) -> Option<(String, Swatch)> {
        Some((self.legend.clone()?, Swatch::Point(self.style)))
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let Style { color, marker, .. } = self.style;
        for point in &self.points {
            let Some((x, y)) = place.point(panel, (point.x + self.offset, point.y)) else {
                continue;
            };
            if let Some((low, high)) = point.interval
                && let (Some(low), Some(high)) = (place.up(panel, low), place.up(panel, high))
            {
                interval::draw(scene, &place.plot, x, (low, high), color);
            }
            if place.holds((x, y)) {
                scene.marker(marker, (x, y), self.size, color, PAPER);
            }
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        for point in &self.points {
            let cells = rows.at((point.x, point.y)).with_interval(point.interval);
            rows.push("point", &self.series, cells);
        }
    }
}
