//! Windows of a dataset as micro-batches of tokens.

pub(crate) mod frames;
mod statistics;

pub use statistics::input_statistics;

use std::collections::HashMap;
use std::sync::Arc;

use dt_data::{Dataset, Window};

use crate::batch::frames::{DistinctFrames, Numbering};
use crate::model::{ModelConfig, Seen, TokenBatch, WindowBuilder, WindowStep, WorldSizes};

/// A micro-batch: tokens, and what is to be predicted at each state token.
#[derive(Clone, Debug)]
pub(crate) struct TrainBatch {
    /// What the model reads.
    pub(crate) tokens: Arc<TokenBatch>,
    /// Action taken at each timestep; any index where `weights` is 0.
    pub(crate) targets: Vec<u32>,
    /// How often the batch holds each step of the data, 0 at filling.
    pub(crate) weights: Vec<f32>,
}

/// A training window, and how often a batch holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) window: Window,
    pub(crate) count: u32,
}

/// Frame, action, and bits of the return-to-go.
type Step = (u32, u8, u32);

/// The distinct windows of a batch, in the order of their first appearance.
///
/// What a model reads of a window are its frames, actions, returns-to-go and times. Demonstrators
/// repeat themselves, and windows that agree in all of these are computed once.
pub(crate) fn distinct(
    data: &Dataset,
    frames: &DistinctFrames,
    windows: &[Window],
) -> Vec<Counted> {
    let mut found: Vec<Counted> = Vec::with_capacity(windows.len());
    let mut known: HashMap<(usize, Vec<Step>), usize> = HashMap::new();
    for &window in windows {
        let step = |row: usize| {
            let rtg = (data.returns_to_go[row] as f32).to_bits();
            (frames.of_row[row], data.actions[row], rtg)
        };
        let rows = window.first_row..window.first_row + window.length;
        let at = *known
            .entry((window.time, rows.map(step).collect()))
            .or_insert(found.len());
        match found.get_mut(at) {
            Some(same) => same.count += 1,
            None => found.push(Counted { window, count: 1 }),
        }
    }
    found
}

/// Splits one batch of windows into `parts` micro-batches, shortest windows first.
///
/// Windows of like length share a micro-batch, so that little is computed on filling. The order
/// depends on the windows alone, never on threads.
pub(crate) fn by_length(windows: &[Counted], parts: usize) -> Vec<Vec<Counted>> {
    let mut order = windows.to_vec();
    order.sort_by_key(|w| w.window.length); // stable: ties stay in drawing order
    let size = windows.len().div_ceil(parts.max(1));
    order.chunks(size).map(<[Counted]>::to_vec).collect()
}

/// Number of actions in a batch.
pub(crate) fn total(windows: &[Counted]) -> f32 {
    let actions = |w: &Counted| w.window.length * w.count as usize;
    windows.iter().map(actions).sum::<usize>() as f32
}

/// The tokens of some windows, frames that they share computed once, and their targets.
pub(crate) fn train_batch(
    data: &Dataset,
    frames: &DistinctFrames,
    windows: &[Counted],
    config: &ModelConfig,
    sizes: &WorldSizes,
) -> TrainBatch {
    let lengths = windows.iter().map(|w| w.window.length);
    let mut builder = WindowBuilder::sharing(config, sizes, lengths.max().unwrap_or(1));
    let steps = windows.len() * builder.timesteps();
    builder.reserve(windows.len());
    // Filling has weight 0; its target only has to be an action.
    let (mut targets, mut weights) = (vec![0; steps], vec![0.0; steps]);
    let mut numbering = Numbering::new(frames);
    for Counted { window, count } in windows {
        let rows = window.first_row..window.first_row + window.length;
        let place = builder.push(rows.clone().map(|row| WindowStep {
            return_to_go: data.returns_to_go[row] as f32,
            seen: Seen::Numbered(numbering.of_row(row).0, data.observation(row)),
            action: Some(u32::from(data.actions[row])),
            time: (window.time + row - window.first_row) as u32,
        }));
        for (step, row) in place.zip(rows) {
            targets[step] = u32::from(data.actions[row]);
            weights[step] = *count as f32;
        }
    }
    TrainBatch {
        tokens: Arc::new(builder.finish(1)),
        targets,
        weights,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may panic

    use super::*;

    #[test]
    fn windows_that_differ_in_anything_are_kept_apart() {
        let text = "(name: \"w\", env: \"MiniGrid-MemoryS7FixedStart-v0\", max_steps: 20, \
                    parts: [(policy: Boltzmann(temperature: 1.0), amount: Episodes(1))])";
        let recipe = dt_data::Recipe::parse("w.ron", text).unwrap();
        let (once, _) = Dataset::generate(&recipe).unwrap();
        let rows = once.rows();
        let mut data = once.clone();
        for _ in 0..4 {
            data.observations.extend(&once.observations);
            data.actions.extend(&once.actions);
            data.returns_to_go.extend(&once.returns_to_go);
        }
        // The second copy stays as the first; each of the others differs in one step.
        let last = 3;
        data.actions[2 * rows + last] = (data.actions[2 * rows + last] + 1) % 7;
        data.returns_to_go[3 * rows + last] += 0.5;
        let byte = (4 * rows + last) * once.observation_len;
        data.observations[byte] += 1;
        let frames = DistinctFrames::new(&data);
        let window = |copy: usize, time, length| Window {
            first_row: copy * rows,
            length,
            time,
        };
        let mut windows: Vec<Window> = (0..5).map(|copy| window(copy, 0, last + 1)).collect();
        windows.extend([window(0, 1, last + 1), window(0, 0, last)]);
        windows.push(windows[2]);
        let found = distinct(&data, &frames, &windows);
        let counts: Vec<u32> = found.iter().map(|w| w.count).collect();
        assert_eq!(counts, [2, 2, 1, 1, 1, 1]);
        let kept: Vec<Window> = found.iter().map(|w| w.window).collect();
        let (first, rest) = (windows[0], &windows[2..7]);
        assert_eq!(kept[0], first);
        assert_eq!(&kept[1..], rest);
        // Shorter than the steps that differ, all but the later one are the same.
        let short: Vec<Window> = (0..5).map(|copy| window(copy, 0, last)).collect();
        assert_eq!(distinct(&data, &frames, &short).len(), 1);
    }
}
