//! Axes: how values are placed, and what is written along them.

use super::scale::{Scale, Tick};

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    /// How values are placed.
    pub kind: AxisKind,
    /// Whether values grow towards the left or the bottom.
    pub reversed: bool,
    /// Whether the range over the data begins at 0, or holds it.
    pub zero: bool,
    /// Whether neither the axis nor its labels are drawn.
    pub hidden: bool,
    /// Each how many of its names are written; as many as there is room for if not given, none
    /// if 0.
    pub every: Option<usize>,
    /// Stretches of its names that have a name of their own, on a bracket beyond the labels.
    pub groups: Vec<Group>,
}

/// A stretch of an axis of names.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its first place.
    pub first: usize,
    /// Its last place.
    pub last: usize,
}

/// How an axis places values.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisKind {
    /// Linear, over the data or as given.
    Linear(Option<(f64, f64)>),
    /// Logarithmic, over the data or as given; zero and below are left out.
    Log(Option<(f64, f64)>),
    /// Names at 0, 1, 2 …
    Categories(Vec<String>),
}

impl Axis {
    /// Linear over the data.
    pub fn linear(label: impl Into<String>) -> Self {
        Self::of(label, AxisKind::Linear(None))
    }

    /// Linear over the data and 0.
    pub fn from_zero(label: impl Into<String>) -> Self {
        Self {
            zero: true,
            ..Self::linear(label)
        }
    }

    /// Linear over a range.
    pub fn range(label: impl Into<String>, low: f64, high: f64) -> Self {
        Self::of(label, AxisKind::Linear(Some((low, high))))
    }

    /// Logarithmic over the data.
    pub fn log(label: impl Into<String>) -> Self {
        Self::of(label, AxisKind::Log(None))
    }

    /// Logarithmic if the largest value is at least ten times the smallest and none is below or
    /// at zero; else linear.
    pub fn magnitude(label: impl Into<String>, values: &[f64]) -> Self {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        if low > 0.0 && high >= 10.0 * low {
            Self::log(label)
        } else {
            Self::linear(label)
        }
    }

    /// Names, in order.
    pub fn categories<S: Into<String>>(
        label: impl Into<String>,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self::of(label, AxisKind::Categories(names))
    }

    /// The other way round.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        self.reversed = true;
        self
    }

    /// Without a line, ticks and labels.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// With each `step`th name written, or none if 0.
    #[must_use]
    pub fn every(mut self, step: usize) -> Self {
        self.every = Some(step);
        self
    }

    /// With a bracket along the names from `first` to `last`.
    #[must_use]
    pub fn group(mut self, name: impl Into<String>, first: usize, last: usize) -> Self {
        self.groups.push(Group {
            name: name.into(),
            first,
            last,
        });
        self
    }

    pub(super) fn is_named(&self) -> bool {
        matches!(self.kind, AxisKind::Categories(_))
    }

    fn of(label: impl Into<String>, kind: AxisKind) -> Self {
        Self {
            label: label.into(),
            kind,
            reversed: false,
            zero: false,
            hidden: false,
            every: None,
            groups: Vec::new(),
        }
    }

    /// The axis's scale for some values, with a little air beyond them but not beyond a zero
    /// that everything stands on.
    pub(super) fn scale(&self, mut values: Vec<f64>, air: f64) -> Scale {
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        if self.zero {
            values.push(0.0);
        }
        match &self.kind {
            AxisKind::Linear(Some((low, high))) => Scale::Linear {
                low: *low,
                high: *high,
            },
            AxisKind::Log(Some((low, high))) => Scale::Log {
                low: *low,
                high: *high,
            },
            AxisKind::Linear(None) => match Scale::linear_over(values).padded(air) {
                Scale::Linear { high, .. } if self.zero && smallest >= 0.0 => {
                    Scale::Linear { low: 0.0, high }
                }
                scale => scale,
            },
            AxisKind::Log(None) => Scale::log_over(values).padded(air),
            AxisKind::Categories(names) => Scale::Linear {
                low: -0.5,
                high: names.len() as f64 - 0.5,
            },
        }
    }

    /// Ticks on a scale, about `count` of them; all names where there are names.
    pub(super) fn ticks(&self, scale: Scale, count: usize) -> Vec<Tick> {
        match &self.kind {
            AxisKind::Categories(names) => names
                .iter()
                .enumerate()
                .map(|(n, name)| Tick {
                    value: n as f64,
                    label: name.clone(),
                })
                .collect(),
            _ => scale.ticks(count),
        }
    }

    /// How a value of the axis is written in the table of numbers.
    pub(super) fn name(&self, value: f64) -> String {
        let name = match &self.kind {
            AxisKind::Categories(names) if value >= 0.0 && value.fract() == 0.0 => {
                names.get(value as usize)
            }
            _ => None,
        };
        name.map_or_else(|| value.to_string(), |name| name.replace('\n', " "))
    }
}
