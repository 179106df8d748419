//! Datasets in other libraries' formats.

mod minari;

pub use minari::{MinariId, write_minari};
