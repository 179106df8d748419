//! A figure's numbers as comma-separated values.

use super::density::median;
use super::figure::Figure;
use super::mark::{GuideAt, Mark};
use super::panel::Panel;
use super::sketch::{Part, Sketch};
use super::tree::Tree;
use super::view::View;
use super::violin::Violin;

/// Columns of every table.
const COLUMNS: [&str; 9] = [
    "panel",
    "panel_title",
    "mark",
    "series",
    "x",
    "y",
    "value",
    "low",
    "high",
];
/// Columns that follow where a figure has something for them.
const MORE: [&str; 4] = ["name", "object", "color", "state"];

/// What a row says of its mark; what it leaves out is empty.
#[derive(Clone, Debug, Default)]
struct Cells {
    x: String,
    y: String,
    value: String,
    low: String,
    high: String,
    name: String,
    tile: [String; 3],
}

#[derive(Default)]
struct Table {
    panel: String,
    rows: Vec<Vec<String>>,
}

/// The table of all panels.
pub(super) fn csv(figure: &Figure) -> String {
    let mut table = Table::default();
    for (n, panel) in figure.panels.iter().enumerate() {
        table.panel = Figure::letter(n);
        for mark in &panel.marks {
            table.push(panel, mark);
        }
    }
    table.write()
}

impl Table {
    fn write(&self) -> String {
        let used = |column: usize| self.rows.iter().any(|row| !row[column].is_empty());
        let wanted: Vec<usize> = (0..COLUMNS.len() + MORE.len())
            .filter(|&column| column < COLUMNS.len() || used(column))
            .collect();
        let head: Vec<String> = COLUMNS.iter().chain(&MORE).map(|&c| c.to_owned()).collect();
        let mut text = String::new();
        for row in std::iter::once(&head).chain(&self.rows) {
            let cells: Vec<String> = wanted.iter().map(|&c| quoted(&row[c])).collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        text
    }

    fn row(&mut self, panel: &Panel, mark: &str, series: &str, cells: Cells) {
        let head = [&self.panel, &panel.title, mark, series].map(str::to_owned);
        let [object, color, state] = cells.tile;
        let tail = [cells.x, cells.y, cells.value, cells.low, cells.high];
        let more = [cells.name, object, color, state];
        self.rows
            .push(head.into_iter().chain(tail).chain(more).collect());
    }

    fn push(&mut self, panel: &Panel, mark: &Mark) {
        let x_name = |x: f64| panel.x.name(x);
        let at = |(x, y): (f64, f64)| Cells {
            x: x_name(x),
            y: number(y),
            ..Cells::default()
        };
        let place = |(x, y): (f64, f64)| Cells {
            y: panel.y.name(y),
            ..at((x, y))
        };
        match mark {
            Mark::Line(line) => {
                for &point in &line.points {
                    self.row(panel, "line", &line.series, at(point));
                }
            }
            Mark::Band(band) => {
                for &(x, low, high) in &band.points {
                    let cells = Cells {
                        low: number(low),
                        high: number(high),
                        ..at((x, high - low))
                    };
                    self.row(panel, "band", &band.series, cells);
                }
            }
            Mark::Points(points) => {
                for point in &points.points {
                    let cells = with_interval(at((point.x, point.y)), point.interval);
                    self.row(panel, "point", &points.series, cells);
                }
            }
            Mark::Bars(bars) => {
                for bar in &bars.bars {
                    let cells = with_interval(at((bar.x, bar.value)), bar.interval);
                    self.row(panel, "bar", &bars.series, cells);
                }
            }
            Mark::Scatter(scatter) => {
                for point in &scatter.points {
                    let cells = Cells {
                        name: point.name.clone(),
                        ..at((point.x, point.y))
                    };
                    self.row(panel, "point", &scatter.series, cells);
                }
            }
            Mark::Guide(guide) => {
                let (x, y) = match guide.at {
                    GuideAt::X(x) => (x_name(x), String::new()),
                    GuideAt::Y(y) => (String::new(), number(y)),
                    GuideAt::Identity => ("x".to_owned(), "x".to_owned()),
                };
                let cells = Cells {
                    x,
                    y,
                    ..Cells::default()
                };
                self.row(panel, "guide", &guide.legend, cells);
            }
            Mark::Heat(heat) => {
                for (j, row) in heat.rows.iter().enumerate() {
                    for (i, value) in row.iter().enumerate() {
                        let cells = Cells {
                            value: value.map(number).unwrap_or_default(),
                            ..place((i as f64, j as f64))
                        };
                        self.row(panel, "cell", &heat.series, cells);
                    }
                }
            }
            Mark::Label(label) => {
                let cells = Cells {
                    name: label.text.clone(),
                    ..place(label.at)
                };
                self.row(panel, "label", "", cells);
            }
            Mark::Arrow(arrow) => {
                for (mark, end) in [("arrow from", arrow.from), ("arrow to", arrow.to)] {
                    self.row(panel, mark, &arrow.series, place(end));
                }
            }
            Mark::Violin(violin) => self.violin(panel, violin),
            Mark::View(view) => self.view(panel, view),
            Mark::Sketch(sketch) => self.sketch(panel, sketch),
            Mark::Tree(tree) => self.tree(panel, tree),
            Mark::Agent(..) => {}
        }
    }

    fn violin(&mut self, panel: &Panel, violin: &Violin) {
        let lies = panel.lies();
        let place = if lies { &panel.y } else { &panel.x }.name(violin.at);
        let cells = |value: f64, name: &str| {
            let (x, y) = (place.clone(), number(value));
            let (x, y) = if lies { (y, x) } else { (x, y) };
            let name = name.to_owned();
            Cells {
                x,
                y,
                name,
                ..Cells::default()
            }
        };
        for (name, value) in &violin.sample {
            self.row(panel, "point", &violin.series, cells(*value, name));
        }
        if let Some(median) = median(&violin.values()) {
            self.row(panel, "median", &violin.series, cells(median, ""));
        }
    }

    /// A row for each cell of the view, row by row from the far end.
    fn view(&mut self, panel: &Panel, view: &View) {
        let side = view.side();
        for (row, column) in (0..side).flat_map(|row| (0..side).map(move |c| (row, c))) {
            let cells = Cells {
                x: column.to_string(),
                y: row.to_string(),
                name: remark(view, column, row),
                tile: view.words(column, row),
                ..Cells::default()
            };
            self.row(panel, "tile", &view.series, cells);
        }
    }

    fn sketch(&mut self, panel: &Panel, sketch: &Sketch) {
        for part in &sketch.parts {
            if let Part::View(view, ..) = part {
                self.view(panel, view);
                continue;
            }
            let (mark, (x, y), words) = part.row();
            let cells = Cells {
                x: number(x),
                y: number(y),
                name: words.replace('\n', " "),
                ..Cells::default()
            };
            self.row(panel, mark, &sketch.series, cells);
        }
    }

    /// Both feet of a fork in `low` and `high`, its height in `value`.
    fn tree(&mut self, panel: &Panel, tree: &Tree) {
        for fork in tree.forks() {
            let cells = Cells {
                x: number(f64::midpoint(fork.left.0, fork.right.0)),
                value: number(fork.height),
                low: number(fork.left.0),
                high: number(fork.right.0),
                ..Cells::default()
            };
            self.row(panel, "fork", &tree.series, cells);
        }
    }
}

/// What is said of a cell of a view.
fn remark(view: &View, column: usize, row: usize) -> String {
    match view.spot(column, row) {
        Some(spot) => match &spot.tag {
            Some((words, _)) => words.replace('\n', " "),
            None if spot.added => "added".to_owned(),
            None => "marked".to_owned(),
        },
        None => String::new(),
    }
}

fn with_interval(cells: Cells, interval: Option<(f64, f64)>) -> Cells {
    match interval {
        Some((low, high)) => Cells {
            low: number(low),
            high: number(high),
            ..cells
        },
        None => cells,
    }
}

/// The shortest decimals that read back as the same number; empty where there is none.
fn number(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        String::new()
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::palette::BLUE;
    use crate::draw::{
        Arrow, Axis, Block, ColorMap, HeatMap, Label, Line, Link, Named, Scatter, Spot, Style,
    };

    const HEADER: &str = "panel,panel_title,mark,series,x,y,value,low,high\n";

    fn table(panel: Panel) -> Vec<String> {
        let mut figure = Figure::new("f", "F");
        figure.panels.push(panel);
        figure.csv().lines().map(str::to_owned).collect()
    }

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
        assert_eq!(
            table(panel)[1..],
            [
                "a,t,cell,h,p,p,0,,",
                "a,t,cell,h,q,p,,,",
                "a,t,cell,h,p,q,-1.5,,"
            ]
        );
    }

    #[test]
    fn names_have_a_column_where_there_are_names() {
        let mut panel = Panel::new("t", Axis::categories("", ["p"]), Axis::linear("y"));
        let points = vec![Named::new("key, (2,6)", 0.0, 1.5)];
        panel.push(Mark::Scatter(
            Scatter::new("s", points, Style::nth(0)).strip(0.3),
        ));
        let sample = vec![("b".to_owned(), 2.0), ("c".to_owned(), 3.0)];
        panel.push(Mark::Violin(Violin::new("v", 0.0, sample, BLUE)));
        panel.push(Mark::Label(Label::new((0.0, 1.0), "here")));
        panel.push(Mark::Arrow(Arrow::new("w", (0.0, 0.5), (0.0, 1.0))));
        let rows = table(panel);
        assert_eq!(rows[0], format!("{},name", HEADER.trim_end()));
        assert_eq!(
            rows[1..],
            [
                "a,t,point,s,p,1.5,,,,\"key, (2,6)\"",
                "a,t,point,v,p,2,,,,b",
                "a,t,point,v,p,3,,,,c",
                "a,t,median,v,p,2.5,,,,",
                "a,t,label,,p,1,,,,here",
                "a,t,arrow from,w,p,0.5,,,,",
                "a,t,arrow to,w,p,1,,,,",
            ]
        );
    }

    #[test]
    fn lying_violins_swap_their_columns() {
        let mut panel = Panel::new("t", Axis::linear("x"), Axis::categories("", ["p", "q"]));
        let sample = vec![("b".to_owned(), 2.0)];
        panel.push(Mark::Violin(Violin::new("v", 1.0, sample, BLUE)));
        assert_eq!(table(panel)[1], "a,t,point,v,2,q,,,,b");
    }

    #[test]
    fn views_are_told_cell_by_cell() {
        let mut bytes = vec![0; 27];
        bytes[(2 * 3 + 1) * 3..][..3].copy_from_slice(&[5, 1, 0]);
        let view = View::new("o", bytes).with(Spot::framed((2, 1), BLUE).tagged("cue", (0.0, 0.0)));
        let rows = table(Panel::of_view("t", view));
        let head = "panel,panel_title,mark,series,x,y,value,low,high,name,object,color,state";
        assert_eq!((rows[0].as_str(), rows.len()), (head, 10));
        assert_eq!(rows[6], "a,t,tile,o,2,1,,,,cue,key,green,0");
        assert_eq!(rows[7], "a,t,tile,o,0,2,,,,,unseen,red,0");
    }

    #[test]
    fn trees_are_told_fork_by_fork() {
        let axis = || Axis::categories("", ["p", "q"]);
        let mut panel = Panel::new("t", axis(), axis());
        panel.push(Mark::Tree(Tree {
            series: "d".to_owned(),
            leaves: vec![1.0, 0.0],
            merges: vec![(0, 1, 0.25)],
        }));
        assert_eq!(table(panel)[1], "a,t,fork,d,0.5,,0.25,1,0");
    }

    #[test]
    fn diagrams_are_told_part_by_part() {
        let mut sketch = Sketch::new("d", (100.0, 50.0));
        sketch.push(Block::new((10.0, 10.0), (20.0, 10.0), "a\nb"));
        sketch.push(Link::arrow([(0.0, 0.0), (5.0, 6.0)]));
        assert_eq!(
            table(Panel::of_sketch("t", sketch))[1..],
            ["a,t,block,d,20,15,,,,a b", "a,t,arrow,d,5,6,,,,"]
        );
    }
}
