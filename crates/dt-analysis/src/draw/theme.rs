//! Sizes, widths and greys of every figure, in one place.
//!
//! Lengths are CSS pixels (1/96 inch). A figure of [`PAGE_WIDTH`] printed seven inches wide has
//! its smallest text at 6.2 points and its axis text at 7.

use super::palette::Color;

/// Width of a figure that spans the page.
pub const PAGE_WIDTH: f64 = 720.0;
/// Width of a figure that spans one of two columns.
pub const COLUMN_WIDTH: f64 = 360.0;
/// Pixels of the PNG for each CSS pixel.
pub const PNG_SCALE: f64 = 2.0;

/// Families of text in an SVG. All but the last are as wide as the bundled one, by design, so
/// that labels fit whichever is installed.
pub const FONT_FAMILY: &str = "Arimo, Liberation Sans, Arial, Helvetica, sans-serif";

/// Size of panel letters.
pub const LETTER_SIZE: f64 = 13.0;
/// Size of panel titles.
pub const TITLE_SIZE: f64 = 11.5;
/// Size of axis labels and legends.
pub const LABEL_SIZE: f64 = 11.0;
/// Size of tick labels.
pub const TICK_SIZE: f64 = 10.0;
/// Size of numbers within cells.
pub const CELL_SIZE: f64 = 9.0;

/// Width of axes.
pub const AXIS_WIDTH: f64 = 1.0;
/// Width of grid lines.
pub const GRID_WIDTH: f64 = 1.0;
/// Width of a line that is one of many.
pub const THIN_LINE: f64 = 0.9;
/// Width of a line.
pub const LINE: f64 = 1.6;
/// Width of a line that sums up others.
pub const BOLD_LINE: f64 = 1.9;
/// Half the size of a marker.
pub const MARKER: f64 = 3.0;
/// Length of ticks.
pub const TICK: f64 = 4.0;

/// Height of the tree above a heat map.
pub const TREE: f64 = 34.0;

/// Space around the picture.
pub const MARGIN: f64 = 8.0;
/// Space between panels, beyond what their labels take.
pub const GAP: f64 = 16.0;
/// Width of colour bars.
pub const COLOR_BAR: f64 = 10.0;

/// Text and axes.
pub const INK: Color = Color::new(0x26, 0x26, 0x26);
/// Grid lines.
pub const GRID: Color = Color::new(0xe4, 0xe4, 0xe4);
/// Reference lines: chance, identity.
pub const GUIDE: Color = Color::new(0x75, 0x75, 0x75);
/// Background.
pub const PAPER: Color = Color::new(0xff, 0xff, 0xff);
/// What was put into a world that is not its own.
pub const ADDED: Color = Color::new(0xd6, 0x1a, 0x1a);
