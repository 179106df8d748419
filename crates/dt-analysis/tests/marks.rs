//! One tiny figure of each mark, as SVG text beside this file: a change of what is drawn is seen
//! in review.
//!
//! After a wanted change, `INSTA_UPDATE=always cargo test --workspace --test marks` writes the
//! snapshots anew.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::collections::BTreeSet;
use std::path::Path;

use dt_analysis::draw::palette::{BLUE, GREEN, ORANGE};
use dt_analysis::draw::{
    Arrow, Axis, Band, Bar, Bars, Block, Bracket, ColorMap, Estimate, Figure, Guide, GuideAt,
    HeatMap, Label, Line, Link, Mark, Named, Numbers, Panel, Points, Scatter, Sketch, Spot, Style,
    Tree, View, Viewer, Violin, Words, render_svg,
};

fn xy() -> (Axis, Axis) {
    (Axis::range("x", 0.0, 2.0), Axis::range("y", 0.0, 4.0))
}

fn cells() -> (Axis, Axis) {
    let axis = || Axis::categories("", ["p", "q", "r"]);
    (axis(), axis().reversed())
}

/// A map of three rows; one cell is missing, one lies beyond the colours' end.
fn heat(bar: Option<&str>) -> HeatMap {
    HeatMap {
        series: "cosine".to_owned(),
        rows: vec![
            vec![Some(1.0), Some(-0.5), None],
            vec![Some(-0.5), Some(1.0), Some(0.25)],
            vec![Some(0.0), Some(0.25), Some(2.0)],
        ],
        map: ColorMap::Signed { limit: 1.0 },
        bar: bar.map(str::to_owned),
        numbers: Some(Numbers::Decimals(2)),
    }
}

/// Marks of a panel with its axes, the one that it is an example of last.
type Example = ((Axis, Axis), Vec<Mark>);

fn examples() -> Vec<Example> {
    let line = Line::new("s", vec![(0.0, 1.0), (1.0, 3.0), (2.0, 2.0)], Style::nth(1));
    let band = Band {
        series: "range".to_owned(),
        legend: Some("range".to_owned()),
        points: vec![(0.0, 0.5, 1.5), (1.0, 2.0, 3.5), (2.0, 1.0, 3.0)],
        color: BLUE,
        opacity: 0.3,
    };
    let estimate = |x, y: f64| Estimate {
        x,
        y,
        interval: Some((y - 0.5, y + 1.0)),
    };
    let points = Points {
        series: "mean".to_owned(),
        legend: Some("mean".to_owned()),
        points: vec![estimate(0.5, 1.0), estimate(1.5, 2.5)],
        style: Style::nth(4),
        size: 3.0,
        offset: 0.1,
    };
    let mut bars = Bars::new("count", &[(0.0, 2.0), (1.0, 3.0)], GREEN);
    bars.bars.push(Bar {
        x: 2.0,
        base: 1.0,
        value: 2.0,
        interval: Some((1.5, 2.5)),
    });
    let named = [
        ("first", 0.5, 1.0),
        ("second", 1.0, 3.0),
        ("third", 1.1, 3.1),
    ];
    let named = named.map(|(name, x, y)| Named::new(name, x, y)).to_vec();
    let scatter = Scatter::new("items", named, Style::nth(0)).labelled(|p| p.y > 2.0);
    let sample = [0.5, 1.0, 1.1, 1.2, 2.0, 3.5];
    let sample = sample.map(|v| (format!("at {v}"), v)).to_vec();
    let tree = Tree {
        series: "average linkage".to_owned(),
        leaves: vec![0.0, 1.0, 2.0],
        merges: vec![(0, 1, 0.5), (3, 2, 1.5)],
    };
    // Column by column: a wall, a key and a locked door, an unseen cell, a goal.
    let mut observation = [1, 0, 0].repeat(9);
    for (cell, bytes) in [
        (0, [2, 5, 0]),
        (3, [5, 1, 0]),
        (4, [4, 2, 2]),
        (6, [0, 0, 0]),
        (7, [8, 1, 0]),
    ] {
        observation[cell * 3..][..3].copy_from_slice(&bytes);
    }
    let view =
        View::new("seen", observation).with(Spot::framed((1, 0), BLUE).tagged("here", (0.0, 1.0)));
    let mut sketch = Sketch::new("flow", (200.0, 100.0));
    sketch.push(Block::new((10.0, 10.0), (80.0, 30.0), "block").tinted(ORANGE));
    sketch.push(Link::arrow([(90.0, 25.0), (150.0, 25.0)]));
    sketch.push(Words::new((170.0, 25.0), "words").bold());
    sketch.push(Bracket::new((10.0, 60.0), (90.0, 60.0), -6.0, "bracket"));
    let plain = || Axis::linear("").hidden();
    let names = || Axis::categories("", ["p", "q", "r"]);
    let values = || Axis::range("value", 0.0, 4.0);
    vec![
        (xy(), vec![line.with_markers().into()]),
        (xy(), vec![band.into()]),
        (xy(), vec![points.into()]),
        ((names(), values()), vec![bars.into()]),
        (xy(), vec![Guide::new("chance", GuideAt::Y(1.0)).into()]),
        (cells(), vec![heat(Some("cosine")).into()]),
        (cells(), vec![heat(None).into(), tree.into()]),
        (xy(), vec![scatter.into()]),
        (
            (values(), names()),
            vec![Violin::new("v", 1.0, sample, BLUE).into()],
        ),
        (xy(), vec![Label::new((1.0, 2.0), "words").into()]),
        (
            xy(),
            vec![Arrow::new("step", (0.5, 1.0), (1.5, 3.0)).into()],
        ),
        (cells(), vec![view.into()]),
        ((plain(), plain()), vec![sketch.into()]),
        (cells(), vec![heat(None).into(), Viewer::new(1, 2).into()]),
    ]
}

fn figure(((x, y), marks): Example) -> (&'static str, Figure) {
    let kind = marks.last().unwrap().kind();
    let mut panel = Panel::new(kind, x, y);
    panel.marks = marks;
    let mut figure = Figure::new(kind.to_lowercase(), kind);
    figure.caption = format!("A tiny figure of the mark {kind}.");
    figure.width = 220.0;
    figure.panel_height = 110.0;
    figure.panels.push(panel);
    (kind, figure)
}

#[test]
fn every_mark_is_drawn_as_it_was() {
    let figures: Vec<(&str, Figure)> = examples().into_iter().map(figure).collect();
    // To look at them: FIGURES=DIR cargo test --workspace --test marks
    if let Some(dir) = std::env::var_os("FIGURES") {
        let figures: Vec<Figure> = figures.iter().map(|(_, figure)| figure.clone()).collect();
        dt_analysis::files::write_all(&figures, Path::new(&dir), true).unwrap();
    }
    for (_, figure) in &figures {
        insta::assert_snapshot!(figure.name.clone(), render_svg(figure).unwrap());
    }
}

#[test]
fn every_mark_has_an_example_and_every_snapshot_a_mark() {
    let examples = examples().into_iter().map(figure);
    let kinds: Vec<&str> = examples.map(|(kind, _)| kind).collect();
    assert_eq!(kinds, Mark::KINDS, "examples stand in the order of marks!");
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let files = std::fs::read_dir(&dir).into_iter().flatten();
    let names = files.filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = name.strip_prefix("marks__")?.strip_suffix(".snap")?;
        Some(name.to_owned())
    });
    let kept: BTreeSet<String> = names.collect();
    // That each mark has one is the other test's to say: it may be writing it now.
    let wanted: BTreeSet<String> = Mark::KINDS.iter().map(|kind| kind.to_lowercase()).collect();
    let stale: Vec<_> = kept.difference(&wanted).collect();
    assert!(stale.is_empty(), "no mark has these: {stale:?}");
}
