//! How an agent is made: what an `agents/*.ron` file says.
//!
//! The definitions of `agents/` are inside the program as well: [`AgentConfig::find`] knows them by
//! name. A definition names its dataset's recipe by a path from its own folder, by one from the
//! current folder, or as one that is built in.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use dt_data::{Outcome, WindowEnd};
use dt_env::Failure;
use dt_env::config::{self, ConfigError};

use crate::model::ModelConfig;
use crate::optim::OptimizerConfig;

macro_rules! builtin {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../agents/", $name, ".ron")),
        )
    };
}

/// Name and text of every built-in definition; the first is the default.
const BUILTIN: [(&str, &str); 6] = [
    builtin!("memory-dt"),
    builtin!("memory-dt-study"),
    builtin!("memory-dt-post"),
    builtin!("memory-dt-gated-mlp"),
    builtin!("memory-dt-faithful"),
    builtin!("two-rooms"),
];

/// Name in errors of a built-in definition.
fn file_of(name: &str) -> String {
    format!("agents/{name}.ron")
}

/// Definition of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// Name of the run's folder.
    pub name: String,
    /// Recipe of the dataset: a path, or `datasets/memory.ron` for the built-in one.
    pub dataset: String,
    /// Seed of the dataset, instead of the recipe's.
    #[serde(default)]
    pub data_seed: Option<u64>,
    /// Shape and options of the model.
    #[serde(default)]
    pub model: ModelConfig,
    /// The optimiser.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// The loop.
    pub training: TrainingConfig,
    /// What is measured, during training and at its end.
    pub evaluation: EvaluationConfig,
}

/// The training loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Most steps of the optimiser.
    pub steps: u64,
    /// Windows of a step.
    pub batch_size: usize,
    /// Parts of a batch that cores work on side by side; part of the result's definition. On
    /// libtorch at most so many, where cores and windows are enough, and one on a GPU.
    pub micro_batches: usize,
    /// Numbers that a training step computes with after the tokens are embedded; on libtorch's
    /// devices only. Weights, moments and evaluation are F32 in any case.
    pub precision: Precision,
    /// Where training windows end.
    pub window_end: WindowEnd,
    /// Draw only windows that tell the instruction, so many of them by look-backs alone. Without
    /// it, windows are drawn as the data have them.
    pub look_backs: Option<LookBackConfig>,
    /// Steps between lines of `metrics.jsonl`.
    pub log_every: u64,
    /// Steps between exact evaluations.
    pub evaluate_every: u64,
    /// Stop when the exact evaluation meets every goal this many times in a row; 0: never.
    pub stop_after_perfect: u32,
    /// Steps whose weights are kept for the study of training dynamics; 0 is before training.
    pub keep_steps: Vec<u64>,
    /// Keep the weights every so many steps as well; 0: do not.
    pub keep_every: u64,
    /// Seconds between the checkpoints that a killed run resumes from.
    pub checkpoint_seconds: u64,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            steps: 2000,
            batch_size: 64,
            micro_batches: 4,
            precision: Precision::F32,
            window_end: WindowEnd::AnyStep,
            look_backs: None,
            log_every: 10,
            evaluate_every: 100,
            stop_after_perfect: 0,
            keep_steps: Vec::new(),
            keep_every: 0,
            checkpoint_seconds: 30,
        }
    }
}

/// Numbers that a training step computes with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// bfloat16: the range of F32 in 16 bits, with 8 bits of precision.
    Bf16,
}

/// How often a training window tells the instruction by later sights alone, in other view cells
/// than where the first frame of its episode shows it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookBackConfig {
    /// Share of such windows.
    pub share: f64,
    /// Step from which they are drawn; none before.
    #[serde(default)]
    pub from_step: u64,
    /// Draw none before the exact evaluation has met every goal this many times in a row, either;
    /// 0: do not wait for it.
    #[serde(default)]
    pub after_perfect: u32,
    /// Steps with them, after which training ends, whatever `training.steps` says; 0: until then.
    #[serde(default)]
    pub steps: u64,
}

/// What is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluationConfig {
    /// Returns-to-go of the exact evaluation.
    pub returns_to_go: Vec<f64>,
    /// What a perfect agent does.
    pub goals: Vec<Goal>,
    /// Sampled evaluations at the end.
    pub sampled: Vec<SampledConfig>,
    /// Held-out episodes at each return-to-go, in worlds whose resets cannot all be tried.
    pub held_out: usize,
}

impl Default for EvaluationConfig {
    fn default() -> Self {
        Self {
            returns_to_go: vec![0.892, 0.0],
            goals: Vec::new(),
            sampled: Vec::new(),
            held_out: 200,
        }
    }
}

/// What every outcome of a reset must lead to, asked for this return.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Return-to-go that is asked for.
    pub return_to_go: f64,
    /// How each episode must end.
    pub outcome: GoalOutcome,
    /// In at most so many steps.
    pub within: u32,
}

/// Outcomes that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GoalOutcome {
    /// The task is done.
    Success,
    /// The task ends at the wrong target.
    WrongTarget,
    /// The task ends in lava.
    Lava,
    /// The task ends by walking into something.
    Collision,
    /// The step limit comes first.
    Truncated,
}

impl GoalOutcome {
    /// As episodes record it.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Success => Outcome::Success,
            Self::WrongTarget => Outcome::Failure(Failure::WrongTarget),
            Self::Lava => Outcome::Failure(Failure::Lava),
            Self::Collision => Outcome::Failure(Failure::Collision),
            Self::Truncated => Outcome::Truncated,
        }
    }
}

/// A sampled evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampledConfig {
    /// Return-to-go that is asked for.
    pub return_to_go: f64,
    /// Temperature of the softmax.
    pub temperature: f64,
    /// Number of episodes.
    pub episodes: usize,
}

impl AgentConfig {
    /// The default agent.
    ///
    /// # Panics
    /// Never in a released build: a test reads it.
    pub fn default_memory() -> Self {
        let (name, text) = BUILTIN[0];
        Self::parse(&file_of(name), text).expect("the built-in agent is valid")
    }

    /// Names of the built-in agents, the default first.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// A definition by path, or a built-in one by name (`memory-dt`, or `agents/memory-dt.ron`
    /// where there is no such file).
    ///
    /// # Errors
    /// [`ConfigError`] with file and field; where nothing of that name is found, with the names
    /// that there are.
    pub fn find(path: &Path) -> Result<Self, ConfigError> {
        if path.is_file() {
            return Self::read(path);
        }
        let text = path.to_string_lossy();
        let called = |name: &str| text == name || text == file_of(name);
        if let Some((name, text)) = BUILTIN.iter().find(|(name, _)| called(name)) {
            return Self::parse(&file_of(name), text);
        }
        if path.exists() || path.components().count() > 1 || path.extension().is_some() {
            return Self::read(path); // which says what is wrong with it
        }
        let names: Vec<&str> = Self::builtin_names().collect();
        Err(ConfigError::Invalid {
            file: text.into_owned(),
            message: format!(
                "is no file, and no built-in agent; these are {}",
                names.join(", ")
            ),
        })
    }

    /// Reads and checks a definition.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut agent: Self = config::read_ron(path)?;
        agent.check(&path.display().to_string())?;
        if let Some(beside) = beside(path, &agent.dataset) {
            agent.dataset = beside.display().to_string();
        }
        Ok(agent)
    }

    /// Reads and checks a definition from text; `file` only names it in errors.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let agent: Self = config::parse_ron(file, text)?;
        agent.check(file)?;
        Ok(agent)
    }

    /// Checks a definition; `file` only names it in errors.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with the field.
    pub(crate) fn check(&self, file: &str) -> Result<(), ConfigError> {
        match self.problem() {
            None => Ok(()),
            Some(message) => Err(ConfigError::Invalid {
                file: file.to_owned(),
                message,
            }),
        }
    }

    fn problem(&self) -> Option<String> {
        let name_ok = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || self.name.starts_with('.') || !self.name.chars().all(name_ok) {
            return Some(format!(
                "field `name`: `{}` is no folder name; use letters, digits, '-', '_' and '.'",
                self.name
            ));
        }
        let training = &self.training;
        for (name, value) in [
            ("steps", training.steps),
            ("batch_size", training.batch_size as u64),
            ("micro_batches", training.micro_batches as u64),
            ("log_every", training.log_every),
            ("evaluate_every", training.evaluate_every),
        ] {
            if value == 0 {
                return Some(format!("field `training.{name}`: must be at least 1"));
            }
        }
        for (name, value) in [
            ("batch_size", training.batch_size),
            ("micro_batches", training.micro_batches),
        ] {
            if value > MAX_WINDOWS {
                return Some(format!(
                    "field `training.{name}`: is {value}, must be at most {MAX_WINDOWS}"
                ));
            }
        }
        if let Some(look_backs) = training.look_backs
            && !(0.0..=1.0).contains(&look_backs.share)
        {
            return Some(format!(
                "field `training.look_backs.share`: {} must be from 0 to 1",
                look_backs.share
            ));
        }
        if let Some(look_backs) = training.look_backs
            && look_backs.steps == 0
            && look_backs.share > 0.0
            && look_backs.from_step >= training.steps
        {
            return Some(format!(
                "field `training.look_backs.from_step`: none would be drawn from step {}, as training \
                 ends at step {}",
                look_backs.from_step, training.steps
            ));
        }
        let evaluation = &self.evaluation;
        let after_perfect = training.look_backs.map_or(0, |l| l.after_perfect);
        for (name, waits) in [
            ("look_backs.after_perfect", after_perfect),
            ("stop_after_perfect", training.stop_after_perfect),
        ] {
            if waits > 0 && evaluation.goals.is_empty() {
                return Some(format!(
                    "field `training.{name}`: waits for `evaluation.goals`, and there are none"
                ));
            }
        }
        if let Some(problem) = evaluation.problem() {
            return Some(problem);
        }
        self.model.problem().or_else(|| self.optimizer.problem())
    }
}

/// Most windows of a step: four million tokens of the default context.
const MAX_WINDOWS: usize = 1 << 17;
/// Most episodes of an evaluation at one return-to-go.
pub const MAX_EPISODES: usize = 1_000_000;
/// Most returns-to-go of an evaluation.
const MAX_RETURNS: usize = 1000;

impl EvaluationConfig {
    /// What is out of range or cannot be, if anything is; names the field.
    fn problem(&self) -> Option<String> {
        let asked = self
            .returns_to_go
            .iter()
            .chain(self.goals.iter().map(|g| &g.return_to_go))
            .chain(self.sampled.iter().map(|s| &s.return_to_go));
        for &rtg in asked {
            // MiniGrid's returns lie in -1..=1; a model has never seen anything else.
            if !(-1.0..=1.0).contains(&rtg) {
                return Some(format!(
                    "field `evaluation`: return-to-go {rtg} is out of range, must be from -1 to 1"
                ));
            }
        }
        for (name, count) in [
            ("returns_to_go", self.returns_to_go.len()),
            ("goals", self.goals.len()),
            ("sampled", self.sampled.len()),
        ] {
            if count > MAX_RETURNS {
                return Some(format!(
                    "field `evaluation.{name}`: has {count} entries, must have at most {MAX_RETURNS}"
                ));
            }
        }
        for (n, goal) in self.goals.iter().enumerate() {
            let rtg = goal.return_to_go;
            if !self.returns_to_go.contains(&rtg) {
                return Some(format!(
                    "field `evaluation.goals[{n}].return_to_go`: {rtg} is not among \
                     `evaluation.returns_to_go`, so that nothing would measure it; add it there"
                ));
            }
            if goal.within == 0 {
                return Some(format!(
                    "field `evaluation.goals[{n}].within`: must be at least 1"
                ));
            }
            let before = self.goals[..n].iter().find(|g| g.return_to_go == rtg);
            if before.is_some_and(|before| before.outcome != goal.outcome) {
                return Some(format!(
                    "field `evaluation.goals[{n}].outcome`: another goal asks for another outcome \
                     at {rtg}, and both cannot be met"
                ));
            }
        }
        let episodes = self.sampled.iter().map(|s| ("sampled", s.episodes));
        for (name, episodes) in episodes.chain([("held_out", self.held_out)]) {
            if !(1..=MAX_EPISODES).contains(&episodes) {
                return Some(format!(
                    "field `evaluation.{name}`: {episodes} episodes, must be from 1 to {MAX_EPISODES}"
                ));
            }
        }
        let temperatures = self.sampled.iter().map(|s| s.temperature);
        let wrong = temperatures
            .into_iter()
            .find(|t| !(t.is_finite() && *t > 0.0));
        wrong.map(|t| format!("field `evaluation.sampled`: temperature {t:e} must be positive"))
    }
}

/// The file that a definition names by a path from its own folder, if it is there.
pub(crate) fn beside(definition: &Path, named: &str) -> Option<PathBuf> {
    let folder = definition.parent().filter(|p| *p != Path::new(""))?;
    let beside = folder.join(named);
    beside.is_file().then_some(beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(change: &str) -> String {
        let text = format!(
            "(name: \"a\", dataset: \"d.ron\", training: (steps: 5), evaluation: (), {change})"
        );
        AgentConfig::parse("a.ron", &text).unwrap_err().to_string()
    }

    #[test]
    fn the_default_agent_reads() {
        assert_eq!(AgentConfig::default_memory().name, "memory-dt");
    }

    #[test]
    fn built_in_agents_are_found_by_name() {
        for name in AgentConfig::builtin_names() {
            for path in [name.to_owned(), file_of(name)] {
                let agent = AgentConfig::find(Path::new(&path)).unwrap();
                assert_eq!(agent.name, name);
                // So that the program needs no checkout: its data are built in, too.
                dt_data::Recipe::find(&agent.dataset).unwrap();
            }
        }
        let error = AgentConfig::find(Path::new("memory-td")).unwrap_err();
        assert!(error.to_string().contains("memory-dt-study"), "{error}");
        let error = AgentConfig::find(Path::new("agents/none.ron")).unwrap_err();
        assert!(error.to_string().contains("cannot read"), "{error}");
    }

    #[test]
    fn data_are_named_from_the_definitions_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ron");
        let text = "(name: \"a\", dataset: \"d.ron\", training: (), evaluation: ())";
        std::fs::write(&path, text).unwrap();
        assert_eq!(AgentConfig::read(&path).unwrap().dataset, "d.ron");
        let data = folder.path().join("d.ron");
        std::fs::write(&data, "()").unwrap();
        let named = AgentConfig::read(&path).unwrap().dataset;
        assert_eq!(named, data.display().to_string());
    }

    #[test]
    fn mistakes_are_named() {
        assert!(error("model: (n_ctx: 25)").contains("n_ctx"));
        assert!(error("model: (n_heads: \"four\")").contains("model.n_heads"));
        assert!(error("optimizer: (learning_rate: -1.0)").contains("learning_rate"));
        assert!(error("optimiser: ()").contains("optimiser"));
        let waits_in_vain = AgentConfig::parse(
            "a.ron",
            "(name: \"a\", dataset: \"d\", evaluation: (),
              training: (look_backs: Some((share: 0.4, after_perfect: 3))))",
        );
        assert!(
            waits_in_vain
                .unwrap_err()
                .to_string()
                .contains("after_perfect")
        );
        let rtg = AgentConfig::parse(
            "a.ron",
            "(name: \"a\", dataset: \"d\", training: (), evaluation: (returns_to_go: [1.5]))",
        );
        assert!(rtg.unwrap_err().to_string().contains("1.5"));
        let goals = |goals: &str| {
            let text = format!(
                "(name: \"a\", dataset: \"d\", training: (steps: 5),
                  evaluation: (returns_to_go: [0.892], goals: [{goals}]))"
            );
            AgentConfig::parse("a.ron", &text).map_err(|e| e.to_string())
        };
        let met = "(return_to_go: 0.892, outcome: Success, within: 50)";
        assert!(goals(met).is_ok());
        for (wrong, named) in [
            (
                "(return_to_go: 0.5, outcome: Success, within: 50)",
                "0.5 is not among",
            ),
            (
                "(return_to_go: 0.892, outcome: Success, within: 0)",
                "within",
            ),
            (
                &*format!("{met}, (return_to_go: 0.892, outcome: Truncated, within: 50)"),
                "cannot be met",
            ),
        ] {
            let error = goals(wrong).unwrap_err();
            assert!(
                error.contains(named) && error.contains("evaluation.goals"),
                "{error}"
            );
        }
        let in_vain = AgentConfig::parse(
            "a.ron",
            "(name: \"a\", dataset: \"d\", evaluation: (), training: (stop_after_perfect: 1))",
        );
        assert!(
            in_vain
                .unwrap_err()
                .to_string()
                .contains("stop_after_perfect")
        );
        let late = AgentConfig::parse(
            "a.ron",
            "(name: \"a\", dataset: \"d\", evaluation: (),
              training: (steps: 5, look_backs: (share: 0.4, from_step: 5)))",
        );
        assert!(late.unwrap_err().to_string().contains("from_step"));
        let huge = AgentConfig::parse(
            "a.ron",
            "(name: \"a\", dataset: \"d\", evaluation: (),
              training: (batch_size: 18446744073709551615))",
        );
        assert!(huge.unwrap_err().to_string().contains("batch_size"));
    }
}
