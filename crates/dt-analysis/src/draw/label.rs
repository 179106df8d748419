//! Words and arrows among the data.

use super::palette::Color;
use super::theme;

/// Which part of a text lies at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end, or the lower one where it reads upwards.
    Start,
    /// Its middle.
    Middle,
    /// Its right end, or the upper one.
    End,
}

/// Words at a place of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// x and y; the words are centred upon this height.
    pub at: (f64, f64),
    /// The words, on one line.
    pub text: String,
    /// Which part of them lies there.
    pub anchor: Anchor,
    /// Colour.
    pub color: Color,
    /// Size.
    pub size: f64,
    /// Whether paper behind them hides what they cover.
    pub halo: bool,
}

impl Label {
    /// Centred words in the colour of axes, with paper behind them.
    pub fn new(at: (f64, f64), text: impl Into<String>) -> Self {
        Self {
            at,
            text: text.into(),
            anchor: Anchor::Middle,
            color: theme::INK,
            size: theme::TICK_SIZE,
            halo: true,
        }
    }

    /// With another part at its place.
    #[must_use]
    pub fn anchored(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// In another colour.
    #[must_use]
    pub fn colored(mut self, color: Color) -> Self {
        self.color = color;
        self
    }
}

/// An arrow from one place of the data to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrow {
    /// Name in the table of numbers.
    pub series: String,
    /// Where it starts.
    pub from: (f64, f64),
    /// Where its point is.
    pub to: (f64, f64),
    /// Colour.
    pub color: Color,
    /// Width.
    pub width: f64,
}

impl Arrow {
    /// An arrow of usual width in the colour of axes.
    pub fn new(series: impl Into<String>, from: (f64, f64), to: (f64, f64)) -> Self {
        Self {
            series: series.into(),
            from,
            to,
            color: theme::INK,
            width: 1.2,
        }
    }
}
