//! What a model reads: windows of return-to-go, frames, actions and times.

use std::sync::Arc;

use super::config::{ModelConfig, StateEmbedding};
use super::params::WorldSizes;

/// One observation, as a model reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// Vocabulary items that are present, with further items added at some strength.
    Items {
        /// Present items, three for each cell.
        items: Vec<u32>,
        /// Items added (or, negative, taken away): the post's edits are such additions.
        additions: Vec<(u32, f32)>,
    },
    /// No frame: its embedding is zero.
    Absent,
    /// Raw numbers, for agents that read dense observations.
    Dense(Vec<f32>),
}

/// Vocabulary index of an item: `channel * view² + view * x + y`, channels 0–10 objects, 11–16
/// colours, 17–19 states.
pub fn item_index(view: usize, channel: usize, x: usize, y: usize) -> usize {
    channel * view * view + view * x + y
}

/// Writes the items of an observation (`view² * 3` bytes, MiniGrid's order) to `out`.
#[inline]
pub fn push_items(observation: &[u8], view: usize, out: &mut Vec<u32>) {
    let cells = (view * view) as u32;
    for (cell, tile) in observation.as_chunks::<3>().0.iter().enumerate() {
        let cell = cell as u32;
        out.push(u32::from(tile[0]) * cells + cell);
        out.push((11 + u32::from(tile[1])) * cells + cell);
        out.push((17 + u32::from(tile[2])) * cells + cell);
    }
}

impl Frame {
    /// The frame of an observation in MiniGrid's bytes.
    pub fn from_observation(observation: &[u8], view: usize) -> Self {
        let mut items = Vec::with_capacity(observation.len());
        push_items(observation, view, &mut items);
        Self::Items {
            items,
            additions: Vec::new(),
        }
    }
}

/// A sum of vocabulary vectors for each of many frames, in compressed rows. Frames that are the
/// same can share one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemRows {
    /// Items of all frames.
    pub items: Vec<u32>,
    /// Strength of each item, or empty if all are 1.
    pub strengths: Vec<f32>,
    /// Where each sum's items end.
    pub ends: Vec<u32>,
    /// Which of the sums each frame is, or empty if they are one to one.
    pub shared: Vec<u32>,
}

impl ItemRows {
    /// Adds a frame by its observation.
    pub fn push_observation(&mut self, observation: &[u8], view: usize) {
        push_items(observation, view, &mut self.items);
        if !self.strengths.is_empty() {
            self.strengths.resize(self.items.len(), 1.0);
        }
        self.ends.push(self.items.len() as u32);
    }

    /// Adds a frame without items.
    pub fn push_absent(&mut self) {
        self.ends.push(self.items.len() as u32);
    }

    /// Adds a frame.
    ///
    /// # Panics
    /// For a dense frame, which has no items.
    pub fn push(&mut self, frame: &Frame) {
        match frame {
            Frame::Items { items, additions } => {
                if !additions.is_empty() && self.strengths.is_empty() {
                    self.strengths = vec![1.0; self.items.len()];
                }
                self.items.extend(items);
                if !self.strengths.is_empty() {
                    self.strengths.resize(self.items.len(), 1.0);
                }
                for &(item, strength) in additions {
                    self.items.push(item);
                    self.strengths.push(strength);
                }
                self.ends.push(self.items.len() as u32);
            }
            Frame::Absent => self.push_absent(),
            Frame::Dense(_) => panic!("a dense frame has no items"),
        }
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        match self.shared.len() {
            0 => self.ends.len(),
            frames => frames,
        }
    }

    /// Items and strengths of a frame.
    pub fn row(&self, frame: usize) -> (&[u32], Option<&[f32]>) {
        match self.shared.get(frame) {
            Some(&sum) => self.sum(sum as usize),
            None => self.sum(frame),
        }
    }

    /// Items and strengths of a sum.
    pub(crate) fn sum(&self, sum: usize) -> (&[u32], Option<&[f32]>) {
        let from = match sum {
            0 => 0,
            n => self.ends[n - 1] as usize,
        };
        let range = from..self.ends[sum] as usize;
        let strengths = (!self.strengths.is_empty()).then(|| &self.strengths[range.clone()]);
        (&self.items[range], strengths)
    }
}

/// The frames of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Frames {
    /// Sums of vocabulary items.
    Items(Arc<ItemRows>),
    /// Dense vectors, `[frames, inputs]`.
    Dense(Vec<f32>),
}

/// Windows of one length for all agents, agent by agent.
///
/// Every list has `agents * windows * timesteps` entries. A window shorter than `timesteps` is
/// filled at its end; causal attention keeps the filling from mattering.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenBatch {
    /// Agents.
    pub agents: usize,
    /// Windows of each agent.
    pub windows: usize,
    /// Timesteps of each window; it has `3 * timesteps - 1` tokens.
    pub timesteps: usize,
    /// Return-to-go, as the data have it.
    pub returns_to_go: Vec<f32>,
    /// Observations.
    pub frames: Frames,
    /// Actions; the last of each window is not read. `n_actions` is the padding action.
    pub actions: Vec<u32>,
    /// Step within the episode.
    pub times: Vec<u32>,
}

impl TokenBatch {
    /// An empty batch of one agent, its lists still to be filled.
    pub fn new(timesteps: usize) -> Self {
        Self {
            agents: 1,
            windows: 0,
            timesteps,
            returns_to_go: Vec::new(),
            frames: Frames::Items(Arc::default()),
            actions: Vec::new(),
            times: Vec::new(),
        }
    }

    /// Tokens of a window.
    pub fn seq(&self) -> usize {
        3 * self.timesteps - 1
    }

    /// Number of timesteps of all windows.
    pub fn steps(&self) -> usize {
        self.agents * self.windows * self.timesteps
    }

    /// Checks that every index is within the model's tables.
    ///
    /// # Errors
    /// A sentence that names what is out of range.
    pub fn check(&self, config: &ModelConfig, sizes: &WorldSizes) -> Result<(), String> {
        let steps = self.steps();
        if self.seq() > config.n_ctx {
            return Err(format!(
                "{} tokens, the context holds {}",
                self.seq(),
                config.n_ctx
            ));
        }
        let dense = config.state_embedding == StateEmbedding::Dense;
        if dense != matches!(self.frames, Frames::Dense(_)) {
            let (reads, given) = match dense {
                true => ("dense observations", "items"),
                false => ("items", "dense observations"),
            };
            return Err(format!("the model reads {reads}, the windows hold {given}"));
        }
        let frames = match &self.frames {
            Frames::Items(rows) => {
                if let Some(item) = rows
                    .items
                    .iter()
                    .find(|&&i| i as usize >= sizes.vocabulary())
                {
                    return Err(format!(
                        "item {item}, the vocabulary has {}",
                        sizes.vocabulary()
                    ));
                }
                rows.frames()
            }
            Frames::Dense(values) => values.len() / (sizes.view_size.pow(2) * 3),
        };
        for (name, count) in [
            ("returns_to_go", self.returns_to_go.len()),
            ("frames", frames),
            ("actions", self.actions.len()),
            ("times", self.times.len()),
        ] {
            if count != steps {
                return Err(format!("{name}: {count} entries, expected {steps}"));
            }
        }
        if let Some(action) = self.actions.iter().find(|&&a| a as usize > sizes.n_actions) {
            return Err(format!("action {action}, there are {}", sizes.n_actions));
        }
        if let Some(time) = self.times.iter().find(|&&t| t as usize > sizes.max_steps) {
            return Err(format!("time {time}, max_steps is {}", sizes.max_steps));
        }
        if self.returns_to_go.iter().any(|r| !r.is_finite()) {
            return Err("a return-to-go is not finite".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_have_the_originals_numbers() {
        assert_eq!(item_index(7, 5, 2, 6), 265, "key at (2,6)");
        assert_eq!(item_index(7, 6, 2, 6), 314, "ball at (2,6)");
        let mut observation = vec![0; 147];
        observation[(2 * 7 + 6) * 3] = 5;
        observation[(2 * 7 + 6) * 3 + 1] = 1;
        let Frame::Items { items, .. } = Frame::from_observation(&observation, 7) else {
            panic!("items");
        };
        let at = (2 * 7 + 6) * 3;
        assert_eq!(items[at..at + 3], [265, 588 + 20, 17 * 49 + 20]);
    }

    #[test]
    fn additions_make_all_strengths_explicit() {
        let mut rows = ItemRows::default();
        rows.push(&Frame::Items {
            items: vec![1, 2],
            additions: vec![],
        });
        rows.push(&Frame::Items {
            items: vec![3],
            additions: vec![(9, -0.5)],
        });
        rows.push(&Frame::Absent);
        assert_eq!(rows.row(0), (&[1, 2][..], Some(&[1.0, 1.0][..])));
        assert_eq!(rows.row(1), (&[3, 9][..], Some(&[1.0, -0.5][..])));
        assert_eq!(rows.row(2).0.len(), 0);
    }
}
