//! What `studies/claims.ron` says.

use std::path::Path;

use dt_env::config::{self, ConfigError};
use dt_env::files;
use serde::Deserialize;

use super::check;
use super::rules::{Rule, specific};
use crate::prompts::Study;

/// Largest file of claims that is read.
const MAX_BYTES: u64 = 1 << 20;
const FILE: &str = "studies/claims.ron";
const CLAIMS: &str = include_str!("../../../../../../studies/claims.ron");

/// All claims.
#[derive(Clone, Debug, PartialEq, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Deserialize)]
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
        Self::parse(FILE, CLAIMS).expect("the built-in claims are valid")
    }

    /// Reads claims from text; `file` only names it in errors.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        // Thresholds are a struct of their own, written without a second pair of parentheses:
        // `Antipodal(most_median: …)`. The switch stays on the first line, so that lines keep
        // their numbers.
        let text = format!("#![enable(unwrap_variant_newtypes)] {text}");
        let claims: Self = config::parse_ron(file, &text)?;
        match check::problem(&claims) {
            None => Ok(claims),
            Some(message) => Err(ConfigError::Invalid {
                file: file.to_owned(),
                message,
            }),
        }
    }

    /// Reads claims, with the hash of the file; `studies/claims.ron` is built in.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn find(path: &Path) -> Result<(Self, String), ConfigError> {
        let hash = |text: &[u8]| blake3::hash(text).to_hex().to_string();
        if !path.exists() && path == Path::new(FILE) {
            return Ok((Self::memory_post(), hash(CLAIMS.as_bytes())));
        }
        let text = files::read_text(path, MAX_BYTES)?;
        let claims = Self::parse(&path.display().to_string(), &text)?;
        Ok((claims, hash(text.as_bytes())))
    }

    /// Random directions that must be measured in each facet: the most that a rule asks for.
    pub fn random_directions(&self) -> usize {
        let asked = self.claims.iter().filter_map(|claim| match &claim.rule {
            Rule::SpecificDirection(specific::Thresholds { random, .. }) => Some(*random),
            _ => None,
        });
        asked.max().unwrap_or(0)
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

    #[test]
    fn mistakes_are_named_where_they_are() {
        let error = |from: &str, to: &str| {
            assert!(CLAIMS.contains(from), "{from}");
            let text = CLAIMS.replacen(from, to, 1);
            Claims::parse("my.ron", &text).unwrap_err().to_string()
        };
        let message = error("least_rho: 0.5", "least_roh: 0.5");
        let line = 1 + CLAIMS[..CLAIMS.find("least_rho").unwrap()]
            .matches('\n')
            .count();
        assert!(message.starts_with(&format!("my.ron:{line}:")), "{message}");
        assert!(
            message.contains("claims[1].rule") && message.contains("least_rho"),
            "{message}"
        );
        assert!(error("Steerable", "Stearable").contains("Steerable"));
        assert!(error("exposed_frames: 200", "exposed_frames: 0").contains("at least 1"));
        for (from, to, field) in [
            ("quantile: 0.99", "quantile: 2.0", "rule.quantile"),
            ("quantile: 0.99", "quantile: NaN", "rule.quantile"),
            ("random: 200", "random: 1000000000000", "rule.random"),
            ("random: 200", "random: 0", "rule.random"),
            ("usable_range: 2.0", "usable_range: -inf", "usable_range"),
            ("id: 2,", "id: 1,", "claims[1].id"),
            ("claim: \"", "claim: \"\\u{1b}[31m", "claims[0].claim"),
        ] {
            let message = error(from, to);
            let named = format!("my.ron: field `{field}");
            let place = field.rsplit("rule.").next().unwrap();
            assert!(message.starts_with("my.ron: field `"), "{message}");
            assert!(message.contains(&named) || message.contains(&format!("rule.{place}`")));
        }
    }
}
