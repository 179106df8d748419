//! One episode: what happened, and where it comes from.

use dt_env::Failure;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How an episode ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The task was done.
    Success,
    /// The task ended otherwise: in a memory world, at the wrong target.
    Failure(Failure),
    /// The step limit came first.
    Truncated,
    /// The collection stopped in the middle; marked truncated on its last step.
    Cut,
}

impl Outcome {
    /// Every outcome of any task, in the order of tables.
    pub const ALL: [Self; 6] = [
        Self::Success,
        Self::Failure(Failure::WrongTarget),
        Self::Failure(Failure::Lava),
        Self::Failure(Failure::Collision),
        Self::Truncated,
        Self::Cut,
    ];

    /// Those of a task that can fail in these ways, in the order of tables.
    pub fn possible(failures: &[Failure]) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|outcome| match outcome {
            Self::Failure(kind) => failures.contains(kind),
            _ => true,
        })
    }

    /// Name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => dt_env::Outcome::Success.name(),
            Self::Failure(kind) => kind.name(),
            Self::Truncated => dt_env::Outcome::Truncated.name(),
            Self::Cut => "cut",
        }
    }

    /// The outcome of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "cut" => Some(Self::Cut),
            name => dt_env::Outcome::from_name(name).map(Self::from),
        }
    }

    /// Whether the task ended the episode, not a limit.
    pub fn is_of_task(self) -> bool {
        matches!(self, Self::Success | Self::Failure(_))
    }
}

impl From<dt_env::Outcome> for Outcome {
    fn from(outcome: dt_env::Outcome) -> Self {
        match outcome {
            dt_env::Outcome::Success => Self::Success,
            dt_env::Outcome::Failure(kind) => Self::Failure(kind),
            dt_env::Outcome::Truncated => Self::Truncated,
        }
    }
}

impl Serialize for Outcome {
    /// Its name.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("`{name}` is no outcome")))
    }
}

/// Provenance and summary of one episode: a row of `episodes.arrow`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Row of its first step in `steps.arrow`; its final observation follows its last step.
    pub first_row: usize,
    /// Number of actions.
    pub length: usize,
    /// Demonstrator.
    pub policy: String,
    /// Its temperature, where it has one.
    pub temperature: Option<f64>,
    /// `reset(seed)` of the environment gives this episode's layout.
    pub env_seed: u64,
    /// `key` or `ball`, in a memory world.
    pub instruction: Option<String>,
    /// Left and right target, in a memory world.
    pub left_right: Option<String>,
    /// Side of the matching target, in a memory world.
    pub target_side: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Sum of its rewards.
    pub total_return: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_are_those_of_serde() {
        let kinds = Outcome::ALL
            .iter()
            .filter(|o| matches!(o, Outcome::Failure(_)));
        assert_eq!(kinds.count(), Failure::ALL.len());
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(json, format!("\"{}\"", outcome.name()));
            assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), outcome);
        }
        let names = Outcome::possible(&[Failure::WrongTarget]).map(Outcome::name);
        let names: Vec<_> = names.collect();
        assert_eq!(names, ["success", "wrong_target", "truncated", "cut"]);
    }
}
