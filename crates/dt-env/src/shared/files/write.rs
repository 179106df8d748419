//! The one atomic write of a file, and what is left of writes that were killed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{FilesError, TEMPORARY, io_error, is_temporary, parent, sync_folder};

/// Writes a file; one that is there is replaced when the new one is whole. A link stays a link:
/// what it leads to is replaced.
///
/// # Errors
/// [`FilesError::Io`], or [`FilesError::NotAFile`] where something else has the name; what was there
/// stays as it was.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
    let target = through_links(path)?;
    if fs::symlink_metadata(&target).is_ok_and(|m| !m.is_file()) {
        return Err(FilesError::NotAFile(path.to_owned()));
    }
    let write = || -> io::Result<()> {
        let mut file = builder(0o666).tempfile_in(parent(&target))?;
        hold(file.as_file());
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(|e| io_error(path)(without_place(&e)))?;
    sync_folder(parent(&target))
}

/// An error of something that has a temporary name, without that name: nobody knows it.
pub(super) fn without_place(error: &io::Error) -> io::Error {
    let text = error.to_string();
    let said = text
        .split_once(" at path ")
        .map_or(&*text, |(said, _)| said);
    io::Error::new(error.kind(), said.to_owned())
}

/// Where a path leads if it is a link; itself otherwise.
fn through_links(path: &Path) -> Result<PathBuf, FilesError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => fs::canonicalize(path).map_err(io_error(path)),
        _ => Ok(path.to_owned()),
    }
}

/// Makes things of a temporary name with the rights that anything new has: those that the mode and
/// the user's mask allow.
pub(super) fn builder(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

/// Marks something in the making as that of a living process; where there are no locks, its age has
/// to do.
pub(super) fn hold(file: &File) {
    let _: Result<(), fs::TryLockError> = file.try_lock();
}

/// Removes from a folder what processes that are dead had in the making there: what nobody holds and
/// is older than `age`. What cannot be removed stays.
pub fn sweep(dir: &Path, age: Duration) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if is_temporary(&path) {
            // Who removes it at the same time does the same.
            let _: io::Result<()> = sweep_one(&path, age);
        }
    }
}

fn sweep_one(path: &Path, age: Duration) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    let is_old = metadata.modified()?.elapsed().is_ok_and(|old| old >= age);
    if !is_old || !(metadata.is_file() || metadata.is_dir()) {
        return Ok(());
    }
    let held = File::open(path)?;
    if held.try_lock().is_err() {
        return Ok(());
    }
    match metadata.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(unix)]
    use crate::shared::files::open::tests::mkfifo;
    use crate::shared::files::{list, read};

    #[test]
    fn a_file_is_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        for text in ["one", "two"] {
            write_file(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no debris");
    }

    #[cfg(unix)]
    #[test]
    fn rights_are_those_of_any_new_file_and_links_stay_links() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let [ours, theirs, link] = ["ours", "theirs", "link"].map(|n| dir.path().join(n));
        write_file(&ours, b"x").unwrap();
        fs::write(&theirs, b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&theirs));
        symlink(&ours, &link).unwrap();
        write_file(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&ours).unwrap(), b"new");
        // A pipe, and a device alike, is not written over: a superuser could.
        let pipe = dir.path().join("pipe");
        mkfifo(&pipe);
        fs::remove_file(&link).unwrap();
        symlink(&pipe, &link).unwrap();
        for path in [&pipe, &link] {
            assert!(matches!(
                write_file(path, b"x"),
                Err(FilesError::NotAFile(_))
            ));
        }
        assert!(!fs::metadata(&pipe).unwrap().is_file());
    }

    #[test]
    fn a_failed_write_leaves_what_was_there_alone() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        fs::create_dir_all(taken.join("inside")).unwrap();
        let error = write_file(&taken, b"x").unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
        assert_eq!(list(dir.path()).unwrap().len(), 1);
        assert!(taken.join("inside").exists());
        let nowhere = dir.path().join("no/where");
        assert!(write_file(&nowhere, b"x").is_err());
        assert!(read(&nowhere, 9).is_err() && list(&nowhere).is_err());
    }

    #[test]
    fn what_the_dead_left_is_swept_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let debris = dir.path().join(".writing-dead");
        fs::create_dir_all(debris.join("new")).unwrap();
        let lives = builder(0o666).tempfile_in(dir.path()).unwrap();
        hold(lives.as_file());
        fs::write(dir.path().join("kept"), "x").unwrap();
        sweep(dir.path(), Duration::from_mins(1));
        assert!(debris.exists(), "it may just have been made");
        sweep(dir.path(), Duration::ZERO);
        assert!(!debris.exists() && lives.path().exists());
        assert_eq!(list(dir.path()).unwrap(), [dir.path().join("kept")]);
    }
}
