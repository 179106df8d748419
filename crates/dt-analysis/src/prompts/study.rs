//! What a `studies/*.ron` file says.

use std::collections::BTreeMap;
use std::path::Path;

use dt_env::config::{self, ConfigError};
use dt_env::{Action, Cell, EnvSpec, Object};
use serde::{Deserialize, Serialize};

use super::check;
use super::contrast::Contrast;
use super::edit::{EditConfig, EditGroup, flip_of};
use super::factor::Factor;
use super::item::Item;
use super::layouts::Layouts;
use super::set::PromptSet;
use crate::Error;

/// Prompts, edits and items that questions are asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Name of the study.
    pub name: String,
    /// Environment, by id or as a path to a `.ron` file, relative to the study's own.
    pub env: String,
    /// Step limit of the environment; by default its own.
    #[serde(default)]
    pub max_steps: Option<u32>,
    /// Two-valued axes whose combinations make the prompts. Two returns-to-go make one more.
    #[serde(default)]
    pub factors: Vec<Factor>,
    /// Resets that are asked about; by default every combination of the factors.
    #[serde(default)]
    pub layouts: Layouts,
    /// Actions from the start to the frame at which the agent must decide.
    pub walk: Vec<Action>,
    /// Names of frames: how many steps after the start. `start` and `decision` are needed.
    pub moments: Vec<(String, usize)>,
    /// The two actions, or sets of actions, whose logits are compared.
    pub contrast: Contrast,
    /// Letters of the factors (`R` for the return-to-go) whose product of signs is the side that
    /// an agent which does as it is asked takes; empty where nothing says which is right.
    #[serde(default)]
    pub wanted: String,
    /// Names of products of factors, by their letters, where they mean something of their own.
    #[serde(default)]
    pub products: BTreeMap<String, String>,
    /// Returns-to-go that are asked for.
    pub returns_to_go: Vec<f64>,
    /// Edits of the prompts; one changes nothing, and one flips a factor and nothing else.
    pub edits: Vec<EditConfig>,
    /// Further edits, each group relative to a flip of its own.
    #[serde(default)]
    pub edit_groups: Vec<EditGroup>,
    /// Sets of vocabulary items whose geometry is of interest. The first component of the first
    /// one is the direction that interventions go along.
    pub item_sets: Vec<ItemSet>,
    /// Frame whose state token is projected on the direction and intervened on.
    #[serde(default = "first_frame")]
    pub site: String,
    /// Recipe whose data tell how often items are seen, for agents that come without theirs.
    #[serde(default)]
    pub exposure: Option<String>,
}

fn first_frame() -> String {
    "start".to_owned()
}

/// Two objects at some cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemSet {
    /// Name.
    pub name: String,
    /// The two objects; the first is positive on the first principal component.
    pub objects: (Object, Object),
    /// Cells.
    pub cells: Vec<Cell>,
    /// Item that is positive on each principal component.
    #[serde(default)]
    pub anchors: Vec<Item>,
}

impl ItemSet {
    /// The first object at all cells, then the second.
    pub fn items(&self) -> Vec<Item> {
        items_at(self.objects, &self.cells)
    }
}

/// The first object at all cells, then the second.
pub fn items_at(objects: (Object, Object), cells: &[Cell]) -> Vec<Item> {
    [objects.0, objects.1]
        .into_iter()
        .flat_map(|object| cells.iter().map(move |&cell| Item::new(object, cell)))
        .collect()
}

/// Text of every built-in study, by file.
const BUILTIN: [(&str, &str); 2] = [
    (
        "studies/memory-post.ron",
        include_str!("../../../../studies/memory-post.ron"),
    ),
    (
        "studies/two-rooms.ron",
        include_str!("../../../../studies/two-rooms.ron"),
    ),
];

impl Study {
    /// The questions of the post.
    ///
    /// # Panics
    /// Never in a released build: a test reads it.
    pub fn memory_post() -> Self {
        let (file, text) = BUILTIN[0];
        Self::parse(file, text).expect("the built-in study is valid")
    }

    /// Names of the built-in studies.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(file, _)| short(file))
    }

    /// Reads and checks a study: a file, or one that is built in by its name or file name.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn find(path: &Path) -> Result<Self, ConfigError> {
        let builtin = BUILTIN
            .iter()
            .find(|(file, _)| path == Path::new(file) || path == Path::new(short(file)));
        match builtin {
            Some((file, text)) if !path.exists() => Self::parse(file, text),
            _ => {
                let mut study: Self = config::read_ron(path)?;
                study.resolve(path);
                study.check(&path.display().to_string())
            }
        }
    }

    /// Paths in a file are relative to it.
    fn resolve(&mut self, file: &Path) {
        let Some(folder) = file.parent() else { return };
        let beside = |name: &mut String| {
            let path = folder.join(&*name);
            if name.ends_with(".ron") && path.exists() {
                *name = path.display().to_string();
            }
        };
        beside(&mut self.env);
        if let Some(recipe) = &mut self.exposure {
            beside(recipe);
        }
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
        let spec = self.env_spec().map_err(|error| ConfigError::Invalid {
            file: file.to_owned(),
            message: format!("field `env`: {error}"),
        })?;
        let problem = match check::problem(&self, &spec) {
            None => self.lay_out().err().map(|error| error.to_string()),
            some => some,
        };
        match problem {
            None => Ok(self),
            Some(message) => Err(ConfigError::Invalid {
                file: file.to_owned(),
                message,
            }),
        }
    }

    /// Makes every prompt once, so that what the world cannot do is said of the file.
    fn lay_out(&self) -> Result<(), Error> {
        let set = PromptSet::new(self)?;
        self.all_edits().try_for_each(|edit| set.of(edit).map(drop))
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

    /// Steps after the start of a frame that is named.
    ///
    /// # Errors
    /// If it is not.
    pub fn frame(&self, name: &str) -> Result<usize, Error> {
        self.moment(name).ok_or_else(|| {
            let known: Vec<&str> = self.moments.iter().map(|(n, _)| n.as_str()).collect();
            Error::Question(format!(
                "the study names no frame `{name}`; there are {}",
                known.join(", ")
            ))
        })
    }

    /// Steps after the start of the frame that is intervened on.
    pub fn site_step(&self) -> usize {
        self.moment(&self.site).expect("checked on reading")
    }

    /// The edit that changes nothing.
    pub fn original(&self) -> &EditConfig {
        let found = self.edits.iter().find(|e| e.is_original());
        found.expect("checked on reading")
    }

    /// The edit that flips the main factor.
    pub fn flipped(&self) -> &EditConfig {
        flip_of(&self.edits).expect("checked on reading")
    }

    /// The factor that the main edits are about: the one that their flip flips.
    ///
    /// # Errors
    /// If the flip is of several.
    pub fn main_factor(&self) -> Result<&Factor, Error> {
        match self.flipped().flip.as_slice() {
            [axis] => self.factor(axis),
            axes => Err(Error::Question(format!(
                "study {}: `{}` flips {}; this question needs an edit that flips one factor",
                self.name,
                self.flipped().name,
                axes.join(" and ")
            ))),
        }
    }

    /// The factor of an axis.
    ///
    /// # Errors
    /// If there is none.
    pub fn factor(&self, axis: &str) -> Result<&Factor, Error> {
        let found = self.factors.iter().find(|f| f.axis == axis);
        found.ok_or_else(|| {
            Error::Question(format!(
                "study {}: no factor has the axis `{axis}`",
                self.name
            ))
        })
    }

    /// An item set by name.
    pub fn item_set(&self, name: &str) -> Option<&ItemSet> {
        self.item_sets.iter().find(|s| s.name == name)
    }

    /// The item set whose first component is the direction that interventions go along.
    ///
    /// # Errors
    /// If the study has no item sets.
    pub fn direction_set(&self) -> Result<&ItemSet, Error> {
        self.item_sets.first().ok_or_else(|| {
            Error::Question(format!(
                "study {}: field `item_sets` is empty, so there is no direction to go along",
                self.name
            ))
        })
    }

    /// Letters of the factors in order, the return-to-go's last if two are asked for.
    pub fn letters(&self) -> Vec<char> {
        let mut letters: Vec<char> = self.factors.iter().map(Factor::letter).collect();
        if self.returns_to_go.len() == 2 {
            letters.push(RETURN_LETTER);
        }
        letters
    }

    /// What a factor or a product of factors is called: the axis of a single one.
    pub fn name_of(&self, letters: &str) -> Option<String> {
        if let Some(name) = self.products.get(letters) {
            return Some(name.clone());
        }
        let single = |factor: &&Factor| letters.chars().eq([factor.letter()]);
        match self.factors.iter().find(single) {
            Some(factor) => Some(factor.axis.clone()),
            None if letters.chars().eq([RETURN_LETTER]) => Some("return-to-go".to_owned()),
            None => None,
        }
    }

    /// Halfway between the lowest and the highest return-to-go that is asked for.
    pub fn middle_return(&self) -> f64 {
        let returns = || self.returns_to_go.iter().copied();
        let low = returns().fold(f64::INFINITY, f64::min);
        let high = returns().fold(f64::NEG_INFINITY, f64::max);
        f64::midpoint(low, high)
    }

    /// The highest return-to-go that is asked for.
    pub fn highest_return(&self) -> f64 {
        self.returns_to_go.iter().copied().fold(f64::MIN, f64::max)
    }

    /// Edits of all groups, the main ones first.
    pub fn all_edits(&self) -> impl Iterator<Item = &EditConfig> {
        self.edits
            .iter()
            .chain(self.edit_groups.iter().flat_map(|g| &g.edits))
    }
}

/// Letter of the return-to-go among the factors.
pub const RETURN_LETTER: char = 'R';

/// `memory-post` of `studies/memory-post.ron`.
fn short(file: &'static str) -> &'static str {
    let name = file.strip_prefix("studies/").unwrap_or(file);
    name.strip_suffix(".ron").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(from: &str, to: &str) -> String {
        let (_, text) = BUILTIN[0];
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        Study::parse("my.ron", &text).unwrap_err().to_string()
    }

    #[test]
    fn the_built_in_studies_read() {
        for (file, text) in BUILTIN {
            Study::parse(file, text).unwrap();
            assert!(Study::find(Path::new(short(file))).is_ok());
        }
        let study = Study::memory_post();
        assert_eq!(study.letters(), ['I', 'T', 'R']);
        assert_eq!(study.main_factor().unwrap().axis, "instruction");
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
        assert!(error("second: [Right]", "second: [Left]").contains("both sides"));
        assert!(error("walk:", "wolk:").starts_with("my.ron:"));
        assert!(error("flip: [\"instruction\"]", "flip: [\"colour\"]").contains("instruction"));
        assert!(error("wanted: \"ITR\"", "wanted: \"IXR\"").contains("letter X"));
        assert!(error("letter: 'T'", "letter: 'I'").contains("not all different"));
        assert!(error("objects: (Key, Ball),", "").contains("names no objects"));
        let twice = error("\"Complement (4,2)\"", "\"Original\"");
        assert!(
            twice.contains("`edits`: `Original` is there twice"),
            "{twice}"
        );
        assert!(error("name: \"target\"", "name: \"instruction\"").contains("`item_sets`"));
        assert!(
            error("(\"decision\", 4)", "(\"decision\", 4), (\"start\", 1)").contains("`moments`")
        );
        let close = error("[0.892, 0.0]", "[0.892, 0.8924]");
        assert!(close.contains("`Key, Key-Ball, 0.892`"), "{close}");
    }
}
