//! Datasets in other libraries' formats.

mod minari;

pub use minari::{MinariId, check_place, write_minari};
