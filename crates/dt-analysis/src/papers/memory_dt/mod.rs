//! "Features and Adversaries in `MemoryDT`" (2023): its prompts, claims, figures and errata.
//!
//! [`evidence`] measures an agent, [`claims`] judge what was measured.

pub mod claims;
pub mod dossier;
pub mod errata;
pub mod evidence;
pub mod figures;
pub mod first_form;
pub mod published;
pub mod report;
