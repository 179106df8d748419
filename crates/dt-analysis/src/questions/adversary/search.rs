//! The whole search for one agent, and what is recorded of it.

use crate::subject::Experiment;
use serde::{Deserialize, Serialize};

use super::choose::{AgainstRandom, FacetRank, RankedEdit, eligible};
use super::closed_loop::{Reached, closed_loop, edit_vectors};
use super::edit::{Mode, Placement, edit_config};
use super::steering_curve::NaturalAxis;
use super::table::{Exhaustive, exhaustive};
use crate::Error;
use crate::prompts::{EditConfig, Study};
use crate::questions::mediation::{MediationRecord, clean_mediation, second_mediation};
use crate::subject::exposure::Exposure;

/// Edits that are listed.
const LISTED: usize = 20;
/// Edits that are taken apart inside the agent.
const TAKEN_APART: usize = 5;
/// Random directions that each part along the feature is compared with.
const RANDOM_DIRECTIONS: usize = 200;

/// What a search of one frame found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdversaryRecord {
    /// The edited frame.
    pub moment: String,
    /// How objects were put into it.
    pub mode: Mode,
    /// Facets in order; restored logit differences of edits have the same.
    pub facets: Vec<String>,
    /// Facets that edits were chosen on; the others judge.
    pub chosen_on: Vec<bool>,
    /// Edits that were tried, single ones and pairs, in every facet.
    pub tried: usize,
    /// Placements that count for the headline.
    pub eligible: usize,
    /// The best edits by the worst facet that they were chosen on, best first.
    pub best: Vec<RankedEdit>,
    /// The best single placement.
    pub best_single: Option<RankedEdit>,
    /// The study's double complement among all pairs, where this mode and frame have it.
    pub hand_picked: Option<HandPicked>,
    /// The best edit against random pairs of as much exposed items.
    pub against_random: Option<AgainstRandom>,
    /// What the agent does in the world under the best edits.
    pub behaviour: Vec<EditedBehaviour>,
    /// The first frame's best edits taken apart along the instruction direction.
    pub latent: Vec<MediationRecord>,
    /// The same edits along the second component, as a control.
    pub latent_second: Vec<MediationRecord>,
}

/// The study's own edit among all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandPicked {
    /// Its numbers.
    pub edit: RankedEdit,
    /// Its rank in each facet.
    pub ranks: Vec<FacetRank>,
}

/// Greedy episodes with an edited first frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EditedBehaviour {
    /// The edit.
    pub edit: String,
    /// Where the episode of each facet ended.
    pub reached: Vec<Reached>,
    /// How far the edited frame lies along the study's direction in each facet, in natural units:
    /// +1 where prompts with the main factor's first value lie, −1 those with its second.
    pub units: Vec<f64>,
    /// Episodes that end at the other target than without the edit.
    pub turned: usize,
    /// Episodes that reach a target without the edit and none with it.
    pub broken: usize,
}

/// The study's edit of one frame that puts the other object into two cells.
pub fn double_complement<'a>(study: &'a Study, moment: &str) -> Option<&'a EditConfig> {
    let axis = &study.main_factor().ok()?.axis;
    let in_frame = |e: &&EditConfig| e.changes.iter().all(|c| c.at == moment);
    let all = study.edits.iter().filter(in_frame);
    all.into_iter().find(|e| e.complements(axis, 2))
}

/// Searches a frame exhaustively, and looks into the agent under what was found.
///
/// # Errors
/// If the study names no such frame, or a prompt cannot be made.
pub fn search(
    experiment: &Experiment,
    exposure: &Exposure,
    (moment, mode): (&str, Mode),
) -> Result<(AdversaryRecord, Exhaustive), Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let step = study.frame(moment)?;
    let table = exhaustive(experiment, step, mode)?;
    let eligible = eligible(&table, set)?;
    let contrast = subject.contrast();
    let ranked = |n: usize| table.ranked(n, contrast, exposure);
    let best = table.best(&eligible, LISTED);
    let singles = table.best(&eligible, table.edits.len());
    let single = singles.iter().find(|&&n| table.edits[n].len() == 1);
    let hand_picked = double_complement(study, moment).and_then(|edit| {
        let placement = |cell| Placement { other: true, cell };
        let placements: Vec<_> = edit.changes.iter().map(|c| placement(c.cell)).collect();
        table.find(&placements)
    });
    let best_pair = best.iter().copied().find(|&n| table.edits[n].len() == 2);
    let against_random = best_pair.map(|n| {
        let random = table.random_pairs(&table.edits[n], &eligible, exposure, 0);
        table.against_random(n, &random, contrast)
    });
    let mut closer: Vec<usize> = best.iter().copied().take(TAKEN_APART).collect();
    closer.extend(hand_picked.filter(|n| !closer.contains(n)));
    let behaviour = match step {
        0 if study.site_step() == 0 => behaviour(experiment, mode, &table, &closer)?,
        _ => Vec::new(), // later frames are reached by the agent's own steps
    };
    let (mut latent, mut latent_second) = (Vec::new(), Vec::new());
    let axis = &study.main_factor()?.axis;
    if step == study.site_step() && mode == Mode::Replacing {
        for &n in &closer {
            let edit = edit_config(&table.edits[n], axis, moment);
            latent.extend(clean_mediation(experiment, &edit, RANDOM_DIRECTIONS)?);
            latent_second.extend(second_mediation(experiment, &edit)?);
        }
    }
    let record = AdversaryRecord {
        moment: moment.to_owned(),
        mode,
        facets: table.facets.iter().map(|f| f.facet.clone()).collect(),
        chosen_on: table.facets.iter().map(|f| f.chosen_on).collect(),
        tried: table.edits.len(),
        eligible: eligible.len(),
        best: best.iter().map(|&n| ranked(n)).collect(),
        best_single: single.map(|&n| ranked(n)),
        hand_picked: hand_picked.map(|n| HandPicked {
            edit: ranked(n),
            ranks: table.ranks(n, &eligible),
        }),
        against_random,
        behaviour,
        latent,
        latent_second,
    };
    Ok((record, table))
}

fn behaviour(
    experiment: &Experiment,
    mode: Mode,
    table: &Exhaustive,
    edits: &[usize],
) -> Result<Vec<EditedBehaviour>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let d = subject.model().config().d_model;
    let mut vectors = vec![vec![vec![0.0; d]; set.scenarios.len()]];
    for &n in edits {
        vectors.push(edit_vectors(experiment, (0, mode), &table.edits[n])?);
    }
    let mut reached = closed_loop(experiment, &vectors)?.into_iter();
    let alone = reached.next().unwrap_or_default();
    let axis = NaturalAxis::new(experiment)?;
    let edited = edits.iter().zip(&vectors[1..]).zip(reached);
    let records = edited.map(|((&n, vectors), reached)| {
        let count = |holds: fn(Reached, Reached) -> bool| {
            let pairs = alone.iter().zip(&reached);
            pairs.filter(|(a, b)| holds(**a, **b)).count()
        };
        EditedBehaviour {
            edit: super::edit::name(&table.edits[n]),
            turned: count(|a, b| a != Reached::Neither && b != Reached::Neither && a != b),
            broken: count(|a, b| a != Reached::Neither && b == Reached::Neither),
            units: axis.after(vectors),
            reached,
        }
    });
    Ok(records.collect())
}
