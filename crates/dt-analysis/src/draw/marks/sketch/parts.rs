//! Parts of a diagram.

use super::Part;
use crate::draw::palette::{Color, Dash};
use crate::draw::scene::Anchor;
use crate::draw::theme;

/// A rounded box with words in its middle.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Top left corner.
    pub corner: (f64, f64),
    /// Width and height.
    pub size: (f64, f64),
    /// The words; line ends in them are kept.
    pub words: String,
    /// Colour within.
    pub fill: Color,
    /// Colour of its edge.
    pub line: Color,
    /// Rhythm of its edge.
    pub dash: Dash,
    /// Whether the words are bold.
    pub bold: bool,
}

/// A line through places.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Places, two or more.
    pub path: Vec<(f64, f64)>,
    /// Whether it ends in a head.
    pub head: bool,
    /// Colour.
    pub color: Color,
    /// Width.
    pub width: f64,
    /// Rhythm.
    pub dash: Dash,
}

/// Words around a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// Where; the middle of all lines lies at this height.
    pub at: (f64, f64),
    /// The words; line ends in them are kept.
    pub text: String,
    /// Size.
    pub size: f64,
    /// Whether they are bold.
    pub bold: bool,
    /// Colour.
    pub color: Color,
    /// Which part of them lies there.
    pub anchor: Anchor,
}

/// A bracket along a level or upright stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Bracket {
    /// One end.
    pub from: (f64, f64),
    /// The other end.
    pub to: (f64, f64),
    /// How long its feet are: downwards or to the right if positive, else upwards or to the left.
    /// The words stand on the other side.
    pub depth: f64,
    /// The words.
    pub words: String,
}

impl Block {
    /// A box on paper with an edge in the colour of axes.
    pub fn new(corner: (f64, f64), size: (f64, f64), words: impl Into<String>) -> Self {
        Self {
            corner,
            size,
            words: words.into(),
            fill: theme::PAPER,
            line: theme::INK,
            dash: Dash::Solid,
            bold: false,
        }
    }

    /// In a colour: its edge so, within a pale shade of it.
    #[must_use]
    pub fn tinted(mut self, color: Color) -> Self {
        self.fill = color.mix(theme::PAPER, 0.86);
        self.line = color;
        self
    }

    /// With bold words.
    #[must_use]
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// With a broken edge.
    #[must_use]
    pub fn dashed(mut self) -> Self {
        self.dash = Dash::Dashed;
        self
    }
}

impl Link {
    /// An arrow in the colour of axes.
    pub fn arrow(path: impl Into<Vec<(f64, f64)>>) -> Self {
        Self {
            path: path.into(),
            head: true,
            color: theme::INK,
            width: 1.2,
            dash: Dash::Solid,
        }
    }

    /// A line without a head.
    pub fn line(path: impl Into<Vec<(f64, f64)>>) -> Self {
        Self {
            head: false,
            ..Self::arrow(path)
        }
    }

    /// In another colour.
    #[must_use]
    pub fn colored(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// Of another width.
    #[must_use]
    pub fn wide(mut self, width: f64) -> Self {
        self.width = width;
        self
    }

    /// Broken.
    #[must_use]
    pub fn dashed(mut self) -> Self {
        self.dash = Dash::Dashed;
        self
    }
}

impl Words {
    /// Centred words of the size of axis labels.
    pub fn new(at: (f64, f64), text: impl Into<String>) -> Self {
        Self {
            at,
            text: text.into(),
            size: theme::LABEL_SIZE,
            bold: false,
            color: theme::INK,
            anchor: Anchor::Middle,
        }
    }

    /// With another part at their place.
    #[must_use]
    pub fn anchored(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// Of another size.
    #[must_use]
    pub fn sized(mut self, size: f64) -> Self {
        self.size = size;
        self
    }

    /// Bold.
    #[must_use]
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// In another colour.
    #[must_use]
    pub fn colored(mut self, color: Color) -> Self {
        self.color = color;
        self
    }
}

impl Bracket {
    /// A bracket; see its fields.
    pub fn new(from: (f64, f64), to: (f64, f64), depth: f64, words: impl Into<String>) -> Self {
        Self {
            from,
            to,
            depth,
            words: words.into(),
        }
    }
}

impl From<Block> for Part {
    fn from(block: Block) -> Self {
        Self::Block(block)
    }
}

impl From<Link> for Part {
    fn from(link: Link) -> Self {
        Self::Link(link)
    }
}

impl From<Words> for Part {
    fn from(words: Words) -> Self {
        Self::Words(words)
    }
}

impl From<Bracket> for Part {
    fn from(bracket: Bracket) -> Self {
        Self::Bracket(bracket)
    }
}
