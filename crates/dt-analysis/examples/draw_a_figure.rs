//! Draws two panels from numbers: `cargo run -p dt-analysis --example draw_a_figure [DIR]`

#![allow(clippy::print_stdout)]

use dt_analysis::Error;
use dt_analysis::draw::{Axis, ColorMap, Figure, Guide, GuideAt, HeatMap, Line, Panel, Style};
use dt_analysis::files::write;

fn main() -> Result<(), Error> {
    let temporary = || std::env::temp_dir().join("draw_a_figure");
    let dir = std::env::args_os()
        .nth(1)
        .map_or_else(temporary, Into::into);

    let mut loss = Panel::new("Loss", Axis::linear("step"), Axis::log("loss (nats)"));
    for (seed, pace) in [80.0, 100.0, 120.0].into_iter().enumerate() {
        let at = |step: u32| (f64::from(step), 0.01 + (-f64::from(step) / pace).exp());
        let points = (0..=300).step_by(10).map(at).collect();
        loss.push(Line::new(format!("seed {seed}"), points, Style::nth(seed)));
    }
    loss.push(Guide::new("chance", GuideAt::Y(3.0_f64.ln())));

    let names = Axis::categories("", ["left", "right", "forward"]);
    let mut taken = Panel::new("Actions taken for", names.clone(), names.reversed());
    let shares = [[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.0, 0.0, 1.0]];
    taken.push(HeatMap {
        series: "share".to_owned(),
        rows: shares.map(|row| row.map(Some).to_vec()).to_vec(),
        map: ColorMap::sequential_over([0.0, 1.0]),
        bar: Some("share".to_owned()),
        numbers: None,
    });

    let mut figure = Figure::new("two-panels", "Two panels drawn from numbers");
    (figure.columns, figure.panels) = (2, vec![loss, taken]);
    for file in write(&figure, &dir, true)?.files {
        println!("{}", file.display());
    }
    Ok(())
}
