//! Micro-batches as libtorch's tensors.

use tch::{Device, Tensor};

use crate::batch::TrainBatch;
use crate::model::{Frames, TokenBatch};

/// What a forward pass reads, on the device.
pub(super) struct Inputs {
    pub(super) agents: i64,
    pub(super) windows: i64,
    pub(super) timesteps: i64,
    pub(super) frames: FrameInputs,
    /// Return-to-go as it is embedded, `[agents, steps, 1]`.
    pub(super) returns: Tensor,
    /// Rows of the action tables of all agents, `[agents * steps]`.
    pub(super) actions: Tensor,
    /// Step within the episode, likewise.
    pub(super) times: Times,
    /// Action taken, or -100 where there is nothing to predict, `[agents * steps]`.
    pub(super) targets: Tensor,
}

pub(super) enum FrameInputs {
    /// Rows of the item tables of all agents, and where each frame's begin, with the end of the
    /// last.
    Items {
        items: Tensor,
        offsets: Tensor,
        /// How often each item counts; `None` if once.
        strengths: Option<Tensor>,
    },
    /// `[agents, steps, inputs]`
    Dense(Tensor),
}

pub(super) enum Times {
    /// Rows of the time tables of all agents.
    Rows(Tensor),
    /// The numbers themselves, `[agents, steps, 1]`.
    Numbers(Tensor),
}

/// Target that libtorch's cross-entropy passes over.
pub(super) const NO_TARGET: i64 = -100;

/// Rows of each agent's table.
pub(super) struct TableRows {
    pub(super) items: i64,
    pub(super) actions: i64,
    /// `None` where time enters as a number.
    pub(super) times: Option<i64>,
}

impl Inputs {
    /// Copies a micro-batch to the device; `(scale, shift)` is how a return-to-go is embedded.
    pub(super) fn new(
        batch: &TrainBatch,
        rows: &TableRows,
        (scale, shift): (f64, f64),
        device: Device,
    ) -> Self {
        let tokens: &TokenBatch = &batch.tokens;
        let agents = tokens.agents as i64;
        let steps = tokens.steps() as i64 / agents;
        let put = |tensor: Tensor| match device {
            Device::Cpu => tensor,
            // Without waiting: the host goes on while the copy is made.
            device => tensor
                .pin_memory(device)
                .to_device_(device, tensor.kind(), true, false),
        };
        let column = |values: Vec<f32>| put(Tensor::from_slice(&values).view([agents, steps, 1]));
        // Tables of all agents lie below each other.
        let index = |entries: &[u32], rows: i64| {
            let per_agent = entries.len() / tokens.agents;
            let flat: Vec<i32> = match tokens.agents {
                1 => entries.iter().map(|&e| e as i32).collect(),
                _ => entries
                    .iter()
                    .enumerate()
                    .map(|(n, &e)| (n / per_agent) as i32 * rows as i32 + e as i32)
                    .collect(),
            };
            put(Tensor::from_slice(&flat))
        };
        let frames = match &tokens.frames {
            Frames::Items(frames) => {
                let per_agent = frames.frames() / tokens.agents;
                let mut items: Vec<i32> = frames.items.iter().map(|&i| i as i32).collect();
                for agent in 1..tokens.agents {
                    let from = frames.ends[agent * per_agent - 1] as usize;
                    let to = frames.ends[(agent + 1) * per_agent - 1] as usize;
                    for item in &mut items[from..to] {
                        *item += agent as i32 * rows.items as i32;
                    }
                }
                let mut offsets = Vec::with_capacity(frames.frames() + 1);
                offsets.push(0_i32);
                offsets.extend(frames.ends.iter().map(|&end| end as i32));
                FrameInputs::Items {
                    items: put(Tensor::from_slice(&items)),
                    offsets: put(Tensor::from_slice(&offsets)),
                    strengths: (!frames.strengths.is_empty())
                        .then(|| put(Tensor::from_slice(&frames.strengths))),
                }
            }
            Frames::Dense(values) => {
                FrameInputs::Dense(put(Tensor::from_slice(values).view([agents, steps, -1])))
            }
        };
        let returns = tokens.returns_to_go.iter();
        let returns = returns
            .map(|&r| (scale * f64::from(r) + shift) as f32)
            .collect();
        let targets: Vec<i64> = batch
            .targets
            .iter()
            .zip(&batch.weights)
            .map(|(&target, &weight)| {
                if weight > 0.0 {
                    i64::from(target)
                } else {
                    NO_TARGET
                }
            })
            .collect();
        Self {
            agents,
            windows: tokens.windows as i64,
            timesteps: tokens.timesteps as i64,
            frames,
            returns: column(returns),
            actions: index(&tokens.actions, rows.actions),
            times: match rows.times {
                Some(rows) => Times::Rows(index(&tokens.times, rows)),
                None => Times::Numbers(column(tokens.times.iter().map(|&t| t as f32).collect())),
            },
            targets: put(Tensor::from_slice(&targets)),
        }
    }

    /// Tokens of a window.
    pub(super) fn seq(&self) -> i64 {
        3 * self.timesteps - 1
    }

    /// Timesteps of one agent.
    pub(super) fn steps(&self) -> i64 {
        self.windows * self.timesteps
    }
}
