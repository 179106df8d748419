//! A hook that records activations on the host.

use std::collections::BTreeMap;

use crate::burn::prelude::*;

use super::hooks::{HookPoint, Hooks};
use crate::device::to_host;

/// One recorded tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Shape; see [`HookPoint`].
    pub dims: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

impl Recorded {
    /// Values at the first two indices: a token of a window, or a head's pattern.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn at(&self, first: usize, second: usize) -> &[f32] {
        assert!(first < self.dims[0] && second < self.dims[1]);
        let width: usize = self.dims[2..].iter().product();
        &self.values[(first * self.dims[1] + second) * width..][..width]
    }
}

/// Every activation of one forward pass, by hook point.
#[derive(Clone, Debug, Default)]
pub struct ActivationCache {
    wanted: Option<Vec<HookPoint>>,
    recorded: BTreeMap<HookPoint, Recorded>,
}

impl ActivationCache {
    /// Records every point.
    pub fn everything() -> Self {
        Self::default()
    }

    /// Records some points.
    pub fn of(points: impl IntoIterator<Item = HookPoint>) -> Self {
        Self {
            wanted: Some(points.into_iter().collect()),
            ..Self::default()
        }
    }

    /// What was recorded at a point.
    pub fn get(&self, point: HookPoint) -> Option<&Recorded> {
        self.recorded.get(&point)
    }

    /// All that was recorded, in the order of the points.
    pub fn iter(&self) -> impl Iterator<Item = (HookPoint, &Recorded)> {
        self.recorded.iter().map(|(&point, a)| (point, a))
    }
}

impl Hooks for ActivationCache {
    fn wants(&self, point: HookPoint) -> bool {
        self.wanted.as_ref().is_none_or(|w| w.contains(&point))
    }

    fn rank3(&mut self, point: HookPoint, tensor: Tensor<3>) -> Tensor<3> {
        let activation = Recorded {
            dims: tensor.dims().to_vec(),
            values: to_host(&tensor),
        };
        self.recorded.insert(point, activation);
        tensor
    }

    fn rank4(&mut self, point: HookPoint, tensor: Tensor<4>) -> Tensor<4> {
        let activation = Recorded {
            dims: tensor.dims().to_vec(),
            values: to_host(&tensor),
        };
        self.recorded.insert(point, activation);
        tensor
    }
}
