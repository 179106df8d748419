//! What a panel can show: one file a mark.
//!
//! A file holds all that is known of its mark: the data ([`Line`], [`HeatMap`] …), and in its
//! [`Drawn`] the range that it takes, how it is drawn, its rows in the table of numbers and its
//! entry in the legend. [`marks!`] below is the only place that lists them, and
//! [`Mark::drawn`] the only one that tells them apart. See [`crate::draw`] for how to add one.

mod arrow;
mod band;
mod bars;
mod guide;
mod heat;
mod interval;
mod label;
mod line;
mod points;
mod room;
mod scatter;
mod sketch;
mod spread;
mod tree;
mod view;
mod viewer;
mod violin;

pub use band::stacked_areas;
pub use bars::{Bar, stack};
pub use guide::GuideAt;
pub use heat::Numbers;
pub use points::Estimate;
pub(in crate::draw) use room::{Colors, Extent, Layer, Room};
pub use scatter::Named;
pub use sketch::{Block, Bracket, Link, Part, Words};
pub use view::Spot;

use super::legend::Swatch;
use super::names::Crowd;
use super::panel::Panel;
use super::place::Place;
use super::scene::Scene;
use super::table::Rows;

/// What the rest of the grammar asks of a mark. Only a drawing and rows are a must.
pub(in crate::draw) trait Drawn {
    /// Shapes at the panel's place.
    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place);

    /// Its rows in the table of numbers.
    fn rows(&self, rows: &mut Rows<'_>);

    /// All its x and y, for the panel's range.
    fn extent(&self, _panel: &Panel) -> Extent {
        Extent::default()
    }

    /// Its entry in the legend.
    fn legend(&self) -> Option<(String, Swatch)> {
        None
    }

    /// When it is drawn.
    fn layer(&self) -> Layer {
        Layer::default()
    }

    /// How much air it wants beyond its data.
    fn room(&self) -> Room {
        Room::default()
    }

    /// Columns and rows, if it is made of square cells that fill the panel.
    fn cells(&self) -> Option<(usize, usize)> {
        None
    }

    /// Width and height, if it has a shape that its panel is to have.
    fn size(&self) -> Option<(f64, f64)> {
        None
    }

    /// Height that it takes above the plot.
    fn head(&self) -> f64 {
        0.0
    }

    /// What its colours stand for, where they stand for values.
    fn colors(&self) -> Option<Colors<'_>> {
        None
    }

    /// Column and row of the cell whose lower half it stands in.
    fn stands_in(&self) -> Option<(f64, f64)> {
        None
    }

    /// Puts the names of its points, and what names keep clear of, into the panel's crowd.
    fn crowd<'a>(&'a self, _panel: &Panel, _place: &Place, _crowd: &mut Crowd<'a>) {}
}

/// Declares [`Mark`] from the list of marks: the variant, and the file and name of its data.
macro_rules! marks {
    ($($(#[$doc:meta])+ $kind:ident: $file:ident::$data:ident,)+) => {
        $(pub use $file::$data;)+

        /// Something drawn from data.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Mark {
            $($(#[$doc])+ $kind($data),)+
        }

        impl Mark {
            /// Names of all kinds of marks.
            pub const KINDS: &'static [&'static str] = &[$(stringify!($kind)),+];

            /// The name of its kind.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($kind),)+
                }
            }

            pub(in crate::draw) fn drawn(&self) -> &dyn Drawn {
                match self {
                    $(Self::$kind(mark) => mark,)+
                }
            }
        }

        $(impl From<$data> for Mark {
            fn from(mark: $data) -> Self {
                Self::$kind(mark)
            }
        })+
    };
}

marks! {
    /// A line.
    Line: line::Line,
    /// The area between two lines.
    Band: band::Band,
    /// Points, with error bars where there are intervals.
    Points: points::Points,
    /// Bars, with error bars where there are intervals.
    Bars: bars::Bars,
    /// A reference line.
    Guide: guide::Guide,
    /// A heat map.
    Heat: heat::HeatMap,
    /// A tree above a heat map.
    Tree: tree::Tree,
    /// Points with names.
    Scatter: scatter::Scatter,
    /// A sample and its density.
    Violin: violin::Violin,
    /// Words at a place.
    Label: label::Label,
    /// An arrow from place to place.
    Arrow: arrow::Arrow,
    /// What is seen of a world, cell by cell.
    View: view::View,
    /// A diagram, alone in its panel.
    Sketch: sketch::Sketch,
    /// A triangle that looks up a grid of what is seen.
    Viewer: viewer::Viewer,
}
