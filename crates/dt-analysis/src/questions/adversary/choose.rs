//! Which edits are chosen, and what they are worth where they were not chosen.

use dt_env::streams::{Purpose, stream};
use std::collections::BTreeMap;

use dt_env::{Cell, Object};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::edit::{Placement, name};
use super::table::Exhaustive;
use crate::Error;
use crate::prompts::{Contrast, Item, PromptSet};
use crate::subject::exposure::Exposure;

/// Random pairs that the chosen ones are compared with.
const RANDOM_PAIRS: usize = 500;
/// Items as much exposed as one: the nearest so many by frames.
const NEIGHBOURS: usize = 8;

/// An edit in all facets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankedEdit {
    /// Name.
    pub edit: String,
    /// Its placements.
    pub placements: Vec<Placement>,
    /// Restored logit difference in each facet, in order; missing where the flip changes nothing.
    pub restored: Vec<Option<f64>>,
    /// Least restored logit difference over the facets that edits are chosen on.
    pub worst_chosen: f64,
    /// The same over the others.
    pub worst_held_out: f64,
    /// Facets whose answer it turns, of those that edits are chosen on, and of the others.
    pub flips: [usize; 2],
    /// Frames of the training data that show its rarest item.
    pub frames: u64,
}

/// How good an edit is in one facet, among all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FacetRank {
    /// Facet.
    pub facet: String,
    /// Pairs that restore at least as much as the study's double complement, itself left out.
    pub at_least: usize,
    /// Pairs.
    pub of: usize,
    /// What it restores less what the best other pair in the headline restores.
    pub margin: Option<f64>,
    /// The best pair.
    pub best: String,
    /// What that restores.
    pub best_restored: Option<f64>,
}

/// Shares of facets, held out from the choice, whose answer is turned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgainstRandom {
    /// By the best edit.
    pub chosen: f64,
    /// By pairs of as much exposed items at free cells, drawn at random: their mean.
    pub random: f64,
    /// How many were drawn.
    pub pairs: usize,
}

/// Placements that count for the headline: they change every prompt, and touch neither a cell at
/// which the world tells one of the study's factors in this frame, nor one that shows such an
/// object, nor the agent's own.
///
/// # Errors
/// If a prompt cannot be made.
pub fn eligible(table: &Exhaustive, set: &PromptSet) -> Result<Vec<Placement>, Error> {
    let view = table.view;
    let mut taken = vec![Cell::of_agent(view)];
    let moment = set.study.moments.iter().find(|(_, s)| *s == table.step);
    for factor in &set.study.factors {
        // A factor that no edit flips alone is not asked about.
        if let Some((moment, _)) = moment
            && let Ok(shown) = set.shown_at(&factor.axis, moment)
        {
            taken.extend(shown);
        }
        // Where the main factor is told from the start on counts for all frames.
        if factor.axis == set.study.main_factor()?.axis {
            taken.extend(set.shown_at(&factor.axis, "start")?);
        }
    }
    let objects: Vec<u8> = (set.study.factors.iter())
        .filter_map(|f| f.objects)
        .flat_map(|(a, b)| [a as u8, b as u8])
        .collect();
    let shows = |frame: &[u8], p: &Placement| objects.contains(&frame[p.byte(view)]);
    let all = Placement::all(view).into_iter();
    Ok(all
        .filter(|p| !taken.contains(&p.cell) && !table.facets.iter().any(|f| shows(&f.frame, p)))
        .collect())
}

/// Frames of the training data that show the rarer of two objects at a placement's cell.
pub fn frames_of(placement: Placement, objects: (Object, Object), exposure: &Exposure) -> u64 {
    [objects.0, objects.1]
        .map(|object| exposure.frames(Item::new(object, placement.cell)))
        .into_iter()
        .min()
        .unwrap_or(0)
}

impl Exhaustive {
    /// Index of the edit with these placements, in any order.
    pub fn find(&self, placements: &[Placement]) -> Option<usize> {
        let mut wanted = placements.to_vec();
        wanted.sort_unstable();
        self.edits.iter().position(|edit| {
            let mut edit = edit.clone();
            edit.sort_unstable();
            edit == wanted
        })
    }

    /// Frames of the training data that show the rarer of the factor's objects at a cell.
    fn frames_of(&self, placement: Placement, exposure: &Exposure) -> u64 {
        let objects = self.facets.first().map(|f| f.told.objects);
        objects.map_or(0, |objects| frames_of(placement, objects, exposure))
    }

    /// An edit with its numbers.
    pub fn ranked(&self, edit: usize, contrast: &Contrast, exposure: &Exposure) -> RankedEdit {
        let restored: Vec<Option<f64>> = self.facets.iter().map(|f| f.restored(edit)).collect();
        let worst = |chosen: bool| {
            let values = self.facets.iter().zip(&restored);
            let values = values.filter(|(f, _)| f.chosen_on == chosen);
            values
                .map(|(_, r)| r.unwrap_or(0.0))
                .fold(f64::INFINITY, f64::min)
        };
        let flips = [true, false].map(|chosen| {
            let facets = self.facets.iter().filter(|f| f.chosen_on == chosen);
            facets.filter(|f| f.is_flipped(edit, contrast)).count()
        });
        let (worst_chosen, worst_held_out) = (worst(true), worst(false));
        let placements = self.edits[edit].clone();
        let frames = placements
            .iter()
            .map(|&p| self.frames_of(p, exposure))
            .min();
        RankedEdit {
            edit: name(&placements),
            restored,
            worst_chosen,
            worst_held_out,
            flips,
            frames: frames.unwrap_or(0),
            placements,
        }
    }

    /// The `count` edits with the largest worst restored logit difference on the facets that
    /// edits are chosen on, among those whose placements are all eligible; best first.
    pub fn best(&self, eligible: &[Placement], count: usize) -> Vec<usize> {
        let mut scored: Vec<(f64, usize)> = (0..self.edits.len())
            .filter(|&n| self.edits[n].iter().all(|p| eligible.contains(p)))
            .map(|n| {
                let facets = self.facets.iter().filter(|f| f.chosen_on);
                let restored = facets.map(|f| f.restored(n).unwrap_or(0.0));
                (restored.fold(f64::INFINITY, f64::min), n)
            })
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored.into_iter().take(count).map(|(_, n)| n).collect()
    }

    /// How many pairs do at least as much as a given one, facet by facet.
    pub fn ranks(&self, pair: usize, eligible: &[Placement]) -> Vec<FacetRank> {
        let pairs: Vec<usize> = (0..self.edits.len())
            .filter(|&n| self.edits[n].len() == self.edits[pair].len())
            .collect();
        let in_headline: Vec<bool> = self
            .edits
            .iter()
            .map(|edit| edit.iter().all(|p| eligible.contains(p)))
            .collect();
        let facets = self.facets.iter().map(|facet| {
            let own = facet.restored(pair);
            let value = |n: usize| facet.restored(n).unwrap_or(f64::NEG_INFINITY);
            let others = || pairs.iter().copied().filter(|&n| n != pair);
            let best = |n: Option<usize>| n.and_then(|n| facet.restored(n));
            let by_value = |a: &usize, b: &usize| value(*a).total_cmp(&value(*b));
            let strongest = pairs.iter().copied().max_by(by_value);
            let rival = others().filter(|&n| in_headline[n]).max_by(by_value);
            FacetRank {
                facet: facet.facet.clone(),
                at_least: others()
                    .filter(|&n| own.is_some_and(|own| value(n) >= own))
                    .count(),
                of: pairs.len(),
                margin: own.zip(best(rival)).map(|(own, rival)| own - rival),
                best: strongest.map_or(String::new(), |n| name(&self.edits[n])),
                best_restored: best(strongest),
            }
        });
        facets.collect()
    }

    /// Pairs of eligible placements as much exposed as those of an edit, drawn from `seed`.
    pub fn random_pairs(
        &self,
        edit: &[Placement],
        eligible: &[Placement],
        exposure: &Exposure,
        seed: u64,
    ) -> Vec<usize> {
        let index: BTreeMap<Vec<Placement>, usize> = (self.edits.iter().enumerate())
            .map(|(n, edit)| {
                let mut edit = edit.clone();
                edit.sort_unstable();
                (edit, n)
            })
            .collect();
        let near = |p: Placement| {
            let distance = |q: &Placement| {
                self.frames_of(*q, exposure)
                    .abs_diff(self.frames_of(p, exposure))
            };
            let mut others: Vec<Placement> = eligible
                .iter()
                .copied()
                .filter(|q| q.cell != p.cell)
                .collect();
            others.sort_by_key(|q| (distance(q), *q));
            others.truncate(NEIGHBOURS);
            others
        };
        let pools: Vec<Vec<Placement>> = edit.iter().map(|&p| near(p)).collect();
        if pools.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        let mut rng = stream(seed, Purpose::RandomEdits, 0);
        let mut drawn = Vec::new();
        for _ in 0..RANDOM_PAIRS {
            let mut pair: Vec<Placement> = pools
                .iter()
                .map(|pool| pool[rng.random_range(0..pool.len())])
                .collect();
            pair.sort_unstable();
            drawn.extend(index.get(&pair)); // an object cannot stand twice in one cell
        }
        drawn
    }

    /// The best edit against random pairs, on the facets that it was not chosen on.
    pub fn against_random(
        &self,
        best: usize,
        random: &[usize],
        contrast: &Contrast,
    ) -> AgainstRandom {
        let held_out: Vec<_> = self.facets.iter().filter(|f| !f.chosen_on).collect();
        let share = |edit: usize| {
            let flipped = held_out.iter().filter(|f| f.is_flipped(edit, contrast));
            flipped.count() as f64 / held_out.len().max(1) as f64
        };
        AgainstRandom {
            chosen: share(best),
            random: random.iter().map(|&n| share(n)).sum::<f64>() / random.len().max(1) as f64,
            pairs: random.len(),
        }
    }
}
