//! A sample and its density.

use super::palette::Color;

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
    pub(super) fn values(&self) -> Vec<f64> {
        self.sample.iter().map(|point| point.1).collect()
    }
}
