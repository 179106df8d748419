//! Lines through points.

use super::{Drawn, Extent, Room};
use crate::draw::legend::Swatch;
use crate::draw::palette::{Dash, Style};
use crate::draw::panel::Panel;
use crate::draw::place::Place;
use crate::draw::scene::{Point, Scene, clip};
use crate::draw::table::Rows;
use crate::draw::theme::{self, LINE, MARKER, PAPER};

/// A line through points; a point that is not finite breaks it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Name in the table of numbers.
    pub series: String,
    /// Entry in the legend; several marks may share one.
    pub legend: Option<String>,
    /// x and y.
    pub points: Vec<(f64, f64)>,
    /// Colour, dash and marker.
    pub style: Style,
    /// Width.
    pub width: f64,
    /// 1 covers what is below.
    pub opacity: f64,
    /// Whether points carry markers.
    pub markers: bool,
}

impl Line {
    /// A line of usual width without markers, in the legend under its series' name.
    pub fn new(series: impl Into<String>, points: Vec<(f64, f64)>, style: Style) -> Self {
        let series = series.into();
        Self {
            legend: Some(series.clone()),
            series,
            points,
            style,
            width: theme::LINE,
            opacity: 1.0,
            markers: false,
        }
    }

    /// One of many: thin, pale, solid.
    #[must_use]
    pub fn thin(mut self) -> Self {
        self.width = theme::THIN_LINE;
        self.opacity = 0.45;
        self.style.dash = Dash::Solid;
        self
    }

    /// A summary of others.
    #[must_use]
    pub fn bold(mut self) -> Self {
        self.width = theme::BOLD_LINE;
        self
    }

    /// With a marker at each point.
    #[must_use]
    pub fn with_markers(mut self) -> Self {
        self.markers = true;
        self
    }

    /// Under another entry of the legend, or under none.
    #[must_use]
    pub fn legend(mut self, legend: Option<&str>) -> Self {
        self.legend = legend.map(str::to_owned);
        self
    }
}

impl Drawn for Line {
    fn extent(&self, _: &Panel) -> Extent {
        self.points.iter().copied().unzip()
    }

    fn room(&self) -> Room {
        match self.markers {
            true => Room::Marker,
            false => Room::None,
        }
    }

    fn legend(&self) -> Option<(String, Swatch)> {
        let swatch = Swatch::Line(self.style, self.width, self.opacity, self.markers);
        Some((self.legend.clone()?, swatch))
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let style = self.style;
        for run in runs(panel, place, &self.points) {
            for part in clip(&run, &place.plot) {
                scene.dashed(
                    &part,
                    style.dash.pattern(),
                    style.color,
                    self.width,
                    self.opacity,
                );
            }
            // A lone point would be no line at all.
            if self.markers || run.len() == 1 {
                let size = MARKER * (self.width / LINE).min(1.0);
                for &at in run.iter().filter(|&&at| place.holds(at)) {
                    scene.marker(style.marker, at, size, style.color, PAPER);
                }
            }
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        for &point in &self.points {
            let cells = rows.at(point);
            rows.push("line", &self.series, cells);
        }
    }
}

/// The runs of points that the scales have places for.
fn runs(panel: &Panel, place: &Place, points: &[(f64, f64)]) -> Vec<Vec<Point>> {
    points
        .split(|&p| place.point(panel, p).is_none())
        .map(|run| run.iter().filter_map(|&p| place.point(panel, p)).collect())
        .collect()
}
