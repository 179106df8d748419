//! Clouds of points that have names.

use super::density::spread;
use super::palette::Style;
use super::theme;

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
    pub(super) fn places(&self) -> Vec<f64> {
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
        let places = strip.places();
        assert_eq!(places, strip.places(), "the same on every call");
        for (point, place) in strip.points.iter().zip(&places) {
            assert!((place - point.x).abs() <= 0.3, "{place}");
        }
        let mut apart = places.clone();
        apart.sort_by(f64::total_cmp);
        apart.dedup();
        assert!(apart.len() > 390, "{}", apart.len());
        let mut plain = strip;
        plain.jitter = 0.0;
        assert_eq!(plain.places()[3], 1.0);
    }
}
