//! Activations of one forward pass, kept on the host.

use std::collections::{BTreeMap, BTreeSet};

use burn::prelude::*;

use super::hooks::{HookPoint, Hooks};
use crate::optim::to_host;

/// A tensor on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedTensor {
    /// Shape, as [`Hooks`] hand it over.
    pub dims: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// Hooks that record what they see and change nothing.
///
/// A second pass with the same cache replaces what the first one left.
#[derive(Clone, Debug, Default)]
pub struct ActivationCache {
    /// `None`: every point.
    wanted: Option<BTreeSet<HookPoint>>,
    seen: BTreeMap<HookPoint, CachedTensor>,
}

impl ActivationCache {
    /// Records every point.
    pub fn everything() -> Self {
        Self::default()
    }

    /// Records these points; paths that skip none of them stay fast.
    pub fn of(points: impl IntoIterator<Item = HookPoint>) -> Self {
        Self {
            wanted: Some(points.into_iter().collect()),
            seen: BTreeMap::new(),
        }
    }

    /// What was recorded at a point, if a pass has come by.
    pub fn get(&self, point: HookPoint) -> Option<&CachedTensor> {
        self.seen.get(&point)
    }

    /// All that was recorded, by point.
    pub fn iter(&self) -> impl Iterator<Item = (HookPoint, &CachedTensor)> {
        self.seen.iter().map(|(&point, tensor)| (point, tensor))
    }

    fn record<const D: usize>(&mut self, point: HookPoint, tensor: Tensor<D>) -> Tensor<D> {
        let seen = CachedTensor {
            dims: tensor.dims().to_vec(),
            values: to_host(&tensor),
        };
        self.seen.insert(point, seen);
        tensor
    }
}

impl Hooks for ActivationCache {
    fn wants(&self, point: HookPoint) -> bool {
        self.wanted.as_ref().is_none_or(|w| w.contains(&point))
    }

    fn rank3(&mut self, point: HookPoint, tensor: Tensor<3>) -> Tensor<3> {
        self.record(point, tensor)
    }

    fn rank4(&mut self, point: HookPoint, tensor: Tensor<4>) -> Tensor<4> {
        self.record(point, tensor)
    }
}
