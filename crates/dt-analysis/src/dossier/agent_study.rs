//! Everything about one agent, kept on disk so that a study of many can be gone on with.

use crate::subject::Experiment;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dt_data::Dataset;
use dt_train::checkpoint::write_atomic;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::dossier::reproduce::{AgentResults, reproduce};
use crate::papers::memory_dt::claims::{Claims, Finding};
use crate::questions::adversary::{
    AdversaryRecord, BeamRecord, Mode, OneSite, SteeringCurve, beam_search, one_site, search,
    steering_curve,
};
use crate::questions::probing::{ProbeSweepRecord, SweepConfig, sweep_probes};
use crate::questions::reach::{FrameSearch, HistorySearch, Reach, Reachable};
use crate::questions::transfer::{Chosen, Kinship, TransferRecord};
use crate::subject::exposure::Exposure;

/// Changes whenever other numbers are measured, so that kept ones are not mixed with them.
const FORMAT: &str = "agent study 4";

/// Frames and modes that are searched exhaustively.
pub const SEARCHES: [(&str, Mode); 4] = [
    ("start", Mode::Replacing),
    ("start", Mode::Adding),
    ("start", Mode::Valid),
    ("decision", Mode::Valid),
];
/// Edits whose reach is told.
const REACHED: usize = 5;

/// All that is measured on one agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AgentStudy {
    /// blake3 of the agent's weights, the study and the claims: what these numbers are about.
    pub about: String,
    /// The post's questions.
    pub results: AgentResults,
    /// Adversaries, in the order of [`SEARCHES`].
    pub adversaries: Vec<AdversaryRecord>,
    /// Up to three placements in the first frame.
    pub beam_start: BeamRecord,
    /// Up to three placements in any frame before the decision.
    pub beam_earlier: BeamRecord,
    /// How real the best edits of the first search are, by name.
    pub reach: BTreeMap<String, Reach>,
    /// The world's own frames in the place of the first.
    pub frames: Vec<FrameSearch>,
    /// Detours that end in the prompts' decisions.
    pub histories: Vec<HistorySearch>,
    /// Edits of the first frame and of its token's coefficient on the same axes.
    pub one_site: OneSite,
    /// Closed-loop steering by strength.
    pub steering: SteeringCurve,
    /// What linear probes read, and what of it is used.
    pub probes: ProbeSweepRecord,
    /// What is tried on other agents; missing if no pair is eligible.
    pub chosen: Option<Chosen>,
}

/// The sweep of probes, smaller than `dt-analysis probe`'s for one agent: there are many.
fn probe_config() -> SweepConfig {
    SweepConfig {
        walks: 200,
        random_directions: 40,
        ..SweepConfig::default()
    }
}

/// What the numbers of an agent depend on, hashed.
///
/// # Errors
/// If the agent's weights cannot be read.
pub fn about(experiment: &Experiment, claims: &Claims) -> Result<String, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let path = subject.agent.dir.join("agent.safetensors");
    let weights = fs::read(&path).map_err(|e| Error::corrupt(&path, &e))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&weights);
    let text = |value: serde_json::Result<String>| value.expect("plain data");
    hasher.update(text(serde_json::to_string(study)).as_bytes());
    hasher.update(text(serde_json::to_string(claims)).as_bytes());
    hasher.update(FORMAT.as_bytes());
    Ok(hasher.finalize().to_hex().to_string())
}

/// Asks an agent everything.
///
/// # Errors
/// If the study cannot be asked of the agent.
pub fn study_agent(
    experiment: &Experiment,
    claims: &Claims,
    data: Option<&Dataset>,
) -> Result<AgentStudy, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let exposure = Exposure::of(&subject.agent, study)?;
    let mut adversaries = Vec::new();
    let (mut chosen, mut site) = (None, None);
    for (moment, mode) in SEARCHES {
        let (record, table) = search(experiment, &exposure, (moment, mode))?;
        if adversaries.is_empty() {
            chosen = Chosen::of(&subject.name, &record, &table, set, &exposure)?;
            let best: Vec<String> = record
                .best
                .iter()
                .take(REACHED)
                .map(|e| e.edit.clone())
                .collect();
            site = Some(one_site(experiment, &table, &best)?);
        }
        adversaries.push(record);
    }
    let start = study.site_step();
    let reachable = Reachable::new(set)?;
    let first = &adversaries[0];
    let hand_picked = first.hand_picked.iter().map(|h| &h.edit);
    let mut reach = BTreeMap::new();
    for edit in first.best.iter().take(REACHED).chain(hand_picked) {
        let of = reachable.of_edit(set, (start, first.mode), &edit.placements, data)?;
        reach.insert(edit.edit.clone(), of);
    }
    let decision = study.moment("decision").expect("checked on reading");
    let earlier: Vec<usize> = (start..decision).collect();
    Ok(AgentStudy {
        beam_start: beam_search(experiment, &[start])?,
        beam_earlier: beam_search(experiment, &earlier)?,
        about: about(experiment, claims)?,
        results: reproduce(experiment, claims)?,
        reach,
        one_site: site.expect("the first search is of the first frame"),
        frames: reachable.search_frames(experiment, start)?,
        histories: reachable.search_histories(experiment)?,
        steering: steering_curve(experiment)?,
        probes: sweep_probes(experiment, &probe_config(), None)?.record,
        adversaries,
        chosen,
    })
}

impl AgentStudy {
    /// Reads what an earlier study left; `None` if there is nothing, or it is about other weights
    /// or questions.
    pub fn read(path: &Path, about: &str) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let kept: Self = serde_json::from_str(&text).ok()?;
        (kept.about == about).then_some(kept)
    }

    /// Keeps it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string(self).expect("plain data");
        Ok(write_atomic(path, text.as_bytes())?)
    }

    /// Puts the answer to a claim into the results.
    pub fn set_finding(&mut self, finding: Finding) {
        let verdict = finding
            .passes
            .map(|p| if p { "PASS" } else { "NO" }.to_owned());
        if let Some(claim) = self.results.claims.get_mut(&finding.id) {
            claim.value = finding.value;
            claim.verdict = verdict;
        }
        if let Some(kept) = (self.results.findings.iter_mut()).find(|f| f.id == finding.id) {
            *kept = finding;
        }
    }
}

/// Whether what was chosen on one agent turns others of its architecture: the claim's finding.
///
/// The value is the mean share of turned facets over those agents; it passes at `least` and at
/// `margin` above random pairs.
pub fn transfer_finding(
    id: u32,
    name: &str,
    records: &[TransferRecord],
    (least, margin): (f64, f64),
) -> Finding {
    let of = |kinships: &[Kinship]| -> Option<(f64, f64, usize)> {
        let found: Vec<&TransferRecord> = records
            .iter()
            .filter(|r| r.chosen_on == name && kinships.contains(&r.kinship))
            .collect();
        let mean = |value: fn(&TransferRecord) -> f64| {
            found.iter().map(|r| value(r)).sum::<f64>() / found.len() as f64
        };
        (!found.is_empty()).then(|| (mean(|r| r.turned), mean(|r| r.random), found.len()))
    };
    let apart: Vec<String> = [
        ("same data", Kinship::SameData),
        ("other data", Kinship::OtherData),
        ("other architecture", Kinship::OtherArchitecture),
    ]
    .iter()
    .filter_map(|(words, kinship)| {
        let (turned, random, agents) = of(&[*kinship])?;
        Some(format!(
            "{words}: {turned:.2} (random {random:.2}, {agents} agents)"
        ))
    })
    .collect();
    let alike = of(&[Kinship::SameData, Kinship::OtherData]);
    Finding {
        id,
        value: alike.map(|(turned, ..)| turned),
        passes: alike.map(|(turned, random, _)| turned >= least && turned >= random + margin),
        details: match apart.is_empty() {
            true => "no other agent was studied beside it".to_owned(),
            false => apart.join(", "),
        },
    }
}
