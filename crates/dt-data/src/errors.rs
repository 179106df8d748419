//! What can go wrong with a dataset.

use dt_env::files::FilesError;

/// Why a dataset could not be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A recipe or a world is wrong.
    #[error(transparent)]
    Config(#[from] dt_env::config::ConfigError),
    /// The world cannot be explored.
    #[error(transparent)]
    TooManyStates(#[from] TooManyStates),
    /// A file or folder could not be read or written, or its place is taken.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A file is not what it should be.
    #[error("{path}: {message}")]
    Corrupt {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A dataset is not of the world it is said to be of.
    #[error(
        "episode {episode}, step {step}: replayed in {env}, its frame is another; make the dataset \
         again with the recipe of this world"
    )]
    OtherWorld {
        /// The world.
        env: String,
        /// Index of the episode.
        episode: usize,
        /// Step within it.
        step: usize,
    },
    /// An export was asked for that cannot be.
    #[error("{0}")]
    Export(String),
}

/// A world too large to be explored.
#[derive(Debug, thiserror::Error)]
#[error(
    "{env} has more than {most} reachable states, which the exact planner cannot cover; make the \
     world smaller, or leave fewer things in it that can be carried or opened"
)]
pub struct TooManyStates {
    /// Its id.
    pub env: String,
    /// Most states that are explored.
    pub most: usize,
}
