//! How a dataset is made: what a `datasets/*.ron` file says.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use dt_env::config::{self, ConfigError};
use dt_env::{EnvSpec, Failure};

use crate::demonstrators::policy::{PlannerConfig, Policy, Target};

/// Text of every built-in recipe, by file name.
const BUILTIN: [(&str, &str); 4] = [
    (
        "datasets/memory.ron",
        include_str!("../../../../datasets/memory.ron"),
    ),
    (
        "datasets/memory-post.ron",
        include_str!("../../../../datasets/memory-post.ron"),
    ),
    (
        "datasets/memory-study.ron",
        include_str!("../../../../datasets/memory-study.ron"),
    ),
    (
        "datasets/two-rooms.ron",
        include_str!("../../../../datasets/two-rooms.ron"),
    ),
];

/// Definition of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name for humans.
    pub name: String,
    /// Built-in id, or path of a definition.
    pub env: String,
    /// Step limit; the environment's own if it is left out.
    #[serde(default)]
    pub max_steps: Option<u32>,
    /// Root of every random stream.
    #[serde(default)]
    pub seed: u64,
    /// What the planner's values weigh.
    #[serde(default)]
    pub planner: PlannerConfig,
    /// Timesteps of a training window; only the card's exposure table uses it.
    #[serde(default = "default_window")]
    pub window: usize,
    /// Who walks, and for how long.
    pub parts: Vec<Part>,
}

fn default_window() -> usize {
    9
}

/// One demonstrator's share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Who walks.
    pub policy: Policy,
    /// For how long.
    pub amount: Amount,
    /// Who walks the first steps, before the demonstrator takes over: it then starts from
    /// anywhere, and often sees the instruction from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wander: Option<Wander>,
}

/// Another demonstrator's steps at the start of an episode; as many as are drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wander {
    /// Who takes them.
    pub policy: Policy,
    /// Fewest steps.
    pub at_least: u32,
    /// Most steps.
    pub at_most: u32,
}

/// How much a demonstrator walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Amount {
    /// This many whole episodes.
    Episodes(u32),
    /// This many steps in each of several environments, the last episode of each cut short.
    Steps {
        /// Steps of each environment.
        per_environment: u32,
        /// Number of environments.
        environments: u32,
    },
}

/// Most transitions of a recipe; a guard against a slip of the keyboard.
const MAX_TRANSITIONS: u64 = 200_000_000;
/// Most bytes of its observations, which are held in memory.
const MAX_BYTES: u64 = 8 << 30;
/// Longest name: a folder's, with what is added to it.
const MAX_NAME: usize = 200;
/// Most parts, and most environments of a part: each has a range of random streams of its own.
const MAX_PARTS: usize = 1 << 12;
const MAX_ENVIRONMENTS: u32 = (1 << 20) - 1;

impl Recipe {
    /// The default agent's recipe.
    ///
    /// # Panics
    /// Never in a released build: a test reads it.
    pub fn default_memory() -> Self {
        let (file, text) = BUILTIN[0];
        Self::parse(file, text).expect("the built-in recipe is valid")
    }

    /// Every built-in recipe, by the name by which it is found.
    ///
    /// # Panics
    /// Never in a released build: a test reads all of them.
    pub fn all_builtin() -> Vec<(&'static str, Self)> {
        let parsed = |(file, text)| {
            let recipe = Self::parse(file, text).expect("built-in recipes are valid");
            (config::builtin_name(file), recipe)
        };
        BUILTIN.into_iter().map(parsed).collect()
    }

    /// A recipe by path, or a built-in one by its name (`memory-post`) or its path, from any
    /// folder.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        match config::find_builtin(&BUILTIN, name) {
            Some((file, text)) if !Path::new(name).exists() => Self::parse(file, text),
            Some(_) => Self::read(Path::new(name)),
            None if config::is_path(name) => Self::read(Path::new(name)),
            None => Err(config::unknown("recipe", name, &BUILTIN)),
        }
    }

    /// Reads and checks a recipe. A world that it names by a path is looked for beside it, then in
    /// the current folder.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut recipe: Self = config::read_ron(path)?;
        recipe.env = config::beside(path, &recipe.env);
        recipe.check(&path.display().to_string())?;
        Ok(recipe)
    }

    /// Reads and checks a recipe from text; `file` only names it in errors.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let recipe: Self = config::parse_ron(file, text)?;
        recipe.check(file)?;
        Ok(recipe)
    }

    /// The environment, with this recipe's step limit.
    ///
    /// # Errors
    /// If it is unknown or its definition is wrong.
    pub fn env_spec(&self) -> Result<Arc<EnvSpec>, ConfigError> {
        let spec = EnvSpec::find(&self.env)?;
        Ok(Arc::new(match self.max_steps {
            Some(max_steps) => spec.with_max_steps(max_steps),
            None => spec,
        }))
    }

    fn check(&self, file: &str) -> Result<(), ConfigError> {
        let problem = match self.problem() {
            None => self.problem_in(&*self.env_spec()?),
            some => some,
        };
        problem.map_or(Ok(()), |message| {
            Err(ConfigError::Invalid {
                file: file.to_owned(),
                message,
            })
        })
    }

    /// What makes this recipe impossible in any environment, if anything does.
    pub(crate) fn problem(&self) -> Option<String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if !self.name.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !self.name.chars().all(is_plain)
        {
            return Some(format!(
                "field `name`: is {:?}, must be letters, digits, '.', '_' and '-' (folders are \
                 named after it)",
                self.name.chars().take(MAX_NAME).collect::<String>()
            ));
        }
        if self.name.len() > MAX_NAME {
            return Some(format!(
                "field `name`: is longer than {MAX_NAME} characters"
            ));
        }
        if self.parts.is_empty() || self.parts.len() > MAX_PARTS {
            return Some(format!(
                "field `parts`: must be from 1 to {MAX_PARTS} demonstrators"
            ));
        }
        if self.window == 0 {
            return Some("field `window`: must be at least 1".to_owned());
        }
        if self.max_steps == Some(0) || self.max_steps > Some(u32::from(u16::MAX)) {
            return Some("field `max_steps`: must be from 1 to 65535".to_owned());
        }
        let PlannerConfig {
            sharpness,
            wrong_target_cost,
        } = self.planner;
        if !(sharpness.is_finite() && sharpness > 0.0 && wrong_target_cost.is_finite()) {
            return Some(
                "field `planner`: sharpness must be positive, wrong_target_cost finite".to_owned(),
            );
        }
        for (n, part) in self.parts.iter().enumerate() {
            if let Err(message) = part.policy.check() {
                return Some(format!("field `parts[{n}].policy`: {message}"));
            }
            if let Some(wander) = &part.wander {
                if let Err(message) = wander.policy.check() {
                    return Some(format!("field `parts[{n}].wander.policy`: {message}"));
                }
                if matches!(wander.policy, Policy::Mixture(_)) {
                    return Some(format!(
                        "field `parts[{n}].wander.policy`: cannot be a Mixture"
                    ));
                }
                if wander.at_least > wander.at_most {
                    return Some(format!(
                        "field `parts[{n}].wander`: at_least {} is above at_most {}",
                        wander.at_least, wander.at_most
                    ));
                }
            }
            let (least, environments) = match part.amount {
                Amount::Episodes(episodes) => (episodes, 1),
                Amount::Steps {
                    per_environment,
                    environments,
                } => (per_environment.min(environments), environments),
            };
            if least == 0 {
                return Some(format!("field `parts[{n}].amount`: must be positive"));
            }
            if environments > MAX_ENVIRONMENTS {
                return Some(format!(
                    "field `parts[{n}].amount`: more than {MAX_ENVIRONMENTS} environments"
                ));
            }
        }
        None
    }

    /// What makes this recipe impossible in this environment, if anything does.
    pub(crate) fn problem_in(&self, spec: &EnvSpec) -> Option<String> {
        if !spec.failures().contains(&Failure::WrongTarget) {
            for (field, policy) in self.policies() {
                if policy.target() == Some(Target::Wrong) {
                    return Some(format!(
                        "field `{field}`: WrongTarget needs a world with a second target, and {} has \
                         none (a map marks one with `-`)",
                        spec.id
                    ));
                }
            }
        }
        self.too_long(spec)
    }

    /// Every demonstrator that walks alone, with its field.
    pub(crate) fn policies(&self) -> Vec<(String, &Policy)> {
        let mut found = Vec::new();
        for (n, part) in self.parts.iter().enumerate() {
            let components = part.policy.components().into_iter();
            found.extend(components.map(|(_, policy)| (format!("parts[{n}].policy"), policy)));
            let wander = part.wander.iter();
            found.extend(wander.map(|w| (format!("parts[{n}].wander.policy"), &w.policy)));
        }
        found
    }

    /// Says so if the dataset would be far larger than anyone wants.
    fn too_long(&self, spec: &EnvSpec) -> Option<String> {
        let most_of = |part: &Part| match part.amount {
            Amount::Episodes(episodes) => u64::from(episodes) * u64::from(spec.max_steps()),
            Amount::Steps {
                per_environment,
                environments,
            } => u64::from(per_environment) * u64::from(environments),
        };
        let transitions = self.parts.iter().map(most_of).fold(0, u64::saturating_add);
        let most = MAX_TRANSITIONS.min(MAX_BYTES / spec.observation_len().max(1) as u64);
        (transitions > most).then(|| {
            format!(
                "field `parts`: up to {transitions} transitions, more than {most}, whose observations \
                 are all that memory is asked for"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_recipes_read() {
        for (file, text) in BUILTIN {
            Recipe::parse(file, text).unwrap();
        }
        assert_eq!(
            Recipe::default_memory().env,
            "MiniGrid-MemoryS7FixedStart-v0"
        );
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text: &str| Recipe::parse("r.ron", text).unwrap_err().to_string();
        let env = "name: \"a\", env: \"MiniGrid-MemoryS7-v0\"";
        assert!(error(&format!("({env}, parts: [])")).contains("parts"));
        let part = |policy: &str, amount: &str| {
            error(&format!(
                "({env}, parts: [(policy: {policy}, amount: {amount})])"
            ))
        };
        assert!(part("Boltzmann(temperature: -1.0)", "Episodes(5)").contains("temperature"));
        assert!(part("Uniform", "Episodes(0)").contains("amount"));
        assert!(part("Wander", "Episodes(5)").contains("Wander"));
        assert!(
            error(
                "(name: \"a\", env: \"Nowhere\", parts: [(policy: Uniform, amount: Episodes(1))])"
            )
            .contains("Nowhere")
        );
    }
}
