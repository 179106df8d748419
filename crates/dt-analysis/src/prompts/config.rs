//! What a `studies/*.ron` file says.

use std::path::Path;

use dt_env::config::{self, ConfigError};
use dt_env::{Action, Configuration, EnvSpec, Object, WorldConfig};
use serde::{Deserialize, Serialize};

use super::item::Item;

const MEMORY_POST: &str = include_str!("../../../../studies/memory-post.ron");

/// Prompts, edits and items that questions are asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Name of the study.
    pub name: String,
    /// Environment, by id or as a path to a `.ron` file.
    pub env: String,
    /// Step limit of the environment; by default its own.
    #[serde(default)]
    pub max_steps: Option<u32>,
    /// Actions from the start to the frame at which the agent must decide.
    pub walk: Vec<Action>,
    /// Names of frames: how many steps after the start.
    pub moments: Vec<(String, usize)>,
    /// The two actions whose logits are compared.
    pub answers: (Action, Action),
    /// Returns-to-go that are asked for.
    pub returns_to_go: Vec<f64>,
    /// Layouts.
    pub prompts: Vec<Configuration>,
    /// Edits of the prompts; one changes nothing, and one flips the instruction.
    pub edits: Vec<EditConfig>,
    /// Edits that concern the targets; one flips both in every frame.
    #[serde(default)]
    pub target_edits: Vec<EditConfig>,
    /// Sets of vocabulary items whose geometry is of interest.
    pub item_sets: Vec<ItemSet>,
    /// Cells at which the targets are seen, by frame.
    pub targets: Vec<(String, Vec<(usize, usize)>)>,
    /// Where the instruction is seen at the start.
    pub cue: (usize, usize),
    /// Cells at which the instruction can be seen.
    pub cue_cells: Vec<(usize, usize)>,
    /// Recipe whose data tell how often items are seen, for agents that come without theirs.
    pub exposure: String,
}

/// One edit of a prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditConfig {
    /// Name.
    pub name: String,
    /// Whether the world is laid out with the other instruction.
    #[serde(default)]
    pub flip_instruction: bool,
    /// Whether the world is laid out with the targets exchanged.
    #[serde(default)]
    pub flip_targets: bool,
    /// Cells that are changed.
    #[serde(default)]
    pub changes: Vec<Change>,
}

/// A cell of a frame that gets another object; its colour and state stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Name of the frame.
    pub at: String,
    /// Column and row of the view.
    pub cell: (usize, usize),
    /// What is there then.
    pub object: NewObject,
}

/// Object that an edit puts into a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NewObject {
    /// Ball where the instruction is a key, key where it is a ball.
    OtherThanInstruction,
    /// Key where the instruction is a key, ball where it is a ball.
    SameAsInstruction,
    /// Ball in place of a key, key in place of a ball.
    Swapped,
    /// This one.
    Object(Object),
}

/// Key and ball at some cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemSet {
    /// Name.
    pub name: String,
    /// Cells.
    pub cells: Vec<(usize, usize)>,
    /// Item that is positive on each principal component.
    pub anchors: Vec<Item>,
}

impl ItemSet {
    /// Keys at all cells, then balls.
    pub fn items(&self) -> Vec<Item> {
        [Object::Key, Object::Ball]
            .into_iter()
            .flat_map(|object| self.cells.iter().map(move |&cell| Item::new(object, cell)))
            .collect()
    }
}

impl EditConfig {
    /// Whether it changes nothing.
    pub fn is_original(&self) -> bool {
        !self.flip_instruction && !self.flip_targets && self.changes.is_empty()
    }

    /// Cells whose items the edit adds or takes away, of all frames.
    pub fn touched_cells(&self, study: &Study) -> Vec<(usize, usize)> {
        let cue = self.flip_instruction.then_some(study.cue);
        cue.into_iter()
            .chain(self.changes.iter().map(|c| c.cell))
            .collect()
    }
}

impl Study {
    /// The questions of the post.
    ///
    /// # Panics
    /// Never in a released build: a test reads it.
    pub fn memory_post() -> Self {
        Self::parse("studies/memory-post.ron", MEMORY_POST).expect("the built-in study is valid")
    }

    /// Reads and checks a study; `studies/memory-post.ron` is built in.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn find(path: &Path) -> Result<Self, ConfigError> {
        if !path.exists() && path == Path::new("studies/memory-post.ron") {
            return Ok(Self::memory_post());
        }
        let study: Self = config::read_ron(path)?;
        study.check(&path.display().to_string())
    }

    /// Reads and checks a study from text; `file` only names it in errors.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let study: Self = config::parse_ron(file, text)?;
        study.check(file)
    }

    fn check(self, file: &str) -> Result<Self, ConfigError> {
        let invalid = |message| ConfigError::Invalid {
            file: file.to_owned(),
            message,
        };
        match self.problem()? {
            None => Ok(self),
            Some(message) => Err(invalid(message)),
        }
    }

    /// The environment with the study's step limit.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn env_spec(&self) -> Result<EnvSpec, ConfigError> {
        let spec = EnvSpec::find(&self.env)?;
        Ok(match self.max_steps {
            Some(limit) => spec.with_max_steps(limit),
            None => spec,
        })
    }

    /// Steps after the start of a named frame.
    pub fn moment(&self, name: &str) -> Option<usize> {
        let found = self.moments.iter().find(|(n, _)| n == name);
        found.map(|(_, step)| *step)
    }

    /// The edit that changes nothing.
    pub fn original(&self) -> &EditConfig {
        self.edits
            .iter()
            .find(|e| e.is_original())
            .expect("checked on reading")
    }

    /// The edit that flips the instruction.
    pub fn flipped(&self) -> &EditConfig {
        self.edits
            .iter()
            .find(|e| e.flip_instruction)
            .expect("checked on reading")
    }

    /// An item set by name.
    pub fn item_set(&self, name: &str) -> Option<&ItemSet> {
        self.item_sets.iter().find(|s| s.name == name)
    }

    /// What makes this study impossible, if anything does.
    fn problem(&self) -> Result<Option<String>, ConfigError> {
        let spec = self.env_spec()?;
        if !matches!(spec.world, WorldConfig::Memory(_)) {
            return Ok(Some(format!(
                "field `env`: {} is not of the memory family; it has no instruction",
                spec.id
            )));
        }
        let view = spec.view_size as usize;
        let outside = |&(x, y): &(usize, usize)| x >= view || y >= view;
        let cells = self
            .cue_cells
            .iter()
            .chain([&self.cue])
            .chain(self.item_sets.iter().flat_map(|s| &s.cells))
            .chain(self.targets.iter().flat_map(|(_, cells)| cells))
            .chain(
                self.all_edits()
                    .flat_map(|e| e.changes.iter().map(|c| &c.cell)),
            );
        if let Some((x, y)) = cells.into_iter().find(|c| outside(c)) {
            return Ok(Some(format!(
                "cell ({x},{y}) lies outside the {view} × {view} view; columns and rows run from 0 \
                 to {}",
                view - 1
            )));
        }
        for (name, step) in &self.moments {
            if *step > self.walk.len() {
                return Ok(Some(format!(
                    "field `moments`: `{name}` is step {step}, the walk has {} steps",
                    self.walk.len()
                )));
            }
        }
        for change in self.all_edits().flat_map(|e| &e.changes) {
            if self.moment(&change.at).is_none() {
                let known: Vec<&str> = self.moments.iter().map(|(n, _)| n.as_str()).collect();
                return Ok(Some(format!(
                    "field `at`: no frame is called `{}`; there are {}",
                    change.at,
                    known.join(", ")
                )));
            }
        }
        for name in ["start", "decision"] {
            if self.moment(name).is_none() {
                return Ok(Some(format!("field `moments`: `{name}` is missing")));
            }
        }
        if self.moment("decision") != Some(self.walk.len()) {
            return Ok(Some(
                "field `moments`: `decision` must be the last frame of the walk".to_owned(),
            ));
        }
        if !self.edits.iter().any(EditConfig::is_original)
            || !self.edits.iter().any(|e| e.flip_instruction)
        {
            return Ok(Some(
                "field `edits`: needs one that changes nothing and one with flip_instruction"
                    .to_owned(),
            ));
        }
        if let Some(set) = self.item_sets.iter().find(|s| s.cells.is_empty()) {
            return Ok(Some(format!(
                "field `item_sets`: `{}` has no cells, and components of nothing do not exist",
                set.name
            )));
        }
        if self.prompts.is_empty() || self.returns_to_go.is_empty() || self.walk.is_empty() {
            return Ok(Some(
                "fields `prompts`, `returns_to_go` and `walk` must not be empty".to_owned(),
            ));
        }
        if let Some(rtg) = self
            .returns_to_go
            .iter()
            .find(|r| !(-1.0..=1.0).contains(*r))
        {
            return Ok(Some(format!(
                "field `returns_to_go`: {rtg} is out of range, must be from -1 to 1"
            )));
        }
        if self.answers.0 == self.answers.1 {
            return Ok(Some(
                "field `answers`: must be two different actions".to_owned(),
            ));
        }
        Ok(None)
    }

    /// Edits of both lists.
    pub fn all_edits(&self) -> impl Iterator<Item = &EditConfig> {
        self.edits.iter().chain(&self.target_edits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(from: &str, to: &str) -> String {
        assert!(MEMORY_POST.contains(from), "{from}");
        let text = MEMORY_POST.replacen(from, to, 1);
        Study::parse("my.ron", &text).unwrap_err().to_string()
    }

    #[test]
    fn the_built_in_study_reads() {
        let study = Study::memory_post();
        assert_eq!(study.prompts.len() * study.returns_to_go.len(), 8);
        assert_eq!(study.flipped().touched_cells(&study), [(2, 6)]);
        assert_eq!(
            study.item_set("instruction").unwrap().items()[0].to_string(),
            "key, (4,2)"
        );
    }

    #[test]
    fn mistakes_are_named() {
        assert!(error("cell: (0, 5)", "cell: (0, 7)").contains("(0,7) lies outside"));
        assert!(error("at: \"start\"", "at: \"begin\"").contains("start, decision"));
        assert!(error("cells: [(4, 2), (2, 6), (0, 5), (4, 3)]", "cells: []").contains("no cells"));
        assert!(error("(\"decision\", 4)", "(\"decision\", 9)").contains("the walk has 4"));
        assert!(error("key, (2,6)", "cow, (2,6)").contains("cow"));
        assert!(error("MiniGrid-MemoryS7FixedStart-v0", "TwoRooms-v0").contains("TwoRooms"));
        assert!(error("answers: (Left, Right)", "answers: (Left, Left)").contains("answers"));
        assert!(error("walk:", "wolk:").starts_with("my.ron:"));
    }
}
