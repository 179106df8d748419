//! What README promises, one file a promise.

mod determinism;
mod kept;
mod one_error;
mod one_process;
mod resume;
#[cfg(unix)]
mod signals;
