//! Reading RON files with errors that name file, line, column and field.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Largest config file that is read; ours have a few kilobytes.
const MAX_BYTES: u64 = 1 << 20;

/// Why a config could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is far larger than any config.
    #[error("{path} has {bytes} bytes, more than a config can have ({MAX_BYTES})")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// The text is not what this config wants.
    #[error("{file}:{line}:{column}: field `{field}`: {message}")]
    Parse {
        /// The file, or the name of a built-in one.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Path of the field.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// The text reads well, but asks for something impossible.
    #[error("{file}: {message}")]
    Invalid {
        /// The file, or the name of a built-in one.
        file: String,
        /// What is wrong, and what would be right.
        message: String,
    },
}

/// Reads a config file; `Some(x)` may be written as `x`.
///
/// # Errors
/// [`ConfigError`] with file, line, column and field path.
pub fn read_ron<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let read = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::metadata(path).map_err(read)?.len();
    if bytes > MAX_BYTES {
        return Err(ConfigError::TooLarge {
            path: path.to_owned(),
            bytes,
        });
    }
    let text = fs::read_to_string(path).map_err(read)?;
    parse_ron(&path.display().to_string(), &text)
}

/// Reads a config from text; `file` only names it in errors.
///
/// # Errors
/// [`ConfigError::Parse`].
pub fn parse_ron<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, ConfigError> {
    let options =
        ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    let syntax = |error: &ron::error::SpannedError, field: String| ConfigError::Parse {
        file: file.to_owned(),
        line: error.span.start.line,
        column: error.span.start.col,
        field,
        message: error.code.to_string(),
    };
    let mut deserializer = ron::Deserializer::from_str_with_options(text, &options)
        .map_err(|e| syntax(&e, ".".to_owned()))?;
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|e| {
        let field = e.path().to_string();
        let spanned = deserializer.span_error(e.into_inner());
        syntax(&spanned, field)
    })?;
    deserializer
        .end()
        .map_err(|e| syntax(&deserializer.span_error(e), ".".to_owned()))?;
    Ok(value)
}

/// A config as RON text, every field written out.
///
/// # Panics
/// If the value holds something that RON cannot say; configs never do.
pub fn to_ron<T: Serialize>(value: &T) -> String {
    let pretty = ron::ser::PrettyConfig::new()
        .struct_names(false)
        .extensions(ron::extensions::Extensions::IMPLICIT_SOME);
    ron::ser::to_string_pretty(value, pretty).expect("configs are plain data") + "\n"
}
