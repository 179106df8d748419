//! From windows to tokens.

use std::sync::Arc;

use crate::burn::prelude::*;

use super::config::TimeEmbedding;
use super::hooks::{HookPoint, Hooks};
use super::input::{Frames, ItemRows, TokenBatch};
use super::transformer::Model;
use crate::model::kernels::{self, TokenTables};

impl Model {
    /// The residual stream before the first block, `[agents, windows * seq, d_model]`.
    pub(super) fn embed(&self, batch: &Arc<TokenBatch>, hooks: &mut dyn Hooks) -> Tensor<3> {
        let inside = [
            HookPoint::StateEmbed,
            HookPoint::ReturnToGoEmbed,
            HookPoint::ActionEmbed,
            HookPoint::Embed,
            HookPoint::PosEmbed,
        ];
        let states = self.embed_frames(batch);
        let table = self.config.time_embedding == TimeEmbedding::Embedding;
        let returns = self.embedded_returns(batch);
        if self.host && table && !inside.iter().any(|&point| hooks.wants(point)) {
            let tables = TokenTables {
                states,
                reward: self.param(self.index.reward_embedding),
                actions: self.param(self.index.action_embedding),
                times: self.param(self.index.time_embedding),
                positions: self.param(self.index.positions),
            };
            return kernels::tokens(tables, batch.clone(), returns.into());
        }
        self.embed_stepwise(batch, states, returns, hooks)
    }

    /// State embeddings, `[agents, windows * timesteps, d_model]`.
    fn embed_frames(&self, batch: &TokenBatch) -> Tensor<3> {
        let table = self.param(self.index.state_embedding);
        let mut states = match &batch.frames {
            Frames::Items(rows) if self.host => kernels::embedding_sum(table.clone(), rows.clone()),
            Frames::Items(rows) => sum_of_items(table.clone(), rows),
            Frames::Dense(values) => {
                let [agents, inputs, _] = table.dims();
                let shape = [agents, batch.steps() / agents, inputs];
                let device = table.device();
                Tensor::from_data(TensorData::new(values.clone(), shape), &device)
                    .matmul(table.clone())
            }
        };
        if let Some(frequency) = &self.item_frequency {
            let agents = table.dims()[0];
            let mean = frequency.clone().repeat_dim(0, agents).matmul(table);
            states = states - mean;
        }
        match self.index.state_bias {
            Some(bias) => states + self.param(bias),
            None => states,
        }
    }

    /// Return-to-go of each step, as it is embedded.
    fn embedded_returns(&self, batch: &TokenBatch) -> Vec<f32> {
        let (scale, shift) = self.rtg_affine;
        let returns = batch.returns_to_go.iter();
        returns
            .map(|&r| (scale * f64::from(r) + shift) as f32)
            .collect()
    }

    /// The decomposed path, with every intermediate handed to hooks that want it.
    fn embed_stepwise(
        &self,
        batch: &TokenBatch,
        states: Tensor<3>,
        returns: Vec<f32>,
        hooks: &mut dyn Hooks,
    ) -> Tensor<3> {
        let [agents, steps, d] = states.dims();
        let (timesteps, seq) = (batch.timesteps, batch.seq());
        let device = states.device();
        let column = |values: Vec<f32>| {
            Tensor::<3>::from_data(TensorData::new(values, [agents, steps, 1]), &device)
        };
        let visit = |point, x, hooks: &mut dyn Hooks| self.visit(point, x, timesteps, hooks);
        let states = visit(HookPoint::StateEmbed, states, hooks);
        let reward = column(returns).matmul(self.param(self.index.reward_embedding));
        let reward = visit(HookPoint::ReturnToGoEmbed, reward, hooks);
        let actions = look_up(self.param(self.index.action_embedding), &batch.actions);
        let actions = visit(HookPoint::ActionEmbed, actions, hooks);
        let times = match self.config.time_embedding {
            TimeEmbedding::Embedding => {
                look_up(self.param(self.index.time_embedding), &batch.times)
            }
            TimeEmbedding::Linear => {
                let bias = self.index.time_bias.expect("linear time has a bias");
                let times = column(batch.times.iter().map(|&t| t as f32).collect());
                times.matmul(self.param(self.index.time_embedding)) + self.param(bias)
            }
        };
        let parts = [reward, states, actions]
            .map(|part| (part + times.clone()).reshape([agents * batch.windows, timesteps, 1, d]));
        let tokens = Tensor::cat(parts.to_vec(), 2)
            .reshape([agents * batch.windows, 3 * timesteps, d])
            .narrow(1, 0, seq)
            .reshape([agents, batch.windows * seq, d]);
        let tokens = self.visit(HookPoint::Embed, tokens, seq, hooks);
        let positions = self
            .param(self.index.positions)
            .narrow(1, 0, seq)
            .reshape([agents, 1, seq, d])
            .expand([agents, batch.windows, seq, d])
            .reshape([agents, batch.windows * seq, d]);
        let positions = self.visit(HookPoint::PosEmbed, positions, seq, hooks);
        tokens + positions
    }
}

/// Rows of each agent's table, `[agents, entries, d]`.
fn look_up(table: Tensor<3>, entries: &[u32]) -> Tensor<3> {
    let [agents, rows, d] = table.dims();
    let per_agent = entries.len() / agents;
    let flat: Vec<i32> = entries
        .iter()
        .enumerate()
        .map(|(n, &entry)| (n / per_agent * rows) as i32 + entry as i32)
        .collect();
    let device = table.device();
    let index = Tensor::<1, Int>::from_data(TensorData::new(flat, [entries.len()]), &device);
    table
        .reshape([agents * rows, d])
        .select(0, index)
        .reshape([agents, per_agent, d])
}

/// The decomposed embedding sum: frames are padded to the longest with strength 0.
fn sum_of_items(table: Tensor<3>, rows: &ItemRows) -> Tensor<3> {
    let [agents, _, d] = table.dims();
    let frames = rows.frames();
    let longest = (0..frames).map(|f| rows.row(f).0.len()).max().unwrap_or(0);
    let longest = longest.max(1);
    let mut items = vec![0; frames * longest];
    let mut strengths = vec![0.0_f32; frames * longest];
    for frame in 0..frames {
        let (present, at) = rows.row(frame);
        for (i, &item) in present.iter().enumerate() {
            items[frame * longest + i] = item;
            strengths[frame * longest + i] = at.map_or(1.0, |s| s[i]);
        }
    }
    let device = table.device();
    let shape = [agents, frames / agents * longest, 1];
    let strengths = Tensor::<3>::from_data(TensorData::new(strengths, shape), &device);
    let weighted = look_up(table, &items) * strengths;
    weighted
        .reshape([frames, longest, d])
        .sum_dim(1)
        .reshape([agents, frames / agents, d])
}
