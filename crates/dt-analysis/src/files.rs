//! What is drawn, on disk.

use std::fs;
use std::path::{Path, PathBuf};

use dt_train::checkpoint::write_atomic;
use rayon::prelude::*;
use serde::Serialize;

use crate::Error;
use crate::draw::{Figure, file_names, render};

/// Where a figure was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// NAME.svg, NAME.png, NAME.csv and NAME.json.
    pub files: Vec<PathBuf>,
}

/// Writes figures into a folder: NAME.svg, NAME.png, NAME.csv and NAME.json of each.
///
/// Nothing is written if one of the files is there already, unless `force` is given. Each file
/// is written whole or not at all.
///
/// # Errors
/// If a file exists (without `force`) or cannot be written.
pub fn write_all(figures: &[Figure], dir: &Path, force: bool) -> Result<Vec<Written>, Error> {
    let files = |figure: &Figure| file_names(figure).map(|name| dir.join(name));
    let taken = figures.iter().flat_map(files).find(|path| path.exists());
    if let Some(path) = taken.filter(|_| !force) {
        return Err(Error::Exists(path));
    }
    fs::create_dir_all(dir).map_err(Error::io(dir))?;
    // Pictures take longer than their numbers: one core each.
    let rendered: Vec<_> = figures.par_iter().map(render).collect();
    let mut written = Vec::new();
    for (figure, contents) in figures.iter().zip(rendered) {
        let contents = contents.map_err(|source| Error::Draw {
            figure: figure.name.clone(),
            source,
        })?;
        let mut files = Vec::new();
        for (name, bytes) in contents {
            let path = dir.join(name);
            write_atomic(&path, &bytes)?;
            files.push(path);
        }
        written.push(Written {
            name: figure.name.clone(),
            title: figure.title.clone(),
            files,
        });
    }
    Ok(written)
}

/// Writes one figure; see [`write_all`].
///
/// # Errors
/// As of [`write_all`].
pub fn write(figure: &Figure, dir: &Path, force: bool) -> Result<Written, Error> {
    let mut written = write_all(std::slice::from_ref(figure), dir, force)?;
    Ok(written.remove(0))
}

/// Writes named bytes into a folder; gives their paths. Nothing is written if one of the files is
/// there already, unless `force` is given.
///
/// # Errors
/// If a file exists (without `force`) or cannot be written.
pub fn write_named(
    files: &[(String, Vec<u8>)],
    dir: &Path,
    force: bool,
) -> Result<Vec<PathBuf>, Error> {
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| dir.join(name)).collect();
    if let Some(taken) = paths.iter().find(|path| path.exists() && !force) {
        return Err(Error::Exists(taken.clone()));
    }
    fs::create_dir_all(dir).map_err(Error::io(dir))?;
    for (path, (_, bytes)) in paths.iter().zip(files) {
        write_atomic(path, bytes)?;
    }
    Ok(paths)
}
