//! What every crate of the lab needs and no world does.

pub mod config;
pub mod errors;
pub mod files;
#[cfg(feature = "cli")]
pub mod shell;
#[cfg(feature = "cli")]
pub mod signals;
pub mod streams;
pub mod text;
