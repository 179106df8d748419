//! What a panel can show. Marks hold data; nothing here knows pixels.

use super::bars::{Bar, Bars};
use super::color_map::ColorMap;
use super::label::{Arrow, Label};
use super::palette::{Color, Dash, Style};
use super::scale::{compact, minus};
use super::scatter::Scatter;
use super::sketch::Sketch;
use super::theme;
use super::tree::Tree;
use super::view::View;
use super::violin::Violin;

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
    /// A tree above a heat map.
    Tree(Tree),
    /// Points with names.
    Scatter(Scatter),
    /// A sample and its density.
    Violin(Violin),
    /// Words at a place.
    Label(Label),
    /// An arrow from place to place.
    Arrow(Arrow),
    /// What an agent sees.
    View(View),
    /// A diagram, alone in its panel.
    Sketch(Sketch),
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

impl GuideAt {
    /// Levels and the identity are dashed, places along the x axis dotted.
    pub(super) fn dash(self) -> Dash {
        match self {
            Self::Y(_) | Self::Identity => Dash::Dashed,
            Self::X(_) => Dash::Dotted,
        }
    }
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
    Guide(Dash),
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
            Self::Guide(guide) => (Some(guide.legend.clone()), Swatch::Guide(guide.at.dash())),
            Self::Scatter(scatter) if scatter.arrows => (
                scatter.legend.clone(),
                Swatch::Line(scatter.style, theme::LINE, 1.0, false),
            ),
            Self::Scatter(scatter) => (scatter.legend.clone(), Swatch::Point(scatter.style)),
            Self::Violin(violin) => (violin.legend.clone(), Swatch::Patch(violin.color, 1.0)),
            Self::Heat(_)
            | Self::Tree(_)
            | Self::Label(_)
            | Self::Arrow(_)
            | Self::View(_)
            | Self::Sketch(_)
            | Self::Agent(..) => return None,
        };
        legend.map(|legend| (legend, swatch))
    }

    /// All its x and y, for the panel's range; those of a violin as it stands upright.
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
            Self::Scatter(scatter) => {
                let origin = scatter.arrows.then_some((0.0, 0.0));
                let points = scatter.points.iter().map(|p| (p.x, p.y));
                points.chain(origin).unzip()
            }
            Self::Violin(violin) => (vec![violin.at], violin.values()),
            Self::Label(label) => (vec![label.at.0], vec![label.at.1]),
            Self::Arrow(arrow) => [arrow.from, arrow.to].into_iter().unzip(),
            Self::Heat(_) | Self::Tree(_) | Self::View(_) | Self::Sketch(_) | Self::Agent(..) => {
                (Vec::new(), Vec::new())
            }
        }
    }
}

fn ends(value: f64, interval: Option<(f64, f64)>) -> [f64; 3] {
    let (low, high) = interval.unwrap_or((value, value));
    [value, low, high]
}
