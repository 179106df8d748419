//! "Features and Adversaries in `MemoryDT`" (2023): its prompts, claims, figures and errata.

pub mod claims;
pub mod errata;
pub mod figures;
pub mod published;
pub mod report;
