//! Closed-loop steering: what an agent does when its instruction is set to the opposite.

use crate::subject::Experiment;
use dt_env::streams::{Purpose, stream};
use std::sync::Arc;

use dt_data::Outcome;
use dt_env::{Layout, Object};
use dt_train::model::{HookPoint, Hooks, NoHooks};
use dt_train::rollout::walk_greedy;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::vectors::{dot, scaled, to_f32, to_f64};
use crate::questions::edits::instruction_pca;
use crate::questions::mediation::random_directions;
use crate::subject::TokenKind;
use crate::subject::hooks::{Add, SetCoefficient};

/// Greedy episodes with the instruction's coefficient set at the first frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SteeringRecord {
    /// Return-to-go that was asked for.
    pub rtg: f64,
    /// Mean projection of the first state token on the instruction direction where the
    /// instruction is a key, and where it is a ball: u = +1 and u = −1.
    pub natural_units: (f64, f64),
    /// Layouts.
    pub layouts: Vec<String>,
    /// Whether the agent, left alone, reaches the target that the return-to-go asks for.
    pub unsteered: Vec<bool>,
    /// Whether it reaches the other target with u set to the opposite instruction's.
    pub reaches_other: Vec<bool>,
    /// Share of episodes that reach the other target after an addition of the same length in a
    /// random direction.
    pub random_share: f64,
    /// Random additions, over all layouts.
    pub random_episodes: usize,
}

/// Random additions for each layout.
const RANDOM: usize = 25;

/// Steers greedy episodes at the highest return-to-go of a study.
///
/// # Errors
/// If the instruction set has no components.
pub fn steering(experiment: &Experiment) -> Result<SteeringRecord, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let rtg = study.returns_to_go.iter().copied().fold(f64::MIN, f64::max);
    let direction = instruction_pca(experiment)?.components.swap_remove(0);
    let units = natural_units(experiment, &direction)?;
    let spec = Arc::new(study.env_spec().map_err(Error::Config)?);
    let layouts = spec.layouts().expect("memory worlds have few layouts");
    let starts: Vec<(Layout, f64)> = layouts.iter().map(|(layout, _)| (*layout, rtg)).collect();
    let is_key = |n: usize| {
        let layout = starts[n]
            .0
            .memory()
            .expect("studies are of the memory family");
        layout.configuration.instruction == Object::Key
    };
    let token = |timestep: usize| 3 * timestep + TokenKind::State as usize;

    let alone = walk_greedy(subject.model(), &spec, &starts, |_| Box::new(NoHooks));
    let steered = walk_greedy(subject.model(), &spec, &starts, |pass| -> Box<dyn Hooks> {
        let Some(start) = pass.start else {
            return Box::new(NoHooks);
        };
        let opposite = |&n: &usize| Some(if is_key(n) { units.1 } else { units.0 } as f32);
        Box::new(SetCoefficient {
            point: HookPoint::ResidPre(0),
            token: token(start),
            direction: to_f32(&direction),
            coefficients: pass.episodes.iter().map(opposite).collect(),
        })
    });
    let many: Vec<(Layout, f64)> = starts
        .iter()
        .flat_map(|start| std::iter::repeat_n(*start, RANDOM))
        .collect();
    let length = (units.0 - units.1).abs();
    let additions: Vec<Vec<f32>> = random_directions(
        many.len(),
        direction.len(),
        length,
        &mut stream(0, Purpose::SteeringDirections, 0),
    )
    .iter()
    .map(|v| to_f32(&scaled(v, 1.0)))
    .collect();
    let random = walk_greedy(subject.model(), &spec, &many, |pass| -> Box<dyn Hooks> {
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
    });
    let other = |outcome: Outcome| matches!(outcome, Outcome::Failure(_));
    Ok(SteeringRecord {
        rtg,
        natural_units: units,
        layouts: starts
            .iter()
            .map(|(layout, _)| {
                let configuration = layout.memory();
                let configuration = configuration.expect("is_key has asked").configuration;
                let (instruction, order) = (configuration.instruction, configuration.order);
                format!("{}, {}", instruction.name(), order.name())
            })
            .collect(),
        unsteered: alone
            .iter()
            .map(|e| e.outcome == Outcome::Success)
            .collect(),
        reaches_other: steered.iter().map(|e| other(e.outcome)).collect(),
        random_share: random.iter().filter(|e| other(e.outcome)).count() as f64
            / random.len().max(1) as f64,
        random_episodes: random.len(),
    })
}

/// Projections of the first state token, at the residual stream before the first block, on a
/// direction: mean over prompts whose instruction is a key, and over those with a ball.
///
/// # Errors
/// If a prompt cannot be made.
pub fn natural_units(experiment: &Experiment, direction: &[f64]) -> Result<(f64, f64), Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let start = study.moment("start").expect("checked on reading");
    let token = subject.token(start, TokenKind::State);
    let prompts = set.of(study.original())?;
    let (cache, _) = subject.cache(&prompts, [HookPoint::ResidPre(0)]);
    let recorded = cache.get(HookPoint::ResidPre(0)).expect("recorded");
    let mean = |key: bool| {
        let values: Vec<f64> = set
            .scenarios
            .iter()
            .enumerate()
            .filter(|(_, s)| (s.facet.configuration.instruction == Object::Key) == key)
            .map(|(n, _)| dot(&to_f64(recorded.at(n, token)), direction))
            .collect();
        values.iter().sum::<f64>() / values.len().max(1) as f64
    };
    Ok((mean(true), mean(false)))
}
