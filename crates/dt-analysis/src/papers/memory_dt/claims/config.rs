//! What `studies/claims.ron` says.

use std::path::Path;

use dt_env::config::{self, ConfigError};
use serde::{Deserialize, Serialize};

use crate::prompts::Study;

const CLAIMS: &str = include_str!("../../../../../../studies/claims.ron");

/// All claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Least change of the logit difference by the flip of a usable facet.
    pub usable_range: f64,
    /// Least number of usable facets.
    pub least_usable: usize,
    /// Frames in which key and ball must each be seen at an exposed cell.
    pub exposed_frames: u64,
    /// The claims.
    pub claims: Vec<Claim>,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Number.
    pub id: u32,
    /// In words.
    pub claim: String,
    /// What is measured.
    pub statistic: String,
    /// When an agent passes, in words.
    pub passes_if: String,
    /// The same, as a rule.
    pub rule: Rule,
}

/// When an agent passes a claim; `passes_if` has the words.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // thresholds, named as the words have them
pub enum Rule {
    Steerable,
    NormsFollowExposure {
        least_rho: f64,
        p_below: f64,
    },
    Antipodal {
        most_median: f64,
        least_auc: f64,
    },
    CueCluster {
        least_mean: f64,
        least_auc: f64,
    },
    InstructionComponent {
        least_ratio: f64,
    },
    Smeared {
        least_cosine: f64,
        least_share: f64,
        least_cells: usize,
    },
    TargetFeatures {
        least_ratio: f64,
        least_within: f64,
        most_across: f64,
    },
    TargetsAtDecision {
        least_decision: f64,
        most_start: f64,
    },
    DoubleComplement {
        least_pooled: f64,
        least_flipped: f64,
        most_decoy: f64,
    },
    SinglesPartial {
        low: f64,
        high: f64,
    },
    NotAdditive {
        above: f64,
        least_share: f64,
    },
    Asymmetric {
        above: f64,
        least_share: f64,
    },
    ProjectionPredicts {
        most_rmse: f64,
        least_share: f64,
    },
    Mediated {
        nie: (f64, f64),
        most_nde: f64,
    },
    SpecificDirection {
        random: usize,
        quantile: f64,
        least_share: f64,
    },
    SteersBehaviour {
        least_layouts: usize,
        most_random: f64,
    },
    Transfers {
        least: f64,
        margin: f64,
    },
    SoughtObject {
        least_share: f64,
    },
}

impl Claims {
    /// Why a study's agents cannot be judged by the claims, if they cannot: these are the post's,
    /// about an instruction and the order of two targets.
    pub fn refuses(study: &Study) -> Option<String> {
        let missing = (["instruction", "order"].into_iter()).find(|a| study.factor(a).is_err())?;
        Some(format!(
            "the claims are those of the study {}, and study {} has no factor `{missing}`; ask \
             geometry, intervene, patch, attribute, probe, adversary, transfer or formation",
            Study::memory_post().name,
            study.name
        ))
    }

    /// The claims of the post.
    ///
    /// # Panics
    /// Never in a released build: a test reads them.
    pub fn memory_post() -> Self {
        config::parse_ron("studies/claims.ron", CLAIMS).expect("the built-in claims are valid")
    }

    /// Reads claims, with the hash of the file; `studies/claims.ron` is built in.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn find(path: &Path) -> Result<(Self, String), ConfigError> {
        let hash = |text: &[u8]| blake3::hash(text).to_hex().to_string();
        if !path.exists() && path == Path::new("studies/claims.ron") {
            return Ok((Self::memory_post(), hash(CLAIMS.as_bytes())));
        }
        let claims: Self = config::read_ron(path)?;
        let text = std::fs::read(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok((claims, hash(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_claims_read() {
        let claims = Claims::memory_post();
        let ids: Vec<u32> = claims.claims.iter().map(|c| c.id).collect();
        assert_eq!(ids, (1..=18).collect::<Vec<u32>>());
    }
}
