//! How a program ends when something went wrong; shared by the four binaries.

use std::error::Error;
use std::io;

/// The error and its causes, each said once: some of ours quote their cause themselves.
///
/// ```
/// let inner = std::io::Error::other("no space left");
/// assert_eq!(dt_env::errors::describe(&inner), "no space left");
/// ```
pub fn describe(error: &(dyn Error + 'static)) -> String {
    chain(error).fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        match text.as_str() {
            "" => cause,
            quoted if quoted.ends_with(&cause) => text,
            _ => format!("{text}: {cause}"),
        }
    })
}

/// Whether it only says that the reader of our output has gone (`dt-env list | head -1`).
pub fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    chain(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::config::ConfigError;
    use crate::shared::files::FilesError;

    #[test]
    fn a_quoted_cause_is_said_once() {
        let error = ConfigError::Read(FilesError::Io {
            path: "a.ron".into(),
            source: io::Error::new(io::ErrorKind::BrokenPipe, "gone"),
        });
        assert_eq!(describe(&error), "cannot read a.ron: gone");
        assert!(is_broken_pipe(&error));
    }
}
