//! Everything about one agent, kept on disk so that a study of many can be gone on with.

use std::collections::BTreeMap;

use dt_data::Dataset;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::papers::memory_dt::dossier::reproduce::{AgentResults, measure};
use crate::papers::memory_dt::evidence;
use crate::questions::adversary::{
    AdversaryRecord, BeamRecord, Mode, OneSite, SteeringCurve, beam_search, one_site, search,
    steering_curve,
};
use crate::questions::probing::{ProbeSweepRecord, SweepConfig, sweep_probes};
use crate::questions::reach::{FrameSearch, HistorySearch, Reach, Reachable};
use crate::questions::transfer::Chosen;
use crate::subject::Experiment;
use crate::subject::exposure::Exposure;

/// Changes whenever other numbers are measured, so that kept ones are not mixed with them.
const FORMAT: &str = "agent study 6";

/// How a kept study begins.
const HASH: &str = "{\"blake3\":\"";

/// Frames and modes that are searched exhaustively.
pub const SEARCHES: [(&str, Mode); 4] = [
    ("start", Mode::Replacing),
    ("start", Mode::Adding),
    ("start", Mode::Valid),
    ("decision", Mode::Valid),
];
/// Edits whose reach is told.
const REACHED: usize = 5;

/// All that is measured on one agent. Nothing in it depends on a claim's threshold, and what is
/// kept has no findings: whoever reads it judges it ([`AgentResults::judge`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AgentStudy {
    /// What these numbers are about: see [`about`].
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

/// blake3 of what the numbers of an agent depend on: its weights and record, the study, and how
/// all of it is measured. The claims are not among it, so that new thresholds measure nothing.
pub fn about(experiment: &Experiment) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(evidence::about(experiment).as_bytes());
    hasher.update(FORMAT.as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// Asks an agent everything, with so many random directions a facet.
///
/// # Errors
/// If the study cannot be asked of the agent.
pub fn study_agent(
    experiment: &Experiment,
    random_directions: usize,
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
        about: about(experiment),
        results: measure(experiment, random_directions)?,
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
    /// What an earlier study left, from its text; `None` if it is damaged, or about other weights or
    /// questions.
    ///
    /// None of its numbers is believed but as this program wrote them: the text begins with the hash
    /// of its rest.
    pub fn parse(text: &str, about: &str) -> Option<Self> {
        let (hash, rest) = text.strip_prefix(HASH)?.split_once("\",")?;
        if blake3::hash(rest.as_bytes()).to_hex().as_str() != hash {
            return None;
        }
        let kept: Self = serde_json::from_str(text).ok()?;
        (kept.about == about && kept.is_whole()).then_some(kept)
    }

    /// Whether it has what this program looks for.
    fn is_whole(&self) -> bool {
        let searched = self.adversaries.iter().map(|a| (a.moment.as_str(), a.mode));
        searched.eq(SEARCHES) && self.results.evidence.is_whole()
    }

    /// The text by which it is kept.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string(self).expect("plain data");
        let rest = text.strip_prefix('{').expect("it is an object");
        let hash = blake3::hash(rest.as_bytes()).to_hex();
        format!("{HASH}{hash}\",{rest}")
    }
}
