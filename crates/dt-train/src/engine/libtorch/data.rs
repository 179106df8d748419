//! The dataset on libtorch's device, as compact integers.

use std::sync::Arc;

use dt_data::{Dataset, NO_ACTION};
use tch::{Device, Kind, Tensor};

use crate::batch::frames::DistinctFrames;
use crate::device::libtorch::Shared;
use crate::model::{Model, StateEmbedding, push_items};

/// Target that libtorch's cross-entropy passes over.
pub(super) const NO_TARGET: i64 = -100;

/// Copies to the device without waiting: the host goes on while the copy is made.
pub(super) fn put(tensor: Tensor, device: Device) -> Tensor {
    match device {
        Device::Cpu => tensor,
        device => tensor
            .pin_memory(device)
            .to_device_(device, tensor.kind(), true, false),
    }
}

/// What windows are gathered from. Rows are the dataset's, and one more for filling.
pub(super) struct Data {
    /// Items of each distinct observation, `[frames, items]`, 16-bit integers; or, for agents that
    /// read dense observations, its bytes, and one more frame of zeros.
    pub(super) frames: Shared,
    /// Return-to-go of each row, as it is embedded.
    pub(super) returns: Shared,
    /// Action of each row, 32-bit.
    pub(super) actions: Shared,
    /// The same, or [`NO_TARGET`], 64-bit.
    pub(super) targets: Shared,
    /// What the host draws windows' frames by.
    pub(super) distinct: Arc<DistinctFrames>,
    pub(super) dense: bool,
}

impl Data {
    pub(super) fn new(
        data: &Dataset,
        distinct: Arc<DistinctFrames>,
        model: &Model,
        device: Device,
    ) -> Self {
        let put = |tensor: Tensor| Shared::new(tensor.to_device(device));
        let dense = model.config.state_embedding == StateEmbedding::Dense;
        let inputs = data.observation_len as i64;
        let frames = if dense {
            let mut bytes: Vec<u8> = Vec::new();
            for &row in &distinct.rows {
                bytes.extend_from_slice(data.observation(row));
            }
            bytes.resize(bytes.len() + data.observation_len, 0);
            put(Tensor::from_slice(&bytes).view([-1, inputs]))
        } else {
            let mut items = Vec::with_capacity(distinct.rows.len() * data.observation_len);
            for &row in &distinct.rows {
                push_items(data.observation(row), model.sizes.view_size, &mut items);
            }
            // A vocabulary has 20 items a cell, and a view at most some hundred cells.
            let items: Vec<i16> = items.iter().map(|&item| item as i16).collect();
            put(Tensor::from_slice(&items).view([-1, inputs]))
        };
        let (scale, shift) = model.rtg_affine;
        let returns = data.returns_to_go.iter().chain([&0.0]);
        let returns: Vec<f32> = returns
            .map(|&r| (scale * f64::from(r as f32) + shift) as f32)
            .collect();
        // An episode's last row has no action, and is in no window.
        let padding = model.sizes.n_actions as i32;
        let actions = data.actions.iter().chain([&NO_ACTION]);
        let (actions, targets): (Vec<i32>, Vec<i64>) = actions
            .map(|&action| match action {
                NO_ACTION => (padding, NO_TARGET),
                action => (i32::from(action), i64::from(action)),
            })
            .unzip();
        Self {
            frames,
            returns: put(Tensor::from_slice(&returns)),
            actions: put(Tensor::from_slice(&actions)),
            targets: put(Tensor::from_slice(&targets)),
            distinct,
            dense,
        }
    }

    /// The row that stands for filling.
    pub(super) fn filling_row(&self) -> i32 {
        self.distinct.of_row.len() as i32
    }

    pub(super) fn device(&self) -> Device {
        self.frames.device()
    }

    /// Some rows of a tensor, in 32 bits where they are integers.
    pub(super) fn gather(from: &Tensor, rows: &Tensor) -> Tensor {
        let gathered = from.index_select(0, rows);
        match gathered.kind() {
            Kind::Int16 => gathered.to_kind(Kind::Int),
            Kind::Uint8 => gathered.to_kind(Kind::Float),
            _ => gathered,
        }
    }
}
