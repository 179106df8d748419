//! Everything that the post asks, of one agent: the record behind `results.json`.
//!
//! [`measure`] asks the agent; [`AgentResults::judge`] applies the claims to what it showed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::stats::Interval;
use crate::papers::memory_dt::claims::{Claims, Finding, Judgement, judge};
use crate::papers::memory_dt::dossier::table::Row;
use crate::papers::memory_dt::evidence::{Evidence, evidence};
use crate::questions::attribution::{Attribution, attribution};
use crate::questions::edits::{EditEffect, EffectsRecord};
use crate::questions::geometry::{GeometryRecord, geometry, pair_cosines};
use crate::questions::patching::{PatchingRecord, PathRecord, all_sweeps, path_patching, sweep};
use crate::questions::transfer::TransferRecord;
use crate::subject::Experiment;

/// Agents of one kind with all that the paper asks of them.
pub type Group<'a> = crate::figures::Group<'a, AgentResults>;

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
    /// The claims; nothing before [`AgentResults::judge`].
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
    /// Findings in the claims' order; nothing before [`AgentResults::judge`].
    pub findings: Vec<Finding>,
    /// Facets whose logit difference has the right sign.
    pub right_sign: usize,
    /// Facets that claims are asked of.
    pub usable: Vec<String>,
}

/// What `results.json` holds of an agent: all but the evidence, which has a file of its own.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)] // as in AgentResults
pub struct ResultsFile<'a> {
    pub agent: &'a str,
    pub seed: Option<u64>,
    pub step: u64,
    pub parameters: usize,
    pub geometry: &'a GeometryRecord,
    pub restored_logit_diff: &'a BTreeMap<String, BTreeMap<String, Option<f64>>>,
    pub projection_vs_logit_diff: &'a BTreeMap<String, BTreeMap<String, Point>>,
    pub direct_intervention: &'a BTreeMap<String, BTreeMap<String, f64>>,
    pub claims: &'a BTreeMap<u32, ClaimResult>,
    pub effects: &'a EffectsRecord,
    pub patching: &'a PatchingRecord,
    pub paths: &'a PathRecord,
    pub attribution: &'a [Attribution],
    pub findings: &'a [Finding],
    pub right_sign: usize,
    pub usable: &'a [String],
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

impl ClaimResult {
    fn of(finding: &Finding) -> Self {
        let verdict = finding
            .passes
            .map(|p| if p { "PASS" } else { "NO" }.to_owned());
        Self {
            value: finding.value,
            interval: None,
            verdict,
        }
    }
}

/// Asks an agent everything, and judges it by itself.
///
/// # Errors
/// If the study cannot be asked of the agent.
pub fn reproduce(experiment: &Experiment, claims: &Claims) -> Result<AgentResults, Error> {
    let mut results = measure(experiment, claims.random_directions())?;
    results.judge(claims, None)?;
    Ok(results)
}

/// Asks an agent everything and judges nothing: no number here depends on a claim's threshold.
///
/// # Errors
/// If the study cannot be asked of the agent.
pub fn measure(experiment: &Experiment, random_directions: usize) -> Result<AgentResults, Error> {
    let subject = experiment.subject;
    let evidence = evidence(experiment, random_directions)?;
    let effects = evidence.effects.clone();
    Ok(AgentResults {
        agent: evidence.agent.kind.clone(),
        seed: evidence.agent.seed,
        step: evidence.agent.step,
        parameters: subject.model().parameter_count(),
        geometry: geometry(experiment, &[])?, // which cells are exposed is for the judge to say
        restored_logit_diff: by_edit(&effects, |e| e.restored),
        projection_vs_logit_diff: by_edit(&effects, |e| Point {
            projection: e.projection[0],
            logit_diff: e.logit_diff,
        }),
        direct_intervention: effects.direct_intervention.clone(),
        patching: sweep(experiment, &all_sweeps())?,
        paths: path_patching(experiment)?,
        attribution: attribution(experiment)?,
        effects,
        evidence,
        claims: BTreeMap::new(),
        findings: Vec::new(),
        right_sign: 0,
        usable: Vec::new(),
    })
}

/// A value of each edit, by facet and edit.
fn by_edit<T>(
    effects: &EffectsRecord,
    value: impl Fn(&EditEffect) -> T,
) -> BTreeMap<String, BTreeMap<String, T>> {
    let facets = effects.effects.iter().map(|(facet, edits)| {
        let edits = edits.iter().map(|(name, e)| (name.clone(), value(e)));
        (facet.clone(), edits.collect())
    });
    facets.collect()
}

impl AgentResults {
    /// Applies the claims to what was measured, in the place of whatever was found before.
    ///
    /// # Errors
    /// If the claims ask for more than was measured.
    pub fn judge(
        &mut self,
        claims: &Claims,
        transfers: Option<&[TransferRecord]>,
    ) -> Result<(), Error> {
        let Judgement {
            findings,
            exposed_cells,
            right_sign,
            usable,
        } = judge(&self.evidence, claims, transfers)?;
        let (embeddings, view) = (self.evidence.embeddings(), self.evidence.view);
        let objects = self.evidence.asked.objects;
        self.geometry.pairs = pair_cosines(&embeddings, view, objects, &exposed_cells)
            .into_iter()
            .map(|(class, _, _, cosine)| (class, cosine))
            .collect();
        self.claims = (findings.iter())
            .map(|f| (f.id, ClaimResult::of(f)))
            .collect();
        self.findings = findings;
        self.geometry.exposed_cells = exposed_cells;
        self.right_sign = right_sign;
        self.usable = usable;
        Ok(())
    }

    /// What `results.json` holds.
    pub fn published(&self) -> ResultsFile<'_> {
        let Self {
            agent,
            seed,
            step,
            parameters,
            geometry,
            restored_logit_diff,
            projection_vs_logit_diff,
            direct_intervention,
            claims,
            effects,
            patching,
            paths,
            attribution,
            evidence: _,
            findings,
            right_sign,
            usable,
        } = self;
        ResultsFile {
            agent,
            seed: *seed,
            step: *step,
            parameters: *parameters,
            geometry,
            restored_logit_diff,
            projection_vs_logit_diff,
            direct_intervention,
            claims,
            effects,
            patching,
            paths,
            attribution,
            findings,
            right_sign: *right_sign,
            usable,
        }
    }

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
