//! Words among the data.

use super::{Drawn, Extent, Layer};
use crate::draw::names::Crowd;
use crate::draw::palette::Color;
use crate::draw::panel::Panel;
use crate::draw::pen::{self, Look};
use crate::draw::place::Place;
use crate::draw::scene::{Anchor, Scene};
use crate::draw::table::{Cells, Rows};
use crate::draw::theme;

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

    fn look(&self) -> Look {
        Look {
            size: self.size,
            color: self.color,
            anchor: self.anchor,
            ..Look::plain(self.size)
        }
    }
}

impl Drawn for Label {
    fn extent(&self, _: &Panel) -> Extent {
        (vec![self.at.0], vec![self.at.1])
    }

    fn layer(&self) -> Layer {
        Layer::Words
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let Some(at) = place.point(panel, self.at) else {
            return;
        };
        let look = self.look();
        if self.halo {
            pen::halo(scene, &pen::area(at, &self.text, look));
        }
        pen::words(scene, at, &self.text, look);
    }

    fn crowd<'a>(&'a self, panel: &Panel, place: &Place, crowd: &mut Crowd<'a>) {
        if let Some(at) = place.point(panel, self.at) {
            crowd.taken.push(pen::area(at, &self.text, self.look()));
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        let cells = Cells {
            name: self.text.clone(),
            ..rows.place(self.at)
        };
        rows.push("label", "", cells);
    }
}
