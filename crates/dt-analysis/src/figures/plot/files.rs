//! What lies at a path: a dataset or a run, and what of it can be drawn.

use std::fs;
use std::path::{Path, PathBuf};

use dt_data::{Card, Episode, store};
use dt_env::{EnvSpec, WorldConfig};
use dt_train::AgentConfig;
use dt_train::evaluate::EvaluationRecord;
use dt_train::evaluate::calibrate::CalibrationRecord;
use dt_train::run::{MetricLine, read_metrics};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::draw::SourceFile;

/// What lies at a path.
#[derive(Clone, Debug)]
pub enum Source {
    /// A dataset directory.
    Dataset(Box<DatasetSource>),
    /// A run directory, or another folder with records of an agent.
    Run(Box<RunSource>),
}

/// A dataset, as far as it is drawn.
#[derive(Clone, Debug)]
pub struct DatasetSource {
    /// Its summary.
    pub card: Card,
    /// Its episodes; none where the card is kept without the data.
    pub episodes: Option<Vec<Episode>>,
    /// Files that were read.
    pub files: Vec<SourceFile>,
}

/// Records of one run.
#[derive(Clone, Debug)]
pub struct RunSource {
    /// Name of the agent.
    pub name: String,
    /// Name of the run among others of the agent.
    pub label: String,
    /// The agent's definition, as text.
    definition: Option<String>,
    /// The world, where the run is finished.
    pub env: Option<EnvSpec>,
    /// Lines of `metrics.jsonl`, with the file.
    pub metrics: Option<(Vec<MetricLine>, SourceFile)>,
    /// `eval.json`.
    pub evaluation: Option<(EvaluationRecord, SourceFile)>,
    /// `calibration.json`.
    pub calibration: Option<(CalibrationRecord, SourceFile)>,
}

/// Runs of one agent.
#[derive(Clone, Debug)]
pub struct RunGroup {
    /// The runs, in the order given.
    pub runs: Vec<RunSource>,
}

impl RunGroup {
    /// A group of one.
    pub fn new(run: RunSource) -> Self {
        Self { runs: vec![run] }
    }

    /// Whether a run is of the same agent.
    pub fn accepts(&self, run: &RunSource) -> bool {
        self.runs[0].name == run.name && self.runs[0].definition == run.definition
    }

    /// Adds a run.
    pub fn push(&mut self, run: RunSource) {
        self.runs.push(run);
    }

    /// Whether the agent's world is one of the memory family.
    pub fn is_memory(&self) -> bool {
        let worlds = self.runs.iter().filter_map(|run| run.env.as_ref());
        let mut memory = worlds.map(|env| matches!(env.world, WorldConfig::Memory(_)));
        memory.any(|is| is)
    }

    /// Name of the agent.
    pub fn name(&self) -> &str {
        &self.runs[0].name
    }
}

impl Source {
    /// Reads what lies at a path.
    ///
    /// # Errors
    /// If it is neither a dataset nor a run, or one of its files is damaged.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.join("card.json").exists() {
            return Ok(Self::Dataset(Box::new(DatasetSource::open(path)?)));
        }
        let run = RunSource::open(path)?;
        if run.metrics.is_none() && run.evaluation.is_none() && run.calibration.is_none() {
            return Err(Error::NothingToDraw(path.to_owned()));
        }
        Ok(Self::Run(Box::new(run)))
    }
}

impl DatasetSource {
    fn open(dir: &Path) -> Result<Self, Error> {
        let card_file = source_file(&dir.join("card.json"))?;
        let table = dir.join("episodes.arrow");
        if !table.exists() {
            return Ok(Self {
                card: store::read_card(dir)?,
                episodes: None,
                files: vec![card_file],
            });
        }
        let (data, card) = store::read(dir)?;
        Ok(Self {
            card,
            episodes: Some(data.episodes),
            files: vec![card_file, source_file(&table)?],
        })
    }
}

/// The part of `agent.json` that names things.
#[derive(Deserialize)]
struct AgentName {
    name: String,
    seed: Option<u64>,
    env: Option<EnvSpec>,
}

/// The part of `run.json` that names things.
#[derive(Deserialize)]
struct RunName {
    seed: u64,
}

impl RunSource {
    fn open(dir: &Path) -> Result<Self, Error> {
        let config = dir.join("config.ron");
        let definition = match config.exists() {
            true => Some(fs::read_to_string(&config).map_err(Error::io(&config))?),
            false => None,
        };
        let agent: Option<AgentName> = read_json(&dir.join("agent.json"))?.map(|(agent, _)| agent);
        let run: Option<RunName> = read_json(&dir.join("run.json"))?.map(|(run, _)| run);
        let folder = || {
            let full = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
            let name = full.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        let name = match (&agent, &definition) {
            (Some(agent), _) => agent.name.clone(),
            (None, Some(text)) => {
                AgentConfig::parse(&config.display().to_string(), text)
                    .map_err(|e| Error::corrupt(dir, &e))?
                    .name
            }
            (None, None) => folder(),
        };
        let seed = run.map(|run| run.seed);
        let seed = seed.or_else(|| agent.as_ref().and_then(|agent| agent.seed));
        let metrics = dir.join("metrics.jsonl");
        let metrics = match metrics.exists() {
            true => Some((read_metrics(dir)?, source_file(&metrics)?)),
            false => None,
        };
        Ok(Self {
            name,
            label: seed.map_or_else(folder, |seed| format!("seed {seed}")),
            definition,
            env: agent.and_then(|agent| agent.env),
            metrics,
            evaluation: read_json(&dir.join("eval.json"))?,
            calibration: read_json(&dir.join("calibration.json"))?,
        })
    }
}

fn source_file(path: &Path) -> Result<SourceFile, Error> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    Ok(described(path, &bytes))
}

fn described(path: &Path, bytes: &[u8]) -> SourceFile {
    SourceFile {
        path: path.display().to_string(),
        blake3: blake3::hash(bytes).to_hex().to_string(),
    }
}

/// Reads a record, if its file is there.
fn read_json<T: DeserializeOwned>(path: &PathBuf) -> Result<Option<(T, SourceFile)>, Error> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = fs::read(path).map_err(Error::io(path))?;
    let record = serde_json::from_slice(&bytes).map_err(|e| Error::corrupt(path, &e))?;
    Ok(Some((record, described(path, &bytes))))
}
