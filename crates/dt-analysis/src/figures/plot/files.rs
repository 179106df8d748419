//! What lies at a path: a dataset or a run, and what of it can be drawn.

use std::path::Path;

use dt_data::{Card, Episode, store};
use dt_env::files::{open_stream, read_text};
use dt_env::{EnvSpec, WorldConfig};
use dt_train::AgentConfig;
use dt_train::evaluate::EvaluationRecord;
use dt_train::evaluate::calibrate::CalibrationRecord;
use dt_train::run::{METRICS_BYTES, MetricLine, Metrics, parse_metrics};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::sound;
use crate::Error;
use crate::draw::SourceFile;
use crate::files::{MAX_RECORD, parse_json};

/// Largest definition of an agent that is read.
const MAX_DEFINITION: u64 = 1 << 20;
/// Largest table of a dataset.
const MAX_TABLE: u64 = 1 << 36;

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

    /// Adds a run; one that is labelled as another is gets a label of its own.
    pub fn push(&mut self, mut run: RunSource) {
        let label = run.label.clone();
        let is_known = |label: &str| self.runs.iter().any(|known| known.label == label);
        let mut n = 1;
        while is_known(&run.label) {
            n += 1;
            run.label = format!("{label}, run {n}");
        }
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
        if is_there(&path.join("card.json")) {
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
        let path = dir.join("card.json");
        let card_file = source_file(&path, MAX_RECORD)?;
        let table = dir.join("episodes.arrow");
        let sound =
            |card: &Card| sound::card(card).map_err(|problem| Error::corrupt(&path, &problem));
        if table.symlink_metadata().is_err() {
            let card = store::read_card(dir)?;
            sound(&card)?;
            return Ok(Self {
                card,
                episodes: None,
                files: vec![card_file],
            });
        }
        let (data, card) = store::read(dir)?;
        sound(&card)?;
        Ok(Self {
            card,
            episodes: Some(data.episodes),
            files: vec![card_file, source_file(&table, MAX_TABLE)?],
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
        let definition = match is_there(&config) {
            true => Some(read_text(&config, MAX_DEFINITION)?),
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
        let metrics = match is_there(&metrics) {
            true => Some(read_metrics(&metrics)?),
            false => None,
        };
        let evaluation = read_sound(&dir.join("eval.json"), sound::evaluation)?;
        let calibration = read_sound(&dir.join("calibration.json"), sound::calibration)?;
        Ok(Self {
            name,
            label: seed.map_or_else(folder, |seed| format!("seed {seed}")),
            definition,
            env: agent.and_then(|agent| agent.env),
            metrics,
            evaluation,
            calibration,
        })
    }
}

/// Whether anything has this name; whether it can be read is for who reads it to say.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn source_file(path: &Path, limit: u64) -> Result<SourceFile, Error> {
    // In parts: a table may be larger than what should be held at once.
    let mut hasher = blake3::Hasher::new();
    let file = open_stream(path, limit)?;
    hasher.update_reader(file).map_err(Error::io(path))?;
    Ok(SourceFile {
        path: path.display().to_string(),
        blake3: hasher.finalize().to_hex().to_string(),
    })
}

fn described(path: &Path, bytes: &[u8]) -> SourceFile {
    SourceFile {
        path: path.display().to_string(),
        blake3: blake3::hash(bytes).to_hex().to_string(),
    }
}

/// Reads a record, if its file is there.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<(T, SourceFile)>, Error> {
    if !is_there(path) {
        return Ok(None);
    }
    let text = read_text(path, MAX_RECORD)?;
    let record = parse_json(path, &text)?;
    Ok(Some((record, described(path, text.as_bytes()))))
}

/// The same of a record that can be drawn.
fn read_sound<T: DeserializeOwned>(
    path: &Path,
    check: impl Fn(&T) -> Result<(), String>,
) -> Result<Option<(T, SourceFile)>, Error> {
    let read = read_json::<T>(path)?;
    if let Some((record, _)) = &read {
        check(record).map_err(|problem| Error::corrupt(path, &problem))?;
    }
    Ok(read)
}

/// Reads the whole lines of a `metrics.jsonl`; that the last one is half written is said.
fn read_metrics(path: &Path) -> Result<(Vec<MetricLine>, SourceFile), Error> {
    let text = read_text(path, METRICS_BYTES)?;
    let Metrics { lines, half_line } = parse_metrics(path, &text)?;
    if let Some(n) = half_line {
        dt_env::note!("{}: line {n} is half written and left out", path.display());
    }
    for (n, line) in lines.iter().enumerate() {
        let wrong = |message: String| Error::corrupt(path, &format!("line {}: {message}", n + 1));
        sound::metrics(line).map_err(wrong)?;
    }
    Ok((lines, described(path, text.as_bytes())))
}
