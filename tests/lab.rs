//! The whole lab as its users meet it: four programs, the files between them, what is promised of
//! both, and the order of this house. Tests of one crate's library stay with the crate.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod chain;
mod command_line;
mod house;
mod promises;
mod readme;
mod snapshots;
mod support;
