//! Causal multi-head attention.

use crate::burn::prelude::*;
use crate::burn::tensor::activation::softmax;

use super::hooks::{HookPoint, Hooks, NoHooks};
use super::queries::Queries;
use super::transformer::Model;
use crate::model::kernels;

impl Model {
    /// Attention of one block: what it adds to the residual stream.
    ///
    /// # Shapes
    /// - `x`: `[agents, windows * seq, d_model]`, normalised
    /// - output: the same, or `[agents, windows * timesteps, d_model]` with `states_only`
    pub(super) fn attention(
        &self,
        layer: usize,
        x: &Tensor<3>,
        seq: usize,
        states_only: bool,
        hooks: &mut dyn Hooks,
    ) -> Tensor<3> {
        let block = &self.index.blocks[layer];
        let heads = self.config.n_heads;
        let queries = if states_only {
            self.state_rows(x.clone(), seq)
        } else {
            x.clone()
        };
        let map = |input: Tensor<3>, [weight, bias]: [usize; 2]| {
            input.matmul(self.param(weight)) + self.param(bias)
        };
        let q = map(queries, block.qkv[0]);
        let k = map(x.clone(), block.qkv[1]);
        let v = map(x.clone(), block.qkv[2]);
        let inside = [
            HookPoint::Q(layer),
            HookPoint::K(layer),
            HookPoint::V(layer),
            HookPoint::AttnScores(layer),
            HookPoint::Pattern(layer),
            HookPoint::Z(layer),
        ];
        let fused = self.host
            && kernels::supports_heads(self.config.d_head(), seq)
            && !inside.iter().any(|&point| hooks.wants(point));
        let tokens = if states_only {
            Queries::STATES
        } else {
            Queries::ALL
        };
        let z = if fused {
            kernels::attention(q, k, v, heads, seq, tokens)
        } else {
            self.attend(layer, [q, k, v], seq, tokens, hooks)
        };
        map(z, block.out)
    }

    /// The heads' outputs side by side, by whichever path the device allows.
    ///
    /// # Shapes
    /// - queries: `[agents, windows * queries, d_model]`; keys and values:
    ///   `[agents, windows * seq, d_model]`
    /// - output: like the queries
    pub(super) fn attend_from(
        &self,
        layer: usize,
        [q, k, v]: [Tensor<3>; 3],
        seq: usize,
        tokens: Queries,
    ) -> Tensor<3> {
        if self.host && kernels::supports_heads(self.config.d_head(), seq) {
            kernels::attention(q, k, v, self.config.n_heads, seq, tokens)
        } else {
            self.attend(layer, [q, k, v], seq, tokens, &mut NoHooks)
        }
    }

    /// The decomposed path, with every intermediate handed to hooks that want it.
    fn attend(
        &self,
        layer: usize,
        qkv: [Tensor<3>; 3],
        seq: usize,
        tokens: Queries,
        hooks: &mut dyn Hooks,
    ) -> Tensor<3> {
        let (heads, d_head) = (self.config.n_heads, self.config.d_head());
        let dims @ [agents, rows, _] = qkv[1].dims();
        let q_dims = qkv[0].dims();
        let batch = agents * rows / seq;
        let queries = q_dims[1] * seq / rows;
        let points = [
            HookPoint::Q(layer),
            HookPoint::K(layer),
            HookPoint::V(layer),
        ];
        let mut parts =
            qkv.into_iter()
                .zip([queries, seq, seq])
                .zip(points)
                .map(|((x, tokens), point)| {
                    let x = x.reshape([batch, tokens, heads, d_head]);
                    visit4(point, x, hooks).swap_dims(1, 2)
                });
        let mut next = || parts.next().expect("three parts");
        let (q, k, v) = (next(), next(), next());
        drop(parts);
        assert_eq!(dims[2], heads * d_head);
        let scores = q.matmul(k.swap_dims(2, 3)) / (d_head as f32).sqrt();
        let hidden = causal_mask(queries, seq, tokens, &scores.device());
        let scores = scores.mask_fill(
            hidden.expand([batch, heads, queries, seq]),
            f32::NEG_INFINITY,
        );
        let scores = visit4(HookPoint::AttnScores(layer), scores, hooks);
        let pattern = visit4(HookPoint::Pattern(layer), softmax(scores, 3), hooks);
        let z = pattern.matmul(v).swap_dims(1, 2); // [batch, query, head, d_head]
        visit4(HookPoint::Z(layer), z, hooks).reshape(q_dims)
    }
}

fn visit4(point: HookPoint, x: Tensor<4>, hooks: &mut dyn Hooks) -> Tensor<4> {
    if hooks.wants(point) {
        hooks.rank4(point, x)
    } else {
        x
    }
}

/// True where a query must not see a key, `[1, 1, queries, keys]`.
fn causal_mask(queries: usize, keys: usize, tokens: Queries, device: &Device) -> Tensor<4, Bool> {
    let token = |query: usize| tokens.first + tokens.stride * query;
    let hidden: Vec<bool> = (0..queries)
        .flat_map(|query| (0..keys).map(move |key| key > token(query)))
        .collect();
    Tensor::from_data(TensorData::new(hidden, [1, 1, queries, keys]), device)
}
