//! Direct intervention: computed values written into one run.

use dt_train::burn::prelude::*;
use dt_train::model::{HookPoint, Hooks};

/// Adds a vector to one token of each window.
pub struct Add {
    /// Where.
    pub point: HookPoint,
    /// Which token.
    pub token: usize,
    /// What, window by window; each of the point's width.
    pub vectors: Vec<Vec<f32>>,
}

impl Hooks for Add {
    fn wants(&self, point: HookPoint) -> bool {
        point == self.point
    }

    fn rank3(&mut self, _: HookPoint, x: Tensor<3>) -> Tensor<3> {
        let [batch, seq, d] = x.dims();
        assert_eq!(batch, self.vectors.len(), "a vector for each window");
        let mut values = vec![0.0; batch * seq * d];
        for (window, vector) in self.vectors.iter().enumerate() {
            values[(window * seq + self.token) * d..][..d].copy_from_slice(vector);
        }
        let device = x.device();
        x + Tensor::<3>::from_data(TensorData::new(values, [batch, seq, d]), &device)
    }
}

/// Sets the coefficient of a direction at one token of each window:
/// `x ← x − (x·v) v + c v` with a unit vector `v`.
pub struct SetCoefficient {
    /// Where.
    pub point: HookPoint,
    /// Which token.
    pub token: usize,
    /// Direction, of unit norm.
    pub direction: Vec<f32>,
    /// Coefficient of each window; `None` leaves the window alone.
    pub coefficients: Vec<Option<f32>>,
}

impl Hooks for SetCoefficient {
    fn wants(&self, point: HookPoint) -> bool {
        point == self.point
    }

    fn rank3(&mut self, _: HookPoint, x: Tensor<3>) -> Tensor<3> {
        let [batch, seq, d] = x.dims();
        assert_eq!(
            batch,
            self.coefficients.len(),
            "a coefficient for each window"
        );
        let device = x.device();
        let direction = TensorData::new(self.direction.clone(), [1, 1, d]);
        let direction = Tensor::<3>::from_data(direction, &device);
        let mut wanted = vec![0.0; batch * seq];
        let mut here = vec![0.0; batch * seq];
        for (window, coefficient) in self.coefficients.iter().enumerate() {
            if let Some(c) = coefficient {
                wanted[window * seq + self.token] = *c;
                here[window * seq + self.token] = 1.0;
            }
        }
        let column =
            |values| Tensor::<3>::from_data(TensorData::new(values, [batch, seq, 1]), &device);
        let present = (x.clone() * direction.clone()).sum_dim(2);
        x + (column(wanted) - present * column(here)) * direction
    }
}
