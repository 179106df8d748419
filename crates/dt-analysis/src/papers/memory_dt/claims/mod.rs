//! The post's claims as rules, and verdicts on agents.
//!
//! Rules and thresholds are data (`studies/claims.ron`), written down before an agent of ours was
//! judged; their hash goes into the report. [`judge()`] applies them to what was measured of one
//! agent ([`super::evidence`]); [`summarise`] counts agents. [`rules`] has a file for each claim:
//! what it says, its statistic and its rule.

mod case;
mod check;
mod config;
mod judge;
pub mod rules;
mod summary;

pub use case::{Case, Usable};
pub use config::{Claim, Claims};
pub use judge::{Finding, Judgement, judge};
pub use rules::{Judged, Rule};
pub use summary::{ClaimSummary, summarise};
