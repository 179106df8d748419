//! Files and folders that appear whole, or not at all: the one place that writes over anything.
//!
//! Whatever is written goes to a temporary name beside its place and is moved there when it is
//! whole and on the disk. A full disk, an error or a killed process leaves what was there as it
//! was; what a killed process leaves behind begins with [`TEMPORARY`].

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

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
    /// The place is taken.
    #[error("{0} exists already; use --force to replace it, or another --out")]
    Exists(PathBuf),
    /// The place is taken by something that is never replaced.
    #[error("{path} has no {marker}, so it is not replaced; remove it or give another --out")]
    NotOurs {
        /// The place.
        path: PathBuf,
        /// The file by which its kind is known.
        marker: String,
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

/// Opens a file for reading.
///
/// # Errors
/// [`FilesError::Io`].
pub fn open(path: &Path) -> Result<File, FilesError> {
    File::open(path).map_err(io_error(path))
}

/// Paths of all that lies in a folder, sorted.
///
/// # Errors
/// [`FilesError::Io`].
pub fn list(dir: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let entries = fs::read_dir(dir).map_err(io_error(dir))?;
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(io_error(dir))?;
    paths.sort();
    Ok(paths)
}

/// Writes a file that everyone may read; one that is there is replaced when the new one is whole.
///
/// # Errors
/// [`FilesError::Io`]; what was there stays as it was.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempfile_in(parent(path))?;
        file.write_all(bytes)?;
        // Temporary files are private.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let readable = fs::Permissions::from_mode(0o644);
            file.as_file().set_permissions(readable)?;
        }
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(io_error(path))
}

/// A folder in the making: written beside its place, and moved there in one go.
///
/// Dropped before [`Self::commit`], it leaves nothing behind, and the place as it was.
#[derive(Debug)]
pub struct Staging {
    /// Holds `new`, and for a moment `old`; private to this user while it lives.
    outer: TempDir,
    target: PathBuf,
    /// Whether there is something to replace.
    replaces: bool,
}

impl Staging {
    /// Starts a folder that will be `target`.
    ///
    /// What exists there is only ever replaced if `force` is set and it is an empty folder or one
    /// that holds the file `marker`, by which a folder of this kind is known.
    ///
    /// # Errors
    /// If the target is taken, or its parent cannot be written to.
    pub fn new(target: &Path, marker: &str, force: bool) -> Result<Self, FilesError> {
        Self::start(target, |real| {
            if !force {
                return Err(FilesError::Exists(target.to_owned()));
            }
            if !is_replaceable(real, marker) {
                return Err(FilesError::NotOurs {
                    path: target.to_owned(),
                    marker: marker.to_owned(),
                });
            }
            Ok(())
        })
    }

    /// Starts a folder that will be `target`, whatever is there: for folders within a folder that
    /// is known.
    ///
    /// # Errors
    /// If the parent cannot be written to.
    pub fn replacing(target: &Path) -> Result<Self, FilesError> {
        Self::start(target, |_| Ok(()))
    }

    fn start(
        target: &Path,
        may_replace: impl FnOnce(&Path) -> Result<(), FilesError>,
    ) -> Result<Self, FilesError> {
        let (target, replaces) = match target.symlink_metadata() {
            // A link stays a link: what it points to is replaced.
            Ok(_) => {
                // A link to nothing is taken too.
                let real = fs::canonicalize(target);
                may_replace(real.as_deref().unwrap_or(target))?;
                (real.map_err(io_error(target))?, true)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => (target.to_owned(), false),
            Err(e) => return Err(io_error(target)(e)),
        };
        let parent = parent(&target);
        fs::create_dir_all(parent).map_err(io_error(parent))?;
        let outer = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempdir_in(parent)
            .map_err(io_error(parent))?;
        fs::create_dir(outer.path().join("new")).map_err(io_error(parent))?;
        Ok(Self {
            outer,
            target,
            replaces,
        })
    }

    /// Where to write until then.
    pub fn path(&self) -> PathBuf {
        self.outer.path().join("new")
    }

    /// An error that names the place where `name` will lie.
    pub fn error(&self, name: &str) -> impl Fn(io::Error) -> FilesError + use<> {
        io_error(&self.target.join(name))
    }

    /// Makes a folder within.
    ///
    /// # Errors
    /// [`FilesError::Io`], which names the place where it will lie.
    pub fn create_dir(&self, name: &str) -> Result<(), FilesError> {
        fs::create_dir(self.path().join(name)).map_err(self.error(name))
    }

    /// Makes a file within.
    ///
    /// # Errors
    /// [`FilesError::Io`], which names the place where it will lie.
    pub fn create(&self, name: &str) -> Result<File, FilesError> {
        File::create(self.path().join(name)).map_err(self.error(name))
    }

    /// Writes a file within, down to the disk.
    ///
    /// # Errors
    /// [`FilesError::Io`], which names the place where it will lie.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FilesError> {
        let mut file = self.create(name)?;
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .map_err(self.error(name))
    }

    /// Moves the finished folder to its place.
    ///
    /// # Errors
    /// If the system refuses; what was there is still there then.
    pub fn commit(self) -> Result<(), FilesError> {
        let (new, target) = (self.path(), self.target.clone());
        if !self.replaces {
            // A folder that appeared meanwhile makes this fail, unless it is empty.
            return match fs::rename(&new, &target) {
                Err(_) if target.exists() => Err(FilesError::Exists(target)),
                moved => moved.map_err(io_error(&target)),
            };
        }
        match exchange(&new, &target) {
            // The old folder is the staged one now, and goes away with it.
            Ok(()) => Ok(()),
            Err(e) if is_unsupported(&e) => self.replace_in_two_steps(),
            Err(e) => Err(io_error(&target)(e)),
        }
    }

    /// For file systems that cannot swap: the old folder steps aside for a moment.
    fn replace_in_two_steps(self) -> Result<(), FilesError> {
        let (new, target) = (self.path(), self.target.clone());
        let old = self.outer.path().join("old");
        fs::rename(&target, &old).map_err(io_error(&target))?;
        let Err(error) = fs::rename(&new, &target) else {
            return Ok(());
        };
        if fs::rename(&old, &target).is_err() {
            // Nothing may be lost: leave the old folder where it is, and say where.
            let old = self.outer.keep().join("old");
            let message = format!("{error}; what was there is now at {}", old.display());
            return Err(io_error(&target)(io::Error::new(error.kind(), message)));
        }
        Err(io_error(&target)(error))
    }
}

fn is_replaceable(dir: &Path, marker: &str) -> bool {
    let is_empty = || fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
    dir.is_dir() && (dir.join(marker).is_file() || is_empty())
}

/// Swaps two folders at once.
#[cfg(target_os = "linux")]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether the kernel or the file system does not know how to swap.
fn is_unsupported(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, Unsupported};
    matches!(error.kind(), InvalidInput | Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_may_be_read_by_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        for text in ["one", "two"] {
            write_file(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(list(dir.path()).unwrap(), [path.clone()], "no debris");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o644);
        }
    }

    #[test]
    fn a_failed_write_leaves_what_was_there_alone() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        fs::create_dir_all(taken.join("inside")).unwrap();
        let error = write_file(&taken, b"x").unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
        assert_eq!(list(dir.path()).unwrap(), [taken.clone()]);
        assert!(taken.join("inside").exists());
        let nowhere = dir.path().join("no/where");
        assert!(write_file(&nowhere, b"x").is_err());
        assert!(open(&nowhere).is_err() && list(&nowhere).is_err());
    }

    fn old_and_new(parent: &Path) -> Staging {
        let target = parent.join("set");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("marker"), "old").unwrap();
        let staging = Staging::new(&target, "marker", true).unwrap();
        staging.write("marker", b"new").unwrap();
        staging
    }

    fn content(parent: &Path) -> String {
        assert_eq!(list(parent).unwrap().len(), 1, "no debris");
        fs::read_to_string(parent.join("set/marker")).unwrap()
    }

    #[test]
    fn both_ways_of_replacing_leave_the_new_one_alone() {
        for commit in [Staging::commit, Staging::replace_in_two_steps] {
            let parent = tempfile::tempdir().unwrap();
            commit(old_and_new(parent.path())).unwrap();
            assert_eq!(content(parent.path()), "new");
        }
    }

    #[test]
    fn failures_leave_the_old_one_alone() {
        for commit in [Staging::commit, Staging::replace_in_two_steps] {
            let parent = tempfile::tempdir().unwrap();
            let staging = old_and_new(parent.path());
            fs::remove_dir_all(staging.path()).unwrap();
            commit(staging).unwrap_err();
            assert_eq!(content(parent.path()), "old");
        }
        let parent = tempfile::tempdir().unwrap();
        drop(old_and_new(parent.path()));
        assert_eq!(content(parent.path()), "old");
    }

    #[test]
    fn only_folders_of_the_kind_are_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("set");
        fs::create_dir(&target).unwrap();
        assert!(matches!(
            Staging::new(&target, "marker", false),
            Err(FilesError::Exists(_))
        ));
        assert!(Staging::new(&target, "marker", true).is_ok(), "it is empty");
        fs::write(target.join("diary"), "mine").unwrap();
        for target in [target.clone(), target.join("diary")] {
            assert!(matches!(
                Staging::new(&target, "marker", true),
                Err(FilesError::NotOurs { .. })
            ));
        }
        assert_eq!(fs::read_to_string(target.join("diary")).unwrap(), "mine");
        let staging = Staging::replacing(&target).unwrap();
        staging.create_dir("within").unwrap();
        staging.commit().unwrap();
        assert_eq!(list(&target).unwrap().len(), 1);
        assert_eq!(list(parent.path()).unwrap().len(), 1, "no debris");
    }

    #[test]
    fn who_comes_second_is_told() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("set");
        let staging = Staging::new(&target, "marker", false).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join("marker"), "first").unwrap();
        assert!(matches!(staging.commit(), Err(FilesError::Exists(_))));
        assert_eq!(content(parent.path()), "first");
    }
}
