//! What the data let an agent see: how often each item that the task tells apart is there, and how
//! often it is the only thing in a training window that tells the cue.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use dt_env::{Cell, EnvSpec, Object};

use crate::demonstrators::rollout::{Demonstrators, Walk};

/// One kind of object at one cell of the view.
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

/// Exposure of every kind of object that the task tells apart, kind by kind, in order of x then y.
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
    let items = Items {
        kinds: spec.items(),
        cells: view * view,
    };
    let empty = || [(); 3].map(|()| vec![0_u64; items.len()]);
    let [frames, episodes, only] = walks
        .par_chunks(512)
        .map(|chunk| {
            let mut counts = empty();
            for walk in chunk {
                count(demonstrators, walk, window, items, &mut counts);
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
    (0..items.len())
        .map(|i| ExposureRow {
            item: items.name(i, view),
            frames: frames[i],
            episodes: episodes[i],
            only_sight_windows: only[i],
        })
        .collect()
}

/// Numbers of (kind of object, cell of the view).
#[derive(Clone, Copy)]
struct Items {
    kinds: &'static [Object],
    cells: usize,
}

impl Items {
    fn len(self) -> usize {
        self.kinds.len() * self.cells
    }

    /// The item of an object that is seen in a cell, if it is of one of the kinds.
    fn at(self, object: u8, cell: usize) -> Option<usize> {
        let kind = self.kinds.iter().position(|&kind| kind as u8 == object)?;
        Some(kind * self.cells + cell)
    }

    /// `"key, (2,6)"`.
    fn name(self, item: usize, view: usize) -> String {
        let cell = Cell::from_index(item % self.cells, view);
        format!("{}, {cell}", self.kinds[item / self.cells])
    }
}

fn count(
    demonstrators: &Demonstrators<'_>,
    walk: &Walk,
    window: usize,
    items: Items,
    [frames, episodes, only]: &mut [Vec<u64>; 3],
) {
    let graph = &demonstrators.worlds[walk.world].graph;
    let mut in_episode = vec![false; items.len()];
    // Item that shows the cue in each frame.
    let mut sights: Vec<Option<usize>> = Vec::with_capacity(walk.actions.len());
    for &state in &walk.states[..walk.actions.len()] {
        let seen = graph.observation(state as usize);
        for (cell, tile) in seen.chunks_exact(3).enumerate() {
            if let Some(i) = items.at(tile[0], cell) {
                frames[i] += 1;
                in_episode[i] = true;
            }
        }
        let cell = graph.instruction_cell(state as usize);
        sights.push(cell.and_then(|c| items.at(seen[c as usize * 3], c as usize)));
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
