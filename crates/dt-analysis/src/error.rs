//! What can go wrong.

use std::path::PathBuf;

use crate::draw::DrawError;
use crate::maths::probes::ProbeError;
use crate::maths::stats::StatsError;

/// Why an analysis or a figure could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
    /// A path holds nothing to draw.
    #[error(
        "{0} is neither a dataset (it has no card.json) nor a run (it has no metrics.jsonl, \
         eval.json or calibration.json)"
    )]
    NothingToDraw(PathBuf),
    /// The place is taken.
    #[error("{0} exists already; use --force to replace it, or another --out")]
    Exists(PathBuf),
    /// A figure could not be encoded.
    #[error("{figure}: {source}")]
    Draw {
        /// Its name.
        figure: String,
        /// What the encoder said.
        source: DrawError,
    },
    /// A definition is wrong.
    #[error(transparent)]
    Config(#[from] dt_env::config::ConfigError),
    /// A file could not be opened, read within its limit, or written.
    #[error(transparent)]
    Files(#[from] dt_env::files::FilesError),
    /// The question cannot be asked of this agent or world.
    #[error("{0}")]
    Question(String),
    /// An animation could not be encoded.
    #[error("{animation}: {source}")]
    Animate {
        /// Its name.
        animation: String,
        /// What the encoder said.
        source: dt_env::render::RenderError,
    },
    /// A dataset could not be read.
    #[error(transparent)]
    Data(#[from] dt_data::DataError),
    /// A run could not be read, or a file not written.
    #[error(transparent)]
    Checkpoint(#[from] dt_train::checkpoint::CheckpointError),
    /// A probe could not be fitted or judged.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// A statistic has no value.
    #[error(transparent)]
    Stats(#[from] StatsError),
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn corrupt(path: impl Into<PathBuf>, message: &impl ToString) -> Self {
        Self::Corrupt {
            path: path.into(),
            message: message.to_string(),
        }
    }
}
