//! Which observations of a dataset are the same.

use std::collections::HashMap;

use dt_data::Dataset;

/// The distinct observations of a dataset. A world shows few, so what depends on a frame alone is
/// computed once for all steps of a micro-batch that show it.
#[derive(Clone, Debug)]
pub(crate) struct DistinctFrames {
    /// Index of the distinct observation that each row shows.
    pub(crate) of_row: Vec<u32>,
    /// The first row that shows each.
    pub(crate) rows: Vec<usize>,
}

impl DistinctFrames {
    /// Compares all observations of a dataset.
    pub(crate) fn new(data: &Dataset) -> Self {
        let mut known: HashMap<&[u8], u32> = HashMap::new();
        let mut rows = Vec::new();
        let of_row = (0..data.rows())
            .map(|row| {
                *known.entry(data.observation(row)).or_insert_with(|| {
                    rows.push(row);
                    rows.len() as u32 - 1
                })
            })
            .collect();
        Self { of_row, rows }
    }
}

/// Numbers the distinct observations of one micro-batch in the order of their first appearance.
#[derive(Debug)]
pub(crate) struct Numbering<'a> {
    frames: &'a DistinctFrames,
    /// Number of each observation, or `NONE`.
    numbers: Vec<u32>,
    count: u32,
}

const NONE: u32 = u32::MAX;

impl<'a> Numbering<'a> {
    pub(crate) fn new(frames: &'a DistinctFrames) -> Self {
        Self {
            numbers: vec![NONE; frames.rows.len()],
            frames,
            count: 0,
        }
    }

    /// The number of the observation that a row shows; the flag says that it is new.
    pub(crate) fn of_row(&mut self, row: usize) -> (u32, bool) {
        let number = &mut self.numbers[self.frames.of_row[row] as usize];
        let new = *number == NONE;
        if new {
            *number = self.count;
            self.count += 1;
        }
        (*number, new)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may panic

    use super::*;

    #[test]
    fn equal_observations_share_a_number() {
        let text = "(name: \"w\", env: \"MiniGrid-MemoryS7FixedStart-v0\", max_steps: 20, \
                    parts: [(policy: Boltzmann(temperature: 1.0), amount: Episodes(20))])";
        let recipe = dt_data::Recipe::parse("w.ron", text).unwrap();
        let (data, _) = Dataset::generate(&recipe).unwrap();
        let frames = DistinctFrames::new(&data);
        assert!(frames.rows.len() < data.rows() / 2);
        let mut numbering = Numbering::new(&frames);
        let mut first_rows = Vec::new();
        for row in 0..data.rows() {
            let (number, new) = numbering.of_row(row);
            if new {
                assert_eq!(number as usize, first_rows.len());
                first_rows.push(row);
            }
            let shown = data.observation(first_rows[number as usize]);
            assert_eq!(shown, data.observation(row));
        }
        assert_eq!(first_rows, frames.rows);
    }
}
