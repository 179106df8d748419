//! Claim 17: adversaries transfer to other agents.
//!
//! Statistic: mean share of prompts that the best pair of one agent turns in the others of its
//! architecture. Rule: enough of them, and well above random pairs as much exposed. Source: the
//! post, which compares two agents by eye.

use serde::Deserialize;

use super::Judged;
use crate::papers::memory_dt::claims::Case;
use crate::questions::transfer::{Kinship, TransferRecord};

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least share.
    pub least: f64,
    /// Least distance from random pairs.
    pub margin: f64,
}

/// Applies the rule.
pub fn judge(case: &Case, rule: &Thresholds) -> Judged {
    let Some(records) = case.transfers else {
        return Judged::unjudged(
            "needs several agents: adversaries are chosen on one and tried on others",
        );
    };
    let name = &case.evidence.agent.name;
    let of = |kinships: &[Kinship]| mean(name, records, kinships);
    let apart = [
        ("same data", Kinship::SameData),
        ("other data", Kinship::OtherData),
        ("other architecture", Kinship::OtherArchitecture),
    ];
    let apart: Vec<String> = (apart.iter())
        .filter_map(|(words, kinship)| {
            let (turned, random, agents) = of(&[*kinship])?;
            Some(format!(
                "{words}: {turned:.2} (random {random:.2}, {agents} agents)"
            ))
        })
        .collect();
    let alike = of(&[Kinship::SameData, Kinship::OtherData]);
    Judged {
        value: alike.map(|(turned, ..)| turned),
        passes: alike
            .map(|(turned, random, _)| turned >= rule.least && turned >= random + rule.margin),
        details: match apart.is_empty() {
            true => "no other agent was studied beside it".to_owned(),
            false => apart.join(", "),
        },
    }
}

/// Mean share that an agent's pair turns in others of these kinships, that random pairs turn, and
/// how many others there are.
fn mean(name: &str, records: &[TransferRecord], kinships: &[Kinship]) -> Option<(f64, f64, usize)> {
    let found: Vec<&TransferRecord> = (records.iter())
        .filter(|r| r.chosen_on == name && kinships.contains(&r.kinship))
        .collect();
    let mean = |value: fn(&TransferRecord) -> f64| {
        found.iter().map(|r| value(r)).sum::<f64>() / found.len() as f64
    };
    (!found.is_empty()).then(|| (mean(|r| r.turned), mean(|r| r.random), found.len()))
}
