//! From values to colours.

use super::palette::{Color, diverging, sequential};
use super::scale::{Scale, Tick};

/// A range of values and its colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ColorMap {
    /// Magnitudes in viridis.
    Sequential {
        /// Value of the darkest colour.
        low: f64,
        /// Value of the lightest colour.
        high: f64,
    },
    /// Magnitudes in viridis, by ratio; zero has a colour of its own.
    Log {
        /// Value of the darkest colour, positive.
        low: f64,
        /// Value of the lightest colour.
        high: f64,
    },
    /// Signed values, from `-limit` to `limit`, white at 0.
    Signed {
        /// Largest value.
        limit: f64,
    },
}

/// How a cell is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shade {
    /// Nothing is known of it.
    Missing,
    /// Zero, where the map is logarithmic.
    Zero,
    /// A colour of the map.
    Of(Color),
}

impl ColorMap {
    /// Viridis over some values.
    pub fn sequential_over(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = Scale::linear_over(values).ends();
        Self::Sequential { low, high }
    }

    /// Logarithmic viridis over the positive ones of some values.
    pub fn log_over(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = Scale::log_over(values).ends();
        Self::Log { low, high }
    }

    /// The signed map over some values: as far to one side of 0 as to the other.
    pub fn signed_over(values: impl IntoIterator<Item = f64>) -> Self {
        let sizes = values.into_iter().map(f64::abs).filter(|v| v.is_finite());
        let limit = sizes.fold(0.0, f64::max);
        Self::Signed {
            limit: if limit > 0.0 { limit } else { 1.0 },
        }
    }

    /// Colour of a value; values beyond an end have that end's.
    pub fn shade(self, value: Option<f64>) -> Shade {
        let Some(value) = value.filter(|v| v.is_finite()) else {
            return Shade::Missing;
        };
        match self {
            Self::Signed { limit } => Shade::Of(diverging(value / limit)),
            Self::Log { .. } if value == 0.0 => Shade::Zero,
            _ => match self.scale().position(value) {
                Some(share) => Shade::Of(sequential(share)),
                None => Shade::Missing,
            },
        }
    }

    /// Colour at a share of the way along the map.
    pub fn at(self, share: f64) -> Color {
        match self {
            Self::Signed { .. } => diverging(2.0 * share - 1.0),
            _ => sequential(share),
        }
    }

    /// The map's values as an axis.
    pub fn scale(self) -> Scale {
        match self {
            Self::Sequential { low, high } => Scale::Linear { low, high },
            Self::Log { low, high } => Scale::Log { low, high },
            Self::Signed { limit } => Scale::Linear {
                low: -limit,
                high: limit,
            },
        }
    }

    /// Ticks of the colour bar; those of a signed map mirror each other.
    pub fn ticks(self, count: usize) -> Vec<Tick> {
        self.scale().ticks(count)
    }

    /// Whether a value lies beyond the ends, so that its colour is not its own.
    pub fn clips(self, value: f64) -> bool {
        let (low, high) = self.scale().ends();
        let zero = matches!(self, Self::Log { .. }) && value == 0.0;
        !zero && (value < low || value > high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::theme::PAPER;

    #[test]
    fn signed_limits_are_symmetric() {
        let map = ColorMap::signed_over([0.3, -2.0, f64::NAN]);
        assert_eq!(map, ColorMap::Signed { limit: 2.0 });
        assert_eq!(map.shade(Some(0.0)), Shade::Of(PAPER));
        assert_eq!(map.at(0.5), PAPER);
        let values: Vec<f64> = map.ticks(4).iter().map(|t| t.value).collect();
        let mirrored: Vec<f64> = values.iter().rev().map(|v| 0.0 - v).collect();
        assert_eq!(values, mirrored);
        assert_eq!(
            ColorMap::signed_over([0.0]),
            ColorMap::Signed { limit: 1.0 }
        );
        assert!(map.clips(2.1) && map.clips(-2.1) && !map.clips(2.0));
    }

    #[test]
    fn zero_and_missing_are_told_apart() {
        let map = ColorMap::log_over([0.0, 10.0, 1000.0]);
        assert_eq!(map.shade(Some(0.0)), Shade::Zero);
        assert_eq!(map.shade(None), Shade::Missing);
        assert_eq!(map.shade(Some(f64::NAN)), Shade::Missing);
        assert_eq!(map.shade(Some(10.0)), Shade::Of(sequential(0.0)));
        assert_eq!(map.shade(Some(1e9)), Shade::Of(sequential(1.0)));
        assert!(map.clips(1e9) && !map.clips(0.0));
        let linear = ColorMap::sequential_over([0.0, 4.0]);
        assert_eq!(linear.shade(Some(0.0)), Shade::Of(sequential(0.0)));
        assert_eq!(linear.shade(None), Shade::Missing);
    }
}
