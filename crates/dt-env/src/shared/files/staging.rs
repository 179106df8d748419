//! The one atomic write of a folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::write::{builder, hold, sweep, without_place};
use super::{FilesError, io_error, is_temporary, parent, sync_folder};

/// How long something in the making is left alone that no process holds: longer than making and
/// holding it takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a folder of some kind holds, by which `--force` knows what it may replace.
#[derive(Clone, Copy)]
pub struct FolderKind {
    /// What it is, with its article: `a dataset`.
    pub name: &'static str,
    /// Whether a folder is one; a sentence that goes on after "it", if not.
    pub check: fn(&Path) -> Result<(), String>,
    /// Whether a file of this path within is one that such a folder has.
    pub has: fn(&Path) -> bool,
}

impl FolderKind {
    /// Why a folder must not be replaced, if there is a reason: it is of another kind, or holds what
    /// no folder of this kind has.
    fn refuses(&self, dir: &Path) -> Option<String> {
        if let Err(why) = (self.check)(dir) {
            return Some(why);
        }
        match foreign(dir, Path::new(""), self.has) {
            Ok(None) => None,
            Ok(Some(file)) => Some(format!(
                "holds {}, which is no part of {}",
                file.display(),
                self.name
            )),
            Err(e) => Some(format!("cannot be looked through ({e})")),
        }
    }
}

/// The first file in a folder that is not of a kind, by its path within.
fn foreign(dir: &Path, within: &Path, has: fn(&Path) -> bool) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (path, name) = (entry.path(), within.join(entry.file_name()));
        if is_temporary(&path) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            if let Some(found) = foreign(&path, &name, has)? {
                return Ok(Some(found));
            }
        } else if !has(&name) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// A folder in the making: written beside its place, and moved there in one go.
///
/// Dropped before [`Self::commit`], it leaves nothing behind, and the place as it was.
#[derive(Debug)]
pub struct Staging {
    /// Holds `new`, and for a moment `old`; private to this user while it lives.
    outer: TempDir,
    /// Says that it is in the making, for as long as this process lives.
    _held: Option<File>,
    target: PathBuf,
    /// What is to be replaced, if there is something.
    replaces: Option<Seen>,
}

/// A folder that was looked at, known whatever its name is.
#[derive(Debug)]
struct Seen {
    /// Open, so that no other folder gets its number; not everywhere can folders be opened.
    file: Option<File>,
}

impl Seen {
    fn new(dir: &Path) -> Self {
        Self {
            // Opening a pipe would wait.
            file: dir.is_dir().then(|| File::open(dir).ok()).flatten(),
        }
    }

    fn is(&self, dir: &Path) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let id = |m: fs::Metadata| (m.dev(), m.ino());
            let seen = self.file.as_ref().map(|file| file.metadata().map(id));
            matches!(
                (seen, fs::metadata(dir).map(id)),
                (Some(Ok(seen)), Ok(now)) if seen == now
            )
        }
        #[cfg(not(unix))]
        {
            let _ = (&self.file, dir);
            true
        }
    }
}

impl Staging {
    /// Starts a folder that will be `target`.
    ///
    /// An empty folder there is taken. Anything else is only ever replaced if `force` is set, it is
    /// a folder of this kind, and nothing in it is foreign to the kind.
    ///
    /// # Errors
    /// If the target is taken, or its parent cannot be written to.
    pub fn new(target: &Path, kind: &FolderKind, force: bool) -> Result<Self, FilesError> {
        Self::start(target, |real| Self::may_take(target, real, kind, force))
    }

    /// Whether [`Self::new`] would take the place: to be asked before long work.
    ///
    /// # Errors
    /// If it would not.
    pub fn check(target: &Path, kind: &FolderKind, force: bool) -> Result<(), FilesError> {
        match fs::symlink_metadata(target) {
            Ok(_) => {
                let real = fs::canonicalize(target);
                let real = real.as_deref().unwrap_or(target);
                Self::may_take(target, real, kind, force)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(io_error(target)(e)),
        }
    }

    fn may_take(
        target: &Path,
        real: &Path,
        kind: &FolderKind,
        force: bool,
    ) -> Result<(), FilesError> {
        if is_empty(real) {
            return Ok(());
        }
        if !force {
            return Err(FilesError::Exists(target.to_owned()));
        }
        let stands_in = |cwd: PathBuf| cwd.canonicalize().is_ok_and(|cwd| cwd.starts_with(real));
        let why = match real.is_dir() {
            false => Some(format!("is not {}", kind.name)),
            // A shell whose folder is swapped away stands nowhere.
            true if std::env::current_dir().is_ok_and(stands_in) => {
                Some("is the current folder, or one above it".to_owned())
            }
            true => kind.refuses(real),
        };
        match why {
            None => Ok(()),
            Some(why) => Err(FilesError::NotOurs {
                path: target.to_owned(),
                why,
            }),
        }
    }

    /// Starts a folder that will be `target`, whatever is there: for folders within a folder that
    /// is known, whose parent is there.
    ///
    /// # Errors
    /// If the parent cannot be written to.
    pub fn replacing(target: &Path) -> Result<Self, FilesError> {
        Self::start(target, |_| Ok(()))
    }

    fn start(
        target: &Path,
        may_take: impl FnOnce(&Path) -> Result<(), FilesError>,
    ) -> Result<Self, FilesError> {
        let (target, replaces) = match target.symlink_metadata() {
            // A link stays a link: what it points to is replaced.
            Ok(_) => {
                // `.` and the like cannot be renamed by that name. A link to nothing is taken, too.
                let Ok(real) = fs::canonicalize(target) else {
                    return Err(FilesError::Exists(target.to_owned()));
                };
                let seen = Seen::new(&real);
                may_take(&real)?;
                (real, Some(seen))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => (target.to_owned(), None),
            Err(e) => return Err(io_error(target)(e)),
        };
        let parent = parent(&target);
        fs::create_dir_all(parent).map_err(io_error(parent))?;
        sweep(parent, PATIENCE);
        let outer = builder(0o700)
            .tempdir_in(parent)
            .map_err(|e| io_error(&target)(without_place(&e)))?;
        let held = File::open(outer.path()).ok();
        held.iter().for_each(hold);
        fs::create_dir(outer.path().join("new")).map_err(io_error(parent))?;
        Ok(Self {
            outer,
            _held: held,
            target,
            replaces,
        })
    }

    /// Where to write until then.
    pub fn path(&self) -> PathBuf {
        self.outer.path().join("new")
    }

    /// Where it will lie, links followed.
    pub fn target(&self) -> &Path {
        &self.target
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
        sync_folder(&new)?;
        let Some(approved) = &self.replaces else {
            // A folder that appeared meanwhile makes this fail, unless it is empty.
            return match fs::rename(&new, &target) {
                Err(_) if target.exists() => Err(FilesError::Exists(target)),
                Err(e) => Err(io_error(&target)(e)),
                Ok(()) => sync_folder(parent(&target)),
            };
        };
        match exchange(&new, &target) {
            // The old folder is the staged one now, and goes away with it, if it is the one that
            // was looked at: someone may have put another one there.
            Ok(()) if approved.is(&new) => sync_folder(parent(&target)),
            Ok(()) => {
                exchange(&new, &target).map_err(io_error(&target))?;
                Err(FilesError::Changed(target))
            }
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
            return sync_folder(parent(&target));
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

/// Whether a folder holds nothing, but for what killed processes had in the making.
fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| {
        entries.all(|entry| entry.is_ok_and(|entry| is_temporary(&entry.path())))
    })
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

    const KIND: FolderKind = FolderKind {
        name: "a set",
        check: |dir| match dir.join("marker").is_file() {
            true => Ok(()),
            false => Err("has no marker".to_owned()),
        },
        has: |file| file == Path::new("marker") || file == Path::new("in/side"),
    };

    fn old_and_new(parent: &Path) -> Staging {
        let target = parent.join("set");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("marker"), "old").unwrap();
        let staging = Staging::new(&target, &KIND, true).unwrap();
        staging.write("marker", b"new").unwrap();
        staging
    }

    fn count(dir: &Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    fn content(parent: &Path) -> String {
        assert_eq!(count(parent), 1, "no debris");
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
        fs::create_dir(target.join(".writing-dead")).unwrap();
        assert!(Staging::new(&target, &KIND, false).is_ok(), "it is empty");
        fs::write(target.join("diary"), "mine").unwrap();
        assert!(matches!(
            Staging::new(&target, &KIND, false),
            Err(FilesError::Exists(_))
        ));
        let refused = |target: &Path| match Staging::new(target, &KIND, true) {
            Err(error @ FilesError::NotOurs { .. }) => error.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(refused(&target).contains("has no marker"));
        assert!(refused(&target.join("diary")).contains("is not a set"));
        fs::write(target.join("marker"), "").unwrap();
        assert!(refused(&target).contains("holds diary, which is no part of a set"));
        fs::create_dir(target.join("in")).unwrap();
        fs::rename(target.join("diary"), target.join("in/mine")).unwrap();
        assert!(refused(&target).contains("in/mine"));
        fs::rename(target.join("in/mine"), target.join("in/side")).unwrap();
        Staging::check(&target, &KIND, true).unwrap();
        let staging = Staging::replacing(&target).unwrap();
        staging.create_dir("within").unwrap();
        staging.commit().unwrap();
        assert_eq!(count(&target), 1);
        assert_eq!(count(parent.path()), 1, "no debris");
    }

    #[test]
    fn who_comes_second_is_told() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("set");
        let staging = Staging::new(&target, &KIND, false).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join("marker"), "first").unwrap();
        assert!(matches!(staging.commit(), Err(FilesError::Exists(_))));
        assert_eq!(content(parent.path()), "first");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_came_after_the_look_is_not_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let staging = old_and_new(parent.path());
        let target = parent.path().join("set");
        fs::remove_dir_all(&target).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join("marker"), "of another").unwrap();
        assert!(matches!(staging.commit(), Err(FilesError::Changed(_))));
        assert_eq!(content(parent.path()), "of another");
    }

    #[test]
    fn the_folder_that_one_stands_in_is_replaced_by_its_name() {
        let parent = tempfile::tempdir().unwrap();
        let inner = parent.path().join("set/in");
        fs::create_dir_all(&inner).unwrap();
        fs::write(parent.path().join("set/marker"), "old").unwrap();
        let staging = Staging::new(&inner.join(".."), &KIND, true).unwrap();
        staging.write("marker", b"new").unwrap();
        staging.commit().unwrap();
        assert_eq!(content(parent.path()), "new");
    }
}
