//! AdamW's update of one tensor in one pass over its values, in host memory.

use crate::burn::backend::Flex;
use crate::burn::backend::flex::FlexTensor;
use crate::burn::prelude::*;

use super::adamw::Update;

/// The parameter and its moments (of the gradient and of its square) after an update.
///
/// Rounds after each operation, in the order of `adamw::decomposed`: the same bits.
///
/// # Shapes
/// All of them alike.
pub(super) fn adamw(
    update: &Update,
    param: Tensor<3>,
    grad: Tensor<3>,
    [first, second]: [Tensor<3>; 2],
) -> (Tensor<3>, [Tensor<3>; 2]) {
    let dims = param.dims();
    let [param, grad, mut first, mut second] = [param, grad, first, second].map(dense);
    let mut new = vec![0.0; values(&param).len()];
    {
        let (param, grad) = (values(&param), values(&grad));
        let (first, second) = (values_mut(&mut first), values_mut(&mut second));
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || step(*update, &mut new, first, second, param, grad),
        );
    }
    let above = |t| Tensor::from_primitive::<Flex>(t);
    let new = FlexTensor::from_data(TensorData::new(new, dims));
    (above(new), [above(first), above(second)])
}

/// Values that are updated at a time: what they need stays in the nearest cache.
const CHUNK: usize = 1024;

/// Each loop writes one slice: a compiler that must rule out that several overlap takes a value at a
/// time instead of eight.
#[inline(always)]
fn step(
    update: Update,
    new: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
    param: &[f32],
    grad: &[f32],
) {
    let [u, v] = update.shares();
    let moments = first.chunks_mut(CHUNK).zip(second.chunks_mut(CHUNK));
    let read = param.chunks(CHUNK).zip(grad.chunks(CHUNK));
    for ((new, (first, second)), (param, grad)) in new.chunks_mut(CHUNK).zip(moments).zip(read) {
        for (m, &g) in first.iter_mut().zip(grad) {
            *m = *m * update.beta_1 + g * u;
        }
        for (s, &g) in second.iter_mut().zip(grad) {
            *s = *s * update.beta_2 + g * g * v;
        }
        let moments = first.iter().zip(&*second);
        for ((new, &p), (&m, &s)) in new.iter_mut().zip(param).zip(moments) {
            let root = (s / update.correction_2).sqrt() + update.epsilon;
            *new = p * update.keep - m / update.correction_1 / root * update.rate;
        }
    }
}

/// The values in row-major order from the storage's first one; no copy where they already are.
fn dense(tensor: Tensor<3>) -> FlexTensor {
    let tensor = tensor.try_into_primitive::<Flex>();
    (tensor.expect("a tensor of burn-flex's")).to_contiguous()
}

fn values(tensor: &FlexTensor) -> &[f32] {
    let (from, to) = tensor
        .layout()
        .contiguous_offsets()
        .expect("dense tensors are contiguous");
    &tensor.storage::<f32>()[from..to]
}

fn values_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let (from, to) = tensor
        .layout()
        .contiguous_offsets()
        .expect("dense tensors are contiguous");
    &mut tensor.storage_mut::<f32>()[from..to]
}
