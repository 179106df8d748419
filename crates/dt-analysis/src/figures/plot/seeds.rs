//! Several seeds in one panel: a thin line for each, and their median.

use std::collections::BTreeMap;

use crate::draw::{Line, Mark, Panel, Style};
use crate::maths::stats::median;

/// What one seed has: its label and its line.
pub(super) type SeedLine = (String, Vec<(f64, f64)>);

/// The median line, where all seeds have a value.
pub(super) fn median_line(seeds: &[SeedLine]) -> Vec<(f64, f64)> {
    let Some(((_, first), others)) = seeds.split_first() else {
        return Vec::new();
    };
    // Looked up by the bits of x: steps and asked returns are the same numbers in every seed.
    let others: Vec<BTreeMap<u64, f64>> = (others.iter())
        .map(|(_, line)| line.iter().map(|&(x, y)| (x.to_bits(), y)).collect())
        .collect();
    let at = |x: f64, y: f64| -> Option<f64> {
        let mut values = vec![y];
        for line in &others {
            values.push(*line.get(&x.to_bits())?);
        }
        median(&values).ok()
    };
    let points = first.iter();
    points.filter_map(|&(x, y)| Some((x, at(x, y)?))).collect()
}

/// Draws one seed as a line, several as thin lines with a bold median.
///
/// `series` names the quantity in the table, `legend` its entry, if it has one of its own;
/// otherwise the legend explains thin and bold lines.
pub(super) fn push_lines(
    panel: &mut Panel,
    series: &str,
    legend: Option<&str>,
    seeds: &[SeedLine],
    style: Style,
    markers: bool,
) {
    let named = |line: Line| match markers {
        true => line.with_markers(),
        false => line,
    };
    if let [(label, points)] = seeds {
        let line = Line::new(format!("{series}, {label}"), points.clone(), style);
        panel.push(Mark::Line(named(line.legend(legend))));
        return;
    }
    for (label, points) in seeds {
        let line = Line::new(format!("{series}, {label}"), points.clone(), style).thin();
        let entry = legend.is_none().then_some("one seed");
        panel.push(Mark::Line(line.legend(entry)));
    }
    let line = Line::new(format!("{series}, median"), median_line(seeds), style).bold();
    let entry = legend.unwrap_or("median of seeds");
    panel.push(Mark::Line(named(line.legend(Some(entry)))));
}

/// What a caption says of several seeds.
pub(super) fn sentence(seeds: usize) -> String {
    match seeds {
        1 => "One seed.".to_owned(),
        n => format!(
            "Thin lines: one for each of {n} seeds; thick lines: their median, as far as all of \
             them went."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_ends_where_the_first_seed_does() {
        let seed = |points: &[(f64, f64)]| ("s".to_owned(), points.to_vec());
        let seeds = [
            seed(&[(0.0, 1.0), (1.0, 5.0), (2.0, 0.0)]),
            seed(&[(0.0, 2.0), (1.0, 6.0)]),
            seed(&[(0.0, 9.0), (1.0, 7.0), (2.0, 0.0)]),
        ];
        assert_eq!(median_line(&seeds), [(0.0, 2.0), (1.0, 6.0)]);
    }
}
