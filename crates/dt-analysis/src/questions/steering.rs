//! Closed-loop steering: what an agent does when its main factor is set to the opposite.

use std::sync::Arc;

use dt_data::Outcome;
use dt_env::streams::{Purpose, stream};
use dt_env::{EnvSpec, Layout};
use dt_train::model::{HookPoint, Hooks, NoHooks};
use dt_train::rollout::{Ended, RolloutPass, walk_greedy};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::vectors::{dot, to_f32, to_f64};
use crate::prompts::PromptSet;
use crate::questions::edits::direction_pca;
use crate::questions::mediation::random_directions;
use crate::subject::hooks::{Add, SetCoefficient};
use crate::subject::{Experiment, Subject, TokenKind};

/// Greedy episodes with the direction's coefficient set at the first frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SteeringRecord {
    /// Return-to-go that was asked for.
    pub rtg: f64,
    /// Mean projection of the first state token on the direction where the main factor has its
    /// first value, and where it has its second: u = +1 and u = −1.
    pub natural_units: (f64, f64),
    /// Layouts.
    pub layouts: Vec<String>,
    /// Whether the agent, left alone, succeeds.
    pub unsteered: Vec<bool>,
    /// Whether it fails the task as another value of the factor would have it, with u set to the
    /// opposite value's.
    pub reaches_other: Vec<bool>,
    /// Share of episodes that end so after an addition of the same length in a random direction.
    pub random_share: f64,
    /// Random additions, over all layouts.
    pub random_episodes: usize,
}

/// Random additions for each layout.
const RANDOM: usize = 25;

/// Steers greedy episodes at the highest return-to-go of a study, from each of its layouts.
///
/// `None` where the study intervenes on a frame other than the first: only that one comes before
/// any action of the agent's own.
///
/// # Errors
/// If the study has no direction, or no single main factor.
pub fn steering(experiment: &Experiment) -> Result<Option<SteeringRecord>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    if study.site_step() != 0 {
        return Ok(None);
    }
    let rtg = study.highest_return();
    let direction = direction_pca(experiment)?.components.swap_remove(0);
    let units = natural_units(experiment, &direction)?;
    let starts = starts_at(set, rtg)?;
    let token = |timestep: usize| 3 * timestep + TokenKind::State as usize;

    let alone = walk_from(subject, &starts, |_| Box::new(NoHooks))?;
    let steered = walk_from(subject, &starts, |pass| -> Box<dyn Hooks> {
        let Some(start) = pass.start else {
            return Box::new(NoHooks);
        };
        let opposite = |&n: &usize| {
            let u = if starts[n].first_value {
                units.1
            } else {
                units.0
            };
            Some(u as f32)
        };
        Box::new(SetCoefficient {
            point: HookPoint::ResidPre(0),
            token: token(start),
            direction: to_f32(&direction),
            coefficients: pass.episodes.iter().map(opposite).collect(),
        })
    })?;
    let many: Vec<Begun> = starts
        .iter()
        .flat_map(|start| std::iter::repeat_n(start.clone(), RANDOM))
        .collect();
    let length = (units.0 - units.1).abs();
    let additions: Vec<Vec<f32>> = random_directions(
        many.len(),
        direction.len(),
        length,
        &mut stream(0, Purpose::SteeringDirections, 0),
    )
    .iter()
    .map(|v| to_f32(v))
    .collect();
    let random = walk_from(subject, &many, |pass| -> Box<dyn Hooks> {
        match pass.start {
            None => Box::new(NoHooks),
            Some(start) => Box::new(Add {
                point: HookPoint::ResidPre(0),
                token: token(start),
                vectors: pass
                    .episodes
                    .iter()
                    .map(|&n| additions[n].clone())
                    .collect(),
            }),
        }
    })?;
    let other = |e: &Ended| matches!(e.outcome, Outcome::Failure(_));
    Ok(Some(SteeringRecord {
        rtg,
        natural_units: units,
        layouts: starts.iter().map(|s| s.name.clone()).collect(),
        unsteered: alone
            .iter()
            .map(|e| e.outcome == Outcome::Success)
            .collect(),
        reaches_other: steered.iter().map(other).collect(),
        random_share: random.iter().filter(|e| other(e)).count() as f64
            / random.len().max(1) as f64,
        random_episodes: random.len(),
    }))
}

/// Where an episode begins, and what is asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) spec: Arc<EnvSpec>,
    pub(crate) layout: Layout,
    pub(crate) rtg: f64,
    /// Name of the layout.
    pub(crate) name: String,
    /// Whether the main factor has its first value.
    pub(crate) first_value: bool,
}

/// Each layout of a study once, at one return-to-go, in the order of the facets.
fn starts_at(set: &PromptSet, rtg: f64) -> Result<Vec<Begun>, Error> {
    let mut starts: Vec<Begun> = Vec::new();
    for (n, begun) in all_starts(set)?.into_iter().enumerate() {
        if !starts.iter().any(|s| s.name == begun.name) {
            let name = set.scenarios[n].facet.layout();
            starts.push(Begun { rtg, name, ..begun });
        }
    }
    Ok(starts)
}

/// Where each facet's episode begins.
///
/// # Errors
/// If the study has no single main factor.
pub(crate) fn all_starts(set: &PromptSet) -> Result<Vec<Begun>, Error> {
    let scenarios = set.scenarios.iter().enumerate();
    scenarios
        .map(|(n, scenario)| {
            Ok(Begun {
                spec: scenario.start.spec.clone(),
                layout: scenario.start.layout,
                rtg: scenario.facet.rtg,
                name: scenario.facet.layout(),
                first_value: set.main_value(n)?,
            })
        })
        .collect()
}

/// Greedy episodes from these starts, in their order; those of one world are walked together.
/// Hooks are made for the places in `starts` of the episodes that go on.
///
/// # Errors
/// If the agent's logits are not finite.
pub(crate) fn walk_from<'a>(
    subject: &Subject,
    starts: &[Begun],
    mut make: impl FnMut(&RolloutPass) -> Box<dyn Hooks + 'a>,
) -> Result<Vec<Ended>, Error> {
    let mut ends: Vec<Option<Ended>> = vec![None; starts.len()];
    let mut left: Vec<usize> = (0..starts.len()).collect();
    while let Some(&first) = left.first() {
        let spec = &starts[first].spec;
        let (of_world, rest) = left
            .into_iter()
            .partition(|&n| Arc::ptr_eq(&starts[n].spec, spec));
        left = rest;
        let of_world: Vec<usize> = of_world;
        let begun: Vec<(Layout, f64)> = of_world
            .iter()
            .map(|&n| (starts[n].layout, starts[n].rtg))
            .collect();
        let walked = walk_greedy(subject.model(), spec, &begun, |pass| {
            let episodes: Vec<usize> = pass.episodes.iter().map(|&n| of_world[n]).collect();
            make(&RolloutPass {
                episodes: &episodes,
                start: pass.start,
            })
        })
        .map_err(|e| Error::Question(format!("{}: {e}", subject.name)))?;
        for (&n, end) in of_world.iter().zip(walked) {
            ends[n] = Some(end);
        }
    }
    let walked = ends
        .into_iter()
        .map(|end| end.expect("every start is walked from"));
    Ok(walked.collect())
}

/// Projections of the site's state token, at the residual stream before the first block, on a
/// direction: mean over prompts whose main factor has its first value, and over the others.
///
/// # Errors
/// If a prompt cannot be made, or the study has no single main factor.
pub fn natural_units(experiment: &Experiment, direction: &[f64]) -> Result<(f64, f64), Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let token = subject.token(study.site_step(), TokenKind::State);
    let prompts = set.of(study.original())?;
    let (cache, _) = subject.cache(&prompts, [HookPoint::ResidPre(0)]);
    let recorded = cache.get(HookPoint::ResidPre(0)).expect("recorded");
    let mut sums = [(0.0, 0_usize); 2];
    for n in 0..prompts.len() {
        let (sum, count) = &mut sums[usize::from(!set.main_value(n)?)];
        *sum += dot(&to_f64(recorded.at(n, token)), direction);
        *count += 1;
    }
    let [first, second] = sums.map(|(sum, count)| sum / count.max(1) as f64);
    Ok((first, second))
}
