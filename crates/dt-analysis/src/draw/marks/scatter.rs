//! Clouds of points that have names.

use super::spread::spread;
use super::{Drawn, Extent, Room};
use crate::draw::legend::Swatch;
use crate::draw::names::{Crowd, Name};
use crate::draw::palette::{BLACK, Style};
use crate::draw::panel::Panel;
use crate::draw::pen;
use crate::draw::place::Place;
use crate::draw::scene::{Point, Scene, clip};
use crate::draw::table::{Cells, Rows};
use crate::draw::theme::{self, PAPER};

/// Width of an arrow from the origin.
const SHAFT: f64 = 1.2;

/// A point with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Its name in the table of numbers, and beside it where it is labelled.
    pub name: String,
    /// x; a place of the axis's names where points lie in strips.
    pub x: f64,
    /// y.
    pub y: f64,
    /// Whether its name stands beside it.
    pub labelled: bool,
}

impl Named {
    /// A point whose name is in the table alone.
    pub fn new(name: impl Into<String>, x: f64, y: f64) -> Self {
        Self {
            name: name.into(),
            x,
            y,
            labelled: false,
        }
    }
}

/// Points of one series. Labels of all series of a panel keep clear of each other, of the points
/// and of the arrows.
#[derive(Clone, Debug, PartialEq)]
pub struct Scatter {
    /// Name in the table of numbers.
    pub series: String,
    /// Entry in the legend.
    pub legend: Option<String>,
    /// The points.
    pub points: Vec<Named>,
    /// Colour and marker.
    pub style: Style,
    /// Half the size of a marker.
    pub size: f64,
    /// 1 covers what is below.
    pub opacity: f64,
    /// Whether an arrow leads from the origin to each point, instead of a marker.
    pub arrows: bool,
    /// Farthest that points of one x move aside, on the axis's scale; 0 leaves them in line.
    pub jitter: f64,
}

impl Scatter {
    /// Points with markers, in the legend under their series' name.
    pub fn new(series: impl Into<String>, points: Vec<Named>, style: Style) -> Self {
        let series = series.into();
        Self {
            legend: Some(series.clone()),
            series,
            points,
            style,
            size: theme::MARKER,
            opacity: 1.0,
            arrows: false,
            jitter: 0.0,
        }
    }

    /// As strips of many small points, `jitter` wide to both sides where they are densest.
    #[must_use]
    pub fn strip(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self.size = 1.7;
        self.opacity = 0.65;
        self
    }

    /// With arrows from the origin.
    #[must_use]
    pub fn with_arrows(mut self) -> Self {
        self.arrows = true;
        self
    }

    /// With names beside the points that `which` picks.
    #[must_use]
    pub fn labelled(mut self, which: impl Fn(&Named) -> bool) -> Self {
        for point in &mut self.points {
            point.labelled = which(point);
        }
        self
    }

    /// Under another entry of the legend, or under none.
    #[must_use]
    pub fn legend(mut self, legend: Option<&str>) -> Self {
        self.legend = legend.map(str::to_owned);
        self
    }

    /// Where each point is drawn along the x axis: moved aside, the same on every run, by a share
    /// of `jitter` that follows how dense its strip is there.
    fn along(&self) -> Vec<f64> {
        let mut places: Vec<f64> = self.points.iter().map(|p| p.x).collect();
        if self.jitter == 0.0 {
            return places;
        }
        let mut strips: Vec<f64> = places.clone();
        strips.sort_by(f64::total_cmp);
        strips.dedup();
        for strip in strips {
            let of_strip = |p: &Named| p.x == strip && p.y.is_finite();
            let members: Vec<usize> = (0..places.len())
                .filter(|&n| of_strip(&self.points[n]))
                .collect();
            let values: Vec<f64> = members.iter().map(|&n| self.points[n].y).collect();
            for (&n, aside) in members.iter().zip(spread(&values)) {
                places[n] += aside * self.jitter;
            }
        }
        places
    }

    /// Where each point is drawn; none for those that have no place within the plot.
    fn places(&self, panel: &Panel, place: &Place) -> Vec<Option<Point>> {
        (self.points.iter().zip(self.along()))
            .map(|(point, x)| place.point(panel, (x, point.y)))
            .map(|at| at.filter(|&at| place.holds(at)))
            .collect()
    }
}

impl Drawn for Scatter {
    fn extent(&self, _: &Panel) -> Extent {
        let origin = self.arrows.then_some((0.0, 0.0));
        let points = self.points.iter().map(|p| (p.x, p.y));
        points.chain(origin).unzip()
    }

    fn room(&self) -> Room {
        match self.points.iter().any(|point| point.labelled) {
            true => Room::Name,
            false => Room::Marker,
        }
    }

    fn legend(&self) -> Option<(String, Swatch)> {
        let swatch = match self.arrows {
            true => Swatch::Line(self.style, theme::LINE, 1.0, false),
            false => Swatch::Point(self.style),
        };
        Some((self.legend.clone()?, swatch))
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let style = self.style;
        let origin = place.point(panel, (0.0, 0.0));
        for at in self.places(panel, place).into_iter().flatten() {
            match origin {
                Some(origin) if self.arrows => {
                    for part in clip(&[origin, at], &place.plot) {
                        pen::arrow(scene, &part, style.color, SHAFT, style.dash);
                    }
                }
                _ => {
                    let colors = (style.color, PAPER);
                    scene.faint_marker(style.marker, at, self.size, colors, self.opacity);
                }
            }
        }
    }

    fn crowd<'a>(&'a self, panel: &Panel, place: &Place, crowd: &mut Crowd<'a>) {
        let origin = place.point(panel, (0.0, 0.0));
        let origin = origin.filter(|_| self.arrows);
        for (point, at) in self.points.iter().zip(self.places(panel, place)) {
            let Some(at) = at else { continue };
            if let Some(origin) = origin {
                crowd.lines.push((origin, at));
            }
            crowd.points.push((at, self.size));
            if point.labelled {
                crowd.names.push(Name {
                    text: &point.name,
                    at,
                    reach: self.size,
                    away: origin.map(|origin| (at.0 - origin.0, at.1 - origin.1)),
                    color: self.style.color.mix(BLACK, 0.35),
                });
            }
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        for point in &self.points {
            let cells = Cells {
                name: point.name.clone(),
                ..rows.at((point.x, point.y))
            };
            rows.push("point", &self.series, cells);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_keep_their_places_apart() {
        let points = (0..400)
            .map(|n| Named::new(n.to_string(), f64::from(n % 2), f64::from(n * n % 97)))
            .collect();
        let strip = Scatter::new("s", points, Style::nth(0)).strip(0.3);
        let places = strip.along();
        assert_eq!(places, strip.along(), "the same on every call");
        for (point, place) in strip.points.iter().zip(&places) {
            assert!((place - point.x).abs() <= 0.3, "{place}");
        }
        let mut apart = places.clone();
        apart.sort_by(f64::total_cmp);
        apart.dedup();
        assert!(apart.len() > 390, "{}", apart.len());
        let mut plain = strip;
        plain.jitter = 0.0;
        assert_eq!(plain.along()[3], 1.0);
    }
}
