//! What the data let an agent see: how often each key or ball item is there, and how often it is
//! the only thing in a training window that tells the instruction.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use dt_env::{EnvSpec, Object};

use crate::demonstrators::rollout::{Demonstrators, Walk};

/// One key or ball item of the view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposureRow {
    /// `"key, (2,6)"`: object and view cell (x from left to right, y from far to near).
    pub item: String,
    /// Frames that show it, final observations left out.
    pub frames: u64,
    /// Episodes that show it at least once.
    pub episodes: u64,
    /// Training windows in which the instruction is seen as this item and as no other: those that
    /// teach what this item means.
    pub only_sight_windows: u64,
}

/// Exposure of every key and ball item, keys first, in order of x then y.
///
/// Training windows are those of every step `t` of every episode: frames `max(0, t - window + 1)`
/// to `t`.
pub(crate) fn table(
    demonstrators: &Demonstrators<'_>,
    walks: &[Walk],
    window: usize,
    spec: &EnvSpec,
) -> Vec<ExposureRow> {
    let view = spec.view_size as usize;
    let cells = view * view;
    let empty = || {
        [
            vec![0_u64; 2 * cells],
            vec![0; 2 * cells],
            vec![0; 2 * cells],
        ]
    };
    let [frames, episodes, only] = walks
        .par_chunks(512)
        .map(|chunk| {
            let mut counts = empty();
            for walk in chunk {
                count(demonstrators, walk, window, cells, &mut counts);
            }
            counts
        })
        .reduce(empty, |mut a, b| {
            for (sum, part) in a.iter_mut().zip(&b) {
                for (x, y) in sum.iter_mut().zip(part) {
                    *x += y;
                }
            }
            a
        });
    (0..2 * cells)
        .map(|i| ExposureRow {
            item: format!(
                "{}, ({},{})",
                [Object::Key, Object::Ball][i / cells],
                i % cells / view,
                i % view
            ),
            frames: frames[i],
            episodes: episodes[i],
            only_sight_windows: only[i],
        })
        .collect()
}

fn item(object: u8, cell: usize, cells: usize) -> usize {
    usize::from(object == Object::Ball as u8) * cells + cell
}

fn count(
    demonstrators: &Demonstrators<'_>,
    walk: &Walk,
    window: usize,
    cells: usize,
    [frames, episodes, only]: &mut [Vec<u64>; 3],
) {
    let graph = &demonstrators.worlds[walk.world].graph;
    let mut in_episode = vec![false; 2 * cells];
    // Item that shows the instruction in each frame.
    let mut sights: Vec<Option<usize>> = Vec::with_capacity(walk.actions.len());
    for &state in &walk.states[..walk.actions.len()] {
        let seen = graph.observation(state as usize);
        for (cell, tile) in seen.chunks_exact(3).enumerate() {
            if tile[0] == Object::Key as u8 || tile[0] == Object::Ball as u8 {
                let i = item(tile[0], cell, cells);
                frames[i] += 1;
                in_episode[i] = true;
            }
        }
        let cell = graph.instruction_cell(state as usize);
        sights.push(cell.map(|c| item(seen[c as usize * 3], c as usize, cells)));
        let first = (sights.len()).saturating_sub(window);
        let mut in_window = sights[first..].iter().flatten();
        if let Some(&one) = in_window.next()
            && in_window.all(|&other| other == one)
        {
            only[one] += 1;
        }
    }
    for (total, &present) in episodes.iter_mut().zip(&in_episode) {
        *total += u64::from(present);
    }
}
