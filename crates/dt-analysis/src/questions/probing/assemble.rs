//! From probes, swaps and components of a site to its records.

use crate::subject::Experiment;
use std::collections::BTreeMap;

use dt_train::model::HookPoint;

use super::concept::Concept;
use super::config::SweepConfig;
use super::directions::SavedDirection;
use super::reader::Outcome;
use super::reading::Reading;
use super::record::{ProbeRecord, ProbeVerdict, WalshShare};
use super::rows::{Rows, Values};
use super::site::Site;
use super::swap::{SwapRecord, Swapper};
use crate::maths::probes::LinearProbe;
use crate::questions::walsh::{WalshSite, walsh};

/// Walsh decompositions of the prompts by hook point and moment; none of a study whose prompts
/// are not the eight combinations.
pub(super) fn decompositions(
    experiment: &Experiment,
    points: &[HookPoint],
    config: &SweepConfig,
) -> BTreeMap<(HookPoint, &'static str), WalshSite> {
    let mut moments: Vec<&'static str> = config.tokens.iter().map(|t| t.moment()).collect();
    moments.dedup();
    let mut out = BTreeMap::new();
    for moment in moments {
        let Ok(sites) = walsh(experiment, points, moment) else {
            continue;
        };
        let named = points.iter().zip(sites);
        out.extend(named.map(|(&point, site)| ((point, moment), site)));
    }
    out
}

/// What is needed to make the records of a site.
pub(super) struct SiteParts<'a> {
    pub(super) site: Site,
    pub(super) rows: &'a Rows,
    pub(super) swapper: Swapper<'a>,
    pub(super) walsh: Option<&'a WalshSite>,
    pub(super) config: &'a SweepConfig,
}

impl SiteParts<'_> {
    /// Records of the site, in the order of the concepts, and the probes that they tell of.
    pub(super) fn records(
        &self,
        mut found: BTreeMap<Concept, Outcome>,
        mut untrained: BTreeMap<Concept, Reading>,
    ) -> (Vec<ProbeRecord>, Vec<SavedDirection>) {
        let mut swaps = self.swaps(&found);
        let (mut records, mut directions) = (Vec::new(), Vec::new());
        for &concept in &self.config.concepts {
            let found = match found.remove(&concept) {
                Some(Ok(found)) => found,
                Some(Err(why)) => {
                    records.push(self.without(concept, why));
                    continue;
                }
                None if self.is_missing(concept) => {
                    let why = "asked at the decision alone".to_owned();
                    records.push(self.without(concept, why));
                    continue;
                }
                None => continue, // not among the directions that were given
            };
            let swap = swaps.remove(&concept);
            records.push(ProbeRecord {
                strength: Some(found.probe.strength),
                noisy: found.noisy,
                control: found.control,
                untrained: untrained.remove(&concept),
                verdict: ProbeVerdict::of(&found.reading, swap.as_ref()),
                reading: Some(found.reading),
                swap,
                ..self.blank(concept)
            });
            directions.push(SavedDirection {
                site: self.site,
                concept,
                probe: found.probe,
            });
        }
        (records, directions)
    }

    fn swaps(&self, found: &BTreeMap<Concept, Outcome>) -> BTreeMap<Concept, SwapRecord> {
        let known = found.iter().filter_map(|(&concept, outcome)| {
            let found = outcome.as_ref().ok()?;
            Some((concept, (&found.probe, self.middle(concept))))
        });
        let (concepts, probes): (Vec<Concept>, Vec<(&LinearProbe, f64)>) = known.unzip();
        let (directions, seed) = (self.config.random_directions, self.config.seed);
        let swaps = self.swapper.swap(&probes, directions, seed);
        let named = concepts.into_iter().zip(swaps);
        named
            .filter_map(|(concept, swap)| Some((concept, swap?)))
            .collect()
    }

    fn is_missing(&self, concept: Concept) -> bool {
        !self.rows.labels.contains_key(&concept)
    }

    /// Score of a probe's boundary: 0 between classes, the mean of numbers.
    fn middle(&self, concept: Concept) -> f64 {
        match &self.rows.labels[&concept] {
            Values::Binary(_) => 0.0,
            Values::Real(values) => values.iter().sum::<f64>() / values.len() as f64,
        }
    }

    fn without(&self, concept: Concept, why: String) -> ProbeRecord {
        ProbeRecord {
            missing: Some(why),
            ..self.blank(concept)
        }
    }

    fn blank(&self, concept: Concept) -> ProbeRecord {
        ProbeRecord {
            point: self.site.point.to_string(),
            token: self.site.token,
            concept,
            missing: None,
            reading: None,
            strength: None,
            noisy: None,
            control: None,
            untrained: None,
            swap: None,
            walsh: self.walsh.and_then(|site| {
                let name = concept.to_string();
                Some(WalshShare {
                    variance: *site.variance.get(&name)?,
                    flips: *site.flips.get(&name)?,
                    of: site.of,
                })
            }),
            verdict: None,
        }
    }
}

/// Whether products are absent where they must be, and which probes say otherwise.
pub(super) fn absent_by_construction(probes: &[ProbeRecord]) -> (Option<bool>, Vec<String>) {
    let is_embedding = |p: &&ProbeRecord| {
        let point = p.point.parse::<HookPoint>();
        let site = point.map(|point| Site {
            point,
            token: p.token,
        });
        site.is_ok_and(Site::is_embedding) && p.concept.is_interaction()
    };
    let judged: Vec<(&ProbeRecord, bool)> = (probes.iter().filter(is_embedding))
        .filter_map(|p| Some((p, p.reading.as_ref()?.above_chance?)))
        .collect();
    let broken: Vec<String> = (judged.iter().filter(|(_, above)| *above))
        .map(|(p, _)| format!("{}, {} at {}", p.concept, p.point, p.token))
        .collect();
    ((!judged.is_empty()).then_some(broken.is_empty()), broken)
}
