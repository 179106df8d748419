//! Drawing: from records to figures, and from figures to files.
//!
//! A figure is a function from a record to a [`Figure`]: [`Panel`]s with [`Axis`] axes and
//! [`Mark`]s that hold the data. Layout, ticks, shared axes, panel letters, the legend and colour
//! bars follow from these; captions are for the text around the picture and go to its JSON.
//! [`write()`] makes NAME.svg, NAME.png, NAME.csv (the very numbers drawn) and NAME.json.
//!
//! ```
//! use dt_analysis::draw::{Axis, Figure, Line, Mark, Panel, Style};
//!
//! let mut panel = Panel::new("Loss", Axis::linear("step"), Axis::log("loss (nats)"));
//! let points = vec![(0.0, 1.9), (100.0, 0.4), (200.0, 0.1)];
//! panel.push(Mark::Line(Line::new("seed 0", points, Style::nth(0))));
//! let mut figure = Figure::new("loss", "Training loss");
//! figure.panels.push(panel);
//! assert!(figure.csv().contains("a,Loss,line,seed 0,100,0.4,,,"));
//! ```
//!
//! # A scatter with names
//! Names keep clear of each other, of the points and of the arrows. [`Scatter::strip`] lays many
//! points side by side instead, over the names of an axis.
//! ```
//! use dt_analysis::draw::{Axis, Mark, Named, Panel, Scatter, Style};
//!
//! let mut panel = Panel::new("Scores", Axis::linear("PC1"), Axis::linear("PC2"));
//! let keys = vec![Named::new("key, (2,6)", 0.79, 0.43), Named::new("key, (4,2)", 0.75, -0.59)];
//! let keys = Scatter::new("key", keys, Style::nth(0)).with_arrows().labelled(|_| true);
//! panel.push(Mark::Scatter(keys));
//! ```
//!
//! # A violin
//! It lies where names are on the y axis, and stands where they are on the x axis.
//! ```
//! use dt_analysis::draw::{Axis, Mark, Panel, Style, Violin};
//!
//! let pairs = Axis::categories("", ["same object", "same cell"]).reversed();
//! let mut panel = Panel::new("", Axis::range("cosine", -1.0, 1.0), pairs);
//! let sample = vec![("key, (2,6); ball, (2,6)".to_owned(), -0.81)];
//! panel.push(Mark::Violin(Violin::new("cosine", 1.0, sample, Style::nth(1).color)));
//! ```
//!
//! # What an agent sees
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
//! [`Axis::group`] puts a bracket along names, [`Mark::Tree`] a dendrogram above the map.
//! ```
//! use dt_analysis::draw::{Axis, ColorMap, HeatMap, Mark, Numbers, Panel};
//!
//! let cells = Axis::categories("", ["(2,6)", "(0,5)"]).group("key", 0, 1);
//! let mut panel = Panel::new("Cosines", cells.clone(), cells.reversed());
//! panel.push(Mark::Heat(HeatMap {
//!     series: "cosine".to_owned(),
//!     rows: vec![vec![Some(1.0), Some(0.75)], vec![Some(0.75), None]],
//!     map: ColorMap::Signed { limit: 1.0 },
//!     bar: Some("cosine".to_owned()),
//!     numbers: Some(Numbers::Decimals(2)),
//! }));
//! ```
//!
//! [`Panel::of_sketch`] makes a diagram of boxes, arrows and words.
//!
//! plotters, which emits the shapes, is seen nowhere outside this module.

mod axes;
mod bars;
mod cloud;
mod color_map;
mod density;
mod diagram;
mod draw;
mod figure;
mod heat;
mod label;
mod labels;
mod layout;
mod legend;
mod mark;
mod paint;
pub mod palette;
mod panel;
mod pen;
mod raster;
mod scale;
mod scatter;
mod scene;
mod shapes;
mod sketch;
mod table;
mod text;
pub mod theme;
mod tiles;
mod tree;
mod view;
mod violin;
mod write;

pub use bars::{Bar, Bars, stack, stacked_areas};
pub use color_map::{ColorMap, Shade};
pub use figure::{Figure, Share, SourceFile};
pub use label::{Anchor, Arrow, Label};
pub use mark::{Band, Estimate, Guide, GuideAt, HeatMap, Line, Mark, Numbers, Points};
pub use paint::DrawError;
pub(crate) use paint::lettering;
pub use palette::{Color, Dash, Marker, Style};
pub use panel::{Axis, AxisKind, Group, Panel};
pub use scale::{Scale, Tick, compact, minus};
pub use scatter::{Named, Scatter};
pub use sketch::{Block, Bracket, Link, Part, Sketch, Words};
pub use tree::Tree;
pub use view::{Spot, View};
pub use violin::Violin;
pub use write::{Written, write, write_all};
