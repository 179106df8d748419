//! The training forward pass in libtorch's fused operations: what `model::Model::forward` computes
//! without hooks, and the loss.

use tch::{Kind, Reduction, Tensor};

use super::data::NO_TARGET;
use super::windows::{FrameInputs, Inputs, Times};
use crate::model::{Activation, LN_EPS, LayerNorm, ModelConfig, ParamIndex};

/// Maps that lie in one leaf and are computed in one product.
const QUERY: usize = 0;
const KEY: usize = 1;

/// Sum over embedding rows, as `embedding_bag` counts its modes.
const SUM: i64 = 0;

/// A model's parameters as leaves of libtorch's autograd.
pub(super) struct Forward<'a> {
    pub(super) config: &'a ModelConfig,
    pub(super) index: &'a ParamIndex,
    /// The leaf that each lies in, `[agents, rows, cols]`.
    pub(super) params: &'a [&'a Tensor],
    /// `[1, 1, vocabulary]`, where observations are centred.
    pub(super) item_frequency: Option<&'a Tensor>,
    /// Added to the attention scores of state tokens, `[timesteps, context]`.
    pub(super) state_mask: &'a Tensor,
}

/// Which tokens ask in an attention.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Queries {
    All,
    States,
}

impl Forward<'_> {
    /// Summed negative log-likelihood of each agent's actions, nats, `[agents]`.
    pub(super) fn loss(&self, inputs: &Inputs) -> Tensor {
        let logits = self.logits(inputs).to_kind(Kind::Float);
        let n_actions = *logits.size().last().expect("logits have an axis");
        let losses = logits.view([-1, n_actions]).cross_entropy_loss::<Tensor>(
            &inputs.targets,
            None,
            Reduction::None,
            NO_TARGET,
            0.0,
        );
        (losses * &inputs.counts)
            .view([inputs.agents, -1])
            .sum_dim_intlist(1, false, Kind::Float)
    }

    /// Action logits at every state token, `[agents, steps, n_actions]`.
    fn logits(&self, inputs: &Inputs) -> Tensor {
        let mut resid = self.embed(inputs);
        let last = self.config.n_layers - 1;
        for layer in 0..self.config.n_layers {
            // The last block computes only what state tokens need.
            let queries = if layer == last {
                Queries::States
            } else {
                Queries::All
            };
            resid = self.block(layer, &resid, inputs, queries);
        }
        let normalised = self.layer_norm(&resid, self.index.ln_final);
        self.linear(&normalised, self.index.head)
    }

    fn param(&self, index: usize) -> &Tensor {
        self.params[index]
    }

    /// Rows of all agents' tables below each other.
    fn table(&self, index: usize) -> Tensor {
        let table = self.param(index);
        table.reshape([-1, table.size()[2]])
    }

    fn embed(&self, inputs: &Inputs) -> Tensor {
        let (agents, steps) = (inputs.agents, inputs.steps());
        let d = self.config.d_model as i64;
        let index = self.index;
        let mut states = match &inputs.frames {
            FrameInputs::Items {
                items,
                offsets,
                shown,
            } => {
                let table = self.table(index.state_embedding);
                let sums = Tensor::embedding_bag::<Tensor>(
                    &table, items, offsets, false, SUM, false, None, true,
                );
                Tensor::embedding(&sums.0, shown, -1, false, false).view([agents, steps, d])
            }
            FrameInputs::Dense(values) => values.matmul(self.param(index.state_embedding)),
        };
        if let Some(frequency) = self.item_frequency {
            let vocabulary = frequency.size()[2];
            let mean = frequency
                .expand([agents, 1, vocabulary], false)
                .bmm(self.param(index.state_embedding));
            states -= mean;
        }
        if let Some(bias) = index.state_bias {
            states += self.param(bias);
        }
        let reward = &inputs.returns * self.param(index.reward_embedding);
        let look_up = |table: usize, rows: &Tensor| {
            Tensor::embedding(&self.table(table), rows, -1, false, false).view([agents, steps, d])
        };
        let actions = look_up(index.action_embedding, &inputs.actions);
        let times = match &inputs.times {
            Times::Rows(rows) => look_up(index.time_embedding, rows),
            Times::Numbers(numbers) => {
                let bias = index.time_bias.expect("linear time has a bias");
                numbers * self.param(index.time_embedding) + self.param(bias)
            }
        };
        let seq = inputs.seq();
        let tokens = Tensor::stack(&[reward, states, actions], 2) + times.unsqueeze(2);
        let tokens = tokens
            .view([agents, inputs.windows, 3 * inputs.timesteps, d])
            .narrow(2, 0, seq);
        let positions = self.param(index.positions).narrow(1, 0, seq).unsqueeze(1);
        // From here on in the kind of the weights.
        (tokens + positions)
            .reshape([agents, -1, d])
            .to_kind(self.param(index.head[0]).kind())
    }

    fn block(&self, layer: usize, resid: &Tensor, inputs: &Inputs, queries: Queries) -> Tensor {
        let block = &self.index.blocks[layer];
        let normalised = self.layer_norm(resid, block.ln1);
        let attn_out = self.attention(layer, &normalised, inputs, queries);
        let resid = match queries {
            Queries::All => resid + attn_out,
            Queries::States => states_of(resid, inputs) + attn_out,
        };
        let normalised = self.layer_norm(&resid, block.ln2);
        resid + self.mlp(layer, &normalised)
    }

    fn attention(&self, layer: usize, x: &Tensor, inputs: &Inputs, queries: Queries) -> Tensor {
        let block = &self.index.blocks[layer];
        let heads = self.config.n_heads as i64;
        let d_head = self.config.d_head() as i64;
        let windows = inputs.agents * inputs.windows;
        // Several maps of one input, side by side in one product.
        let split = |x: Tensor, maps: i64| -> Vec<Tensor> {
            let maps = x.view([windows, -1, maps, heads, d_head]).unbind(2);
            maps.into_iter().map(|x| x.transpose(1, 2)).collect()
        };
        let mut qkv = match queries {
            Queries::All => split(self.linear(x, block.qkv[QUERY]), 3),
            Queries::States => {
                let asking = states_of(x, inputs);
                let mut qkv = split(self.linear(&asking, block.qkv[QUERY]), 1);
                qkv.extend(split(self.linear(x, block.qkv[KEY]), 2));
                qkv
            }
        }
        .into_iter();
        let [q, k, v] = std::array::from_fn(|_| qkv.next().expect("three maps"));
        let mask = (queries == Queries::States).then(|| {
            let rows = self.state_mask.narrow(0, 0, inputs.timesteps);
            rows.narrow(1, 0, inputs.seq())
        });
        let z = Tensor::scaled_dot_product_attention(
            &q,
            &k,
            &v,
            mask.as_ref(),
            0.0,
            mask.is_none(),
            None,
            false,
        );
        let z = z
            .transpose(1, 2)
            .reshape([inputs.agents, -1, heads * d_head]);
        self.linear(&z, block.out)
    }

    fn mlp(&self, layer: usize, x: &Tensor) -> Tensor {
        let block = &self.index.blocks[layer];
        let post = match block.w_gate {
            Some(_) => {
                // The gate's map lies beside the other.
                let both = self.matmul(x, block.w_in).chunk(2, -1);
                let gate = self.activate(layer, &both[1]);
                // Of a fused addcmul, the gradient takes two products more.
                gate * &both[0] + self.param(block.b_in)
            }
            None => self.activate(layer, &self.linear(x, [block.w_in, block.b_in])),
        };
        self.linear(&post, block.w_out)
    }

    fn activate(&self, layer: usize, x: &Tensor) -> Tensor {
        match self.config.activation {
            Activation::Relu => x.relu(),
            Activation::Gelu => x.gelu("none"),
            Activation::Silu => x.silu(),
            Activation::GeluNew | Activation::GeluFast => x.gelu("tanh"),
            Activation::SoluLn => {
                let norm = self.index.blocks[layer].mlp_ln;
                self.affine_norm(&(x * x.softmax(-1, x.kind())), norm)
            }
        }
    }

    fn layer_norm(&self, x: &Tensor, params: Option<[usize; 2]>) -> Tensor {
        match (params, self.config.layer_norm) {
            (None, LayerNorm::Off) => x.shallow_clone(),
            (params, _) => self.affine_norm(x, params),
        }
    }

    fn affine_norm(&self, x: &Tensor, params: Option<[usize; 2]>) -> Tensor {
        let width = *x.size().last().expect("activations have an axis");
        let eps = f64::from(LN_EPS);
        match params {
            // One agent's gain and bias can be part of the fused operation.
            Some([gain, bias]) if x.size()[0] == 1 => x.layer_norm(
                [width],
                Some(self.param(gain).view([width])),
                Some(self.param(bias).view([width])),
                eps,
                true,
            ),
            Some([gain, bias]) => {
                let normalised = x.layer_norm::<Tensor>([width], None, None, eps, true);
                normalised * self.param(gain) + self.param(bias)
            }
            None => x.layer_norm::<Tensor>([width], None, None, eps, true),
        }
    }

    fn matmul(&self, x: &Tensor, weight: usize) -> Tensor {
        let weight = self.param(weight);
        if x.size()[0] == 1 {
            let product = x.squeeze_dim(0).mm(&weight.squeeze_dim(0));
            product.unsqueeze(0)
        } else {
            x.bmm(weight)
        }
    }

    fn linear(&self, x: &Tensor, [weight, bias]: [usize; 2]) -> Tensor {
        let (weight, bias) = (self.param(weight), self.param(bias));
        if x.size()[0] == 1 {
            bias.squeeze()
                .addmm(&x.squeeze_dim(0), &weight.squeeze_dim(0))
                .unsqueeze(0)
        } else {
            bias.baddbmm(x, weight, 1.0, 1.0)
        }
    }
}

/// The state tokens' rows of `[agents, windows * seq, d]`.
fn states_of(x: &Tensor, inputs: &Inputs) -> Tensor {
    let d = *x.size().last().expect("activations have an axis");
    x.view([-1, inputs.seq(), d])
        .slice(1, 1, None, 3)
        .reshape([inputs.agents, -1, d])
}
