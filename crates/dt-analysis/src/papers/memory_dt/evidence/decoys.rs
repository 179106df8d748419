//! The double complement at cells that show no instruction.

use std::collections::BTreeSet;

use dt_env::Cell;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::prompts::{Change, EditConfig, Put, Scenario};
use crate::subject::Experiment;

/// Most decoy cells that are paired; more are thinned evenly.
const MOST_CELLS: usize = 10;

/// What the other object does at cells that tell nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecoyRecord {
    /// Cells that never show the instruction, nor the agent, nor, at the start, a target: in
    /// order, whether or not they are exposed.
    pub cells: Vec<Cell>,
    /// Logit differences of the original prompts, by facet.
    pub original: Vec<f64>,
    /// Logit differences with the main factor flipped, by facet.
    pub flipped: Vec<f64>,
    /// Every pair that some least number of frames, from 1 on, asks for.
    pub pairs: Vec<DecoyPair>,
}

/// The other object at two of the cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecoyPair {
    /// The cells.
    pub cells: (Cell, Cell),
    /// Logit difference by facet.
    pub logit_diffs: Vec<f64>,
}

/// Pairs of cells that are tried: of at most ten, evenly spread.
pub fn pairs_of(cells: &[Cell]) -> Vec<(Cell, Cell)> {
    let every = cells.len().div_ceil(MOST_CELLS).max(1);
    let thinned: Vec<Cell> = cells.iter().copied().step_by(every).collect();
    let pairs = thinned.iter().enumerate().flat_map(|(n, &a)| {
        let others = thinned[n + 1..].iter();
        others.map(move |&b| (a, b))
    });
    pairs.collect()
}

/// Measures every pair that some threshold of exposure asks for; `frames` tells how often both
/// objects are seen at a cell.
pub(super) fn decoys(
    experiment: &Experiment,
    frames: impl Fn(Cell) -> u64,
) -> Result<DecoyRecord, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let cells = free_cells(experiment)?;
    // Only the numbers of frames that a cell has part the thresholds.
    let thresholds: BTreeSet<u64> = cells.iter().map(|&c| frames(c).max(1)).collect();
    let asked: BTreeSet<(Cell, Cell)> = (thresholds.iter())
        .flat_map(|&least| {
            let exposed: Vec<Cell> = (cells.iter().copied())
                .filter(|&c| frames(c) >= least)
                .collect();
            pairs_of(&exposed)
        })
        .collect();
    let axis = &study.main_factor()?.axis;
    let change = |cell| Change {
        at: "start".to_owned(),
        cell,
        put: Put::Other(axis.clone()),
        color: None,
        state: None,
    };
    let mut prompts = Vec::new();
    for &(a, b) in &asked {
        prompts.extend(set.of(&EditConfig {
            name: "decoys".to_owned(),
            flip: Vec::new(),
            changes: vec![change(a), change(b)],
        })?);
    }
    let diffs = subject.logit_diffs(&prompts);
    let by_pair = diffs.chunks(set.scenarios.len().max(1));
    Ok(DecoyRecord {
        cells,
        original: subject.logit_diffs(&set.of(study.original())?),
        flipped: subject.logit_diffs(&set.of(study.flipped())?),
        pairs: (asked.into_iter().zip(by_pair))
            .map(|(cells, diffs)| DecoyPair {
                cells,
                logit_diffs: diffs.to_vec(),
            })
            .collect(),
    })
}

/// Cells whose content tells nothing of the main factor.
fn free_cells(experiment: &Experiment) -> Result<Vec<Cell>, Error> {
    let set = experiment.prompts;
    let view = experiment.subject.view();
    let start = set.study.frame("start")?;
    let main = set.study.main_factor()?;
    let objects: Vec<u8> = (main.objects.iter())
        .flat_map(|(a, b)| [*a as u8, *b as u8])
        .collect();
    // A cell that shows a target or the instruction at the start is no decoy.
    let is_free = |cell: &Cell| {
        let object = |s: &Scenario| s.observations[start][cell.index(view) * 3];
        set.scenarios.iter().all(|s| !objects.contains(&object(s)))
    };
    let cells = (0..view * view).map(|n| Cell::from_index(n, view));
    Ok(cells
        .filter(|c| !main.cells.contains(c) && *c != Cell::of_agent(view) && is_free(c))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_cells_are_thinned() {
        let cells = |count: usize| -> Vec<Cell> { (0..count).map(|x| Cell::new(x, 0)).collect() };
        assert_eq!(pairs_of(&cells(1)), []);
        assert_eq!(pairs_of(&cells(10)).len(), 45);
        assert_eq!(pairs_of(&cells(11)).len(), 15, "every other: six");
        assert_eq!(pairs_of(&cells(21))[0], (Cell::new(0, 0), Cell::new(3, 0)));
    }
}
