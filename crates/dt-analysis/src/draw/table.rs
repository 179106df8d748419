//! A figure's numbers, one row each, with the same columns whatever its marks are.

use super::csv;
pub(super) use super::csv::number;
use super::figure::Figure;
use super::panel::Panel;

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
pub(super) struct Cells {
    pub x: String,
    pub y: String,
    pub value: String,
    pub low: String,
    pub high: String,
    pub name: String,
    /// Object, colour and state.
    pub tile: [String; 3],
}

impl Cells {
    /// With an interval, where there is one.
    pub fn with_interval(self, interval: Option<(f64, f64)>) -> Self {
        match interval {
            Some((low, high)) => Self {
                low: number(low),
                high: number(high),
                ..self
            },
            None => self,
        }
    }
}

/// Where the marks of a panel put their rows.
pub(super) struct Rows<'a> {
    /// The panel, whose axes name places.
    pub panel: &'a Panel,
    letter: String,
    rows: &'a mut Vec<Vec<String>>,
}

impl Rows<'_> {
    /// A place whose x may be one of the axis's names.
    pub fn at(&self, (x, y): (f64, f64)) -> Cells {
        Cells {
            x: self.panel.x.name(x),
            y: number(y),
            ..Cells::default()
        }
    }

    /// A place where both may be.
    pub fn place(&self, (x, y): (f64, f64)) -> Cells {
        Cells {
            y: self.panel.y.name(y),
            ..self.at((x, y))
        }
    }

    /// Adds a row; `mark` is what it is a row of.
    pub fn push(&mut self, mark: &str, series: &str, cells: Cells) {
        let head = [&self.letter, &self.panel.title, mark, series].map(str::to_owned);
        let [object, color, state] = cells.tile;
        let tail = [cells.x, cells.y, cells.value, cells.low, cells.high];
        let more = [cells.name, object, color, state];
        self.rows
            .push(head.into_iter().chain(tail).chain(more).collect());
    }
}

/// The table of all panels.
pub(super) fn table(figure: &Figure) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (n, panel) in figure.panels.iter().enumerate() {
        let mut of_panel = Rows {
            panel,
            letter: Figure::letter(n),
            rows: &mut rows,
        };
        for mark in &panel.marks {
            mark.drawn().rows(&mut of_panel);
        }
    }
    let used = |column: usize| rows.iter().any(|row| !row[column].is_empty());
    let wanted: Vec<usize> = (0..COLUMNS.len() + MORE.len())
        .filter(|&column| column < COLUMNS.len() || used(column))
        .collect();
    let head: Vec<String> = COLUMNS.iter().chain(&MORE).map(|&c| c.to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&head).chain(&rows) {
        csv::push_row(&mut text, wanted.iter().map(|&column| &row[column]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::palette::BLUE;
    use crate::draw::{
        Arrow, Axis, Block, ColorMap, HeatMap, Label, Line, Link, Mark, Named, Scatter, Sketch,
        Spot, Style, Tree, View, Violin,
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
        let points = vec![Named::new("red, (2,6)", 0.0, 1.5)];
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
                "a,t,point,s,p,1.5,,,,\"red, (2,6)\"",
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
