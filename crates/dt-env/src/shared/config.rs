//! Reading RON files, and JSON, with errors that name file, line, column and field.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::files::{self, FilesError};
use super::text::plain;

/// Largest config file that is read; ours have a few kilobytes.
const MAX_BYTES: u64 = 1 << 20;

/// Why a config could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {0}")]
    Read(#[from] FilesError),
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
    let text = files::read_text(path, MAX_BYTES)?;
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

/// Reads a value from JSON text.
///
/// # Errors
/// A sentence that names the field, and line and column.
pub fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|e| {
        match e.path().to_string().as_str() {
            // The whole of it.
            "." => e.inner().to_string(),
            field => format!("field `{}`: {}", plain(field), e.inner()),
        }
    })?;
    json.end().map_err(|e| e.to_string())?;
    Ok(value)
}

/// Whether a name is meant as a path: it ends in `.ron` or names a folder.
pub fn is_path(name: &str) -> bool {
    let path = Path::new(name);
    path.extension().is_some_and(|e| e == "ron") || path.components().count() > 1
}

/// Name of a built-in config: `memory-s7` for `envs/memory-s7.ron`.
pub fn builtin_name(file: &str) -> &str {
    let last = file.rsplit('/').next().unwrap_or(file);
    last.strip_suffix(".ron").unwrap_or(last)
}

/// The built-in config of this name or path, from pairs of path and text.
pub fn find_builtin(
    builtin: &[(&'static str, &'static str)],
    name: &str,
) -> Option<(&'static str, &'static str)> {
    let named = |file: &str| file == name || builtin_name(file) == name;
    builtin.iter().copied().find(|(file, _)| named(file))
}

/// The error of a name that no built-in config of this kind has.
pub fn unknown(kind: &str, name: &str, builtin: &[(&'static str, &'static str)]) -> ConfigError {
    let names: Vec<&str> = builtin.iter().map(|(file, _)| builtin_name(file)).collect();
    ConfigError::Invalid {
        file: name.to_owned(),
        message: format!(
            "no {kind} of this name; give a path to a .ron file or one of {}",
            names.join(", ")
        ),
    }
}

/// A path that the config at `file` names: beside it if something is there, as it is otherwise.
/// Names that are no paths stay as they are.
pub fn beside(file: &Path, named: &str) -> String {
    if !is_path(named) {
        return named.to_owned();
    }
    let near = file.with_file_name(named);
    match near.exists() {
        true => near.display().to_string(),
        false => named.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn built_in_configs_are_found_by_name_and_by_path() {
        let builtin = [("envs/a-b.ron", "text"), ("envs/c.ron", "more")];
        for name in ["a-b", "envs/a-b.ron"] {
            assert_eq!(find_builtin(&builtin, name), Some(builtin[0]));
        }
        assert_eq!(find_builtin(&builtin, "b"), None);
        let error = unknown("world", "b", &builtin).to_string();
        assert!(
            error.contains("b: no world") && error.contains("a-b, c"),
            "{error}"
        );
        assert!(is_path("x.ron") && is_path("a/b") && !is_path("MiniGrid-MemoryS7-v0"));
    }

    #[test]
    fn json_errors_name_the_field() {
        type Table = std::collections::BTreeMap<String, Vec<u8>>;
        let table = parse_json::<Table>(r#"{"a": [1]}"#).unwrap();
        assert_eq!(table["a"], [1]);
        let error = |text: &str| parse_json::<Table>(text).unwrap_err();
        assert!(error(r#"{"a": [1, "b"]}"#).starts_with("field `a[1]`: invalid type"));
        assert!(error("[]").starts_with("invalid type"));
        assert!(error("{} {}").contains("trailing"));
    }

    #[test]
    fn paths_are_looked_for_beside_the_file_that_names_them() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("recipe.ron");
        let world = dir.path().join("world.ron");
        assert_eq!(beside(&file, "world.ron"), "world.ron");
        fs::write(&world, "()").unwrap();
        assert_eq!(beside(&file, "world.ron"), world.display().to_string());
        assert_eq!(beside(&file, "world"), "world");
    }
}
