//! What a sweep file says, and the runs that it comes to.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use dt_env::config::{ConfigError, read_ron};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::definition::{AgentConfig, beside};

/// Most runs of a sweep: each is a process, and a definition of its own in memory.
const MAX_RUNS: u64 = 10_000;

/// A sweep file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepConfig {
    /// Its parts, one after the other.
    pub parts: Vec<SweepPart>,
}

/// Agents that come from one definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepPart {
    /// The definition: a path from the sweep file's folder or the current one, or the name of a
    /// built-in agent.
    pub agent: String,
    /// Name of the agents, in which `{field}` stands for the value of an axis; without it, the
    /// definition's. Every point of the axes needs a name of its own.
    #[serde(default)]
    pub name: Option<String>,
    /// Fields that are other than the definition's in all runs.
    #[serde(default)]
    pub set: Vec<Override>,
    /// Fields that take several values; every combination is an agent.
    #[serde(default)]
    pub axes: Vec<Axis>,
    /// Seeds of the runs, from the first to below the second.
    pub seeds: (u64, u64),
    /// Seed of each run's dataset; without it, the definition's or its recipe's.
    #[serde(default)]
    pub data_seed: Option<DataSeed>,
    /// A run in the sweep's folder that each run branches from, at the step at which its look-backs
    /// began; `{seed}` stands for the run's seed. Where that run began none, there is nothing to
    /// branch from, and the run is left out.
    #[serde(default)]
    pub branch_from: Option<String>,
}

/// Another value of a definition's field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Path of the field, as `training.steps`.
    pub field: String,
    /// Its value; an enum's variant without fields is written as a string.
    pub value: Value,
}

/// Several values of a definition's field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Path of the field, as `training.steps`.
    pub field: String,
    /// Its values.
    pub values: Vec<Value>,
}

/// Which datasets the runs of a part have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataSeed {
    /// All the same.
    Fixed(u64),
    /// Data seed 0 for so many seeds, then 1 for as many, and so on.
    Every(u64),
}

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRun {
    /// The definition, with all that the sweep changes in it.
    pub config: AgentConfig,
    /// Root of the run's random streams.
    pub seed: u64,
    /// Folder of the run, from that of the sweep.
    pub folder: PathBuf,
    /// Folder of the run that it branches from, likewise.
    pub branch_from: Option<PathBuf>,
}

impl SweepConfig {
    /// Reads a sweep file.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        read_ron(path)
    }

    /// All runs, in the order of the file: part by part, point by point of the axes (the last one
    /// fastest), seed by seed. `file` is where the sweep was read from.
    ///
    /// # Errors
    /// [`ConfigError`] if a definition cannot be read or changed as asked, if a part has no runs,
    /// or if two runs would have the same folder.
    pub fn runs(&self, file: &Path) -> Result<Vec<SweepRun>, ConfigError> {
        let mut runs: Vec<SweepRun> = Vec::new();
        let mut folders = HashSet::new();
        for part in &self.parts {
            for run in part.runs(file)? {
                if !folders.insert(run.folder.clone()) {
                    return Err(invalid(
                        file,
                        format!(
                            "field `name`: two runs would be in {}; put the axes' fields into the \
                             name, such as {{training.steps}}",
                            run.folder.display()
                        ),
                    ));
                }
                runs.push(run);
            }
            if runs.len() as u64 > MAX_RUNS {
                return Err(invalid(
                    file,
                    format!("field `parts`: more than {MAX_RUNS} runs"),
                ));
            }
        }
        Ok(runs)
    }
}

impl SweepPart {
    fn runs(&self, file: &Path) -> Result<Vec<SweepRun>, ConfigError> {
        let path = beside(file, &self.agent).unwrap_or_else(|| PathBuf::from(&self.agent));
        let base = AgentConfig::find(&path)?;
        let (first, end) = self.seeds;
        if first >= end {
            return Err(invalid(
                file,
                format!("field `seeds`: ({first}, {end}) holds none; the second is the end"),
            ));
        }
        if end - first > MAX_RUNS {
            return Err(invalid(
                file,
                format!(
                    "field `seeds`: {} of them, give at most {MAX_RUNS}",
                    end - first
                ),
            ));
        }
        let points = self.axes.iter().map(|axis| axis.values.len() as u64);
        let runs = points.fold(end - first, u64::saturating_mul);
        if runs > MAX_RUNS {
            return Err(invalid(
                file,
                format!("field `axes`: {runs} runs, give at most {MAX_RUNS}"),
            ));
        }
        if self.data_seed == Some(DataSeed::Every(0)) {
            let message = "field `data_seed`: Every(0) holds no seeds";
            return Err(invalid(file, message.to_owned()));
        }
        let fixed: Vec<(&str, &Value)> = self.set.iter().map(|o| (&*o.field, &o.value)).collect();
        let mut points: Vec<Vec<(&str, &Value)>> = vec![Vec::new()];
        for axis in &self.axes {
            let values = axis.values.iter().map(|value| (&*axis.field, value));
            let longer = points.iter().flat_map(|point| {
                values
                    .clone()
                    .map(|value| [point.as_slice(), &[value]].concat())
            });
            points = longer.collect();
        }
        let mut runs = Vec::new();
        for point in points {
            let mut config = base.clone();
            for (field, value) in fixed.iter().chain(&point) {
                config = with(&config, field, value).map_err(|why| invalid(file, why))?;
            }
            if let Some(name) = &self.name {
                config.name.clone_from(name);
                for (field, value) in &point {
                    let value = match value {
                        Value::Number(n) => n.as_f64().map_or(n.to_string(), |n| n.to_string()),
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    config.name = config.name.replace(&format!("{{{field}}}"), &value);
                }
            }
            config.check(&file.display().to_string())?;
            for seed in first..end {
                let mut config = config.clone();
                config.data_seed = match self.data_seed {
                    None => config.data_seed,
                    Some(DataSeed::Fixed(data)) => Some(data),
                    Some(DataSeed::Every(seeds)) => Some((seed - first) / seeds),
                };
                let from = self.branch_from.as_ref();
                runs.push(SweepRun {
                    seed,
                    folder: PathBuf::from(format!("{}/seed-{seed}", config.name)),
                    branch_from: from.map(|f| f.replace("{seed}", &seed.to_string()).into()),
                    config,
                });
            }
        }
        Ok(runs)
    }
}

fn invalid(file: &Path, message: String) -> ConfigError {
    ConfigError::Invalid {
        file: file.display().to_string(),
        message,
    }
}

/// A definition with another value of one field.
fn with(config: &AgentConfig, field: &str, value: &Value) -> Result<AgentConfig, String> {
    let mut whole = serde_json::to_value(config).expect("a definition is plain data");
    let mut place = &mut whole;
    for part in field.split('.') {
        let Value::Object(fields) = place else {
            return Err(format!(
                "field `{field}`: there is no `{part}`, since what it would be in is {place}"
            ));
        };
        let known: Vec<&str> = fields.keys().map(String::as_str).collect();
        if !fields.contains_key(part) {
            return Err(format!(
                "field `{field}`: there is no `{part}`; there are {}",
                known.join(", ")
            ));
        }
        place = &mut fields[part];
    }
    *place = value.clone();
    serde_json::from_value(whole).map_err(|error| format!("field `{field}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(part: &str) -> Result<Vec<SweepRun>, ConfigError> {
        let text = format!("(parts: [({part})])");
        let sweep: SweepConfig = dt_env::config::parse_ron("s.ron", &text)?;
        sweep.runs(Path::new("s.ron"))
    }

    #[test]
    fn the_sweeps_of_the_study_are_what_they_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agents/sweeps");
        let read = |name: &str| {
            let path = folder.join(name);
            SweepConfig::read(&path).unwrap().runs(&path).unwrap()
        };
        let study = read("memory-study.ron");
        assert_eq!(study.len(), 16 + 5);
        assert_eq!(study[5].folder, Path::new("memory-dt-study/seed-205"));
        assert_eq!(study[5].config.data_seed, Some(1));
        assert_eq!(study[20].folder, Path::new("memory-dt/seed-204"));
        assert_eq!(study[20].config.data_seed, Some(0));
        let dial = read("look-back-dial.ron");
        let names: Vec<&str> = dial.iter().step_by(4).map(|r| &*r.config.name).collect();
        let shares = ["0", "0.01", "0.03", "0.1", "0.3"];
        assert_eq!(names, shares.map(|s| format!("memory-dt-dial-{s}")));
        let last = &dial[19];
        assert_eq!((last.seed, last.config.data_seed), (203, Some(0)));
        assert_eq!(
            last.branch_from.as_deref(),
            Some(Path::new("memory-dt-study/seed-203"))
        );
        // All else is the study agent's.
        let mut expected = AgentConfig::find(Path::new("memory-dt-study")).unwrap();
        expected.name = "memory-dt-dial-0.3".to_owned();
        expected.data_seed = Some(0);
        expected.training.keep_every = 0;
        expected.training.look_backs.as_mut().unwrap().share = 0.3;
        assert_eq!(last.config, expected);
    }

    #[test]
    fn axes_are_combined() {
        let runs = sweep(
            "agent: \"memory-dt\", seeds: (3, 5), name: \"a-{training.steps}-{model.padding}\",
             axes: [(field: \"training.steps\", values: [5, 6, 7]),
                    (field: \"model.padding\", values: [\"Aligned\", \"ZeroFrames\"])]",
        )
        .unwrap();
        assert_eq!(runs.len(), 12);
        assert_eq!(runs[3].folder, Path::new("a-5-ZeroFrames/seed-4"));
        assert_eq!(runs[11].config.training.steps, 7);
    }

    #[test]
    fn mistakes_name_file_and_field() {
        let error = |part: &str| sweep(part).unwrap_err().to_string();
        let base = "agent: \"memory-dt\", seeds: (0, 2)";
        let set = |field: &str, value: &str| {
            error(&format!(
                "{base}, set: [(field: \"{field}\", value: {value})]"
            ))
        };
        for (error, parts) in [
            (
                set("training.stebs", "5"),
                ["s.ron", "`training.stebs`", "steps"],
            ),
            (
                set("training.steps", "-5"),
                ["s.ron", "`training.steps`", "-5"],
            ),
            (
                set("training.steps", "0"),
                ["s.ron", "`training.steps`", "at least 1"],
            ),
            (
                set("training.look_backs.share", "0.1"),
                ["s.ron", "`share`", "null"],
            ),
            (
                error("agent: \"memory-dt\", seeds: (2, 2)"),
                ["s.ron", "`seeds`", "holds none"],
            ),
            (
                error(&format!(
                    "{base}, axes: [(field: \"training.steps\", values: [5, 6])]"
                )),
                ["s.ron", "`name`", "memory-dt/seed-0"],
            ),
            (
                error("agent: \"memory-td\", seeds: (0, 2)"),
                ["memory-td", "no built-in agent", "memory-dt-study"],
            ),
        ] {
            for part in parts {
                assert!(error.contains(part), "{part}: {error}");
            }
        }
    }
}
