//! What the aids need to know about a dataset.

use dt_data::Dataset;

use crate::model::{InputStatistics, WorldSizes, push_items};

/// Mean count of each item in a frame, and mean and spread of return-to-go, over all steps of a
/// dataset (final observations left out).
pub fn input_statistics(data: &Dataset, sizes: &WorldSizes) -> InputStatistics {
    let mut counts = vec![0_u64; sizes.vocabulary()];
    let mut items = Vec::new();
    let (mut sum, mut squares, mut steps) = (0.0, 0.0, 0_u64);
    for episode in &data.episodes {
        for row in episode.first_row..episode.first_row + episode.length {
            items.clear();
            push_items(data.observation(row), sizes.view_size, &mut items);
            for &item in &items {
                counts[item as usize] += 1;
            }
            sum += data.returns_to_go[row];
            squares += data.returns_to_go[row].powi(2);
            steps += 1;
        }
    }
    let n = steps as f64;
    let mean = sum / n;
    InputStatistics {
        item_frequency: counts.iter().map(|&c| (c as f64 / n) as f32).collect(),
        rtg_mean: mean,
        rtg_std: (squares / n - mean * mean).max(0.0).sqrt(),
    }
}
