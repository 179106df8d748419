//! What claims cannot say: the first mistake in them, by field.

use std::collections::BTreeSet;

use dt_env::text::plain;

use super::config::{Claim, Claims};
use super::rules::Rule;

/// Most random directions that a rule may ask for in each facet: each is a forward pass.
const MAX_RANDOM: usize = 100_000;
/// Largest logit difference or share of one, either way.
const MAX_NUMBER: f64 = 1e9;

/// A field of a rule with its value and the range in which it must lie.
type Bound = (&'static str, f64, (f64, f64));

/// What makes claims impossible, if anything does.
pub(super) fn problem(claims: &Claims) -> Option<String> {
    if claims.exposed_frames == 0 {
        return Some(
            "field `exposed_frames`: a cell that was never seen is not exposed; at least 1 is needed"
                .to_owned(),
        );
    }
    let range = ("usable_range", claims.usable_range, (0.0, MAX_NUMBER));
    if let Some(problem) = out_of("", range) {
        return Some(problem);
    }
    let mut ids = BTreeSet::new();
    claims.claims.iter().enumerate().find_map(|(n, claim)| {
        let within = format!("claims[{n}].");
        if !ids.insert(claim.id) {
            return Some(format!(
                "field `{within}id`: claim {} is there twice; findings are kept by it",
                claim.id
            ));
        }
        of_claim(&within, claim)
    })
}

fn of_claim(within: &str, claim: &Claim) -> Option<String> {
    let words = [
        ("claim", &claim.claim),
        ("statistic", &claim.statistic),
        ("passes_if", &claim.passes_if),
    ];
    if let Some((field, text)) = words.into_iter().find(|(_, t)| plain(t) != t.as_str()) {
        return Some(format!(
            "field `{within}{field}`: `{}` has a control character",
            plain(text)
        ));
    }
    let within = format!("{within}rule.");
    if let Rule::SpecificDirection(rule) = &claim.rule
        && !(1..=MAX_RANDOM).contains(&rule.random)
    {
        return Some(format!(
            "field `{within}random`: {} must be from 1 to {MAX_RANDOM}",
            rule.random
        ));
    }
    bounds(&claim.rule)
        .into_iter()
        .find_map(|bound| out_of(&within, bound))
}

fn out_of(within: &str, (field, value, (low, high)): Bound) -> Option<String> {
    // Not a number fails too.
    let is_within = value >= low && value <= high;
    (!is_within)
        .then(|| format!("field `{within}{field}`: {value} must be a number from {low} to {high}"))
}

/// Every threshold of a rule that is a number with a range.
fn bounds(rule: &Rule) -> Vec<Bound> {
    let share = |field, value| (field, value, (0.0, 1.0));
    let cosine = |field, value| (field, value, (-1.0, 1.0));
    let number = |field, value| (field, value, (-MAX_NUMBER, MAX_NUMBER));
    match rule {
        Rule::Steerable => Vec::new(),
        Rule::NormsFollowExposure(r) => {
            vec![
                cosine("least_rho", r.least_rho),
                share("p_below", r.p_below),
            ]
        }
        Rule::Antipodal(r) => vec![
            cosine("most_median", r.most_median),
            share("least_auc", r.least_auc),
        ],
        Rule::CueCluster(r) => vec![
            cosine("least_mean", r.least_mean),
            share("least_auc", r.least_auc),
        ],
        Rule::InstructionComponent(r) => vec![share("least_ratio", r.least_ratio)],
        Rule::Smeared(r) => vec![
            cosine("least_cosine", r.least_cosine),
            share("least_share", r.least_share),
        ],
        Rule::TargetFeatures(r) => vec![
            share("least_ratio", r.least_ratio),
            share("least_within", r.least_within),
            share("most_across", r.most_across),
        ],
        Rule::TargetsAtDecision(r) => vec![
            number("least_decision", r.least_decision),
            number("most_start", r.most_start),
        ],
        Rule::DoubleComplement(r) => vec![
            number("least_pooled", r.least_pooled),
            share("least_flipped", r.least_flipped),
            number("most_decoy", r.most_decoy),
        ],
        Rule::SinglesPartial(r) => vec![number("low", r.low), number("high", r.high)],
        Rule::NotAdditive(r) => vec![
            number("above", r.above),
            share("least_share", r.least_share),
        ],
        Rule::Asymmetric(r) => vec![
            number("above", r.above),
            share("least_share", r.least_share),
        ],
        Rule::ProjectionPredicts(r) => vec![
            number("most_rmse", r.most_rmse),
            share("least_share", r.least_share),
        ],
        Rule::Mediated(r) => vec![
            number("nie", r.nie.0),
            ("nie", r.nie.1, (r.nie.0, MAX_NUMBER)),
            number("most_nde", r.most_nde),
        ],
        Rule::SpecificDirection(r) => vec![
            share("quantile", r.quantile),
            share("least_share", r.least_share),
        ],
        Rule::SteersBehaviour(r) => vec![share("most_random", r.most_random)],
        Rule::Transfers(r) => vec![share("least", r.least), share("margin", r.margin)],
        Rule::SoughtObject(r) => vec![share("least_share", r.least_share)],
    }
}
