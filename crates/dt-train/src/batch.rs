//! Windows of a dataset as micro-batches of tokens.

use std::sync::Arc;

use dt_data::{Dataset, Window};

use crate::model::{
    Frames, ItemRows, ModelConfig, Padding, StateEmbedding, TokenBatch, WorldSizes,
};

/// A micro-batch: tokens, and what is to be predicted at each state token.
#[derive(Clone, Debug)]
pub struct TrainBatch {
    /// What the model reads.
    pub tokens: Arc<TokenBatch>,
    /// Action taken at each timestep; any index where `weights` is 0.
    pub targets: Vec<u32>,
    /// 1 at the steps of the data, 0 at filling.
    pub weights: Vec<f32>,
}

/// Splits one batch of windows into `parts` micro-batches, shortest windows first.
///
/// Windows of like length share a micro-batch, so that little is computed on filling. The order
/// depends on the windows alone, never on threads.
pub fn micro_batches(
    data: &Dataset,
    windows: &[Window],
    parts: usize,
    config: &ModelConfig,
    sizes: &WorldSizes,
) -> Vec<TrainBatch> {
    let mut order: Vec<&Window> = windows.iter().collect();
    order.sort_by_key(|w| w.length); // stable: ties stay in drawing order
    let size = windows.len().div_ceil(parts.max(1));
    order
        .chunks(size)
        .map(|chunk| train_batch(data, chunk, config, sizes))
        .collect()
}

fn train_batch(
    data: &Dataset,
    windows: &[&Window],
    config: &ModelConfig,
    sizes: &WorldSizes,
) -> TrainBatch {
    let longest = windows.iter().map(|w| w.length).max().unwrap_or(1);
    let timesteps = match config.padding {
        Padding::Aligned => longest,
        Padding::ZeroFrames => config.timesteps(),
    };
    let mut builder = Builder {
        data,
        view: sizes.view_size,
        padding_action: sizes.n_actions as u32,
        tokens: TokenBatch::new(timesteps),
        items: ItemRows::default(),
        dense: (config.state_embedding == StateEmbedding::Dense).then(Vec::new),
        targets: Vec::with_capacity(windows.len() * timesteps),
        weights: Vec::with_capacity(windows.len() * timesteps),
    };
    for window in windows {
        let filling = timesteps - window.length;
        match config.padding {
            Padding::Aligned => {
                builder.push_window(window);
                builder.push_filling(filling, 0.0);
            }
            Padding::ZeroFrames => {
                let rtg = data.returns_to_go[window.first_row] as f32;
                builder.push_filling(filling, rtg);
                builder.push_window(window);
            }
        }
    }
    builder.finish(windows.len())
}

struct Builder<'a> {
    data: &'a Dataset,
    view: usize,
    padding_action: u32,
    tokens: TokenBatch,
    items: ItemRows,
    dense: Option<Vec<f32>>,
    targets: Vec<u32>,
    weights: Vec<f32>,
}

impl Builder<'_> {
    fn push_window(&mut self, window: &Window) {
        for offset in 0..window.length {
            let row = window.first_row + offset;
            let action = u32::from(self.data.actions[row]);
            let rtg = self.data.returns_to_go[row] as f32;
            self.push_step(rtg, action, (window.time + offset) as u32, 1.0);
            let seen = self.data.observation(row);
            match &mut self.dense {
                Some(values) => values.extend(seen.iter().map(|&b| f32::from(b))),
                None => self.items.push_observation(seen, self.view),
            }
        }
    }

    fn push_filling(&mut self, steps: usize, rtg: f32) {
        for _ in 0..steps {
            self.push_step(rtg, self.padding_action, 0, 0.0);
            match &mut self.dense {
                Some(values) => values.resize(values.len() + self.data.observation_len, 0.0),
                None => self.items.push_absent(),
            }
        }
    }

    fn push_step(&mut self, rtg: f32, action: u32, time: u32, weight: f32) {
        self.tokens.returns_to_go.push(rtg);
        self.tokens.actions.push(action);
        self.tokens.times.push(time);
        // Filling has weight 0; its target only has to be an action.
        self.targets.push(if weight > 0.0 { action } else { 0 });
        self.weights.push(weight);
    }

    fn finish(mut self, windows: usize) -> TrainBatch {
        self.tokens.windows = windows;
        self.tokens.frames = match self.dense {
            Some(values) => Frames::Dense(values),
            None => Frames::Items(self.items),
        };
        TrainBatch {
            tokens: Arc::new(self.tokens),
            targets: self.targets,
            weights: self.weights,
        }
    }
}
