//! From a study to the frames that an agent is shown.

use std::collections::{BTreeMap, BTreeSet};

use dt_env::{Action, Cell, Object, Pose, Tile};

use super::edit::{EditConfig, Put};
use super::facet::Facet;
use super::layouts::{Layouts, Start, Starts};
use super::study::Study;
use crate::Error;

/// A facet with the frames of its walk, as the world shows them.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Which.
    pub facet: Facet,
    /// Where its episode begins.
    pub start: Start,
    /// Observations from the start to the decision.
    pub observations: Vec<Vec<u8>>,
    /// Where the agent stands in each.
    pub poses: Vec<Pose>,
    /// The same walk with other values of some factors, by their axes.
    flipped: BTreeMap<Vec<String>, Vec<Vec<u8>>>,
    /// Actions of the walk.
    pub actions: Vec<u32>,
    view: usize,
}

/// What an agent is shown: a scenario's frames, perhaps edited.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// Return-to-go at every step.
    pub rtg: f64,
    /// Observations from the start on.
    pub observations: Vec<Vec<u8>>,
    /// Additions of vocabulary items to frames: step, item and strength.
    pub additions: Vec<(usize, u32, f32)>,
    /// Actions between the frames.
    pub actions: Vec<u32>,
}

/// Every facet of a study, return-to-go by return-to-go.
///
/// # Errors
/// If the world cannot produce the walk.
pub(super) fn scenarios(study: &Study) -> Result<Vec<Scenario>, Error> {
    let starts = Starts::new(study)?;
    let flips: Vec<&[String]> = (study.all_edits())
        .map(|e| e.flip.as_slice())
        .filter(|axes| !axes.is_empty())
        .collect();
    let mut laid_out = Vec::new();
    for start in &starts.prompts {
        let mut flipped = BTreeMap::new();
        for axes in &flips {
            let other = starts.flipped(study, start, axes)?;
            flipped.insert(axes.to_vec(), walk(study, &other)?.0);
        }
        laid_out.push((start, walk(study, start)?, flipped));
    }
    let mut all = Vec::new();
    for &rtg in &study.returns_to_go {
        for (n, (start, (observations, poses), flipped)) in laid_out.iter().enumerate() {
            let mut facet = Facet::of(study, &start.facts, rtg).ok_or_else(|| {
                Error::Question(format!(
                    "study {}: field `layouts`: one is `{}`, which has neither value of some \
                     factor; say the value of each factor's axis",
                    study.name, start.facts
                ))
            })?;
            // Seeds often decide the same of all factors.
            if let Layouts::Seeds(seeds) = &study.layouts {
                facet.labels.push(format!("seed {}", seeds[n]));
            }
            all.push(Scenario {
                facet,
                start: (*start).clone(),
                observations: observations.clone(),
                poses: poses.clone(),
                flipped: flipped.clone(),
                actions: study.walk.iter().map(|&a| a as u32).collect(),
                view: start.spec.view_size as usize,
            });
        }
    }
    // Answers are kept by these names: of two of one name one would be lost.
    let mut names = BTreeSet::new();
    for scenario in &all {
        let name = scenario.facet.to_string();
        if names.contains(&name) {
            return Err(Error::Question(format!(
                "study {}: field `layouts`: two prompts are called `{name}`; let them differ in the `values` or \
                 `labels` of a factor, or in the first three decimals of `returns_to_go`, and name \
                 each of `layouts` once",
                study.name
            )));
        }
        names.insert(name);
    }
    Ok(all)
}

/// Observations and poses of the study's walk.
fn walk(study: &Study, start: &Start) -> Result<(Vec<Vec<u8>>, Vec<Pose>), Error> {
    let mut env = start.env();
    let mut observations = vec![env.world().observation()];
    let mut poses = vec![env.world().agent()];
    for (step, &action) in study.walk.iter().enumerate() {
        let before = env.world().agent();
        let result = env.step(action);
        // After the last action too: there is nothing to decide in an episode that is over.
        if result.is_last() {
            return Err(Error::Question(format!(
                "study {}: field `walk`: the episode ends at step {} of the walk, {action}; shorten `walk`, or \
                 raise `max_steps` ({} now)",
                study.name,
                step + 1,
                start.spec.max_steps()
            )));
        }
        if action == Action::Forward && env.world().agent() == before {
            return Err(Error::Question(format!(
                "study {}: field `walk`: something stands in the way at step {} of the walk; the world {} \
                 cannot produce this scenario",
                study.name,
                step + 1,
                start.spec.id
            )));
        }
        observations.push(env.world().observation());
        poses.push(env.world().agent());
    }
    Ok((observations, poses))
}

impl Scenario {
    /// Its frames, and those of its walk with other values of factors.
    pub fn every_frame(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.observations
            .iter()
            .chain(self.flipped.values().flatten())
    }

    /// The prompt that an edit makes.
    ///
    /// # Errors
    /// If an object is to be swapped where there is none of the factor's two.
    pub fn prompt(&self, study: &Study, edit: &EditConfig) -> Result<Prompt, Error> {
        let mut observations = match edit.flip.as_slice() {
            [] => self.observations.clone(),
            axes => {
                let other = self.flipped.get(axes);
                other.cloned().ok_or_else(|| {
                    Error::Question(format!(
                        "edit `{}` flips {}, which none of the study's edits does",
                        edit.name,
                        axes.join(" and ")
                    ))
                })?
            }
        };
        for change in &edit.changes {
            let frame = &mut observations[study.frame(&change.at)?];
            let at = change.cell.index(self.view) * 3;
            let present = Object::from_index(frame[at]);
            match self.object(study, &change.put, present)? {
                // Nothing has no colour or state of its own that could stay.
                Some(Put::Object(object)) if object != Object::Empty => frame[at] = object as u8,
                Some(_) => frame[at..at + 3].copy_from_slice(&Tile::EMPTY.encode()),
                None => {
                    return Err(Error::Question(format!(
                        "edit `{}`: field `put`: there is neither of the factor's objects at {} of frame `{}` \
                         in {}, so nothing can be swapped",
                        edit.name, change.cell, change.at, self.facet
                    )));
                }
            }
            if let Some(color) = change.color {
                frame[at + 1] = color as u8;
            }
            if let Some(state) = change.state {
                frame[at + 2] = state;
            }
        }
        Ok(Prompt {
            rtg: self.facet.rtg,
            observations,
            additions: Vec::new(),
            actions: self.actions.clone(),
        })
    }

    /// What a cell holds after an edit: an object or nothing; `None` where nothing can be swapped.
    fn object(
        &self,
        study: &Study,
        put: &Put,
        present: Option<Object>,
    ) -> Result<Option<Put>, Error> {
        let told = |axis: &str, other: bool| -> Result<Option<Put>, Error> {
            let factor = study.factor(axis)?;
            let positive = factor.sign(&self.facet.facts) == Some(true);
            Ok(factor.object(positive != other).map(Put::Object))
        };
        match put {
            Put::Other(axis) => told(axis, true),
            Put::Same(axis) => told(axis, false),
            Put::Swap(axis) => {
                let factor = study.factor(axis)?;
                let exchanged = present.and_then(|object| factor.exchanged(object));
                Ok(exchanged.map(Put::Object))
            }
            Put::Object(object) => Ok(Some(Put::Object(*object))),
            Put::Remove => Ok(Some(Put::Remove)),
            Put::Keep => Ok(present.map(Put::Object)),
        }
    }
}

/// The cells in which two sequences of frames differ, frame by frame.
pub(super) fn differing_cells(a: &[Vec<u8>], b: &[Vec<u8>], view: usize) -> Vec<Vec<Cell>> {
    let frames = a.iter().zip(b);
    frames
        .map(|(a, b)| {
            let cells = a.chunks_exact(3).zip(b.chunks_exact(3)).enumerate();
            cells
                .filter(|(_, (a, b))| a != b)
                .map(|(n, _)| Cell::from_index(n, view))
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::PromptSet;
    use dt_env::Color;

    fn object(observation: &[u8], x: usize, y: usize) -> Object {
        Object::from_index(observation[(x * 7 + y) * 3]).unwrap()
    }

    #[test]
    fn frames_come_from_the_world() {
        let study = Study::memory_post();
        let all = scenarios(&study).unwrap();
        assert_eq!(all.len(), 8);
        assert_eq!(all[0].facet.to_string(), "Key, Key-Ball, 0.892");
        assert_eq!(all[7].facet.to_string(), "Ball, Key-Ball, 0.000");
        let start = &all[0].observations[0];
        assert_eq!(object(start, 2, 6), Object::Key);
        assert_eq!(object(start, 1, 2), Object::Key);
        assert_eq!(object(start, 5, 2), Object::Ball);
        let end = &all[0].observations[4];
        assert_eq!(object(end, 1, 6), Object::Key);
        assert_eq!(object(end, 5, 6), Object::Ball);
    }

    #[test]
    fn edits_change_object_bits_alone() {
        let study = Study::memory_post();
        let all = scenarios(&study).unwrap();
        let original = all[0].prompt(&study, study.original()).unwrap();
        let both = &study.edits[3];
        let edited = all[0].prompt(&study, both).unwrap();
        let changed: Vec<usize> = (0..147)
            .filter(|&i| original.observations[0][i] != edited.observations[0][i])
            .collect();
        assert_eq!(changed, [5 * 3, (4 * 7 + 2) * 3]);
        assert_eq!(object(&edited.observations[0], 0, 5), Object::Ball);
        assert_eq!(original.observations[1..], edited.observations[1..]);

        let flipped = all[0].prompt(&study, study.flipped()).unwrap();
        assert_eq!(object(&flipped.observations[0], 2, 6), Object::Ball);
        assert_eq!(
            original.observations[1..],
            flipped.observations[1..],
            "seen at the start only"
        );

        let swap = &study.edit_groups[0].edits[0];
        let swapped = all[0].prompt(&study, swap).unwrap();
        assert_eq!(object(&swapped.observations[0], 1, 2), Object::Ball);
        assert_eq!(original.observations[4], swapped.observations[4]);
    }

    #[test]
    fn cells_can_be_emptied_and_get_colours_and_states() {
        let study = Study::memory_post();
        let all = scenarios(&study).unwrap();
        let edit: EditConfig = ron::from_str(
            "(name: \"e\", changes: [(at: \"start\", cell: (2, 6), put: Remove), (at: \"start\", \
             cell: (1, 2), put: Keep, color: Some(Red)), (at: \"start\", cell: (0, 0), put: \
             Object(Door), color: Some(Blue), state: Some(2))])",
        )
        .unwrap();
        let frame = &all[0].prompt(&study, &edit).unwrap().observations[0];
        let tile = |x: usize, y: usize| &frame[(x * 7 + y) * 3..][..3];
        assert_eq!(tile(2, 6), Tile::EMPTY.encode());
        assert_eq!(tile(1, 2), [Object::Key as u8, Color::Red as u8, 0]);
        assert_eq!(tile(0, 0), [Object::Door as u8, Color::Blue as u8, 2]);
    }

    #[test]
    fn impossible_scenarios_are_refused() {
        let mut study = Study::memory_post();
        study.walk = vec![dt_env::Action::Forward; 6];
        let message = scenarios(&study).unwrap_err().to_string();
        assert!(message.contains("cannot produce"), "{message}");
        let mut study = Study::memory_post();
        study.edit_groups[0].edits[0].changes[0].cell = Cell::new(3, 3);
        let all = scenarios(&study).unwrap();
        let message = all[0]
            .prompt(&study, &study.edit_groups[0].edits[0])
            .unwrap_err()
            .to_string();
        assert!(message.contains("(3,3)"), "{message}");
    }

    #[test]
    fn signs_are_those_of_the_task() {
        let set = PromptSet::new(&Study::memory_post()).unwrap();
        let signs: Vec<f64> = (0..8).map(|n| set.wanted_sign(n).unwrap()).collect();
        assert_eq!(signs, [1.0, -1.0, 1.0, -1.0, -1.0, 1.0, -1.0, 1.0]);
    }
}
