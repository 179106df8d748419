//! A custom operation on burn-flex's host tensors, as burn's autodiff wants it.

use std::fmt;
use std::marker::PhantomData;

use crate::burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use crate::burn::backend::autodiff::grads::Gradients;
use crate::burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use crate::burn::backend::flex::FlexTensor;
use crate::burn::backend::tensor::FloatTensor;
use crate::burn::backend::{Autodiff, Flex};
use crate::burn::prelude::*;

type Tracked = Autodiff<Flex>;

/// An input of a custom operation.
pub(super) type Input = FloatTensor<Tracked>;

/// What an operation keeps for its backward pass.
pub(super) trait HostOp<const N: usize>: Clone + Send + fmt::Debug + 'static {
    /// Gradient of each input (`None` where it is not needed) from that of the output.
    fn backward(self, grad: &[f32], needed: [bool; N]) -> [Option<FlexTensor>; N];
}

/// A tensor as an input; one without autodiff becomes a constant.
pub(super) fn input<const D: usize>(tensor: Tensor<D>) -> Input {
    tensor
        .autodiff()
        .try_into_primitive::<Tracked>()
        .expect("host kernels are only called on the flex backend")
}

/// The input's values in row-major order; no copy where they already are.
pub(super) fn dense(input: &Input) -> FlexTensor {
    input.primitive().to_contiguous()
}

/// The values of a dense tensor.
pub(super) fn values(tensor: &FlexTensor) -> &[f32] {
    let (from, to) = tensor
        .layout()
        .contiguous_offsets()
        .expect("dense tensors are contiguous");
    &tensor.storage::<f32>()[from..to]
}

/// A tensor from values.
pub(super) fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

struct Glue<S>(PhantomData<fn() -> S>);

impl<S> fmt::Debug for Glue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("host operation")
    }
}

impl<S: HostOp<N>, const N: usize> Backward<Flex, N> for Glue<S> {
    type State = S;

    fn backward(self, ops: Ops<S, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node).to_contiguous();
        let needed = ops.parents.each_ref().map(Option::is_some);
        let inputs = ops.state.backward(values(&grad), needed);
        for (parent, grad) in ops.parents.into_iter().zip(inputs) {
            if let (Some(parent), Some(grad)) = (parent, grad) {
                grads.register::<Flex>(parent.id, grad);
            }
        }
    }
}

/// Registers an operation: its inputs, its result and what its backward pass needs.
///
/// The result is tracked only if the first input came from an autodiff device, so that a forward
/// pass without autodiff stays without.
pub(super) fn host_op<S: HostOp<N>, const N: usize, const D: usize>(
    inputs: &[Input; N],
    output: FlexTensor,
    state: S,
    tracked: bool,
) -> Tensor<D> {
    let nodes = inputs.each_ref().map(Input::node);
    let prepared = Glue::<S>(PhantomData)
        .prepare::<NoCheckpointing>(nodes)
        .compute_bound()
        .stateful();
    let tensor = Tensor::from_primitive::<Tracked>(match prepared {
        OpsKind::Tracked(op) => op.finish(state, output),
        OpsKind::UnTracked(op) => op.finish(output),
    });
    if tracked { tensor } else { tensor.inner() }
}
