//! One process at a time.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{FilesError, io_error, parent};

/// How often it is looked whether a lock has been given back.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A place that is this process's alone until it is dropped, or the process ends in whatever way.
///
/// The lock is the system's, on a file that lies at a path of the caller's choice: a killed process
/// leaves the file and no lock. The file says who holds it, and is removed when it is dropped. Where
/// a file system knows no locks, there is none, and nobody is refused.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock at `path`, or says who has it.
    ///
    /// # Errors
    /// [`FilesError::Busy`], which names the folder that the lock's file lies in, and
    /// [`FilesError::Io`].
    pub fn take(path: &Path) -> Result<Self, FilesError> {
        loop {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false);
            let mut file = options.open(path).map_err(io_error(path))?;
            match file.try_lock() {
                Ok(()) => {}
                // Refused by nobody: the file system knows no locks.
                Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(e)) => return Err(io_error(path)(e)),
                Err(TryLockError::WouldBlock) => {
                    return Err(FilesError::Busy {
                        path: parent(path).to_owned(),
                        holder: holder(&mut file),
                    });
                }
            }
            // Who held it may have removed the file in between: then it is nobody's lock.
            if !is_at(&file, path) {
                continue;
            }
            let mut said = format!("process {}", std::process::id());
            if let Some(host) = host() {
                said += &format!(" on {host}");
            }
            // Only for people to read: nothing depends on it.
            let _: io::Result<()> = file
                .set_len(0)
                .and_then(|()| file.write_all(said.as_bytes()));
            return Ok(Self {
                path: path.to_owned(),
                file,
            });
        }
    }

    /// Takes the lock at `path`; while another process has it, looks again as long as `waits`, which
    /// is told who that is, says so.
    ///
    /// # Errors
    /// As of [`Self::take`], [`FilesError::Busy`] once `waits` has said no.
    pub fn wait_for(path: &Path, mut waits: impl FnMut(&str) -> bool) -> Result<Self, FilesError> {
        loop {
            match Self::take(path) {
                Err(FilesError::Busy { ref holder, .. }) if waits(holder) => {
                    std::thread::sleep(LOOK_AGAIN);
                }
                taken => return taken,
            }
        }
    }

    /// Says that the lock's file has been moved, with the folder that it lies in.
    pub fn moved_to(&mut self, path: &Path) {
        path.clone_into(&mut self.path);
    }

    /// Whether the file is still where it was: the folder may have been removed or replaced.
    pub fn is_there(&self) -> bool {
        is_at(&self.file, &self.path)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.is_there() {
            // Removed before it is given back, so that nobody takes a lock on a file without a name.
            let _: io::Result<()> = fs::remove_file(&self.path);
        }
    }
}

/// Who holds a lock, as its file says.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(200).read_to_string(&mut text));
    match read {
        Ok(_) if !text.is_empty() => text,
        _ => "another process".to_owned(),
    }
}

fn host() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Whether an open file is the one that a path leads to.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |m: fs::Metadata| (m.dev(), m.ino());
        matches!(
            (file.metadata().map(id), fs::metadata(path).map(id)),
            (Ok(open), Ok(named)) if open == named
        )
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.lock");
        let first = Lock::take(&path).unwrap();
        let error = Lock::take(&path).unwrap_err().to_string();
        let id = std::process::id().to_string();
        assert!(error.contains(&id) && error.contains("at work"), "{error}");
        drop(first);
        assert!(!path.exists(), "no debris");
        // What a killed process leaves is a file without a lock.
        fs::write(&path, "process 0").unwrap();
        let second = Lock::take(&path).unwrap();
        assert!(second.is_there());
        fs::remove_file(&path).unwrap();
        assert!(!second.is_there());
        fs::write(&path, "of another").unwrap();
        drop(second);
        assert!(path.exists(), "that is not ours");
    }

    #[test]
    fn who_waits_comes_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("entry.lock");
        let first = Lock::take(&path).unwrap();
        assert!(Lock::wait_for(&path, |_| false).is_err());
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let waiting = scope.spawn({
                let path = path.clone();
                move || Lock::wait_for(&path, |_| tell.send(()).is_ok()).unwrap()
            });
            told.recv().unwrap();
            drop(first);
            assert!(waiting.join().unwrap().is_there());
        });
    }

    #[test]
    fn a_lock_goes_with_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        fs::create_dir(&old).unwrap();
        let mut lock = Lock::take(&old.join("lock")).unwrap();
        fs::rename(&old, &new).unwrap();
        lock.moved_to(&new.join("lock"));
        assert!(matches!(
            Lock::take(&new.join("lock")),
            Err(FilesError::Busy { .. })
        ));
        drop(lock);
        assert!(!new.join("lock").exists());
    }
}
