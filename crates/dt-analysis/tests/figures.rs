//! A figure of each kind of mark, as others use the kit: its files are there and tidy.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::fs;
use std::path::PathBuf;

use dt_analysis::draw::palette::{BLUE, ORANGE};
use dt_analysis::draw::{
    Arrow, Axis, Block, Bracket, ColorMap, Figure, Guide, GuideAt, HeatMap, Label, Link, Mark,
    Named, Numbers, Panel, Scatter, Sketch, Spot, Style, Tree, View, Violin, Words,
};
use dt_analysis::files::write_all;
use dt_env::{Env, EnvSpec};

/// Even numbers between -1 and 1 that repeat after long.
fn noise(n: usize) -> f64 {
    let fraction = (n as f64 * 0.618_033_988_75 + (n * n % 97) as f64 * 0.137).fract();
    2.0 * fraction - 1.0
}

/// Two tight clouds on both sides of the origin, every point with a name and an arrow.
fn scores() -> Figure {
    let mut panel = Panel::new("Scores", Axis::linear("PC1"), Axis::linear("PC2"));
    for (n, (object, sign)) in [("key", 1.0), ("ball", -1.0)].into_iter().enumerate() {
        let cells = [(4, 2), (2, 6), (0, 5), (4, 3)];
        let points = (cells.iter().enumerate())
            .map(|(k, (x, y))| {
                let shift = 0.12 * noise(k + 7 * n);
                let height = 0.5 * noise(3 * k + n);
                Named::new(format!("{object}, ({x},{y})"), sign * (0.8 + shift), height)
            })
            .collect();
        let scatter = Scatter::new(object, points, Style::nth(n));
        panel.push(Mark::Scatter(scatter.with_arrows().labelled(|_| true)));
    }
    panel.push(Mark::Guide(Guide::new("no difference", GuideAt::X(0.0))));
    panel.push(Mark::Arrow(Arrow::new("step", (0.2, -0.4), (0.6, -0.4))));
    panel.push(Mark::Label(Label::new((0.4, -0.46), "a step")));
    let mut figure = Figure::new("scores", "Scores with names");
    figure.panel_height = 260.0;
    figure.width = 420.0;
    figure.panels.push(panel);
    figure
}

/// 980 points in strips, the longest with names.
fn strips() -> Figure {
    let names: Vec<String> = (0..20).map(|n| format!("channel {n}")).collect();
    let points = (0..980)
        .map(|n| {
            let value = 0.32 + 0.04 * noise(n) + noise(n * 3).powi(12) * 2.0;
            Named::new(format!("item {n}"), (n / 49) as f64, value)
        })
        .collect();
    let mut panel = Panel::new("", Axis::categories("", names), Axis::from_zero("L2 norm"));
    let strip = Scatter::new("items", points, Style::nth(0)).strip(0.38);
    panel.push(Mark::Scatter(strip.legend(None).labelled(|p| p.y > 2.25)));
    let mut figure = Figure::new("strips", "Norms");
    figure.panels.push(panel);
    figure
}

fn violins() -> Figure {
    let mut figure = Figure::new("violins", "Cosines");
    let names = || Axis::categories("", ["same object", "same cell", "neither"]);
    for lies in [true, false] {
        let values = Axis::range("cosine", -1.0, 1.0);
        let mut panel = match lies {
            true => Panel::new("Lying", values, names().reversed()),
            false => Panel::new("Upright", names(), values),
        };
        for (n, middle) in [0.4, -0.6, 0.0].into_iter().enumerate() {
            let sample = (0..60 * (n + 1))
                .map(|k| {
                    (
                        format!("pair {k}"),
                        middle + 0.35 * noise(k) * noise(k + 5).abs(),
                    )
                })
                .collect();
            let violin = Violin::new("cosines", n as f64, sample, Style::nth(n).color);
            panel.push(Mark::Violin(violin));
        }
        figure.panels.push(panel);
    }
    figure.columns = 2;
    figure.panel_height = 220.0;
    figure
}

/// Cosines of 98 directions, in order and clustered.
fn matrix() -> Figure {
    let of = |n: usize| if n < 49 { 1.0 } else { -1.0 };
    let names: Vec<String> = (0..98)
        .map(|n| {
            let object = if n < 49 { "key" } else { "ball" };
            format!("{object}, ({},{})", n % 49 / 7, n % 7)
        })
        .collect();
    let rows: Vec<Vec<Option<f64>>> = (0..98)
        .map(|i| {
            let cell = |j: usize| match i == j {
                true => 1.0,
                false => (0.45 * of(i) * of(j) + 0.5 * noise(i * 98 + j)).clamp(-1.0, 1.0),
            };
            (0..98).map(|j| Some(cell(j))).collect()
        })
        .collect();
    let mut figure = Figure::new("matrix", "Cosines of 98 directions");
    for (n, title) in ["In order", "Clustered"].into_iter().enumerate() {
        let axis = Axis::categories("", names.clone());
        let (mut x, mut y) = (axis.clone(), axis.reversed());
        if n == 0 {
            x = x.every(0).group("key", 0, 48).group("ball", 49, 97);
            y = y.every(0).group("key", 0, 48).group("ball", 49, 97);
        }
        let mut panel = Panel::new(title, x, y);
        panel.push(Mark::Heat(HeatMap {
            series: "cosine".to_owned(),
            rows: rows.clone(),
            map: ColorMap::Signed { limit: 1.0 },
            bar: (n == 1).then(|| "cosine".to_owned()),
            numbers: None,
        }));
        if n == 1 {
            let merges = (0..97).map(|k| {
                let before = if k == 0 { 0 } else { 97 + k };
                (before, k + 1, 0.2 + 0.01 * k as f64)
            });
            panel.push(Mark::Tree(Tree {
                series: "single linkage".to_owned(),
                leaves: (0..98).map(f64::from).collect(),
                merges: merges.collect(),
            }));
        }
        figure.panels.push(panel);
    }
    figure.columns = 2;
    figure
}

/// A table of cosines with numbers, names grouped.
fn table() -> Figure {
    let names = ["(4,2)", "(2,6)", "(0,5)", "(4,3)"].repeat(2);
    let axis = Axis::categories("", names)
        .group("key", 0, 3)
        .group("ball", 4, 7);
    let rows = (0..8)
        .map(|i| {
            (0..8)
                .map(|j| Some(if i == j { 1.0 } else { noise(i * 8 + j) }))
                .collect()
        })
        .collect();
    let mut panel = Panel::new("Cosines", axis.clone(), axis.reversed());
    panel.push(Mark::Heat(HeatMap {
        series: "cosine".to_owned(),
        rows,
        map: ColorMap::Signed { limit: 1.0 },
        bar: Some("cosine".to_owned()),
        numbers: Some(Numbers::Decimals(2)),
    }));
    let mut figure = Figure::new("table", "Cosines");
    figure.width = 400.0;
    figure.panels.push(panel);
    figure
}

/// A view as it is, with spots and faded, and a diagram.
fn views() -> Figure {
    let spec = EnvSpec::builtin("MiniGrid-MemoryS7FixedStart-v0").unwrap();
    let env = Env::new(spec.into());
    let view = View::new("start", env.world().observation());
    let tagged = view
        .clone()
        .with(Spot::framed((2, 6), BLUE).tagged("instruction\n(2,6)", (3.0, 4.2)))
        .with(Spot::framed((1, 2), ORANGE).tagged("left target", (1.4, 0.0)))
        .with(Spot::added((4, 2)));
    let mut sketch = Sketch::new("flow", (200.0, 200.0));
    sketch.push(
        Block::new((30.0, 30.0), (140.0, 40.0), "causal\ntransformer")
            .tinted(BLUE)
            .bold(),
    );
    sketch.push(Link::arrow([(100.0, 150.0), (100.0, 74.0)]));
    sketch.push(Words::new((100.0, 15.0), "left or right?"));
    sketch.push(Bracket::new(
        (60.0, 160.0),
        (140.0, 160.0),
        -6.0,
        "one timestep",
    ));
    let mut figure = Figure::new("views", "Views and a diagram");
    figure.panels = vec![
        Panel::of_view("As it is", view.clone()),
        Panel::of_view("With spots", tagged.clone()),
        Panel::of_view("Faded", tagged.faded(0.6)),
        Panel::of_sketch("A diagram", sketch),
    ];
    figure.columns = 4;
    figure
}

#[test]
fn every_kind_of_mark_has_its_files() {
    let temporary = tempfile::tempdir().unwrap();
    // To look at them: FIGURES=DIR cargo test --workspace --test figures
    let kept = std::env::var_os("FIGURES").map(PathBuf::from);
    let dir = kept.as_deref().unwrap_or(temporary.path());
    let figures = [scores(), strips(), violins(), matrix(), table(), views()];
    let written = write_all(&figures, dir, true).unwrap();
    for (figure, written) in figures.iter().zip(&written) {
        for file in &written.files {
            assert!(
                fs::metadata(file).unwrap().len() > 100,
                "{}",
                file.display()
            );
        }
        let csv = fs::read_to_string(&written.files[2]).unwrap();
        let width = csv.lines().next().unwrap().split(',').count();
        assert_eq!(csv, figure.csv());
        assert!(width >= 9);
    }
    let strips = fs::read_to_string(&written[1].files[2]).unwrap();
    assert_eq!(strips.lines().count(), 1 + 980);
    let views = fs::read_to_string(&written[5].files[2]).unwrap();
    assert!(
        views.contains("b,With spots,tile,start,4,2,,,,added,"),
        "{views}"
    );
    let matrix = fs::read_to_string(&written[3].files[0]).unwrap();
    assert!(matrix.len() < 1_500_000, "{} bytes", matrix.len());
}
