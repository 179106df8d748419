//! The sweep: every concept at every site of an agent.

use crate::subject::Experiment;
use std::collections::{BTreeMap, BTreeSet};

use dt_train::model::HookPoint;
use rayon::prelude::*;

use super::assemble::{SiteParts, absent_by_construction, decompositions};
use super::baseline::{observation_baseline, untrained};
use super::concept::Concept;
use super::config::SweepConfig;
use super::directions::{SavedDirection, check_directions};
use super::reader::{Found, Outcome, fitted};
use super::reading::{is_constant, read_with};
use super::record::{DataRecord, ProbeSweepRecord};
use super::rows::{Rows, rows_of};
use super::site::{Site, Token, is_probed, not_probed, probed_points};
use super::swap::Swapper;
use super::walks::{Walks, draw_walks};
use super::windows::{Collected, collect};
use crate::Error;
use crate::maths::probes::{Activations, ProbeError};
use crate::subject::Subject;
use crate::subject::activations::matching_points;

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
    experiment: &Experiment,
    config: &SweepConfig,
    given: Option<Given>,
) -> Result<Sweep, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let config = &config.of_study(study);
    if let Some(problem) = config.problem(study) {
        return Err(Error::Question(problem));
    }
    if let Some(given) = given {
        check_directions(given.directions, subject)?;
    }
    let points = points_of(subject, config, given)?;
    let context = subject.model().config().timesteps();
    let longest = (context - 1).min(subject.model().sizes().max_steps);
    let walks = draw_walks(set, config, longest)?;
    let collected = collect(subject, &walks, &points)?;
    let all_rows = rows_of_tokens(experiment, &walks, &collected, config)?;
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
        .collect::<Result<_, ProbeError>>()?;
    let (untrained, observation) = match given {
        Some(_) => (vec![BTreeMap::new(); sites.len()], Vec::new()),
        None => (
            untrained(subject, &walks, &points, &sites, &all_rows, config)?,
            observation_baseline(subject, &walks, &all_rows, config)?,
        ),
    };
    let decomposed = decompositions(experiment, &points, config);
    let (mut probes, mut directions) = (Vec::new(), Vec::new());
    for ((site, found), untrained) in sites.iter().zip(read).zip(untrained) {
        let of_walsh = decomposed.get(&(site.point, site.token.moment()));
        let parts = SiteParts {
            site: *site,
            rows: &all_rows[&site.token],
            swapper: Swapper::new(experiment, *site)?,
            // Prompts stand at the decision, other places of the corridor have none.
            walsh: of_walsh.filter(|_| site.token != Token::Current),
            config,
        };
        let (records, saved) = parts.records(found, untrained);
        probes.extend(records);
        directions.extend(saved);
    }
    let (ok, broken) = absent_by_construction(&probes);
    let agent = &subject.agent.record;
    let counts = |of: fn(&Rows) -> usize| all_rows.iter().map(|(t, r)| (*t, of(r))).collect();
    Ok(Sweep {
        record: ProbeSweepRecord {
            agent: subject.kind().to_owned(),
            seed: agent.seed,
            step: agent.step,
            study: study.name.clone(),
            titles: (config.concepts.iter())
                .map(|c| (*c, c.title(study)))
                .collect(),
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

fn rows_of_tokens(
    experiment: &Experiment,
    walks: &Walks,
    collected: &Collected,
    config: &SweepConfig,
) -> Result<BTreeMap<Token, Rows>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let model = subject.model();
    let decision = *(set.scenarios[0].poses.last()).expect("a walk has frames");
    let of_token = |&token: &Token| {
        let about = (&set.study, decision);
        let rows = rows_of(token, walks, model, &collected.logit_diffs, about, config)?;
        check_concepts(token, &rows, config.insists(&set.study))?;
        check_folds(token, &rows, config)?;
        Ok((token, rows))
    };
    config.tokens.iter().map(of_token).collect()
}

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
fn check_concepts(token: Token, rows: &Rows, insists: bool) -> Result<(), Error> {
    let all: Vec<usize> = (0..rows.cases.len()).collect();
    for (concept, values) in &rows.labels {
        let is_bit = concept.letters().is_some();
        if (insists || is_bit) && is_constant(values.labels(), &all) {
            let advice = match is_bit {
                true => {
                    "give the study layouts with both values of each factor, and two \
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
             layout and return-to-go; use --folds {} or fewer",
            config.folds,
            groups.len(),
            groups.len()
        ))),
    }
}

fn tried(
    given: Given,
    site: Site,
    activations: &Activations,
    rows: &Rows,
) -> Result<BTreeMap<Concept, Outcome>, ProbeError> {
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
