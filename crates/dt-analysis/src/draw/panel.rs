//! A panel: two axes, and what is drawn between them.

use super::axis::Axis;
use super::color_map::ColorMap;
use super::marks::{Colors, Drawn, Extent, Mark, Room, Sketch, View};

/// A panel of a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What it shows, in a few words.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Drawn in order.
    pub marks: Vec<Mark>,
}

impl Panel {
    /// An empty panel.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            x,
            y,
            marks: Vec::new(),
        }
    }

    /// A panel that shows what is seen of a world, with its columns and rows counted from 0 at the
    /// far left.
    pub fn of_view(title: impl Into<String>, view: View) -> Self {
        let names = || (0..view.side()).map(|n| n.to_string());
        let (x, y) = (Axis::categories("", names()), Axis::categories("", names()));
        let mut panel = Self::new(title, x, y.reversed());
        panel.push(view);
        panel
    }

    /// A panel that shows a diagram, without axes.
    pub fn of_sketch(title: impl Into<String>, sketch: Sketch) -> Self {
        let axis = || Axis::linear("").hidden();
        let mut panel = Self::new(title, axis(), axis());
        panel.push(sketch);
        panel
    }

    /// Adds a mark on top.
    pub fn push(&mut self, mark: impl Into<Mark>) {
        self.marks.push(mark.into());
    }

    fn drawn(&self) -> impl Iterator<Item = &dyn Drawn> {
        self.marks.iter().map(Mark::drawn)
    }

    /// Whether its violins lie, as names are on the y axis alone.
    pub(super) fn lies(&self) -> bool {
        self.y.is_named() && !self.x.is_named()
    }

    /// Values of all marks on both axes.
    pub(super) fn extent(&self) -> Extent {
        let (mut xs, mut ys) = Extent::default();
        for (x, y) in self.drawn().map(|mark| mark.extent(self)) {
            xs.extend(x);
            ys.extend(y);
        }
        (xs, ys)
    }

    /// The air that the neediest of its marks wants.
    pub(super) fn room(&self) -> Room {
        self.drawn().map(Drawn::room).max().unwrap_or_default()
    }

    /// Number of columns and rows, if it is a grid of cells.
    pub(super) fn cells(&self) -> Option<(usize, usize)> {
        self.drawn().find_map(Drawn::cells)
    }

    /// Width and height of its diagram, if it has one.
    pub(super) fn size(&self) -> Option<(f64, f64)> {
        self.drawn().find_map(Drawn::size)
    }

    /// Height of what stands above the plot.
    pub(super) fn head(&self) -> f64 {
        self.drawn().map(Drawn::head).fold(0.0, f64::max)
    }

    /// What its colours stand for.
    pub(super) fn colors(&self) -> Option<Colors<'_>> {
        self.drawn().find_map(Drawn::colors)
    }

    /// The colour map that has a colour bar, and the bar's label.
    pub(super) fn color_bar(&self) -> Option<(ColorMap, &str)> {
        let mut colors = self.drawn().filter_map(Drawn::colors);
        colors.find_map(|colors| Some((colors.map, colors.bar?)))
    }
}
