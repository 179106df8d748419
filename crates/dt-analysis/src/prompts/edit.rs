//! Edits of a prompt: cells of frames that get other contents, or another world behind them.

use dt_env::text::plain;
use dt_env::{Cell, Color, Object};
use serde::{Deserialize, Serialize};

use super::check::twice;
use super::factor::Factor;
use super::study::Study;

/// Largest state that the vocabulary of observations has.
const MAX_STATE: u8 = 2;

/// One edit of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditConfig {
    /// Name.
    pub name: String,
    /// Axes of factors of which the world is laid out with the other value.
    #[serde(default)]
    pub flip: Vec<String>,
    /// Cells that are changed.
    #[serde(default)]
    pub changes: Vec<Change>,
}

/// A cell of a frame that gets other contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Name of the frame.
    pub at: String,
    /// Column and row of the view.
    pub cell: Cell,
    /// What happens there.
    pub put: Put,
    /// Colour that it gets; by default it keeps its own.
    #[serde(default)]
    pub color: Option<Color>,
    /// State that it gets (of a door: 0 open, 1 closed, 2 locked); by default it keeps its own.
    #[serde(default)]
    pub state: Option<u8>,
}

/// What an edit does to a cell's object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Put {
    /// The object that tells the factor's other value.
    Other(String),
    /// The object that tells the value which the prompt has.
    Same(String),
    /// One of the factor's two objects in place of the other.
    Swap(String),
    /// This object.
    Object(Object),
    /// Nothing: the cell is empty, as the world encodes it.
    Remove,
    /// The object stays; colour or state change.
    Keep,
}

impl Put {
    /// Axis of the factor that it names.
    pub fn axis(&self) -> Option<&str> {
        match self {
            Self::Other(axis) | Self::Same(axis) | Self::Swap(axis) => Some(axis),
            Self::Object(_) | Self::Remove | Self::Keep => None,
        }
    }
}

/// A group of edits beside the main ones, with a flip of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditGroup {
    /// Name of the group.
    pub name: String,
    /// Its edits; one flips a factor and changes nothing else, and restored logit differences are
    /// relative to it.
    pub edits: Vec<EditConfig>,
}

impl EditGroup {
    /// The edit that flips.
    pub fn flipped(&self) -> &EditConfig {
        flip_of(&self.edits).expect("checked on reading")
    }
}

/// The first edit that flips factors and changes nothing else.
pub(super) fn flip_of(edits: &[EditConfig]) -> Option<&EditConfig> {
    edits
        .iter()
        .find(|e| !e.flip.is_empty() && e.changes.is_empty())
}

impl EditConfig {
    /// Whether it changes nothing.
    pub fn is_original(&self) -> bool {
        self.flip.is_empty() && self.changes.is_empty()
    }

    /// Whether all it does is to put the object of a factor's other value into `cells` cells of
    /// one frame.
    pub fn complements(&self, axis: &str, cells: usize) -> bool {
        let is_other = |c: &Change| matches!(&c.put, Put::Other(a) if a == axis);
        self.flip.is_empty() && self.changes.len() == cells && self.changes.iter().all(is_other)
    }

    /// What makes this edit impossible in a study, if anything does.
    pub(super) fn problem(&self, study: &Study, view: usize) -> Option<String> {
        let factor = |axis: &str| study.factors.iter().find(|f| f.axis == axis);
        let axes = || {
            let names: Vec<&str> = study.factors.iter().map(|f| f.axis.as_str()).collect();
            match names.is_empty() {
                true => "there is none".to_owned(),
                false => format!("there are {}", names.join(", ")),
            }
        };
        for axis in &self.flip {
            if factor(axis).is_none() {
                return Some(format!(
                    "edit `{}`: field `flip`: no factor has the axis `{}`; {}",
                    self.name,
                    plain(axis),
                    axes()
                ));
            }
        }
        if let Some(axis) = twice(&self.flip) {
            return Some(format!(
                "edit `{}`: field `flip`: `{axis}` is there twice, which flips it back",
                self.name
            ));
        }
        for (n, change) in self.changes.iter().enumerate() {
            let Cell { x, y } = change.cell;
            if !change.cell.is_within(view) {
                return Some(format!(
                    "edit `{}`: field `cell`: ({x},{y}) lies outside the {view} × {view} view; columns and \
                     rows run from 0 to {}",
                    self.name,
                    view - 1
                ));
            }
            if study.moment(&change.at).is_none() {
                let known: Vec<&str> = study.moments.iter().map(|(n, _)| n.as_str()).collect();
                return Some(format!(
                    "edit `{}`: field `at`: no frame is called `{}`; there are {}",
                    self.name,
                    plain(&change.at),
                    known.join(", ")
                ));
            }
            let place = |c: &Change| (study.moment(&c.at), c.cell);
            if self.changes[..n].iter().any(|c| place(c) == place(change)) {
                return Some(format!(
                    "edit `{}`: field `changes`: ({x},{y}) of frame `{}` is changed twice; say it \
                     once",
                    self.name, change.at
                ));
            }
            if change.state.is_some_and(|state| state > MAX_STATE) {
                return Some(format!(
                    "edit `{}`: field `state`: must be 0 (open), 1 (closed) or 2 (locked)",
                    self.name
                ));
            }
            if let Some(axis) = change.put.axis() {
                match factor(axis) {
                    None => {
                        return Some(format!(
                            "edit `{}`: field `put`: no factor has the axis `{}`; {}",
                            self.name,
                            plain(axis),
                            axes()
                        ));
                    }
                    Some(Factor { objects: None, .. }) => {
                        return Some(format!(
                            "edit `{}`: field `put`: factor `{axis}` names no objects; give it \
                             `objects`, or put an Object(…)",
                            self.name
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
        None
    }
}
