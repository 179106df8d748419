//! Drawing: from records to figures, and from figures to files.
//!
//! A figure is a function from a record to a [`Figure`]: [`Panel`]s with [`Axis`] axes and
//! [`Mark`]s that hold the data. Layout, ticks, shared axes, panel letters, the legend and colour
//! bars follow from these; captions are for the text around the picture and go to its JSON.
//! [`write()`] makes NAME.svg, NAME.png, NAME.csv (the very numbers drawn) and NAME.json.
//!
//! ```
//! use dt_analysis::figures::{Axis, Figure, Line, Mark, Panel, Style};
//!
//! let mut panel = Panel::new("Loss", Axis::linear("step"), Axis::log("loss (nats)"));
//! let points = vec![(0.0, 1.9), (100.0, 0.4), (200.0, 0.1)];
//! panel.push(Mark::Line(Line::new("seed 0", points, Style::nth(0))));
//! let mut figure = Figure::new("loss", "Training loss");
//! figure.panels.push(panel);
//! assert!(figure.csv().contains("a,Loss,line,seed 0,100,0.4,,,"));
//! ```
//!
//! plotters, which emits the shapes, is seen nowhere outside this module.

mod bars;
mod color_map;
mod draw;
mod figure;
mod heat;
mod layout;
mod legend;
mod mark;
mod paint;
pub mod palette;
mod panel;
mod raster;
mod scale;
mod scene;
mod shapes;
mod text;
pub mod theme;
mod write;

pub use bars::{Bar, Bars, stack, stacked_areas};
pub use color_map::{ColorMap, Shade};
pub use figure::{Figure, Share, SourceFile};
pub use mark::{Band, Estimate, Guide, GuideAt, HeatMap, Line, Mark, Numbers, Points};
pub use paint::DrawError;
pub use palette::{Color, Dash, Marker, Style};
pub use panel::{Axis, AxisKind, Panel};
pub use scale::{Scale, Tick, compact, minus};
pub use write::{Written, write, write_all};
