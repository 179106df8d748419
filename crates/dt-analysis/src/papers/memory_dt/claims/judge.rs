//! One agent judged by every claim.

use dt_env::Cell;
use serde::{Deserialize, Serialize};

use super::case::Case;
use super::config::Claims;
use super::rules::Judged;
use crate::Error;
use crate::papers::memory_dt::evidence::Evidence;
use crate::questions::transfer::TransferRecord;

/// What was found on one claim for one agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Number of the claim.
    pub id: u32,
    /// The statistic; missing where it cannot be had.
    pub value: Option<f64>,
    /// Whether the agent passes; missing where it cannot be judged.
    pub passes: Option<bool>,
    /// The numbers behind it, or why there are none.
    pub details: String,
}

/// What thresholds make of an agent's evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Findings in the claims' order.
    pub findings: Vec<Finding>,
    /// Cells at which both objects were seen often enough.
    pub exposed_cells: Vec<Cell>,
    /// Facets whose logit difference has the right sign.
    pub right_sign: usize,
    /// Facets that claims are asked of.
    pub usable: Vec<String>,
}

/// Judges an agent by every claim; `transfers` are what several agents' adversaries did to each
/// other, where several were studied.
///
/// # Errors
/// If the claims ask for more than was measured.
pub fn judge(
    evidence: &Evidence,
    claims: &Claims,
    transfers: Option<&[TransferRecord]>,
) -> Result<Judgement, Error> {
    let case = Case::new(evidence, claims, transfers);
    let findings = claims.claims.iter().map(|claim| {
        let judged = match claim.rule.judge(&case) {
            Ok(judged) => judged,
            // Too few exposed cells and the like: a property of the agent's data.
            Err(Error::Stats(error)) => Judged::fails(error.to_string()),
            Err(Error::Question(message)) => {
                let name = &evidence.agent.name;
                let message = format!("{name}, claim {}: {message}", claim.id);
                return Err(Error::Question(message));
            }
            Err(error) => return Err(error),
        };
        Ok(Finding {
            id: claim.id,
            value: judged.value,
            passes: judged.passes,
            details: judged.details,
        })
    });
    let facets = &evidence.effects.facets;
    Ok(Judgement {
        findings: findings.collect::<Result<_, Error>>()?,
        right_sign: case.usable.right_sign,
        usable: (case.usable.facets.iter())
            .map(|&n| facets[n].to_string())
            .collect(),
        exposed_cells: case.exposed,
    })
}
