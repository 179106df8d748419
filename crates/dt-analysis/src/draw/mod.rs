//! Drawing: from records to figures, and from figures to files.
//!
//! A figure is a function from a record to a [`Figure`]: [`Panel`]s with [`Axis`] axes and
//! [`Mark`]s that hold the data. Layout, ticks, shared axes, panel letters, the legend and colour
//! bars follow from these; captions are for the text around the picture and go to its JSON.
//! [`render`] makes NAME.svg, NAME.png, NAME.csv (the very numbers drawn) and NAME.json as bytes,
//! and [`files`](crate::files) puts them on disk. Nothing here reads or writes a file, or knows
//! where a record comes from.
//!
//! ```
//! use dt_analysis::draw::{Axis, Figure, Line, Panel, Style};
//!
//! let mut panel = Panel::new("Loss", Axis::linear("step"), Axis::log("loss (nats)"));
//! let points = vec![(0.0, 1.9), (100.0, 0.4), (200.0, 0.1)];
//! panel.push(Line::new("seed 0", points, Style::nth(0)));
//! let mut figure = Figure::new("loss", "Training loss");
//! figure.panels.push(panel);
//! assert!(figure.csv().contains("a,Loss,line,seed 0,100,0.4,,,"));
//! ```
//!
//! # A scatter with names
//! Names keep clear of each other, of the points and of the arrows. [`Scatter::strip`] lays many
//! points side by side instead, over the names of an axis.
//! ```
//! use dt_analysis::draw::{Axis, Named, Panel, Scatter, Style};
//!
//! let mut panel = Panel::new("Scores", Axis::linear("PC1"), Axis::linear("PC2"));
//! let items = vec![Named::new("red, (2,6)", 0.79, 0.43), Named::new("red, (4,2)", 0.75, -0.59)];
//! panel.push(Scatter::new("red", items, Style::nth(0)).with_arrows().labelled(|_| true));
//! ```
//!
//! # A violin
//! It lies where names are on the y axis, and stands where they are on the x axis.
//! ```
//! use dt_analysis::draw::{Axis, Panel, Style, Violin};
//!
//! let pairs = Axis::categories("", ["same object", "same cell"]).reversed();
//! let mut panel = Panel::new("", Axis::range("cosine", -1.0, 1.0), pairs);
//! let sample = vec![("red, (2,6); blue, (2,6)".to_owned(), -0.81)];
//! panel.push(Violin::new("cosine", 1.0, sample, Style::nth(1).color));
//! ```
//!
//! # What is seen of a world
//! ```
//! use dt_analysis::draw::{Panel, Spot, View, palette};
//! use dt_env::{Env, EnvSpec};
//!
//! let env = Env::new(EnvSpec::builtin("MiniGrid-MemoryS7FixedStart-v0").unwrap().into());
//! let view = View::new("start", env.world().observation())
//!     .with(Spot::framed((2, 6), palette::BLUE).tagged("instruction", (3.0, 4.2)))
//!     .with(Spot::added((4, 2)));
//! let panel = Panel::of_view("Start", view);
//! assert_eq!(panel.marks.len(), 1);
//! ```
//!
//! # A heat map with numbers
//! Small cells touch, and names are thinned where there is no room ([`Axis::every`] sets how).
//! [`Axis::group`] puts a bracket along names, [`Tree`] a dendrogram above the map.
//! ```
//! use dt_analysis::draw::{Axis, ColorMap, HeatMap, Numbers, Panel};
//!
//! let cells = Axis::categories("", ["(2,6)", "(0,5)"]).group("red", 0, 1);
//! let mut panel = Panel::new("Cosines", cells.clone(), cells.reversed());
//! panel.push(HeatMap {
//!     series: "cosine".to_owned(),
//!     rows: vec![vec![Some(1.0), Some(0.75)], vec![Some(0.75), None]],
//!     map: ColorMap::Signed { limit: 1.0 },
//!     bar: Some("cosine".to_owned()),
//!     numbers: Some(Numbers::Decimals(2)),
//! });
//! ```
//!
//! [`Panel::of_sketch`] makes a diagram of boxes, arrows and words.
//!
//! # To add a mark
//! Three files, of which one is new:
//! 1. `marks/NAME.rs`: the data as a public struct, and its `Drawn`. A drawing (shapes for the
//!    scene, from values to pixels by the panel's place) and rows of the table are a must; the
//!    range that it takes, its entry in the legend (a swatch), the layer that it is drawn in, air
//!    beyond its data, a colour bar and names beside points are there if it gives them.
//! 2. `marks/mod.rs`: `mod NAME;`, and a line in the list of `marks!`, which makes the variant of
//!    [`Mark`], the conversion that [`Panel::push`] takes, and the one place that dispatches.
//! 3. `tests/marks.rs`: a tiny figure of it, at the same place as in `marks!`; a test fails as long
//!    as a mark has none. `INSTA_UPDATE=always cargo test --workspace --test marks` writes its
//!    snapshot, the fourth file, to be looked at and committed.
//!
//! Axes, layout, legend, table, SVG and PNG need no change, as they ask every mark the same.
//!
//! # From a figure to a picture
//! `layout` gives each panel its place, `compose` turns panels and marks into a scene of shapes,
//! `paint` hands these to plotters, with its own backend in `svg` and ours (`raster`) in `png`.
//! plotters is seen nowhere outside this module.

mod axes;
mod axis;
mod color_map;
mod compose;
pub mod csv;
mod error;
mod figure;
mod layout;
mod legend;
mod marks;
mod names;
mod paint;
pub mod palette;
mod panel;
mod pen;
mod place;
mod png;
mod raster;
mod render;
mod scale;
mod scene;
mod svg;
mod table;
mod text;
pub mod theme;

pub use axis::{Axis, AxisKind, Group};
pub use color_map::{ColorMap, Shade};
pub use error::DrawError;
pub use figure::{Figure, Share, SourceFile};
pub use marks::*;
pub use palette::{Color, Dash, Marker, Style};
pub use panel::Panel;
pub(crate) use png::lettering;
pub use render::{file_names, render, render_svg};
pub use scale::{Scale, Tick, compact, minus};
pub use scene::Anchor;
