//! Bars and areas, side by side and on top of each other.

use super::mark::Band;
use super::palette::Color;

/// A bar from `base` to `base + value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Middle of its place on the axis.
    pub x: f64,
    /// Where it starts.
    pub base: f64,
    /// Its length.
    pub value: f64,
    /// Interval of the value, where there is one.
    pub interval: Option<(f64, f64)>,
}

/// Bars of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// Name in the table of numbers.
    pub series: String,
    /// Entry in the legend.
    pub legend: Option<String>,
    /// Bars.
    pub bars: Vec<Bar>,
    /// Width, on the axis's scale.
    pub width: f64,
    /// Shift to the right, on the axis's scale; puts series side by side.
    pub offset: f64,
    /// Colour.
    pub color: Color,
}

impl Bars {
    /// Bars from 0, one at each x.
    pub fn new(series: impl Into<String>, values: &[(f64, f64)], color: Color) -> Self {
        let series = series.into();
        Self {
            legend: Some(series.clone()),
            series,
            bars: values
                .iter()
                .map(|&(x, value)| Bar {
                    x,
                    base: 0.0,
                    value,
                    interval: None,
                })
                .collect(),
            width: 0.72,
            offset: 0.0,
            color,
        }
    }

    /// As the `n`th of `of` series side by side.
    #[must_use]
    pub fn side_by_side(mut self, n: usize, of: usize) -> Self {
        let all = 0.76;
        self.width = all / of as f64;
        self.offset = (n as f64 + 0.5) * self.width - all / 2.0;
        self
    }
}

/// Puts each series on top of those before it; bars at the same x are stacked.
pub fn stack(mut series: Vec<Bars>) -> Vec<Bars> {
    let mut tops: Vec<(f64, f64)> = Vec::new();
    for bars in &mut series {
        for bar in &mut bars.bars {
            match tops.iter_mut().find(|(x, _)| *x == bar.x) {
                Some((_, top)) => {
                    bar.base = *top;
                    *top += bar.value;
                }
                None => tops.push((bar.x, bar.value)),
            }
        }
    }
    series
}

/// Areas on top of each other: each series' values at `xs`, with what lies below them.
pub fn stacked_areas(xs: &[f64], series: &[(String, Color, Vec<f64>)]) -> Vec<Band> {
    let mut base = vec![0.0; xs.len()];
    series
        .iter()
        .map(|(name, color, values)| {
            let points = xs.iter().zip(&mut base).zip(values);
            Band {
                series: name.clone(),
                legend: Some(name.clone()),
                points: points
                    .map(|((&x, base), value)| {
                        let low = *base;
                        *base += value;
                        (x, low, *base)
                    })
                    .collect(),
                color: *color,
                opacity: 1.0,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Mark;
    use crate::draw::palette::{BLUE, ORANGE};

    #[test]
    fn bars_are_stacked_by_place() {
        let stacked = stack(vec![
            Bars::new("a", &[(0.0, 2.0), (1.0, 3.0)], BLUE),
            Bars::new("b", &[(1.0, 1.0), (2.0, 4.0)], ORANGE),
            Bars::new("c", &[(1.0, 5.0)], BLUE),
        ]);
        assert_eq!(stacked[1].bars[0].base, 3.0);
        assert_eq!(stacked[1].bars[1].base, 0.0);
        assert_eq!(stacked[2].bars[0].base, 4.0);
        let (_, ys) = Mark::Bars(stacked[2].clone()).extent();
        assert!(ys.contains(&9.0));
    }

    #[test]
    fn areas_are_stacked_in_order() {
        let areas = stacked_areas(
            &[0.0, 1.0],
            &[
                ("a".to_owned(), BLUE, vec![0.25, 0.5]),
                ("b".to_owned(), ORANGE, vec![0.75, 0.5]),
            ],
        );
        assert_eq!(areas[1].points, [(0.0, 0.25, 1.0), (1.0, 0.5, 1.0)]);
    }

    #[test]
    fn bars_side_by_side_do_not_overlap() {
        let bars: Vec<Bars> = (0..3)
            .map(|n| Bars::new("a", &[(0.0, 1.0)], BLUE).side_by_side(n, 3))
            .collect();
        for pair in bars.windows(2) {
            assert!((pair[1].offset - pair[0].offset - pair[0].width).abs() < 1e-12);
        }
        assert!((bars[1].offset).abs() < 1e-12);
    }
}
