//! The post's claims as rules, and verdicts on agents.
//!
//! Rules and thresholds are data (`studies/claims.ron`), written down before an agent of ours was
//! judged; their hash goes into the report. [`judge`] measures one agent; [`summarise`] counts
//! agents.

mod config;
mod facets;
mod judge;
mod summary;
mod vocabulary;

pub use config::{Claim, Claims, Rule};
pub use judge::{Evidence, Finding, evidence, judge};
pub use summary::{ClaimSummary, summarise};
