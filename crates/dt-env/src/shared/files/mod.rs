//! Files and folders of others, read within bounds; and ours, which appear whole or not at all.
//!
//! [`open`] and what is built on it is the one door for files that someone else may have made:
//! regular files only, up to a limit. Whatever is written goes to a temporary name beside its
//! place and is moved there when it is whole and on the disk. A full disk, an error or a killed
//! process leaves what was there as it was; what a killed process leaves behind begins with
//! [`TEMPORARY`], and is removed by who writes there next.

mod lock;
mod open;
mod staging;
mod write;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub use lock::Lock;
pub use open::{open, open_stream, read, read_text};
pub use staging::{FolderKind, Staging};
pub use write::{sweep, write_file};

/// What the names of files and folders in the making begin with.
pub const TEMPORARY: &str = ".writing-";

/// Why something could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A pipe, a device or a folder stands where a file should.
    #[error("{0} is no file but a folder, a pipe or a device; give a file")]
    NotAFile(PathBuf),
    /// The file is far larger than any of its kind.
    #[error("{path} has {bytes} bytes, more than a file of its kind can have ({limit})")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size, or what was read of it.
        bytes: u64,
        /// Most that is read.
        limit: u64,
    },
    /// The place is taken.
    #[error("{0} exists already; use --force to replace it, or another --out")]
    Exists(PathBuf),
    /// The place is taken by something that is never replaced.
    #[error("{path}: --force does not replace it, as it {why}; remove it or give another --out")]
    NotOurs {
        /// The place.
        path: PathBuf,
        /// What there is about it.
        why: String,
    },
    /// Another process has put something there since it was looked at.
    #[error(
        "{0} was made or replaced by another process meanwhile; look at it, and run this again"
    )]
    Changed(PathBuf),
    /// Another process is at work there.
    #[error("{path}: {holder} is at work there; wait for it, or stop it")]
    Busy {
        /// The place.
        path: PathBuf,
        /// Who it is, as far as the lock tells.
        holder: String,
    },
}

/// An error that names the path.
pub fn io_error(path: &Path) -> impl Fn(io::Error) -> FilesError + use<> {
    let path = path.to_owned();
    move |source| FilesError::Io {
        path: path.clone(),
        source,
    }
}

/// Folder in which `path` lies.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Paths of all that lies in a folder, sorted, but for what is in the making.
///
/// # Errors
/// [`FilesError::Io`].
pub fn list(dir: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let entries = fs::read_dir(dir).map_err(io_error(dir))?;
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(io_error(dir))?;
    paths.retain(|path| !is_temporary(path));
    paths.sort();
    Ok(paths)
}

/// Whether a path is that of something in the making, or left by a process that was killed.
fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes())
}

/// Brings the names in a folder to the disk, so that a power cut does not take a rename back.
///
/// # Errors
/// [`FilesError::Io`].
pub fn sync_folder(dir: &Path) -> Result<(), FilesError> {
    // Windows has no such thing.
    match cfg!(unix) {
        true => File::open(dir)
            .and_then(|dir| dir.sync_all())
            .or_else(|e| match e.kind() {
                // Some file systems of networks do not know it.
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
                _ => Err(e),
            })
            .map_err(io_error(dir)),
        false => Ok(()),
    }
}
