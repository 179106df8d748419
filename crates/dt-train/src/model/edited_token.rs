//! One window with one token edited in many ways, without computing again what edits leave alone.
//!
//! Tokens before the edited one never change, and in the first block only the edited token's own
//! queries, keys and values do. What is left for each edit is the tokens from the edited one on,
//! and of the last block the last token alone.

use std::sync::Arc;

use crate::burn::prelude::*;

use super::hooks::NoHooks;
use super::input::TokenBatch;
use super::queries::Queries;
use super::transformer::Model;
use crate::device::to_host;

/// Edits that are computed together: enough for fast products, few enough for a core's cache.
const CHUNK: usize = 32;

/// A window whose token `token` will be edited in the residual stream before the first block.
#[derive(Clone, Debug)]
pub struct EditedToken<'a> {
    model: &'a Model,
    seq: usize,
    token: usize,
    /// The residual stream before the first block, `[1, seq, d_model]`.
    embedded: Tensor<3>,
    /// Queries, keys and values of the first block, each `[1, seq, d_model]`.
    first: [Tensor<3>; 3],
    /// Keys and values of the tokens before the edited one in later blocks, `[1, token, d_model]`.
    before: Vec<[Tensor<3>; 2]>,
}

impl<'a> EditedToken<'a> {
    /// Computes all that is common to every edit of a token of a window.
    ///
    /// # Panics
    /// If the batch holds more than one window or model more than one agent, or there is no such
    /// token.
    pub fn new(model: &'a Model, window: &Arc<TokenBatch>, token: usize) -> Self {
        let seq = window.seq();
        assert!(window.windows == 1 && model.agents() == 1 && token < seq);
        let embedded = model.embed(window, &mut NoHooks);
        let first = model.queries_keys_values(0, &embedded);
        let mut before = Vec::new();
        if token > 0 {
            let mut resid = embedded.clone().narrow(1, 0, token);
            for layer in 0..model.config.n_layers {
                let [q, k, v] = model.queries_keys_values(layer, &resid);
                if layer > 0 {
                    before.push([k.clone(), v.clone()]);
                }
                if layer + 1 < model.config.n_layers {
                    let z = model.attend_from(layer, [q, k, v], token, Queries::ALL);
                    resid = model.after_attention(layer, resid, z);
                }
            }
        }
        Self {
            model,
            seq,
            token,
            embedded,
            first,
            before,
        }
    }

    /// Edits that are best computed in one call; more of them are for other cores.
    pub const fn chunk() -> usize {
        CHUNK
    }

    /// Action logits at the last token after each vector in turn is added to the edited one.
    ///
    /// # Shapes
    /// - `vectors`: `[edits, d_model]`, row by row
    /// - output: `[edits, n_actions]`, row by row
    ///
    /// # Panics
    /// If `vectors` is not a whole number of rows.
    pub fn logits(&self, vectors: &[f32]) -> Vec<f32> {
        let d = self.model.config.d_model;
        assert_eq!(vectors.len() % d, 0, "rows of d_model values");
        let rows = vectors.chunks(CHUNK * d).map(|some| self.logits_of(some));
        rows.collect::<Vec<_>>().concat()
    }

    fn logits_of(&self, vectors: &[f32]) -> Vec<f32> {
        let model = self.model;
        let (d, last) = (model.config.d_model, model.config.n_layers - 1);
        let edits = vectors.len() / d;
        let (seq, token) = (self.seq, self.token);
        let (after, later) = (seq - token, seq - token - 1);
        let device = self.embedded.device();
        let vectors = TensorData::new(vectors.to_vec(), [edits, 1, d]);
        let edited =
            self.embedded.clone().narrow(1, token, 1) + Tensor::from_data(vectors, &device);
        // Rows that all edits share, from a token on, once for each edit.
        let shared = |x: &Tensor<3>, from: usize, count: usize| {
            (count > 0).then(|| x.clone().narrow(1, from, count).expand([edits, count, d]))
        };
        let join = |parts: [Option<Tensor<3>>; 3]| {
            let parts: Vec<Tensor<3>> = parts.into_iter().flatten().collect();
            let whole = Tensor::cat(parts, 1);
            let rows = edits * whole.dims()[1];
            whole.reshape([1, rows, d])
        };
        let own = model.queries_keys_values(0, &edited.clone().reshape([1, edits, d]));
        let [q, k, v] = own.map(|x| Some(x.reshape([edits, 1, d])));
        let mut resid = join([Some(edited), shared(&self.embedded, token + 1, later), None]);
        let [first_q, first_k, first_v] = &self.first;
        let whole = |part, all: &Tensor<3>| {
            join([shared(all, 0, token), part, shared(all, token + 1, later)])
        };
        let mut in_first = Some([
            join([q, shared(first_q, token + 1, later), None]),
            whole(k, first_k),
            whole(v, first_v),
        ]);
        for layer in 0..=last {
            let [mut q, k, v] = in_first.take().unwrap_or_else(|| {
                let [q, k, v] = model.queries_keys_values(layer, &resid);
                let with_prefix = |part: Tensor<3>, kind: usize| match self.before.get(layer - 1) {
                    None => part,
                    Some(before) => join([
                        shared(&before[kind], 0, token),
                        Some(part.reshape([edits, after, d])),
                        None,
                    ]),
                };
                [q, with_prefix(k, 0), with_prefix(v, 1)]
            });
            let mut first = token;
            if layer == last {
                // Nothing reads the other tokens any more.
                let ends = |x: Tensor<3>| {
                    let x = x.reshape([edits, after, d]).narrow(1, later, 1);
                    x.reshape([1, edits, d])
                };
                (q, resid, first) = (ends(q), ends(resid), seq - 1);
            }
            let tokens = Queries { first, stride: 1 };
            let z = model.attend_from(layer, [q, k, v], seq, tokens);
            resid = model.after_attention(layer, resid, z);
        }
        let normalised = model.layer_norm(resid, model.index.ln_final);
        let [weight, bias] = model.index.head;
        to_host(&(normalised.matmul(model.param(weight)) + model.param(bias)))
    }
}

impl Model {
    /// Queries, keys and values of a block for rows of the residual stream before it.
    fn queries_keys_values(&self, layer: usize, resid: &Tensor<3>) -> [Tensor<3>; 3] {
        let block = &self.index.blocks[layer];
        let normalised = self.layer_norm(resid.clone(), block.ln1);
        block
            .qkv
            .map(|[weight, bias]| normalised.clone().matmul(self.param(weight)) + self.param(bias))
    }

    /// The residual stream after a block, from that before it and the heads' outputs.
    fn after_attention(&self, layer: usize, resid: Tensor<3>, z: Tensor<3>) -> Tensor<3> {
        let block = &self.index.blocks[layer];
        let [weight, bias] = block.out;
        let resid = resid + (z.matmul(self.param(weight)) + self.param(bias));
        let normalised = self.layer_norm(resid.clone(), block.ln2);
        let rows = resid.dims()[1];
        resid + self.mlp(layer, normalised, rows, &mut NoHooks)
    }
}
