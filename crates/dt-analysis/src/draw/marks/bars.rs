//! Bars, side by side and on top of each other.

use super::interval;
use super::{Drawn, Extent, Layer, Room};
use crate::draw::legend::Swatch;
use crate::draw::palette::Color;
use crate::draw::panel::Panel;
use crate::draw::place::Place;
use crate::draw::scene::{Rect, Scene};
use crate::draw::table::Rows;
use crate::draw::theme::{INK, PAPER};

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

impl Drawn for Bars {
    fn extent(&self, _: &Panel) -> Extent {
        let half = self.width / 2.0;
        let sides = |b: &Bar| [b.x + self.offset - half, b.x + self.offset + half];
        let heights = |b: &Bar| {
            let top = b.base + b.value;
            let interval = b.interval.map(|(low, high)| (b.base + low, b.base + high));
            interval::ends(top, interval).into_iter().chain([b.base])
        };
        (
            self.bars.iter().flat_map(sides).collect(),
            self.bars.iter().flat_map(heights).collect(),
        )
    }

    fn room(&self) -> Room {
        Room::Marker
    }

    fn legend(&self) -> Option<(String, Swatch)> {
        Some((self.legend.clone()?, Swatch::Patch(self.color, 1.0)))
    }

    fn layer(&self) -> Layer {
        Layer::BelowAxes
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        for bar in &self.bars {
            let middle = bar.x + self.offset;
            let sides = [middle - self.width / 2.0, middle + self.width / 2.0];
            let [Some(a), Some(b)] = sides.map(|x| place.across(panel, x)) else {
                continue;
            };
            let ends = [bar.base, bar.base + bar.value].map(|y| place.up(panel, y));
            let [Some(base), Some(top)] = ends else {
                continue;
            };
            let within = |y: f64| y.clamp(place.plot.y, place.plot.bottom());
            // Neighbours stay apart by a hair.
            let (left, right) = (a.min(b) + 0.5, a.max(b) - 0.5);
            let rect = Rect {
                x: left,
                y: within(top.min(base)),
                width: (right - left).max(0.5),
                height: within(top.max(base)) - within(top.min(base)),
            };
            if rect.height > 0.0 {
                scene.rect(rect, self.color);
            }
            if bar.base > 0.0 && rect.height > 2.0 {
                scene.segment((rect.x, base), (rect.right(), base), PAPER, 0.8);
            }
            if let Some((low, high)) = bar.interval
                && let (Some(low), Some(high)) = (
                    place.up(panel, bar.base + low),
                    place.up(panel, bar.base + high),
                )
            {
                let middle = f64::midpoint(left, right);
                interval::draw(scene, &place.plot, middle, (low, high), INK);
            }
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        for bar in &self.bars {
            let cells = rows.at((bar.x, bar.value)).with_interval(bar.interval);
            rows.push("bar", &self.series, cells);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Axis;
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
        let panel = Panel::new("", Axis::linear(""), Axis::linear(""));
        let (_, ys) = stacked[2].extent(&panel);
        assert!(ys.contains(&9.0));
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
