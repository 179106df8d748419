//! Training windows: which frames an agent is shown together.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;

/// Which step a training window ends at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowEnd {
    /// Any step of the dataset, all alike. Long episodes weigh more.
    #[default]
    AnyStep,
    /// Any step at which the window is as long as it can be: in an episode of `L` steps and with
    /// windows of `T` timesteps, steps `min(T, L) - 1` to `L - 1`. Shorter windows are prefixes
    /// of these, and their tokens are trained all the same, since a token only sees earlier ones.
    Full,
    /// The last step of an episode, all episodes alike.
    EpisodeEnd,
}

/// A window: `length` consecutive steps from `first_row`, the first of which is step `time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Row of its first step.
    pub first_row: usize,
    /// Number of steps, from 1 to the context's.
    pub length: usize,
    /// Step of its first row within the episode.
    pub time: usize,
}

/// Draws windows, each in constant time.
#[derive(Clone, Debug)]
pub struct WindowSampler {
    timesteps: usize,
    /// Row of each possible last step, and the step's number in its episode.
    ends: Vec<(u32, u16)>,
}

impl WindowSampler {
    /// A sampler of windows of up to `timesteps` steps.
    ///
    /// # Panics
    /// If `timesteps` is 0 or the dataset is empty.
    pub fn new(data: &Dataset, timesteps: usize, end: WindowEnd) -> Self {
        assert!(timesteps > 0 && !data.episodes.is_empty());
        let mut ends = Vec::new();
        for episode in &data.episodes {
            let last = episode.length - 1;
            let first = match end {
                WindowEnd::AnyStep => 0,
                WindowEnd::Full => timesteps.min(episode.length) - 1,
                WindowEnd::EpisodeEnd => last,
            };
            let rows = (first..=last).map(|t| ((episode.first_row + t) as u32, t as u16));
            ends.extend(rows);
        }
        Self { timesteps, ends }
    }

    /// Number of windows that can be drawn.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none; never so.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Draws a window.
    pub fn draw(&self, rng: &mut impl Rng) -> Window {
        self.get(rng.random_range(0..self.ends.len()))
    }

    /// The window with this index.
    pub fn get(&self, index: usize) -> Window {
        let (row, time) = self.ends[index];
        let length = self.timesteps.min(time as usize + 1);
        Window {
            first_row: row as usize + 1 - length,
            length,
            time: time as usize + 1 - length,
        }
    }
}
