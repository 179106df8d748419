//! The sweep: every concept at every site of an agent.

use std::collections::{BTreeMap, BTreeSet};

use dt_train::model::{HookPoint, InputStatistics, Model, initial_values};
use rayon::prelude::*;

use super::concept::Concept;
use super::config::SweepConfig;
use super::directions::{SavedDirection, check_directions};
use super::observation::observations;
use super::reading::{Found, Reader, Reading, is_constant, read_with};
use super::record::{
    DataRecord, ObservationRecord, ProbeRecord, ProbeSweepRecord, ProbeVerdict, WalshShare,
};
use super::rows::{Rows, Values, rows_of};
use super::site::{Site, Token, is_probed, not_probed, probed_points};
use super::swap::Swapper;
use super::walks::{Walks, draw_walks};
use super::windows::{Collected, collect};
use crate::Error;
use crate::activations::matching_points;
use crate::effects::Prompts;
use crate::probe::{Activations, LinearProbe, ProbeError};
use crate::scenario::Study;
use crate::subject::Subject;
use crate::walsh::{WalshSite, walsh};

/// A record and the probes that it tells of.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// What came out.
    pub record: ProbeSweepRecord,
    /// Every probe that was fitted (or given), in the record's order.
    pub directions: Vec<SavedDirection>,
}

/// Directions of another sweep, and the file that they come from.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Name of the file.
    pub file: &'a str,
    /// Its probes.
    pub directions: &'a [SavedDirection],
}

/// Fits probes of every concept at every site of an agent, or tries given ones, and swaps along
/// each.
///
/// # Errors
/// If the sweep cannot be made of this study and agent; the message says what to change.
pub fn sweep_probes(
    subject: &Subject,
    study: &Study,
    config: &SweepConfig,
    given: Option<Given>,
) -> Result<Sweep, Error> {
    if let Some(problem) = config.problem() {
        return Err(Error::Question(problem));
    }
    if let Some(given) = given {
        check_directions(given.directions, subject)?;
    }
    let points = points_of(subject, config, given)?;
    let context = subject.model().config().timesteps();
    let longest = (context - 1).min(subject.model().sizes().max_steps);
    let walks = draw_walks(study, config, longest)?;
    let collected = collect(subject, &walks, &points)?;
    let mut all_rows = BTreeMap::new();
    for &token in &config.tokens {
        let rows = rows_of(
            token,
            &walks,
            subject.model(),
            &collected.logit_diffs,
            config,
        )?;
        check_concepts(token, &rows, config)?;
        check_folds(token, &rows, config)?;
        all_rows.insert(token, rows);
    }
    let sites: Vec<Site> = (config.tokens.iter())
        .flat_map(|&token| points.iter().map(move |&point| Site { token, point }))
        .collect();
    let read: Vec<BTreeMap<Concept, Outcome>> = (sites.par_iter())
        .map(|site| {
            let activations = collected.at(*site, &all_rows[&site.token])?;
            match given {
                None => fitted(&activations, &all_rows[&site.token], config, true),
                Some(given) => tried(given, *site, &activations, &all_rows[&site.token]),
            }
        })
        .collect::<Result<_, Error>>()?;
    let (untrained, observation) = match given {
        Some(_) => (vec![BTreeMap::new(); sites.len()], Vec::new()),
        None => (
            untrained(subject, &walks, &points, &sites, &all_rows, config)?,
            observation_baseline(subject, &walks, &all_rows, config)?,
        ),
    };
    let (mut probes, mut directions) = (Vec::new(), Vec::new());
    let prompts = Prompts::new(study)?;
    let decomposed = decompositions(subject, study, &prompts, &points, config);
    for ((site, found), mut untrained) in sites.iter().zip(read).zip(untrained) {
        let of_walsh = decomposed.get(&(site.point, site.token.moment()));
        let of_site = SiteParts {
            site: *site,
            rows: &all_rows[&site.token],
            swapper: Swapper::new(subject, study, &prompts, *site)?,
            walsh: of_walsh.filter(|_| site.token != Token::Corridor),
            config,
        };
        for (record, probe) in of_site.records(found, &mut untrained) {
            if let Some(probe) = probe {
                directions.push(SavedDirection {
                    site: *site,
                    concept: record.concept,
                    probe,
                });
            }
            probes.push(record);
        }
    }
    let (ok, broken) = absent_by_construction(&probes);
    let agent = &subject.agent.record;
    let counts = |of: fn(&Rows) -> usize| all_rows.iter().map(|(t, r)| (*t, of(r))).collect();
    Ok(Sweep {
        record: ProbeSweepRecord {
            agent: agent.name.clone(),
            seed: agent.seed,
            step: agent.step,
            study: study.name.clone(),
            config: config.clone(),
            directions: given.map(|g| g.file.to_owned()),
            data: DataRecord {
                frames_walked: walks.frames_walked,
                walks: walks.walks.len(),
                combinations: walks.combinations(),
                returns_to_go: walks.returns_to_go.clone(),
                prefixes: counts(|rows| rows.cases.len()),
                test_prefixes: counts(|rows| rows.split[1].len()),
            },
            observation,
            probes,
            absent_by_construction_ok: ok,
            absent_by_construction_broken: broken,
        },
        directions,
    })
}

/// A probe with what is known of it, or why there is none.
type Outcome = Result<Found, String>;

fn points_of(
    subject: &Subject,
    config: &SweepConfig,
    given: Option<Given>,
) -> Result<Vec<HookPoint>, Error> {
    if let Some(given) = given {
        let mut points: Vec<HookPoint> = given.directions.iter().map(|d| d.site.point).collect();
        points.sort_unstable();
        points.dedup();
        return Ok(points);
    }
    let default = probed_points(subject.n_layers());
    if config.hooks.is_empty() {
        return Ok(default);
    }
    let chosen = matching_points(&config.hooks, subject.n_layers())?;
    match chosen.iter().find(|point| !is_probed(**point)) {
        Some(&point) => Err(Error::Question(not_probed(point))),
        None => Ok(chosen),
    }
}

/// Refuses bits that do not vary, and other concepts that were asked for by name and do not.
fn check_concepts(token: Token, rows: &Rows, config: &SweepConfig) -> Result<(), Error> {
    let all: Vec<usize> = (0..rows.cases.len()).collect();
    for (concept, values) in &rows.labels {
        let (insists, is_bit) = (config.insists(), concept.bits().is_some());
        if (insists || is_bit) && is_constant(values.labels(), &all) {
            let advice = match is_bit {
                true => {
                    "give the study prompts with both instructions, target orders and \
                         returns-to-go"
                }
                false => "leave it out with --concepts, or choose another token with --tokens",
            };
            return Err(Error::Question(format!(
                "concept {concept} is the same in all {} rows of the {token}; {advice}",
                all.len()
            )));
        }
    }
    Ok(())
}

/// Refuses more folds than there are groups to put into them.
fn check_folds(token: Token, rows: &Rows, config: &SweepConfig) -> Result<(), Error> {
    let groups: BTreeSet<u32> = rows.combinations.iter().copied().collect();
    match groups.len() < config.folds {
        false => Ok(()),
        true => Err(Error::Question(format!(
            "{} folds need as many groups of rows, the {token} has {}: combinations of \
             instruction, target order and return-to-go; use --folds {} or fewer",
            config.folds,
            groups.len(),
            groups.len()
        ))),
    }
}

impl Collected {
    /// Activations of a site, one row for each prefix.
    fn at(&self, site: Site, rows: &Rows) -> Result<Activations, ProbeError> {
        let table = match site.token {
            Token::Start => &self.first[&site.point],
            Token::Corridor | Token::Decision => &self.current[&site.point],
        };
        let values = rows.cases.iter().flat_map(|&case| table.row(case));
        Activations::new(rows.cases.len(), table.d(), values.copied().collect())
    }
}

fn fitted(
    activations: &Activations,
    rows: &Rows,
    config: &SweepConfig,
    extras: bool,
) -> Result<BTreeMap<Concept, Outcome>, Error> {
    let reader = Reader {
        activations,
        rows,
        config,
    };
    match reader.read(extras) {
        Ok(found) => Ok((found.into_iter())
            .map(|(concept, found)| (concept, found.map_err(|e| e.to_string())))
            .collect()),
        Err(error @ ProbeError::ConstantActivations { .. }) => Ok((rows.labels.keys())
            .map(|&concept| (concept, Err(error.to_string())))
            .collect()),
        Err(error) => Err(error.into()),
    }
}

fn tried(
    given: Given,
    site: Site,
    activations: &Activations,
    rows: &Rows,
) -> Result<BTreeMap<Concept, Outcome>, Error> {
    let here = given.directions.iter().filter(|d| d.site == site);
    let asked = here.filter(|d| rows.labels.contains_key(&d.concept));
    asked
        .map(|saved| {
            let reading = read_with(&saved.probe, saved.concept, activations, rows)?;
            let found = Found {
                reading,
                probe: saved.probe.clone(),
                noisy: None,
                control: None,
            };
            Ok((saved.concept, Ok(found)))
        })
        .collect()
}

/// An agent of the same shape with weights drawn anew, read in the same way.
fn untrained(
    subject: &Subject,
    walks: &Walks,
    points: &[HookPoint],
    sites: &[Site],
    all_rows: &BTreeMap<Token, Rows>,
    config: &SweepConfig,
) -> Result<Vec<BTreeMap<Concept, Reading>>, Error> {
    let record = &subject.agent.record;
    let (model, sizes) = (subject.model().config(), subject.model().sizes());
    let values = initial_values(subject.model().specs(), model.initial_std, config.seed);
    let mut fresh = subject.clone();
    fresh.agent.model = Model::new(
        record.model.clone(),
        *sizes,
        &InputStatistics::neutral(sizes),
        values,
        &subject.device(),
    );
    let collected = collect(&fresh, walks, points)?;
    // Its own next action is another concept than the agent's.
    let without_action = |rows: &Rows| Rows {
        labels: (rows.labels.iter())
            .filter(|(concept, _)| **concept != Concept::NextAction)
            .map(|(concept, values)| (*concept, values.clone()))
            .collect(),
        ..rows.clone()
    };
    let rows: BTreeMap<Token, Rows> = all_rows
        .iter()
        .map(|(token, rows)| (*token, without_action(rows)))
        .collect();
    sites
        .par_iter()
        .map(|site| {
            let rows = &rows[&site.token];
            let found = fitted(&collected.at(*site, rows)?, rows, config, false)?;
            let read = found
                .into_iter()
                .filter_map(|(c, f)| Some((c, f.ok()?.reading)));
            Ok(read.collect())
        })
        .collect()
}

fn observation_baseline(
    subject: &Subject,
    walks: &Walks,
    all_rows: &BTreeMap<Token, Rows>,
    config: &SweepConfig,
) -> Result<Vec<ObservationRecord>, Error> {
    let mut out = Vec::new();
    for (&token, rows) in all_rows {
        let activations = observations(token, walks, rows, subject.view())?;
        for (concept, found) in fitted(&activations, rows, config, false)? {
            out.push(ObservationRecord {
                token,
                concept,
                reading: found.ok().map(|found| found.reading),
            });
        }
    }
    Ok(out)
}

/// Walsh decompositions of the prompts by hook point and moment; none of a study whose prompts
/// are not the eight combinations.
fn decompositions(
    subject: &Subject,
    study: &Study,
    prompts: &Prompts,
    points: &[HookPoint],
    config: &SweepConfig,
) -> BTreeMap<(HookPoint, &'static str), WalshSite> {
    let mut moments: Vec<&'static str> = config.tokens.iter().map(|t| t.moment()).collect();
    moments.dedup();
    let mut out = BTreeMap::new();
    for moment in moments {
        let Ok(sites) = walsh(subject, study, prompts, points, moment) else {
            continue;
        };
        let named = points.iter().zip(sites);
        out.extend(named.map(|(&point, site)| ((point, moment), site)));
    }
    out
}

/// What is needed to make the records of a site.
struct SiteParts<'a> {
    site: Site,
    rows: &'a Rows,
    swapper: Swapper<'a>,
    walsh: Option<&'a WalshSite>,
    config: &'a SweepConfig,
}

impl SiteParts<'_> {
    fn records(
        &self,
        found: BTreeMap<Concept, Outcome>,
        untrained: &mut BTreeMap<Concept, Reading>,
    ) -> Vec<(ProbeRecord, Option<LinearProbe>)> {
        let probes: Vec<(&LinearProbe, f64)> = (found.iter())
            .filter_map(|(concept, f)| Some((&f.as_ref().ok()?.probe, self.middle(*concept))))
            .collect();
        let (count, seed) = (self.config.random_directions, self.config.seed);
        let mut swaps = self.swapper.swap(&probes, count, seed).into_iter();
        let asked = self.config.concepts.iter();
        let mut found = found;
        let mut swap_of = BTreeMap::new();
        for (concept, outcome) in &found {
            if outcome.is_ok() {
                swap_of.insert(*concept, swaps.next().flatten());
            }
        }
        let mut ordered: Vec<Concept> = asked.copied().collect();
        ordered.retain(|c| found.contains_key(c) || self.is_missing(*c));
        ordered
            .into_iter()
            .map(|concept| match found.remove(&concept) {
                Some(Ok(found)) => {
                    let swap = swap_of.remove(&concept).flatten();
                    let record = ProbeRecord {
                        strength: Some(found.probe.strength),
                        noisy: found.noisy,
                        control: found.control,
                        untrained: untrained.remove(&concept),
                        verdict: ProbeVerdict::of(&found.reading, swap.as_ref()),
                        reading: Some(found.reading),
                        swap,
                        ..self.blank(concept)
                    };
                    (record, Some(found.probe))
                }
                Some(Err(why)) => (self.without(concept, why), None),
                None => {
                    let why = "asked at the decision alone".to_owned();
                    (self.without(concept, why), None)
                }
            })
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
                let name = concept.name();
                Some(WalshShare {
                    variance: *site.variance.get(name)?,
                    flips: *site.flips.get(name)?,
                    of: site.of,
                })
            }),
            verdict: None,
        }
    }
}

/// Whether products are absent where they must be, and which probes say otherwise.
fn absent_by_construction(probes: &[ProbeRecord]) -> (Option<bool>, Vec<String>) {
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
