//! The MLP of a block, plain or gated.

use crate::burn::prelude::*;
use crate::burn::tensor::activation::{gelu, relu, silu, softmax};

use super::config::Activation;
use super::hooks::{HookPoint, Hooks};
use super::norm::normalise;
use super::transformer::Model;

impl Model {
    /// What the MLP adds to the residual stream.
    ///
    /// Plain: `act(x W_in + b_in) W_out + b_out`. Gated, as the published agent has it:
    /// `(act(x W_gate) ⊙ (x W_in) + b_in) W_out + b_out`.
    ///
    /// # Shapes
    /// - `x`, output: `[agents, rows, d_model]`, `x` normalised
    pub(super) fn mlp(
        &self,
        layer: usize,
        x: Tensor<3>,
        seq: usize,
        hooks: &mut dyn Hooks,
    ) -> Tensor<3> {
        let block = &self.index.blocks[layer];
        let linear = x.clone().matmul(self.param(block.w_in));
        let pre_point = HookPoint::MlpPre(layer);
        let post = match block.w_gate {
            Some(gate) => {
                let pre = x.matmul(self.param(gate));
                let pre = self.visit(pre_point, pre, seq, hooks);
                self.activate(layer, pre) * linear + self.param(block.b_in)
            }
            None => {
                let pre = linear + self.param(block.b_in);
                let pre = self.visit(pre_point, pre, seq, hooks);
                self.activate(layer, pre)
            }
        };
        let post = self.visit(HookPoint::MlpPost(layer), post, seq, hooks);
        let [weight, bias] = block.w_out;
        post.matmul(self.param(weight)) + self.param(bias)
    }

    fn activate(&self, layer: usize, x: Tensor<3>) -> Tensor<3> {
        match self.config.activation {
            Activation::Relu => relu(x),
            Activation::Gelu => gelu(x),
            Activation::Silu => silu(x),
            Activation::GeluNew | Activation::GeluFast => gelu_tanh(x),
            Activation::SoluLn => {
                let [gain, bias] = self.index.blocks[layer]
                    .mlp_ln
                    .expect("SoLU has a layer norm");
                normalise(x.clone() * softmax(x, 2)) * self.param(gain) + self.param(bias)
            }
        }
    }
}

/// GELU by its tanh approximation: `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
fn gelu_tanh(x: Tensor<3>) -> Tensor<3> {
    let cubic = x.clone() * x.clone() * x.clone() * 0.044_715;
    let inner = (x.clone() + cubic) * (2.0 / std::f32::consts::PI).sqrt();
    x * 0.5 * (inner.tanh() + 1.0)
}
