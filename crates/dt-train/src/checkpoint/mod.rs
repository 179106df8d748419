//! Agents and training states on disk.
//!
//! An agent is `agent.safetensors` (weights under the original repository's names and shapes) and
//! `agent.json` (what they mean). A training state adds what a killed run needs to go on.

mod agent_files;
mod atomic;
mod fold;
mod tensors;
mod training_state;

pub(crate) use agent_files::read_agent_record;
pub use agent_files::{Agent, AgentRecord, FORMAT, load_agent, save_agent};
pub use atomic::{AGENT_FOLDER, save_imported, write_atomic, write_dir_atomic};
pub use fold::fold;
pub use tensors::{NamedTensor, read_tensors, write_tensors};
pub use training_state::{RestoredState, TrainingState, load_state, save_state};

use std::path::{Path, PathBuf};

use dt_env::config;
use dt_env::files::{self, FilesError};
use serde::de::DeserializeOwned;

/// Largest JSON file of a run: a record of an agent, of a state, of a run.
const MAX_RECORD: u64 = 1 << 20;

/// Reads a JSON file of a run.
///
/// # Errors
/// If it cannot be read, is far larger than any of its kind, or says something else.
pub fn read_record<T: DeserializeOwned>(path: &Path) -> Result<T, CheckpointError> {
    read_json(path, MAX_RECORD)
}

/// The same for a file of at most `limit` bytes.
///
/// # Errors
/// As of [`read_record`].
pub fn read_json<T: DeserializeOwned>(path: &Path, limit: u64) -> Result<T, CheckpointError> {
    let text = files::read_text(path, limit)?;
    config::parse_json(&text).map_err(|e| CheckpointError::corrupt(path, e))
}

/// Why an agent or a training state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path}: {message}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// It is no file, or too large, or its place is not to be had.
    #[error(transparent)]
    Files(FilesError),
    /// The place is taken.
    #[error(
        "{0} exists already; use --resume to go on with it, --force to replace it, or another --out or --seed"
    )]
    Exists(PathBuf),
}

impl CheckpointError {
    /// The same of a file that is to lie elsewhere.
    fn moved(self, from: &Path, to: &Path) -> Self {
        let moved = |path: PathBuf| match path.strip_prefix(from) {
            Ok(name) => to.join(name),
            Err(_) => path,
        };
        match self {
            Self::Io { path, source } => Self::Io {
                path: moved(path),
                source,
            },
            Self::Corrupt { path, message } => Self::Corrupt {
                path: moved(path),
                message,
            },
            other => other,
        }
    }

    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    #[allow(clippy::needless_pass_by_value)] // callers hand over what they have
    pub(crate) fn corrupt(path: impl Into<PathBuf>, message: impl ToString) -> Self {
        Self::Corrupt {
            path: path.into(),
            message: message.to_string(),
        }
    }
}
