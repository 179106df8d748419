//! A figure: panels and the words that go with them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::panel::Panel;
use super::table::table;
use super::theme;

/// A file that a figure was drawn from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourceFile {
    /// Its path, as it was given.
    pub path: String,
    /// blake3 of its content, hexadecimal.
    pub blake3: String,
}

/// Which panels have the same axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Each has its own.
    Own,
    /// Those of a column (x) or of a row (y).
    InLine,
    /// All of them.
    All,
}

impl Share {
    /// Whether two panels share, given whether they are in line.
    pub(super) fn covers(self, in_line: bool) -> bool {
        match self {
            Self::Own => false,
            Self::InLine => in_line,
            Self::All => true,
        }
    }
}

/// A picture with the numbers that it shows and the words that explain it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Name of its files.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// What it shows: quantities, what the bars and bands are, how many of what.
    pub caption: String,
    /// Panels, row by row.
    pub panels: Vec<Panel>,
    /// Panels in a row.
    pub columns: usize,
    /// Width in CSS pixels.
    pub width: f64,
    /// Height of a panel between its axes; heat maps have square cells instead.
    pub panel_height: f64,
    /// Which panels have one x axis; its labels stand below the lowest panel of each column.
    pub share_x: Share,
    /// Which panels have one y axis; its labels stand left of the first panel of each row.
    pub share_y: Share,
    /// How many of what: episodes, seeds.
    pub n: BTreeMap<String, usize>,
    /// What it was drawn from.
    pub sources: Vec<SourceFile>,
}

impl Figure {
    /// An empty figure across the page.
    pub fn new(name: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            caption: String::new(),
            panels: Vec::new(),
            columns: 1,
            width: theme::PAGE_WIDTH,
            panel_height: 170.0,
            share_x: Share::Own,
            share_y: Share::Own,
            n: BTreeMap::new(),
            sources: Vec::new(),
        }
    }

    /// Letter of a panel: a, b … z, aa …
    pub fn letter(panel: usize) -> String {
        let letter = char::from(b'a' + (panel % 26) as u8);
        letter.to_string().repeat(panel / 26 + 1)
    }

    /// The numbers drawn, one row each: `panel,panel_title,mark,series,x,y,value,low,high`.
    ///
    /// Cells of a heat map have a `value` at a column `x` and a row `y`, empty if it is missing;
    /// the others have a `y` at an `x`, and `low` and `high` where they have an interval. Bars and
    /// stacked areas have their own length in `y`, not the top of the stack. Where points have
    /// names or there are words, a column `name` follows; where there are views, `object`,
    /// `color` and `state` of each cell.
    pub fn csv(&self) -> String {
        table(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!(Figure::letter(0), "a");
        assert_eq!(Figure::letter(25), "z");
        assert_eq!(Figure::letter(27), "bb");
    }
}
