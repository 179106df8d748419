//! What every crate of the lab needs and no world does.

pub mod config;
pub mod errors;
pub mod streams;
