//! How an episode ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the task or the clock ended an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The task was done.
    Success,
    /// The task ended otherwise.
    Failure(Failure),
    /// The step limit came first.
    Truncated,
}

/// A way in which a task fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[repr(u8)]
pub enum Failure {
    /// It stands where the task says that it should not: at the target that was not asked for.
    WrongTarget,
    /// It walked into lava.
    Lava,
    /// It walked into something that moves, or into what stands in the way.
    Collision,
}

impl Failure {
    /// Every kind, in the order of tables.
    pub const ALL: [Self; 3] = [Self::WrongTarget, Self::Lava, Self::Collision];

    /// Name in files and tables: `wrong_target`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongTarget => "wrong_target",
            Self::Lava => "lava",
            Self::Collision => "collision",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Outcome {
    /// Name in files and tables: `success`, a failure's own name, or `truncated`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure(kind) => kind.name(),
            Self::Truncated => "truncated",
        }
    }

    /// The outcome of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let failures = Failure::ALL.map(Self::Failure);
        [Self::Success, Self::Truncated]
            .into_iter()
            .chain(failures)
            .find(|outcome| outcome.name() == name)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Outcome {
    /// Its name.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("`{name}` is no outcome")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_are_those_of_serde() {
        let failures = Failure::ALL.map(Outcome::Failure);
        for outcome in [Outcome::Success, Outcome::Truncated]
            .into_iter()
            .chain(failures)
        {
            assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(json, format!("\"{outcome}\""));
            assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), outcome);
        }
        for failure in Failure::ALL {
            let json = serde_json::to_string(&failure).unwrap();
            assert_eq!(json, format!("\"{failure}\""));
        }
        assert!(serde_json::from_str::<Outcome>("\"cut\"").is_err());
    }
}
