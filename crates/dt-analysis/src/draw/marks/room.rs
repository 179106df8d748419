//! The room that a mark takes in its panel.

use crate::draw::color_map::ColorMap;

/// All x and y of a mark, for the range of its panel's axes.
pub(in crate::draw) type Extent = (Vec<f64>, Vec<f64>);

/// How much air a mark wants beyond its data, on axes that follow the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::draw) enum Room {
    /// It may touch the axes: lines and areas.
    #[default]
    None,
    /// Half a marker or bar.
    Marker,
    /// Names beside its points.
    Name,
}

impl Room {
    /// Shares of the x and of the y axis that are added at both ends.
    pub fn air(self) -> (f64, f64) {
        match self {
            Self::None => (0.0, 0.05),
            Self::Marker => (0.025, 0.05),
            Self::Name => (0.16, 0.08),
        }
    }
}

/// When a mark is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::draw) enum Layer {
    /// Axes cover its feet.
    BelowAxes,
    /// It covers the axes.
    #[default]
    AboveAxes,
    /// After everything but the names of points, which keep clear of it.
    Words,
}

/// What the colours of a mark stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::draw) struct Colors<'a> {
    pub series: &'a str,
    pub map: ColorMap,
    /// Label of the colour bar; without one there is no bar.
    pub bar: Option<&'a str>,
    /// Cells whose value lies beyond the colours' ends.
    pub clipped: usize,
}
