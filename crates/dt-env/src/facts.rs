//! What a reset decided, as named axes: `instruction: key, order: key-ball`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Named axes and their values, in the order in which the task tells them.
///
/// Outside the task that made them they are opaque text. Two of them are equal when they say the
/// same, in whatever order.
///
/// ```
/// use dt_env::{Env, EnvSpec, Facts};
///
/// let spec = EnvSpec::builtin("MiniGrid-MemoryS7FixedStart-v0").unwrap();
/// let mut env = Env::new(spec.into());
/// let wanted = Facts::new().with("instruction", "key").with("order", "key-ball");
/// env.reset_where(&wanted).unwrap();
/// assert_eq!(env.facts().to_string(), "instruction: key, order: key-ball");
/// assert!(env.facts().contains(&Facts::new().with("instruction", "key")));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Facts(Vec<(String, String)>);

impl Facts {
    /// Nothing said.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of an axis.
    pub fn get(&self, axis: &str) -> Option<&str> {
        self.iter()
            .find_map(|(known, value)| (known == axis).then_some(value))
    }

    /// Axes and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(axis, value)| (&**axis, &**value))
    }

    /// Number of axes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all that `other` says is said here too.
    pub fn contains(&self, other: &Self) -> bool {
        other
            .iter()
            .all(|(axis, value)| self.get(axis) == Some(value))
    }

    /// The same with this value on this axis, in its place where the axis is there already.
    #[must_use]
    pub fn with(mut self, axis: impl Into<String>, value: impl Into<String>) -> Self {
        let (axis, value) = (axis.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == axis) {
            Some(slot) => slot.1 = value,
            None => self.0.push((axis, value)),
        }
        self
    }

    /// All of these, where both say something that of `other`.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        other
            .iter()
            .fold(self, |facts, (axis, value)| facts.with(axis, value))
    }

    fn sorted(&self) -> Vec<(&str, &str)> {
        let mut pairs: Vec<_> = self.iter().collect();
        pairs.sort_unstable();
        pairs
    }
}

impl PartialEq for Facts {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.contains(other)
    }
}

impl Eq for Facts {}

impl PartialOrd for Facts {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Facts {
    /// By axis in alphabetical order, then by value.
    fn cmp(&self, other: &Self) -> Ordering {
        self.sorted().cmp(&other.sorted())
    }
}

impl Hash for Facts {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sorted().hash(state);
    }
}

impl fmt::Display for Facts {
    /// `instruction: key, order: key-ball`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (axis, value)) in self.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{axis}: {value}")?;
        }
        Ok(())
    }
}

impl<A: Into<String>, V: Into<String>> FromIterator<(A, V)> for Facts {
    /// A later value of an axis replaces an earlier one.
    fn from_iter<I: IntoIterator<Item = (A, V)>>(pairs: I) -> Self {
        pairs
            .into_iter()
            .fold(Self::new(), |facts, (axis, value)| facts.with(axis, value))
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (axis, value) in self.iter() {
            map.serialize_entry(axis, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Facts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of axes to values")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Facts, M::Error> {
                let mut facts = Facts::new();
                while let Some((axis, value)) = map.next_entry::<String, String>()? {
                    if facts.get(&axis).is_some() {
                        return Err(M::Error::custom(format!("axis `{axis}` is there twice")));
                    }
                    facts.0.push((axis, value));
                }
                Ok(facts)
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

/// An axis of a world and the values that it can have.
pub type Axis = (String, Vec<String>);

/// Why a world cannot be reset as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// The world has no such axis.
    #[error("{env} has no axis `{axis}`; {known}")]
    Axis {
        /// Name of the world.
        env: String,
        /// What was asked for.
        axis: String,
        /// What there is.
        known: String,
    },
    /// The axis has no such value.
    #[error("axis `{axis}` of {env} cannot be `{value}`; it is one of {known}")]
    Value {
        /// Name of the world.
        env: String,
        /// The axis.
        axis: String,
        /// What was asked for.
        value: String,
        /// What there is.
        known: String,
    },
    /// Each value can be, but not all of them together.
    #[error("no reset of {env} has `{facts}` together")]
    Together {
        /// Name of the world.
        env: String,
        /// What was asked for.
        facts: Facts,
    },
    /// The resets are not enumerated.
    #[error("resets of {env} are not enumerated: there are too many, or endlessly many")]
    NotEnumerated {
        /// Name of the world.
        env: String,
    },
}

impl Facts {
    /// Checks that every axis and value is among those of a world.
    pub(crate) fn check(&self, env: &str, axes: &[Axis]) -> Result<(), FactsError> {
        for (axis, value) in self.iter() {
            let Some((_, values)) = axes.iter().find(|(known, _)| known == axis) else {
                let names: Vec<&str> = axes.iter().map(|(known, _)| known.as_str()).collect();
                return Err(FactsError::Axis {
                    env: env.to_owned(),
                    axis: axis.to_owned(),
                    known: match names.as_slice() {
                        [] => "its resets are all the same".to_owned(),
                        names => format!("it has {}", names.join(", ")),
                    },
                });
            };
            if !values.iter().any(|known| known == value) {
                return Err(FactsError::Value {
                    env: env.to_owned(),
                    axis: axis.to_owned(),
                    value: value.to_owned(),
                    known: values.join(", "),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn facts(pairs: &[(&str, &str)]) -> Facts {
        pairs.iter().copied().collect()
    }

    #[test]
    fn order_is_kept_and_does_not_tell_apart() {
        let one = facts(&[("instruction", "key"), ("corridor", "4")]);
        let other = facts(&[("corridor", "4"), ("instruction", "key")]);
        assert_eq!(one.to_string(), "instruction: key, corridor: 4");
        assert_eq!(one, other);
        assert_eq!(one.cmp(&other), Ordering::Equal);
        let all: std::collections::HashSet<_> = [one.clone(), other.clone()].into();
        assert_eq!(all.len(), 1);
        let all: BTreeSet<_> = [one, other, Facts::new()].into();
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_part_is_contained_and_a_value_is_replaced() {
        let all = facts(&[("a", "1"), ("b", "2")]);
        assert!(all.contains(&Facts::new()) && all.contains(&facts(&[("b", "2")])));
        assert!(!all.contains(&facts(&[("b", "1")])) && !all.contains(&facts(&[("c", "1")])));
        assert_eq!(all.clone().with("a", "3").to_string(), "a: 3, b: 2");
        assert_eq!(all.and(&facts(&[("b", "4"), ("c", "5")])).len(), 3);
    }

    #[test]
    fn it_is_a_map_in_ron_and_in_json() {
        let both = facts(&[("b", "2"), ("a", "1")]);
        let json = serde_json::to_string(&both).unwrap();
        assert_eq!(json, r#"{"b":"2","a":"1"}"#);
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), both);
        let ron = ron::to_string(&both).unwrap();
        assert_eq!(ron::from_str::<Facts>(&ron).unwrap(), both);
        let twice = serde_json::from_str::<Facts>(r#"{"a":"1","a":"2"}"#).unwrap_err();
        assert!(twice.to_string().contains("twice"), "{twice}");
    }
}
