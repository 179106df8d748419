//! Two-valued axes of a reset, whose combinations make the prompts.

use dt_env::{Cell, Facts, Object};
use serde::{Deserialize, Serialize};

/// An axis of a world's resets with two of its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// Name of the axis, as `dt-env list --facts` or a drawn layout has it.
    pub axis: String,
    /// Its two values; the first is +1, the second −1.
    pub values: (String, String),
    /// How they are called in tables and figures; by default as they are.
    #[serde(default)]
    pub labels: Option<(String, String)>,
    /// Letter by which components are named; by default the axis's first, in upper case.
    #[serde(default)]
    pub letter: Option<char>,
    /// Objects that tell the values, where objects do.
    #[serde(default)]
    pub objects: Option<(Object, Object)>,
    /// Cells of the view at which the world can show which value it is.
    #[serde(default)]
    pub cells: Vec<Cell>,
}

impl Factor {
    /// Value by sign: the first where it is positive.
    pub fn value(&self, positive: bool) -> &str {
        match positive {
            true => &self.values.0,
            false => &self.values.1,
        }
    }

    /// How a value is called.
    pub fn label(&self, positive: bool) -> &str {
        let names = self.labels.as_ref().unwrap_or(&self.values);
        match positive {
            true => &names.0,
            false => &names.1,
        }
    }

    /// Letter by which components are named.
    pub fn letter(&self) -> char {
        let first = || self.axis.chars().next().unwrap_or('?').to_ascii_uppercase();
        self.letter.unwrap_or_else(first)
    }

    /// Whether facts have the first value; `None` where they have neither.
    pub fn sign(&self, facts: &Facts) -> Option<bool> {
        match facts.get(&self.axis) {
            Some(value) if value == self.values.0 => Some(true),
            Some(value) if value == self.values.1 => Some(false),
            _ => None,
        }
    }

    /// Object that tells a value.
    pub fn object(&self, positive: bool) -> Option<Object> {
        self.objects
            .map(|(first, second)| if positive { first } else { second })
    }

    /// The other of the two objects, if `object` is one of them.
    pub fn exchanged(&self, object: Object) -> Option<Object> {
        let (first, second) = self.objects?;
        match object {
            o if o == first => Some(second),
            o if o == second => Some(first),
            _ => None,
        }
    }
}
