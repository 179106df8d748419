//! What is looked for in activations.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::maths::walsh::{name, subsets};
use crate::prompts::{RETURN_LETTER, Study};

/// Most factors of a product.
const MOST: usize = 8;

/// Letters of a study's factors, in the study's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Letters([u8; MOST]);

impl Letters {
    fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|b| b.is_ascii_uppercase());
        if text.is_empty() || text.len() > MOST || !is_plain {
            return None;
        }
        let mut letters = [0; MOST];
        letters[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self(letters))
    }

    /// The letters.
    pub fn iter(&self) -> impl Iterator<Item = char> {
        self.0.iter().filter(|b| **b != 0).map(|&b| char::from(b))
    }
}

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|letter| write!(f, "{letter}"))
    }
}

/// Something that an agent may represent.
///
/// Written by the letters of a study's factors (`I`, `T`, `R`) and of their products (`IT`, `ITR`),
/// as in the [Walsh decomposition](crate::questions::walsh), and `next_action`, `facing`, `column`,
/// `time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Concept {
    /// A factor, or a product of several.
    Product(Letters),
    /// Whether the agent itself prefers the contrast's first side to the second.
    NextAction,
    /// Whether the agent in the world looks as it does at the decision.
    Facing,
    /// Column of the world in which it stands: a number.
    Column,
    /// Steps since the start: a number.
    Time,
}

/// By which conditions data are split, so that a probe must read one without having seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Axis {
    /// The two values of a factor.
    Factor(char),
    /// Where the agent stands and looks.
    Pose,
    /// Steps since the start.
    Time,
}

/// Concepts that every study has.
const OTHERS: [Concept; 4] = [
    Concept::NextAction,
    Concept::Facing,
    Concept::Column,
    Concept::Time,
];

impl Concept {
    /// All concepts of a study, in the order of tables: factors, their products, the others.
    pub fn all(study: &Study) -> Vec<Self> {
        let letters: Vec<String> = study.letters().into_iter().map(String::from).collect();
        let sets = subsets(letters.len()).into_iter();
        let products = sets.filter_map(|set| Letters::parse(&name(&set, &letters)));
        products.map(Self::Product).chain(OTHERS).collect()
    }

    /// What makes it no concept of a study, if anything does.
    pub(super) fn problem(self, study: &Study) -> Option<String> {
        let letters = study.letters();
        let unknown = self.letters()?.iter().find(|l| !letters.contains(l))?;
        let known: Vec<String> = Self::all(study).iter().map(Self::to_string).collect();
        Some(format!(
            "no concept `{self}`: study {} has no factor {unknown}; there are {}",
            study.name,
            known.join(", ")
        ))
    }

    /// Its name in figures and tables for readers: `I instruction`, `I·T matching side`.
    pub fn title(self, study: &Study) -> String {
        let Self::Product(letters) = self else {
            return self.to_string().replace('_', " ");
        };
        let dotted: Vec<String> = letters.iter().map(String::from).collect();
        let dotted = dotted.join("·");
        match study.name_of(&letters.to_string()) {
            Some(name) => format!("{dotted} {name}"),
            None => dotted,
        }
    }

    /// Letters of the factors that it is the product of.
    pub fn letters(self) -> Option<Letters> {
        match self {
            Self::Product(letters) => Some(letters),
            _ => None,
        }
    }

    /// Whether it is a product of several factors, which no single input says.
    pub fn is_interaction(self) -> bool {
        self.letters().is_some_and(|l| l.iter().count() > 1)
    }

    /// Whether it is a number, not one of two classes.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Column | Self::Time)
    }

    /// Whether leaving out a condition of an axis leaves something to be read: not where it
    /// fixes the concept itself.
    pub fn can_leave_out(self, axis: Axis) -> bool {
        match (self, axis) {
            (Self::Product(letters), Axis::Factor(letter)) => !letters.iter().eq([letter]),
            (Self::Facing | Self::Column, Axis::Pose) | (Self::Time, Axis::Time) => false,
            _ => true,
        }
    }
}

impl Axis {
    /// All axes of a study.
    pub fn all(study: &Study) -> Vec<Self> {
        let factors = study.letters().into_iter().map(Self::Factor);
        factors.chain([Self::Pose, Self::Time]).collect()
    }

    /// Names of a factor's two values: those of the return-to-go are `high` and `low`.
    pub(super) fn value_name(letter: char, positive: bool, study: &Study) -> String {
        let factor = study.factors.iter().find(|f| f.letter() == letter);
        match factor {
            Some(factor) => factor.label(positive).to_owned(),
            None if positive => "high".to_owned(),
            None => "low".to_owned(),
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factor(letter) => write!(f, "{letter}"),
            Self::Pose => f.write_str("pose"),
            Self::Time => f.write_str("time"),
        }
    }
}

impl From<Axis> for String {
    fn from(axis: Axis) -> Self {
        axis.to_string()
    }
}

impl TryFrom<String> for Axis {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "pose" => Ok(Self::Pose),
            "time" => Ok(Self::Time),
            other => match other.chars().collect::<Vec<_>>().as_slice() {
                [letter] => Ok(Self::Factor(*letter)),
                _ => Err(format!(
                    "no axis `{other}`; there are factors, pose and time"
                )),
            },
        }
    }
}

impl fmt::Display for Concept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(letters) => letters.fmt(f),
            Self::NextAction => f.write_str("next_action"),
            Self::Facing => f.write_str("facing"),
            Self::Column => f.write_str("column"),
            Self::Time => f.write_str("time"),
        }
    }
}

impl From<Concept> for String {
    fn from(concept: Concept) -> Self {
        concept.to_string()
    }
}

impl TryFrom<String> for Concept {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Concept {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let product = || Letters::parse(text).map(Self::Product);
        let found = OTHERS.into_iter().find(|c| c.to_string() == text);
        found.or_else(product).ok_or_else(|| {
            format!(
                "no concept `{text}`; write the letters of a study's factors in upper case (as IT, \
                 or {RETURN_LETTER} for the return-to-go), next_action, facing, column or time"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_products_are_known() {
        let study = Study::memory_post();
        let all = Concept::all(&study);
        for concept in &all {
            assert_eq!(concept.to_string().parse(), Ok(*concept));
            assert_eq!(concept.problem(&study), None);
        }
        let interactions = all.iter().filter(|c| c.is_interaction());
        assert_eq!(interactions.count(), 4);
        let product: Concept = "IR".parse().unwrap();
        assert_eq!(product.title(&study), "I·R sought object");
        assert!(
            !"I".parse::<Concept>()
                .unwrap()
                .can_leave_out(Axis::Factor('I'))
        );
        assert!(product.can_leave_out(Axis::Factor('I')));
        assert!("ir".parse::<Concept>().unwrap_err().contains("upper case"));
        let unknown: Concept = "IX".parse().unwrap();
        assert!(unknown.problem(&study).unwrap().contains("no factor X"));
    }
}
