//! One file for each claim: what it says, its statistic, its thresholds, its rule.
//!
//! A rule looks at a [`Case`] alone: what was measured of an agent, never the agent. To add a
//! claim, add a file here, a line to [`Rule`] and its dispatch, and an entry to
//! `studies/claims.ron`.

use serde::Deserialize;

use super::case::Case;
use crate::Error;

#[path = "03_antipodal.rs"]
pub mod antipodal;
#[path = "12_asymmetric.rs"]
pub mod asymmetric;
#[path = "04_cue_cluster.rs"]
pub mod cue_cluster;
#[path = "09_double_complement.rs"]
pub mod double_complement;
#[path = "05_instruction_component.rs"]
pub mod instruction_component;
#[path = "14_mediated.rs"]
pub mod mediated;
#[path = "02_norms.rs"]
pub mod norms;
#[path = "11_not_additive.rs"]
pub mod not_additive;
#[path = "13_prediction.rs"]
pub mod prediction;
#[path = "10_singles.rs"]
pub mod singles;
#[path = "06_smeared.rs"]
pub mod smeared;
#[path = "18_sought.rs"]
pub mod sought;
#[path = "15_specific.rs"]
pub mod specific;
#[path = "01_steerable.rs"]
pub mod steerable;
#[path = "16_steered.rs"]
pub mod steered;
#[path = "07_target_features.rs"]
pub mod target_features;
#[path = "08_targets.rs"]
pub mod targets;
#[path = "17_transfers.rs"]
pub mod transfers;

/// When an agent passes a claim; `passes_if` has the words.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub enum Rule {
    /// Claim 1.
    Steerable,
    /// Claim 2.
    NormsFollowExposure(norms::Thresholds),
    /// Claim 3.
    Antipodal(antipodal::Thresholds),
    /// Claim 4.
    CueCluster(cue_cluster::Thresholds),
    /// Claim 5.
    InstructionComponent(instruction_component::Thresholds),
    /// Claim 6.
    Smeared(smeared::Thresholds),
    /// Claim 7.
    TargetFeatures(target_features::Thresholds),
    /// Claim 8.
    TargetsAtDecision(targets::Thresholds),
    /// Claim 9.
    DoubleComplement(double_complement::Thresholds),
    /// Claim 10.
    SinglesPartial(singles::Thresholds),
    /// Claim 11.
    NotAdditive(not_additive::Thresholds),
    /// Claim 12.
    Asymmetric(asymmetric::Thresholds),
    /// Claim 13.
    ProjectionPredicts(prediction::Thresholds),
    /// Claim 14.
    Mediated(mediated::Thresholds),
    /// Claim 15.
    SpecificDirection(specific::Thresholds),
    /// Claim 16.
    SteersBehaviour(steered::Thresholds),
    /// Claim 17.
    Transfers(transfers::Thresholds),
    /// Claim 18.
    SoughtObject(sought::Thresholds),
}

/// What a rule makes of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The statistic; missing where it cannot be had.
    pub value: Option<f64>,
    /// Whether the agent passes; missing where it cannot be judged.
    pub passes: Option<bool>,
    /// The numbers behind it, or why there are none.
    pub details: String,
}

impl Judged {
    /// A value and whether it is enough.
    fn new(value: f64, passes: bool, details: impl Into<String>) -> Self {
        Self {
            value: Some(value),
            passes: Some(passes),
            details: details.into(),
        }
    }

    /// A share that must be at least so large; not judged where there is none.
    fn at_least(share: Option<f64>, least: f64, details: impl Into<String>) -> Self {
        Self {
            value: share,
            passes: share.map(|s| s >= least),
            details: details.into(),
        }
    }

    /// No value, which is the agent's own fault.
    pub(super) fn fails(details: impl Into<String>) -> Self {
        Self {
            value: None,
            passes: Some(false),
            details: details.into(),
        }
    }

    /// Neither passed nor failed.
    fn unjudged(details: impl Into<String>) -> Self {
        Self {
            value: None,
            passes: None,
            details: details.into(),
        }
    }
}

impl Rule {
    /// Whether the claim is about facets, of which enough must be usable.
    fn is_about_facets(&self) -> bool {
        !matches!(
            self,
            Self::Steerable
                | Self::NormsFollowExposure(_)
                | Self::Antipodal(_)
                | Self::CueCluster(_)
                | Self::InstructionComponent(_)
                | Self::Smeared(_)
                | Self::TargetFeatures(_)
                | Self::Transfers(_)
        )
    }

    /// Applies the rule.
    ///
    /// # Errors
    /// [`Error::Stats`] if the statistic cannot be had of this agent; others if the study or the
    /// measurements lack what the rule asks for.
    pub fn judge(&self, case: &Case) -> Result<Judged, Error> {
        if self.is_about_facets() && !case.enough {
            return Ok(Judged::fails(format!("only {}", case.usable_facets())));
        }
        match self {
            Self::Steerable => Ok(steerable::judge(case)),
            Self::NormsFollowExposure(rule) => norms::judge(case, rule),
            Self::Antipodal(rule) => antipodal::judge(case, rule),
            Self::CueCluster(rule) => cue_cluster::judge(case, rule),
            Self::InstructionComponent(rule) => instruction_component::judge(case, rule),
            Self::Smeared(rule) => smeared::judge(case, rule),
            Self::TargetFeatures(rule) => target_features::judge(case, rule),
            Self::TargetsAtDecision(rule) => Ok(targets::judge(case, rule)),
            Self::DoubleComplement(rule) => double_complement::judge(case, rule),
            Self::SinglesPartial(rule) => singles::judge(case, rule),
            Self::NotAdditive(rule) => not_additive::judge(case, rule),
            Self::Asymmetric(rule) => asymmetric::judge(case, rule),
            Self::ProjectionPredicts(rule) => prediction::judge(case, rule),
            Self::Mediated(rule) => Ok(mediated::judge(case, rule)),
            Self::SpecificDirection(rule) => specific::judge(case, rule),
            Self::SteersBehaviour(rule) => Ok(steered::judge(case, rule)),
            Self::Transfers(rule) => Ok(transfers::judge(case, rule)),
            Self::SoughtObject(rule) => Ok(sought::judge(case, rule)),
        }
    }
}
