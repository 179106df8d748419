//! Study files in their first form, which knew the memory worlds alone: read as studies of today.
//!
//! | then | now |
//! | --- | --- |
//! | `answers: (A, B)` | `contrast: (first: [A], second: [B])` |
//! | `prompts: [(instruction: Key, order: KeyBall)]` | `layouts: Facts([…])`, of the factors `instruction` and `order` |
//! | `object: OtherThanInstruction`, `SameAsInstruction`, `Swapped`, `Object(X)` | `put: Other`, `Same`, `Swap`, `Object(X)` |
//! | `flip_instruction`, `flip_targets` | `flip: ["instruction"]`, `["order"]` |
//! | `target_edits` | the group `targets` of `edit_groups` |
//! | `cue_cells` | `cells` of the factor `instruction` |
//!
//! `targets` and `cue` named cells that are found by themselves now.

use std::path::Path;

use dt_env::config::{self, ConfigError, to_ron};
use dt_env::{Action, Cell, Configuration, Object};
use serde::Deserialize;

use crate::prompts::{Change, Contrast, EditConfig, EditGroup, Item, ItemSet, Layouts, Put, Study};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstForm {
    name: String,
    env: String,
    #[serde(default)]
    max_steps: Option<u32>,
    walk: Vec<Action>,
    moments: Vec<(String, usize)>,
    answers: (Action, Action),
    returns_to_go: Vec<f64>,
    prompts: Vec<Configuration>,
    edits: Vec<FirstEdit>,
    #[serde(default)]
    target_edits: Vec<FirstEdit>,
    item_sets: Vec<FirstSet>,
    #[serde(rename = "targets")]
    _targets: Vec<(String, Vec<Cell>)>,
    #[serde(rename = "cue")]
    _cue: Cell,
    cue_cells: Vec<Cell>,
    exposure: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstEdit {
    name: String,
    #[serde(default)]
    flip_instruction: bool,
    #[serde(default)]
    flip_targets: bool,
    #[serde(default)]
    changes: Vec<FirstChange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstChange {
    at: String,
    cell: Cell,
    object: FirstObject,
}

#[derive(Clone, Copy, Deserialize)]
enum FirstObject {
    OtherThanInstruction,
    SameAsInstruction,
    Swapped,
    Object(Object),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstSet {
    name: String,
    cells: Vec<Cell>,
    anchors: Vec<Item>,
}

/// Reads and checks a study, in the form of today or the first one; see [`Study::find`].
///
/// # Errors
/// [`ConfigError`] with file and field; of a file in neither form, what is wrong with it as one of
/// today.
pub fn find_study(path: &Path) -> Result<Study, ConfigError> {
    let error = match Study::find(path) {
        Err(error @ ConfigError::Parse { .. }) => error,
        found => return found,
    };
    match config::read_ron::<FirstForm>(path) {
        Ok(first) => first.read(path),
        Err(_) => Err(error),
    }
}

impl FirstForm {
    fn read(self, path: &Path) -> Result<Study, ConfigError> {
        let mut factors = Study::memory_post().factors;
        factors[0].cells = self.cue_cells;
        // Without a second return-to-go there is no factor R.
        let asks_twice = self.returns_to_go.len() == 2;
        let mut products = Study::memory_post().products;
        products.retain(|letters, _| asks_twice || !letters.contains('R'));
        let edits = |edits: Vec<FirstEdit>| edits.into_iter().map(EditConfig::from).collect();
        let target_edits: Vec<EditConfig> = edits(self.target_edits);
        let study = Study {
            name: self.name,
            env: config::beside(path, &self.env),
            max_steps: self.max_steps,
            factors,
            layouts: Layouts::Facts(self.prompts.into_iter().map(Configuration::facts).collect()),
            walk: self.walk,
            moments: self.moments,
            contrast: Contrast {
                first: vec![self.answers.0],
                second: vec![self.answers.1],
            },
            wanted: if asks_twice { "ITR" } else { "IT" }.to_owned(),
            products,
            returns_to_go: self.returns_to_go,
            edits: edits(self.edits),
            edit_groups: (!target_edits.is_empty())
                .then(|| EditGroup {
                    name: "targets".to_owned(),
                    edits: target_edits,
                })
                .into_iter()
                .collect(),
            item_sets: self.item_sets.into_iter().map(ItemSet::from).collect(),
            site: "start".to_owned(),
            exposure: Some(config::beside(path, &self.exposure)),
        };
        // As if it had been read in the form of today, with all checks.
        Study::parse(&path.display().to_string(), &to_ron(&study))
    }
}

impl From<FirstEdit> for EditConfig {
    fn from(edit: FirstEdit) -> Self {
        let flips = [
            (edit.flip_instruction, "instruction"),
            (edit.flip_targets, "order"),
        ];
        let flips = flips.into_iter().filter(|(flips, _)| *flips);
        let change = |change: FirstChange| Change {
            at: change.at,
            cell: change.cell,
            put: match change.object {
                FirstObject::OtherThanInstruction => Put::Other("instruction".to_owned()),
                FirstObject::SameAsInstruction => Put::Same("instruction".to_owned()),
                FirstObject::Swapped => Put::Swap("order".to_owned()),
                FirstObject::Object(object) => Put::Object(object),
            },
            color: None,
            state: None,
        };
        Self {
            name: edit.name,
            flip: flips.map(|(_, axis)| axis.to_owned()).collect(),
            changes: edit.changes.into_iter().map(change).collect(),
        }
    }
}

impl From<FirstSet> for ItemSet {
    fn from(set: FirstSet) -> Self {
        Self {
            name: set.name,
            objects: (Object::Key, Object::Ball),
            cells: set.cells,
            anchors: set.anchors,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = r#"(
        name: "memory-post", env: "MiniGrid-MemoryS7FixedStart-v0", max_steps: 50,
        walk: [Forward, Forward, Forward, Forward],
        moments: [("start", 0), ("decision", 4)],
        answers: (Left, Right), returns_to_go: [0.892, 0.0],
        prompts: [(instruction: Key, order: KeyBall), (instruction: Key, order: BallKey),
                  (instruction: Ball, order: BallKey), (instruction: Ball, order: KeyBall)],
        edits: [
            (name: "Original"),
            (name: "One", changes: [(at: "start", cell: (0, 5), object: OtherThanInstruction)]),
            (name: "Flipped", flip_instruction: true),
        ],
        target_edits: [
            (name: "Swap", changes: [(at: "decision", cell: (1, 6), object: Swapped)]),
            (name: "Targets", flip_targets: true),
        ],
        item_sets: [(name: "instruction", cells: [(2, 6), (0, 5)], anchors: ["key, (2,6)"])],
        targets: [("start", [(1, 2), (5, 2)])],
        cue: (2, 6), cue_cells: [(2, 6), (0, 5), (4, 2), (4, 3), (1, 5), (2, 5)],
        exposure: "datasets/memory-post.ron",
    )"#;

    #[test]
    fn the_posts_study_is_itself_in_either_form() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("first.ron");
        std::fs::write(&path, FIRST).unwrap();
        let found = find_study(&path).unwrap();
        let today = Study::memory_post();
        let without_edits = |study: &Study| Study {
            edits: Vec::new(),
            edit_groups: Vec::new(),
            item_sets: Vec::new(),
            ..study.clone()
        };
        assert_eq!(without_edits(&found), without_edits(&today));
        let changes = |study: &Study, n: usize| study.edits[n].changes.clone();
        assert_eq!(changes(&found, 1), changes(&today, 1));
        assert_eq!(found.edits[2].flip, ["instruction"]);
        assert_eq!(found.edit_groups[0].edits[1].flip, ["order"]);
        // What is wrong with it is said, whatever its form.
        let wrong = |from: &str, to: &str| {
            std::fs::write(&path, FIRST.replacen(from, to, 1)).unwrap();
            find_study(&path).unwrap_err().to_string()
        };
        assert!(wrong("[0.892, 0.0]", "[0.892, 0.8924]").contains("returns_to_go"));
        assert!(wrong("cue: (2, 6)", "cues: (2, 6)").contains("answers"));
        assert!(find_study(Path::new("memory-post")).is_ok());
    }
}
