//! What a panel can show. Marks hold data; nothing here knows pixels.

use super::color_map::ColorMap;
use super::palette::{Color, Dash, Style};
use super::scale::{compact, minus};
use super::theme;

/// Something drawn from data.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line.
    Line(Line),
    /// The area between two lines.
    Band(Band),
    /// Points, with error bars where there are intervals.
    Points(Points),
    /// Bars, with error bars where there are intervals.
    Bars(Bars),
    /// A reference line.
    Guide(Guide),
    /// A heat map.
    Heat(HeatMap),
    /// The agent on a grid of its view: a triangle that looks up, at a column and a row.
    Agent(f64, f64),
}

/// A line through points; a point that is not finite breaks it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Name in the table of numbers.
    pub series: String,
    /// Entry in the legend; several marks may share one.
    pub legend: Option<String>,
    /// x and y.
    pub points: Vec<(f64, f64)>,
    /// Colour, dash and marker.
    pub style: Style,
    /// Width.
    pub width: f64,
    /// 1 covers what is below.
    pub opacity: f64,
    /// Whether points carry markers.
    pub markers: bool,
}

impl Line {
    /// A line of usual width without markers, in the legend under its series' name.
    pub fn new(series: impl Into<String>, points: Vec<(f64, f64)>, style: Style) -> Self {
        let series = series.into();
        Self {
            legend: Some(series.clone()),
            series,
            points,
            style,
            width: theme::LINE,
            opacity: 1.0,
            markers: false,
        }
    }

    /// One of many: thin, pale, solid.
    #[must_use]
    pub fn thin(mut self) -> Self {
        self.width = theme::THIN_LINE;
        self.opacity = 0.45;
        self.style.dash = Dash::Solid;
        self
    }

    /// A summary of others.
    #[must_use]
    pub fn bold(mut self) -> Self {
        self.width = theme::BOLD_LINE;
        self
    }

    /// With a marker at each point.
    #[must_use]
    pub fn with_markers(mut self) -> Self {
        self.markers = true;
        self
    }

    /// Under another entry of the legend, or under none.
    #[must_use]
    pub fn legend(mut self, legend: Option<&str>) -> Self {
        self.legend = legend.map(str::to_owned);
        self
    }
}

/// The area between `low` and `high`.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Name in the table of numbers.
    pub series: String,
    /// Entry in the legend.
    pub legend: Option<String>,
    /// x, low, high.
    pub points: Vec<(f64, f64, f64)>,
    /// Colour.
    pub color: Color,
    /// 1 covers what is below.
    pub opacity: f64,
}

/// A value with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Where.
    pub x: f64,
    /// Value.
    pub y: f64,
    /// Interval, where there is one.
    pub interval: Option<(f64, f64)>,
}

/// Points with error bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    /// Name in the table of numbers.
    pub series: String,
    /// Entry in the legend.
    pub legend: Option<String>,
    /// Values.
    pub points: Vec<Estimate>,
    /// Colour and marker.
    pub style: Style,
    /// Half the size of a marker.
    pub size: f64,
    /// Shift to the right, on the axis's scale; keeps points of one place apart.
    pub offset: f64,
}

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

/// Where a reference line runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GuideAt {
    /// All along, at this y.
    Y(f64),
    /// From bottom to top, at this x.
    X(f64),
    /// Where x and y are the same.
    Identity,
}

/// A reference line: chance, identity, a step of interest.
#[derive(Clone, Debug, PartialEq)]
pub struct Guide {
    /// What it stands for; its entry in the legend.
    pub legend: String,
    /// Where.
    pub at: GuideAt,
}

impl Guide {
    /// A reference line.
    pub fn new(legend: impl Into<String>, at: GuideAt) -> Self {
        Self {
            legend: legend.into(),
            at,
        }
    }
}

/// A rectangle of values; both axes of its panel are categories.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// What the values are; its place in the table of numbers.
    pub series: String,
    /// Rows of values, in the order of the y axis; `None` is missing.
    pub rows: Vec<Vec<Option<f64>>>,
    /// Colours.
    pub map: ColorMap,
    /// Label of the colour bar; without one there is no bar.
    pub bar: Option<String>,
    /// How numbers are written in the cells; `None` leaves them out.
    pub numbers: Option<Numbers>,
}

/// How numbers are written in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Counts in few characters: 5.2k.
    Compact,
    /// With so many decimals.
    Decimals(usize),
}

impl Numbers {
    pub(super) fn write(self, value: f64) -> String {
        match self {
            Self::Compact => compact(value),
            Self::Decimals(decimals) => minus(&format!("{value:.decimals$}")),
        }
    }
}

impl HeatMap {
    /// Cells whose value lies beyond the colours' ends.
    pub fn clipped(&self) -> usize {
        let values = self.rows.iter().flatten().flatten();
        values.filter(|&&v| self.map.clips(v)).count()
    }
}

/// How a legend shows a mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Swatch {
    Line(Style, f64, f64, bool),
    Point(Style),
    Patch(Color, f64),
    Guide,
}

impl Mark {
    /// Its entry in the legend.
    pub(super) fn legend(&self) -> Option<(String, Swatch)> {
        let (legend, swatch) = match self {
            Self::Line(line) => (
                line.legend.clone(),
                Swatch::Line(line.style, line.width, line.opacity, line.markers),
            ),
            Self::Band(band) => (band.legend.clone(), Swatch::Patch(band.color, band.opacity)),
            Self::Points(points) => (points.legend.clone(), Swatch::Point(points.style)),
            Self::Bars(bars) => (bars.legend.clone(), Swatch::Patch(bars.color, 1.0)),
            Self::Guide(guide) => (Some(guide.legend.clone()), Swatch::Guide),
            Self::Heat(_) | Self::Agent(..) => (None, Swatch::Guide),
        };
        legend.map(|legend| (legend, swatch))
    }

    /// All its x and y, for the panel's range.
    pub(super) fn extent(&self) -> (Vec<f64>, Vec<f64>) {
        match self {
            Self::Line(line) => line.points.iter().copied().unzip(),
            Self::Band(band) => (
                band.points.iter().map(|p| p.0).collect(),
                band.points.iter().flat_map(|p| [p.1, p.2]).collect(),
            ),
            Self::Points(points) => (
                points.points.iter().map(|p| p.x + points.offset).collect(),
                points
                    .points
                    .iter()
                    .flat_map(|p| ends(p.y, p.interval))
                    .collect(),
            ),
            Self::Bars(bars) => {
                let half = bars.width / 2.0;
                let sides = |b: &Bar| [b.x + bars.offset - half, b.x + bars.offset + half];
                let heights = |b: &Bar| {
                    let top = b.base + b.value;
                    let interval = b.interval.map(|(low, high)| (b.base + low, b.base + high));
                    ends(top, interval).into_iter().chain([b.base])
                };
                (
                    bars.bars.iter().flat_map(sides).collect(),
                    bars.bars.iter().flat_map(heights).collect(),
                )
            }
            Self::Guide(guide) => match guide.at {
                GuideAt::Y(y) => (Vec::new(), vec![y]),
                GuideAt::X(x) => (vec![x], Vec::new()),
                GuideAt::Identity => (Vec::new(), Vec::new()),
            },
            Self::Heat(_) | Self::Agent(..) => (Vec::new(), Vec::new()),
        }
    }
}

fn ends(value: f64, interval: Option<(f64, f64)>) -> [f64; 3] {
    let (low, high) = interval.unwrap_or((value, value));
    [value, low, high]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::palette::{BLUE, ORANGE};

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
