//! What is looked for in activations.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Something that an agent may represent.
///
/// Written `I`, `T`, `R` and their products `IT`, `IR`, `TR`, `ITR`, as in the
/// [Walsh decomposition](crate::questions::walsh), and `next_action`, `facing`, `column`, `time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Concept {
    /// Whether the instruction is a key.
    Instruction,
    /// Whether the key is on the left.
    TargetOrder,
    /// Whether the return-to-go asked for is high.
    ReturnToGo,
    /// I × T: whether the target that matches the instruction is on the left.
    MatchingSide,
    /// I × R: whether the object that is sought is a key.
    SoughtObject,
    /// T × R: whether the key is on the left exactly if the return-to-go is high.
    OrderAndReturn,
    /// I × T × R: whether the object that is sought is on the left.
    SoughtSide,
    /// Whether the agent itself prefers the first answer (a left turn) to the second.
    NextAction,
    /// Whether the agent in the world looks down the corridor.
    Facing,
    /// Column of the world in which it stands: a number.
    Column,
    /// Steps since the start: a number.
    Time,
}

/// By which conditions data are split, so that a probe must read one without having seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Key or ball.
    Instruction,
    /// Key on the left or on the right.
    TargetOrder,
    /// High or low.
    ReturnToGo,
    /// Where the agent stands and looks.
    Pose,
    /// Steps since the start.
    Time,
}

impl Concept {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 11] = [
        Self::Instruction,
        Self::TargetOrder,
        Self::ReturnToGo,
        Self::MatchingSide,
        Self::SoughtObject,
        Self::OrderAndReturn,
        Self::SoughtSide,
        Self::NextAction,
        Self::Facing,
        Self::Column,
        Self::Time,
    ];

    /// Its short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instruction => "I",
            Self::TargetOrder => "T",
            Self::ReturnToGo => "R",
            Self::MatchingSide => "IT",
            Self::SoughtObject => "IR",
            Self::OrderAndReturn => "TR",
            Self::SoughtSide => "ITR",
            Self::NextAction => "next_action",
            Self::Facing => "facing",
            Self::Column => "column",
            Self::Time => "time",
        }
    }

    /// Its name in figures and tables for readers.
    pub fn title(self) -> &'static str {
        match self {
            Self::Instruction => "I instruction",
            Self::TargetOrder => "T target order",
            Self::ReturnToGo => "R return-to-go",
            Self::MatchingSide => "I·T matching side",
            Self::SoughtObject => "I·R sought object",
            Self::OrderAndReturn => "T·R",
            Self::SoughtSide => "I·T·R sought side",
            Self::NextAction => "next action",
            Self::Facing => "facing",
            Self::Column => "column",
            Self::Time => "time",
        }
    }

    /// Which of instruction, target order and return-to-go it is the product of.
    pub fn bits(self) -> Option<[bool; 3]> {
        let of = |name: &str| {
            let component = crate::questions::walsh::COMPONENTS
                .iter()
                .find(|(n, _)| *n == name);
            component.map(|(_, bits)| *bits)
        };
        of(self.name())
    }

    /// Whether it is a product of several bits, which no single input says.
    pub fn is_interaction(self) -> bool {
        let count = |bits: [bool; 3]| bits.iter().filter(|b| **b).count();
        self.bits().is_some_and(|bits| count(bits) > 1)
    }

    /// Whether it is a number, not one of two classes.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Column | Self::Time)
    }

    /// Whether leaving out a condition of an axis leaves something to be read: not where it
    /// fixes the concept itself.
    pub fn can_leave_out(self, axis: Axis) -> bool {
        !matches!(
            (self, axis),
            (Self::Instruction, Axis::Instruction)
                | (Self::TargetOrder, Axis::TargetOrder)
                | (Self::ReturnToGo, Axis::ReturnToGo)
                | (Self::Facing | Self::Column, Axis::Pose)
                | (Self::Time, Axis::Time)
        )
    }
}

impl Axis {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Instruction,
        Self::TargetOrder,
        Self::ReturnToGo,
        Self::Pose,
        Self::Time,
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instruction => "instruction",
            Self::TargetOrder => "target_order",
            Self::ReturnToGo => "return_to_go",
            Self::Pose => "pose",
            Self::Time => "time",
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Concept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
        let found = Self::ALL.into_iter().find(|c| c.name() == text);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|c| c.name()).collect();
            format!("no concept `{text}`; there are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_products_are_known() {
        for concept in Concept::ALL {
            assert_eq!(concept.to_string().parse(), Ok(concept));
        }
        let interactions = Concept::ALL.into_iter().filter(|c| c.is_interaction());
        assert_eq!(interactions.count(), 4);
        assert_eq!(Concept::SoughtObject.bits(), Some([true, false, true]));
        assert_eq!(Concept::NextAction.bits(), None);
        assert!("ir".parse::<Concept>().unwrap_err().contains("IR"));
    }
}
