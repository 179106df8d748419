//! Gradients with respect to activations.

use std::collections::BTreeMap;

use dt_train::burn::prelude::*;
use dt_train::burn::tensor::Gradients as BurnGradients;
use dt_train::model::{HookPoint, Hooks, Recorded};

/// Adds a leaf of zeros at each point, whose gradient is that of the activation.
///
/// Run it on [`Model::tracked`](dt_train::model::Model::tracked), go backward from a scalar of the
/// logits, then ask [`Self::read`].
#[derive(Default)]
pub struct Gradients {
    points: Vec<HookPoint>,
    rank3: BTreeMap<HookPoint, Tensor<3>>,
    rank4: BTreeMap<HookPoint, Tensor<4>>,
}

impl Gradients {
    /// Gradients at these points.
    pub fn at(points: impl IntoIterator<Item = HookPoint>) -> Self {
        Self {
            points: points.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The gradient at a point, in the shape of its activation; `None` if the scalar does not
    /// depend on it or the pass did not come by.
    pub fn read(&self, point: HookPoint, gradients: &BurnGradients) -> Option<Recorded> {
        let of3 = self.rank3.get(&point).map(|leaf| {
            leaf.grad(gradients).map(|g| Recorded {
                dims: g.dims().to_vec(),
                values: dt_train::to_host(&g),
            })
        });
        let of4 = self.rank4.get(&point).map(|leaf| {
            leaf.grad(gradients).map(|g| Recorded {
                dims: g.dims().to_vec(),
                values: dt_train::to_host(&g),
            })
        });
        of3.or(of4).flatten()
    }
}

impl Hooks for Gradients {
    fn wants(&self, point: HookPoint) -> bool {
        self.points.contains(&point)
    }

    fn rank3(&mut self, point: HookPoint, x: Tensor<3>) -> Tensor<3> {
        let leaf = Tensor::<3>::zeros(x.dims(), &x.device()).require_grad();
        self.rank3.insert(point, leaf.clone());
        x + leaf
    }

    fn rank4(&mut self, point: HookPoint, x: Tensor<4>) -> Tensor<4> {
        let leaf = Tensor::<4>::zeros(x.dims(), &x.device()).require_grad();
        self.rank4.insert(point, leaf.clone());
        x + leaf
    }
}
