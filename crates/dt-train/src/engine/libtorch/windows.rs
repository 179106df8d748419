//! Micro-batches as libtorch's tensors. The host only makes lists of indices; what they name is
//! gathered on the device.

use tch::{Device, Tensor};

use super::data::{Data, put};
use crate::batch::Counted;
use crate::batch::frames::Numbering;
use crate::model::{Model, Padding, TimeEmbedding};

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
    /// Action taken, or `NO_TARGET` where there is nothing to predict, `[agents * steps]`.
    pub(super) targets: Tensor,
    /// How often each counts, likewise.
    pub(super) counts: Tensor,
}

pub(super) enum FrameInputs {
    /// Sums of items, and which of them each step's frame is.
    Items {
        /// Rows of the item tables of all agents.
        items: Tensor,
        /// Where each sum's begin, with the end of the last.
        offsets: Tensor,
        /// The sum of each step, `[agents * steps]`.
        shown: Tensor,
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

/// Indices of a micro-batch, list after list, so that one copy takes all of them to the device.
struct Indices {
    lists: [Vec<i32>; LISTS],
}

const LISTS: usize = 8;
/// Row of each step.
const ROWS: usize = 0;
/// Row whose return-to-go each step has.
const RETURNS: usize = 1;
/// Step within the episode, or row of the time tables of all agents.
const TIMES: usize = 2;
/// Sum, or dense frame, of each step.
const SHOWN: usize = 3;
/// Distinct observation of each sum.
const SUMS: usize = 4;
/// First row of the item table that each sum reads.
const TABLES: usize = 5;
/// Where each sum's items begin, with the end of the last.
const OFFSETS: usize = 6;
/// How often each step counts.
const COUNTS: usize = 7;

impl Indices {
    fn new(data: &Data, agents: &[&[Counted]], timesteps: usize, model: &Model) -> Self {
        let rows_of = |index: usize| model.specs()[index].rows as i32;
        let times_per_agent = match model.config.time_embedding {
            TimeEmbedding::Embedding => rows_of(model.index.time_embedding),
            TimeEmbedding::Linear => 0,
        };
        let mut to = Self {
            lists: std::array::from_fn(|_| Vec::new()),
        };
        // Filling shows the sum of no items, the first.
        to.lists[OFFSETS] = vec![0];
        let no_frame = match data.dense {
            true => data.distinct.rows.len() as i32,
            false => 0,
        };
        for (agent, windows) in (0..).zip(agents) {
            let mut numbering = Numbering::new(&data.distinct);
            // Sums of the agents before.
            let before = to.lists[SUMS].len() as i32;
            let table = agent * rows_of(model.index.state_embedding);
            for Counted { window, count } in *windows {
                let filling = timesteps - window.length;
                let front = match model.config.padding {
                    Padding::Aligned => 0,
                    Padding::ZeroFrames => filling,
                };
                for step in 0..timesteps {
                    let there = (front..front + window.length).contains(&step);
                    let offset = if there { step - front } else { 0 };
                    let row = window.first_row + offset;
                    let (shown, row, returns, time) = if there {
                        let shown = match data.dense {
                            true => data.distinct.of_row[row] as i32,
                            false => {
                                let (number, new) = numbering.of_row(row);
                                if new {
                                    to.lists[SUMS].push(data.distinct.of_row[row] as i32);
                                    to.lists[TABLES].push(table);
                                }
                                1 + before + number as i32
                            }
                        };
                        (shown, row as i32, row as i32, (window.time + offset) as i32)
                    } else {
                        let filling = data.filling_row();
                        let returns = match model.config.padding {
                            Padding::Aligned => filling,
                            Padding::ZeroFrames => window.first_row as i32,
                        };
                        (no_frame, filling, returns, 0)
                    };
                    to.lists[COUNTS].push(*count as i32);
                    to.lists[ROWS].push(row);
                    to.lists[RETURNS].push(returns);
                    to.lists[TIMES].push(agent * times_per_agent + time);
                    to.lists[SHOWN].push(shown);
                }
            }
        }
        let per_frame = data.frames.size()[1] as i32;
        let sums = to.lists[SUMS].len() as i32;
        to.lists[OFFSETS].extend((0..=sums).map(|n| n * per_frame));
        to
    }

    /// Copies all lists at once.
    fn to_device(&self, device: Device) -> [Tensor; LISTS] {
        let flat = put(Tensor::from_slice(&self.lists.concat()), device);
        let mut at = 0;
        self.lists.each_ref().map(|list| {
            let part = flat.narrow(0, at, list.len() as i64);
            at += list.len() as i64;
            part
        })
    }
}

impl Inputs {
    /// Gathers the windows of all agents; each has as many.
    pub(super) fn new(data: &Data, agents: &[&[Counted]], model: &Model) -> Self {
        let windows = agents.iter().flat_map(|windows| windows.iter());
        let timesteps = match model.config.padding {
            Padding::Aligned => windows.map(|w| w.window.length).max().unwrap_or(1),
            Padding::ZeroFrames => model.config.timesteps(),
        };
        let lists = Indices::new(data, agents, timesteps, model).to_device(data.device());
        let count = agents.len() as i64;
        let steps = lists[ROWS].size()[0] / count;
        let frames = if data.dense {
            let values = Data::gather(&data.frames, &lists[SHOWN]);
            FrameInputs::Dense(values.view([count, steps, -1]))
        } else {
            let mut items = Data::gather(&data.frames, &lists[SUMS]);
            if count > 1 {
                items += lists[TABLES].unsqueeze(1);
            }
            FrameInputs::Items {
                items: items.view(-1),
                offsets: lists[OFFSETS].shallow_clone(),
                shown: lists[SHOWN].shallow_clone(),
            }
        };
        let mut actions = Data::gather(&data.actions, &lists[ROWS]);
        if count > 1 {
            let rows = model.specs()[model.index.action_embedding].rows as i64;
            let tables = Tensor::arange(count, (actions.kind(), actions.device())) * rows;
            actions = (actions.view([count, steps]) + tables.unsqueeze(1)).view(-1);
        }
        let times = lists[TIMES].shallow_clone();
        Self {
            agents: count,
            windows: agents[0].len() as i64,
            timesteps: timesteps as i64,
            frames,
            returns: Data::gather(&data.returns, &lists[RETURNS]).view([count, steps, 1]),
            actions,
            times: match model.config.time_embedding {
                TimeEmbedding::Embedding => Times::Rows(times),
                TimeEmbedding::Linear => {
                    Times::Numbers(times.to_kind(tch::Kind::Float).view([count, steps, 1]))
                }
            },
            targets: Data::gather(&data.targets, &lists[ROWS]),
            counts: lists[COUNTS].to_kind(tch::Kind::Float),
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
