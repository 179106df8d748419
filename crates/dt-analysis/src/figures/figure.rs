//! A figure: panels and the words that go with them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::mark::{GuideAt, Mark};
use super::panel::Panel;
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
    /// stacked areas have their own length in `y`, not the top of the stack.
    pub fn csv(&self) -> String {
        let mut table = Table::default();
        for (n, panel) in self.panels.iter().enumerate() {
            table.panel = Self::letter(n);
            for mark in &panel.marks {
                table.push(panel, mark);
            }
        }
        table.text
    }
}

const HEADER: &str = "panel,panel_title,mark,series,x,y,value,low,high\n";

struct Table {
    panel: String,
    text: String,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            panel: String::new(),
            text: HEADER.to_owned(),
        }
    }
}

impl Table {
    fn row(&mut self, panel: &Panel, mark: &str, series: &str, cells: [String; 5]) {
        let [x, y, value, low, high] = cells;
        let head = [&self.panel, &panel.title, mark, series].map(quoted);
        let tail = [x, y, value, low, high].map(|cell| quoted(&cell));
        let cells: Vec<String> = head.into_iter().chain(tail).collect();
        self.text.push_str(&cells.join(","));
        self.text.push('\n');
    }

    fn push(&mut self, panel: &Panel, mark: &Mark) {
        let x_name = |x: f64| panel.x.name(x);
        match mark {
            Mark::Line(line) => {
                for &(x, y) in &line.points {
                    let cells = [
                        x_name(x),
                        number(y),
                        String::new(),
                        String::new(),
                        String::new(),
                    ];
                    self.row(panel, "line", &line.series, cells);
                }
            }
            Mark::Band(band) => {
                for &(x, low, high) in &band.points {
                    let cells = [
                        x_name(x),
                        number(high - low),
                        String::new(),
                        number(low),
                        number(high),
                    ];
                    self.row(panel, "band", &band.series, cells);
                }
            }
            Mark::Points(points) => {
                for point in &points.points {
                    let cells = estimate(x_name(point.x), point.y, point.interval);
                    self.row(panel, "point", &points.series, cells);
                }
            }
            Mark::Bars(bars) => {
                for bar in &bars.bars {
                    let cells = estimate(x_name(bar.x), bar.value, bar.interval);
                    self.row(panel, "bar", &bars.series, cells);
                }
            }
            Mark::Guide(guide) => {
                let (x, y) = match guide.at {
                    GuideAt::X(x) => (x_name(x), String::new()),
                    GuideAt::Y(y) => (String::new(), number(y)),
                    GuideAt::Identity => ("x".to_owned(), "x".to_owned()),
                };
                let cells = [x, y, String::new(), String::new(), String::new()];
                self.row(panel, "guide", &guide.legend, cells);
            }
            Mark::Heat(heat) => {
                for (j, row) in heat.rows.iter().enumerate() {
                    for (i, value) in row.iter().enumerate() {
                        let cells = [
                            x_name(i as f64),
                            panel.y.name(j as f64),
                            value.map(number).unwrap_or_default(),
                            String::new(),
                            String::new(),
                        ];
                        self.row(panel, "cell", &heat.series, cells);
                    }
                }
            }
            Mark::Agent(..) => {}
        }
    }
}

fn estimate(x: String, y: f64, interval: Option<(f64, f64)>) -> [String; 5] {
    let (low, high) = match interval {
        Some((low, high)) => (number(low), number(high)),
        None => (String::new(), String::new()),
    };
    [x, number(y), String::new(), low, high]
}

/// The shortest decimals that read back as the same number; empty where there is none.
fn number(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        String::new()
    }
}

fn quoted(cell: &(impl AsRef<str> + ?Sized)) -> String {
    let cell = cell.as_ref();
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Axis, ColorMap, HeatMap, Line, Style};

    #[test]
    fn numbers_are_written_as_they_are() {
        let mut panel = Panel::new("A, b", Axis::linear("x"), Axis::linear("y"));
        let points = vec![(0.1 + 0.2, 1e-7), (2.0, f64::NAN)];
        panel.push(Mark::Line(Line::new("s", points, Style::nth(0))));
        let mut figure = Figure::new("f", "F");
        figure.panels.push(panel);
        assert_eq!(
            figure.csv(),
            format!(
                "{HEADER}a,\"A, b\",line,s,0.30000000000000004,0.0000001,,,\na,\"A, b\",line,s,2,,,,\n"
            )
        );
    }

    #[test]
    fn missing_cells_are_empty() {
        let axis = || Axis::categories("", ["p", "q"]);
        let mut panel = Panel::new("t", axis(), axis());
        panel.push(Mark::Heat(HeatMap {
            series: "h".to_owned(),
            rows: vec![vec![Some(0.0), None], vec![Some(-1.5)]],
            map: ColorMap::signed_over([1.0]),
            bar: None,
            numbers: None,
        }));
        let mut figure = Figure::new("f", "F");
        figure.panels.push(panel);
        let rows: Vec<String> = figure.csv().lines().skip(1).map(str::to_owned).collect();
        assert_eq!(
            rows,
            [
                "a,t,cell,h,p,p,0,,",
                "a,t,cell,h,q,p,,,",
                "a,t,cell,h,p,q,-1.5,,"
            ]
        );
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!(Figure::letter(0), "a");
        assert_eq!(Figure::letter(25), "z");
        assert_eq!(Figure::letter(27), "bb");
    }
}
