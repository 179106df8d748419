//! Layer norm without parameters, from elementary operations.

use crate::burn::prelude::*;

/// Added to the variance, as in the original.
pub(crate) const LN_EPS: f32 = 1e-5;

/// Mean 0 and variance 1 over the last axis (biased variance).
pub(crate) fn normalise(x: Tensor<3>) -> Tensor<3> {
    let centred = x.clone() - x.mean_dim(2);
    let variance = centred.clone().square().mean_dim(2);
    centred / (variance + LN_EPS).sqrt()
}
