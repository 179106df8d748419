//! Everything that the post asks, of one agent: the record behind `results.json`.

use crate::subject::Experiment;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::dossier::table::Row;
use crate::maths::stats::Interval;
use crate::papers::memory_dt::claims::{Claims, Evidence, Finding, evidence, judge};
use crate::questions::attribution::{Attribution, attribution};
use crate::questions::edits::{EffectsRecord, effects};
use crate::questions::geometry::{GeometryRecord, geometry};
use crate::questions::patching::{PatchingRecord, PathRecord, all_sweeps, path_patching, sweep};

/// Results of one agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AgentResults {
    /// Name of the agent's kind.
    pub agent: String,
    /// Seed of its training; none for an imported agent.
    pub seed: Option<u64>,
    /// Steps of its training.
    pub step: u64,
    /// Values of its parameters.
    pub parameters: usize,
    /// Geometry of its vocabulary.
    pub geometry: GeometryRecord,
    /// Share of the flip that each edit makes.
    pub restored_logit_diff: BTreeMap<String, BTreeMap<String, Option<f64>>>,
    /// Projection of the first state token on the instruction component, and logit difference.
    pub projection_vs_logit_diff: BTreeMap<String, BTreeMap<String, Point>>,
    /// Logit difference by coefficient of the instruction component.
    pub direct_intervention: BTreeMap<String, BTreeMap<String, f64>>,
    /// The claims.
    pub claims: BTreeMap<u32, ClaimResult>,
    /// All effects: raw logits, probability of the two answers, argmax.
    pub effects: EffectsRecord,
    /// Patching maps.
    pub patching: PatchingRecord,
    /// Path patching.
    pub paths: PathRecord,
    /// Direct logit attribution.
    pub attribution: Vec<Attribution>,
    /// What the claims are judged by.
    pub evidence: Evidence,
    /// Findings in the claims' order.
    pub findings: Vec<Finding>,
}

/// One point of Figure 18.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Projection.
    pub projection: f64,
    /// Logit difference.
    pub logit_diff: f64,
}

/// A claim of one agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimResult {
    /// The statistic.
    pub value: Option<f64>,
    /// Always missing for one agent; see `groups` for several.
    pub interval: Option<Interval>,
    /// `PASS` or `NO`; missing where it cannot be judged.
    pub verdict: Option<String>,
}

/// Asks an agent everything.
///
/// # Errors
/// If the study cannot be asked of the agent.
pub fn reproduce(experiment: &Experiment, claims: &Claims) -> Result<AgentResults, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let _study = &set.study;
    let effects = effects(experiment)?;
    let evidence = evidence(experiment, claims, &effects)?;
    let findings = judge(experiment, claims, &effects, &evidence)?;
    let by_edit = |f: &dyn Fn(&crate::questions::edits::EditEffect) -> Option<f64>| {
        let facets = effects.effects.iter();
        facets
            .map(|(facet, edits)| {
                let edits = edits.iter().map(|(name, e)| (name.clone(), f(e)));
                (facet.clone(), edits.collect())
            })
            .collect()
    };
    let points = effects.effects.iter().map(|(facet, edits)| {
        let edits = edits.iter().map(|(name, e)| {
            let point = Point {
                projection: e.projection[0],
                logit_diff: e.logit_diff,
            };
            (name.clone(), point)
        });
        (facet.clone(), edits.collect())
    });
    Ok(AgentResults {
        agent: subject.kind().to_owned(),
        seed: subject.agent.record.seed,
        step: subject.agent.record.step,
        parameters: subject.model().parameter_count(),
        geometry: geometry(experiment, &evidence.exposed_cells)?,
        restored_logit_diff: by_edit(&|e| e.restored),
        projection_vs_logit_diff: points.collect(),
        direct_intervention: effects.direct_intervention.clone(),
        claims: findings
            .iter()
            .map(|f| {
                let verdict = f.passes.map(|p| if p { "PASS" } else { "NO" }.to_owned());
                let result = ClaimResult {
                    value: f.value,
                    interval: None,
                    verdict,
                };
                (f.id, result)
            })
            .collect(),
        patching: sweep(experiment, &all_sweeps())?,
        paths: path_patching(experiment)?,
        attribution: attribution(experiment)?,
        effects,
        evidence,
        findings,
    })
}

impl AgentResults {
    /// All numbers as rows of the tidy table.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut push = |facet: &str, edit: &str, metric: &str, value: Option<f64>| {
            rows.push(Row {
                agent: self.agent.clone(),
                seed: self.seed,
                facet: facet.to_owned(),
                edit: edit.to_owned(),
                metric: metric.to_owned(),
                value,
            });
        };
        let groups = self.effects.groups.iter().map(|g| &g.effects);
        let all = std::iter::once(&self.effects.effects).chain(groups);
        for (facet, edits) in all.flatten() {
            for (edit, e) in edits {
                push(facet, edit, "logit_diff", Some(e.logit_diff));
                push(facet, edit, "restored_logit_diff", e.restored);
                push(facet, edit, "projection", e.projection.first().copied());
                push(
                    facet,
                    edit,
                    "answer_probability",
                    Some(e.answer_probability),
                );
                push(facet, edit, "argmax", Some(e.argmax as f64));
            }
        }
        for (facet, curve) in &self.direct_intervention {
            for (coefficient, diff) in curve {
                push(facet, coefficient, "direct_intervention", Some(*diff));
            }
        }
        for (kind, facets) in &self.patching.maps {
            for (facet, map) in facets {
                for (row, values) in map.rows.iter().zip(&map.restored) {
                    for (column, value) in map.columns.iter().zip(values) {
                        push(
                            facet,
                            &format!("{row}, {column}"),
                            &format!("patching {kind}"),
                            *value,
                        );
                    }
                }
            }
        }
        for attribution in &self.attribution {
            for (part, value) in &attribution.parts {
                push(
                    &attribution.facet.to_string(),
                    part,
                    "attribution",
                    Some(*value),
                );
            }
        }
        for (item, norm) in &self.geometry.norms {
            push("", item, "norm", Some(*norm));
        }
        for finding in &self.findings {
            push("", &format!("claim {}", finding.id), "claim", finding.value);
        }
        rows
    }
}
