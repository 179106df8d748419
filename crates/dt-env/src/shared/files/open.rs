//! The one door for files that someone else may have made.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::{FilesError, io_error};

/// Opens a file for reading, if it is a regular one of at most `limit` bytes.
///
/// A pipe would be waited for and a device read without end, so neither is opened.
///
/// # Errors
/// [`FilesError::Io`], [`FilesError::NotAFile`] or [`FilesError::TooLarge`].
pub fn open(path: &Path, limit: u64) -> Result<File, FilesError> {
    let is_file = |metadata: fs::Metadata| match metadata.is_file() {
        true => Ok(metadata.len()),
        false => Err(FilesError::NotAFile(path.to_owned())),
    };
    // Asked before it is opened, as opening a pipe waits, and after, as it may have been replaced.
    is_file(fs::metadata(path).map_err(io_error(path))?)?;
    let file = File::open(path).map_err(io_error(path))?;
    let bytes = is_file(file.metadata().map_err(io_error(path))?)?;
    match bytes > limit {
        true => Err(FilesError::TooLarge {
            path: path.to_owned(),
            bytes,
            limit,
        }),
        false => Ok(file),
    }
}

/// Opens a file as a stream that ends after `limit` bytes, even if the file grows meanwhile.
///
/// # Errors
/// As of [`open`].
pub fn open_stream(path: &Path, limit: u64) -> Result<io::Take<File>, FilesError> {
    Ok(open(path, limit)?.take(limit))
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// As of [`open`].
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FilesError> {
    let file = open(path, limit)?;
    let length = file.metadata().map_err(io_error(path))?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    read.map_err(io_error(path))?;
    match bytes.len() as u64 > limit {
        true => Err(FilesError::TooLarge {
            path: path.to_owned(),
            bytes: bytes.len() as u64,
            limit,
        }),
        false => Ok(bytes),
    }
}

/// Reads a regular file of at most `limit` bytes as text; a byte order mark at its start, as some
/// editors write it, is left out.
///
/// # Errors
/// As of [`open`], and [`FilesError::Io`] if it is no UTF-8.
pub fn read_text(path: &Path, limit: u64) -> Result<String, FilesError> {
    let text = String::from_utf8(read(path, limit)?)
        .map_err(|e| io_error(path)(io::Error::new(io::ErrorKind::InvalidData, e.utf8_error())))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Makes a named pipe.
    #[cfg(unix)]
    pub fn mkfifo(path: &Path) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR, 0).unwrap();
    }

    #[test]
    fn only_files_within_the_limit_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, b"\xef\xbb\xbfabc").unwrap();
        assert_eq!(read_text(&path, 6).unwrap(), "abc");
        assert_eq!(read(&path, 6).unwrap().len(), 6);
        let error = read(&path, 5).unwrap_err().to_string();
        assert!(
            error.contains("6 bytes") && error.contains("(5)"),
            "{error}"
        );
        assert!(matches!(open(dir.path(), 9), Err(FilesError::NotAFile(_))));
        fs::write(&path, b"\xff").unwrap();
        assert!(
            read_text(&path, 6)
                .unwrap_err()
                .to_string()
                .contains("utf-8")
        );
        assert!(open(&dir.path().join("none"), 9).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_are_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        mkfifo(&pipe);
        let zero = dir.path().join("zero");
        std::os::unix::fs::symlink("/dev/zero", &zero).unwrap();
        for path in [pipe, zero] {
            assert!(matches!(read(&path, 9), Err(FilesError::NotAFile(_))));
        }
    }
}
