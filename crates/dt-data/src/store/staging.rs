//! Directories that appear whole, or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::dataset::DataError;

/// A directory in the making: written beside its target, and moved there in one go.
///
/// Dropped before [`Self::commit`], it leaves nothing behind, and the target as it was.
pub(crate) struct Staging {
    /// Holds `new`, and for a moment `old`; private to this user while it lives.
    outer: TempDir,
    target: PathBuf,
    /// Whether there is something to replace.
    replaces: bool,
}

impl Staging {
    /// Starts a directory that will be `target`.
    ///
    /// What exists there is only ever replaced if `force` is set and it is empty or holds the
    /// file `marker`, by which a directory of this kind is known.
    ///
    /// # Errors
    /// If the target is taken, or its parent cannot be written to.
    pub(crate) fn new(target: &Path, marker: &str, force: bool) -> Result<Self, DataError> {
        let (target, replaces) = match target.symlink_metadata() {
            Ok(_) if !force => return Err(DataError::Exists(target.to_owned())),
            // A link stays a link: what it points to is replaced.
            Ok(_) => {
                let real = fs::canonicalize(target).map_err(io_error(target))?;
                if !is_replaceable(&real, marker) {
                    return Err(DataError::NotOurs {
                        path: target.to_owned(),
                        marker: marker.to_owned(),
                    });
                }
                (real, true)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => (target.to_owned(), false),
            Err(e) => return Err(io_error(target)(e)),
        };
        let parent = match target.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(io_error(parent))?;
        let outer = tempfile::Builder::new()
            .prefix(".dt-data-")
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
    pub(crate) fn path(&self) -> PathBuf {
        self.outer.path().join("new")
    }

    /// Moves the finished directory to its target.
    ///
    /// # Errors
    /// If the system refuses; what was at the target is still there then.
    pub(crate) fn commit(self) -> Result<(), DataError> {
        let (new, target) = (self.path(), self.target.clone());
        if !self.replaces {
            // A directory that appeared meanwhile makes this fail, unless it is empty.
            return match fs::rename(&new, &target) {
                Err(_) if target.exists() => Err(DataError::Exists(target)),
                moved => moved.map_err(io_error(&target)),
            };
        }
        match exchange(&new, &target) {
            // The old directory is the staged one now, and goes away with it.
            Ok(()) => Ok(()),
            Err(e) if is_unsupported(&e) => self.replace_in_two_steps(),
            Err(e) => Err(io_error(&target)(e)),
        }
    }

    /// For file systems that cannot swap: the old directory steps aside for a moment.
    fn replace_in_two_steps(self) -> Result<(), DataError> {
        let (new, target) = (self.path(), self.target.clone());
        let old = self.outer.path().join("old");
        fs::rename(&target, &old).map_err(io_error(&target))?;
        let Err(error) = fs::rename(&new, &target) else {
            return Ok(());
        };
        if fs::rename(&old, &target).is_err() {
            // Nothing may be lost: leave the old directory where it is, and say where.
            let old = self.outer.keep().join("old");
            let message = format!("{error}; what was there is now at {}", old.display());
            return Err(io_error(&target)(io::Error::new(error.kind(), message)));
        }
        Err(io_error(&target)(error))
    }
}

/// An error that names the path.
pub(crate) fn io_error(path: &Path) -> impl Fn(io::Error) -> DataError + use<> {
    let path = path.to_owned();
    move |source| DataError::Io {
        path: path.clone(),
        source,
    }
}

fn is_replaceable(dir: &Path, marker: &str) -> bool {
    let is_empty = || fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
    dir.is_dir() && (dir.join(marker).is_file() || is_empty())
}

/// Swaps two directories at once.
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

    fn old_and_new(parent: &Path) -> Staging {
        let target = parent.join("set");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("marker"), "old").unwrap();
        let staging = Staging::new(&target, "marker", true).unwrap();
        fs::write(staging.path().join("marker"), "new").unwrap();
        staging
    }

    fn content(parent: &Path) -> String {
        assert_eq!(fs::read_dir(parent).unwrap().count(), 1, "no debris");
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
    fn only_directories_of_the_kind_are_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("set");
        fs::create_dir(&target).unwrap();
        assert!(matches!(
            Staging::new(&target, "marker", false),
            Err(DataError::Exists(_))
        ));
        assert!(Staging::new(&target, "marker", true).is_ok(), "it is empty");
        fs::write(target.join("diary"), "mine").unwrap();
        for target in [target.clone(), target.join("diary")] {
            assert!(matches!(
                Staging::new(&target, "marker", true),
                Err(DataError::NotOurs { .. })
            ));
        }
        assert_eq!(fs::read_to_string(target.join("diary")).unwrap(), "mine");
    }

    #[test]
    fn who_comes_second_is_told() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("set");
        let staging = Staging::new(&target, "marker", false).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join("marker"), "first").unwrap();
        assert!(matches!(staging.commit(), Err(DataError::Exists(_))));
        assert_eq!(content(parent.path()), "first");
    }
}
