//! Diagrams: boxes, arrows and words at free places, without axes.

use super::label::Anchor;
use super::palette::{Color, Dash};
use super::theme;
use super::view::View;

/// A diagram. Its units are CSS pixels where it is as wide as its panel, and grow and shrink with
/// it; sizes of text and lines stay.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// Name in the table.
    pub series: String,
    /// Width and height; places count from the top left corner, downwards.
    pub size: (f64, f64),
    /// Drawn in order.
    pub parts: Vec<Part>,
}

/// A part of a diagram.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A rounded box with words in its middle.
    Block(Block),
    /// A line, with a head where it is an arrow.
    Link(Link),
    /// Words.
    Words(Words),
    /// A bracket along a stretch, with words.
    Bracket(Bracket),
    /// What an agent sees, at a corner and with the length of its sides.
    View(View, (f64, f64), f64),
}

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

impl Sketch {
    /// An empty diagram.
    pub fn new(series: impl Into<String>, size: (f64, f64)) -> Self {
        Self {
            series: series.into(),
            size,
            parts: Vec::new(),
        }
    }

    /// Adds a part on top.
    pub fn push(&mut self, part: impl Into<Part>) {
        self.parts.push(part.into());
    }
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

impl Part {
    /// Its row in the table: what it is, where, and its words.
    pub(super) fn row(&self) -> (&'static str, (f64, f64), &str) {
        match self {
            Self::Block(block) => {
                let ((x, y), (width, height)) = (block.corner, block.size);
                ("block", (x + width / 2.0, y + height / 2.0), &block.words)
            }
            Self::Link(link) => {
                let kind = if link.head { "arrow" } else { "line" };
                (kind, link.path.last().copied().unwrap_or_default(), "")
            }
            Self::Words(words) => ("words", words.at, &words.text),
            Self::Bracket(bracket) => {
                let ((ax, ay), (bx, by)) = (bracket.from, bracket.to);
                let middle = (f64::midpoint(ax, bx), f64::midpoint(ay, by));
                ("bracket", middle, &bracket.words)
            }
            Self::View(view, corner, _) => ("view", *corner, &view.series),
        }
    }
}
