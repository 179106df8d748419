//! A panel in its place: from values to pixels.

use super::panel::Panel;
use super::scale::{Scale, Tick};
use super::scene::{Point, Rect};

/// A panel in its place.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The area between the axes.
    pub plot: Rect,
    pub x: Scale,
    pub y: Scale,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
    /// Lines of each x tick label.
    pub x_labels: Vec<Vec<String>>,
    /// Whether x tick labels read upwards, as they are too long for their places.
    pub x_upright: bool,
    pub x_shown: bool,
    pub y_shown: bool,
    /// Height of what stands above the plot.
    pub head: f64,
    pub letter: Option<String>,
    /// Left end of the letter.
    pub letter_x: f64,
    pub title: Vec<String>,
    /// Left end of the title.
    pub title_x: f64,
}

impl Place {
    /// Where a value of the x axis lies.
    pub fn across(&self, panel: &Panel, value: f64) -> Option<f64> {
        let share = self.x.position(value)?;
        let share = if panel.x.reversed { 1.0 - share } else { share };
        Some(self.plot.x + share * self.plot.width)
    }

    /// Where a value of the y axis lies.
    pub fn up(&self, panel: &Panel, value: f64) -> Option<f64> {
        let share = self.y.position(value)?;
        let share = if panel.y.reversed { share } else { 1.0 - share };
        Some(self.plot.y + share * self.plot.height)
    }

    pub fn point(&self, panel: &Panel, (x, y): (f64, f64)) -> Option<Point> {
        Some((self.across(panel, x)?, self.up(panel, y)?))
    }

    /// The cell at a column and a row.
    pub fn cell(&self, panel: &Panel, (x, y): (f64, f64)) -> Option<Rect> {
        let sides = [x - 0.5, x + 0.5].map(|x| self.across(panel, x));
        let ends = [y - 0.5, y + 0.5].map(|y| self.up(panel, y));
        let ([Some(a), Some(b)], [Some(c), Some(d)]) = (sides, ends) else {
            return None;
        };
        Some(Rect {
            x: a.min(b),
            y: c.min(d),
            width: (b - a).abs(),
            height: (d - c).abs(),
        })
    }

    /// Whether a point lies within the plot, its edge included.
    pub fn holds(&self, (x, y): Point) -> bool {
        let plot = &self.plot;
        (plot.x - 0.5..=plot.right() + 0.5).contains(&x)
            && (plot.y - 0.5..=plot.bottom() + 0.5).contains(&y)
    }
}
