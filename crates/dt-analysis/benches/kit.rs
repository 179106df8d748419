//! The maths and the drawing that every question comes back to:
//! `cargo bench -p dt-analysis --bench kit`

use divan::{Bencher, black_box};
use dt_analysis::draw::{Axis, ColorMap, Figure, HeatMap, Numbers, Panel, render_svg};
use dt_analysis::maths::pca::Pca;
use dt_analysis::maths::probes::{Activations, Labels, RidgeConfig, Task, fit_ridge};
use dt_analysis::maths::walsh;

fn main() {
    divan::main();
}

/// Even numbers between -1 and 1 that repeat after long.
fn noise(n: usize) -> f64 {
    2.0 * (n as f64 * 0.618_033_988_75 + (n * n % 97) as f64 * 0.137).fract() - 1.0
}

fn vectors(n: usize, d: usize) -> Vec<Vec<f64>> {
    (0..n)
        .map(|i| (0..d).map(|j| noise(i * d + j)).collect())
        .collect()
}

/// The 26 items of an embedding's set.
#[divan::bench]
fn pca_of_26_by_128(bencher: Bencher<'_, '_>) {
    let vectors = vectors(26, 128);
    bencher.bench(|| Pca::fit(black_box(&vectors), |_, scores| scores[0]));
}

/// One site of eight prompts.
#[divan::bench]
fn walsh_of_8_by_128(bencher: Bencher<'_, '_>) {
    let vectors = vectors(8, 128);
    let sign = |n: usize, k: usize| if n >> k & 1 == 1 { 1.0 } else { -1.0 };
    let signs: Vec<[f64; 3]> = (0..8).map(|n| [0, 1, 2].map(|k| sign(n, k))).collect();
    bencher.bench(|| walsh::components(black_box(&vectors), &signs));
}

/// One label, five folds, ten strengths.
#[divan::bench]
fn ridge_probe_of_2000_by_128(bencher: Bencher<'_, '_>) {
    let (rows, d) = (2000, 128);
    let values: Vec<f32> = (0..rows * d).map(|n| noise(n) as f32).collect();
    let activations = Activations::new(rows, d, values).expect("noise is finite");
    let labels: Vec<bool> = (0..rows)
        .map(|row| activations.row(row)[..16].iter().sum::<f32>() > 0.0)
        .collect();
    let groups: Vec<u32> = (0..rows as u32).map(|row| row / 10).collect();
    let all: Vec<usize> = (0..rows).collect();
    let task = Task {
        activations: &activations,
        labels: Labels::Binary(&labels),
        groups: &groups,
    };
    bencher.bench(|| fit_ridge(black_box(&task), &all, &RidgeConfig::default(), 0));
}

/// A map of 26 by 26 cells with numbers and a colour bar.
#[divan::bench]
fn heat_map_to_svg(bencher: Bencher<'_, '_>) {
    let names = Axis::categories("", (0..26).map(|n| format!("item {n}")));
    let mut panel = Panel::new("Cosines", names.clone(), names.reversed());
    panel.push(HeatMap {
        series: "cosine".to_owned(),
        rows: vectors(26, 26)
            .into_iter()
            .map(|row| row.into_iter().map(Some).collect())
            .collect(),
        map: ColorMap::Signed { limit: 1.0 },
        bar: Some("cosine".to_owned()),
        numbers: Some(Numbers::Decimals(2)),
    });
    let mut figure = Figure::new("cosines", "Cosines");
    figure.panels.push(panel);
    bencher.bench(|| render_svg(black_box(&figure)));
}
