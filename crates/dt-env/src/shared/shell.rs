//! What the four programs do alike: how they start, print and end.

use std::borrow::Cow;
use std::io::{self, StdoutLock, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::errors::{describe, is_broken_pipe};
use super::files::FilesError;
use super::text::plain_lines;

/// How a command ended, if it could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is well: exit code 0.
    Done,
    /// It looked, and what it looked at is not as it should be: exit code 1.
    CheckFailed,
}

/// Reads the command line and runs the program: a `main` is this one call.
///
/// The exit code is that of the [`Outcome`], and 2 where the command could not do its work; then
/// the error is on standard error. A reader that has seen enough (`dt-env list | head -1`) is no
/// error.
pub fn main<C: clap::Parser>(
    run: impl FnOnce(&C, &mut Plain<StdoutLock<'static>>) -> Result<Outcome>,
) -> ExitCode {
    let cli = C::parse();
    let mut out = Plain(io::stdout().lock());
    exit_code(&run(&cli, &mut out), &mut io::stderr())
}

/// Text that is written through it does nothing but be read: names of files, and names in files of
/// others, may hold what a terminal obeys ([`crate::text::plain`]). Line ends stay.
pub struct Plain<W>(W);

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Formatted text comes in pieces that are whole; anything else is written as it is.
        match std::str::from_utf8(bytes).map(plain_lines) {
            Ok(Cow::Owned(escaped)) => self.0.write_all(escaped.as_bytes())?,
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn exit_code(outcome: &Result<Outcome>, stderr: &mut impl Write) -> ExitCode {
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::CheckFailed) => ExitCode::from(1),
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            let said = shortened(describe(error.as_ref()));
            // Where standard error is gone too, the exit code has to do.
            let _: io::Result<()> = writeln!(stderr, "error: {}", plain_lines(&said));
            ExitCode::from(2)
        }
    }
}

/// A message at a length that is read: it may quote what is in a file.
fn shortened(mut message: String) -> String {
    const MOST: usize = 1500;
    if let Some((end, _)) = message.char_indices().nth(MOST) {
        let left = message[end..].chars().count();
        message.truncate(end);
        message += &format!("… ({left} characters more)");
    }
    message
}

/// Writes `value` as indented JSON and a line end.
///
/// # Errors
/// If the output is closed.
pub fn write_json(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    // Via a string: serde_json hides which errors come from the pipe.
    writeln!(out, "{}", serde_json::to_string_pretty(value)?)?;
    Ok(())
}

/// Refuses to write to a place that is taken, unless `force` is set: asked before the work, not
/// after it.
///
/// # Errors
/// [`FilesError::Exists`].
pub fn refuse_or_force(path: &Path, force: bool) -> Result<(), FilesError> {
    match path.symlink_metadata() {
        Ok(_) if !force => Err(FilesError::Exists(path.to_owned())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_say_who_is_at_fault() {
        let code = |outcome: Result<Outcome>| {
            let mut said = Vec::new();
            let code = exit_code(&outcome, &mut said);
            (format!("{code:?}"), String::from_utf8(said).unwrap())
        };
        let is = |n: u8| format!("{:?}", ExitCode::from(n));
        assert_eq!(code(Ok(Outcome::Done)), (is(0), String::new()));
        assert_eq!(code(Ok(Outcome::CheckFailed)), (is(1), String::new()));
        let pipe = io::Error::new(io::ErrorKind::BrokenPipe, "gone");
        assert_eq!(code(Err(pipe.into())), (is(0), String::new()));
        let wrong = anyhow::anyhow!("no such world\u{7}").context("cannot play");
        let said = "error: cannot play: no such world\\u{7}\n".to_owned();
        assert_eq!(code(Err(wrong)), (is(2), said));
        let (_, said) = code(Err(anyhow::anyhow!("é".repeat(100_000))));
        assert!(said.chars().count() < 2000 && said.contains("98500 characters more"));
    }

    #[test]
    fn what_is_printed_is_only_read() {
        let mut printed = Vec::new();
        let name = "a\u{1b}[2J";
        writeln!(Plain(&mut printed), "{name}: {}\tok", 3).unwrap();
        assert_eq!(printed, b"a\\u{1b}[2J: 3\tok\n");
    }

    #[test]
    fn what_exists_is_not_written_over_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let new = dir.path().join("new");
        assert!(refuse_or_force(&new, false).is_ok());
        assert!(refuse_or_force(dir.path(), true).is_ok());
        let error = refuse_or_force(dir.path(), false).unwrap_err();
        assert!(error.to_string().contains("--force"), "{error}");
    }
}
