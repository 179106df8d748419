//! Where the agent walks as its main factor is turned from one value to the other.

use crate::subject::Experiment;
use dt_env::streams::{Purpose, stream};
use serde::{Deserialize, Serialize};

use super::closed_loop::{Reached, closed_loop};
use crate::Error;
use crate::maths::vectors::{dot, scaled, to_f32, to_f64};
use crate::questions::edits::direction_pca;
use crate::questions::mediation::random_directions;
use crate::questions::steering::natural_units;
use crate::subject::TokenKind;
use dt_train::model::HookPoint;

/// Random directions at each coefficient.
const RANDOM: usize = 8;

/// Greedy episodes with the direction's coefficient set at the first frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SteeringCurve {
    /// Facets in order.
    pub facets: Vec<String>,
    /// Coefficients in natural units: +1 is where prompts with the main factor's first value lie,
    /// −1 those with its second.
    pub units: Vec<f64>,
    /// `[unit][facet]`: where the episode ended.
    pub reached: Vec<Vec<Reached>>,
    /// `[unit][facet]`: share of episodes that end where the first value asks for, after an addition
    /// of the same length in a random direction.
    pub random_at_first: Vec<Vec<f64>>,
    /// `[facet]`: share of those that end at no target.
    pub random_broken: Vec<f64>,
}

/// Coefficients that are tried, in natural units.
fn units() -> Vec<f64> {
    (-12..=12).map(|k| f64::from(k) / 4.0).collect()
}

/// The study's direction with its natural units, and where each prompt lies on it.
pub(crate) struct NaturalAxis {
    direction: Vec<f64>,
    /// Projections that are +1 and −1.
    ends: (f64, f64),
    /// Projection of each prompt's first state token.
    here: Vec<f64>,
}

impl NaturalAxis {
    /// The first component of the study's direction set, read at the residual stream before
    /// the first block.
    pub fn new(experiment: &Experiment) -> Result<Self, Error> {
        let Experiment {
            subject,
            prompts: set,
        } = *experiment;
        let study = &set.study;
        let direction = direction_pca(experiment)?.components.swap_remove(0);
        let token = subject.token(study.site_step(), TokenKind::State);
        let originals = set.of(study.original())?;
        let (cache, _) = subject.cache(&originals, [HookPoint::ResidPre(0)]);
        let recorded = cache.get(HookPoint::ResidPre(0)).expect("recorded");
        Ok(Self {
            ends: natural_units(experiment, &direction)?,
            here: (0..originals.len())
                .map(|n| dot(&to_f64(recorded.at(n, token)), &direction))
                .collect(),
            direction,
        })
    }

    /// Projection of a coefficient in natural units.
    fn coefficient(&self, unit: f64) -> f64 {
        let (first, second) = self.ends;
        f64::midpoint(first, second) + unit * (first - second) / 2.0
    }

    /// How far each prompt must move to get there.
    fn shifts(&self, unit: f64) -> impl Iterator<Item = f64> {
        let there = self.coefficient(unit);
        self.here.iter().map(move |here| there - here)
    }

    /// What moves a prompt's token to a coefficient in natural units.
    pub fn vector(&self, unit: f64, prompt: usize) -> Vec<f64> {
        scaled(&self.direction, self.coefficient(unit) - self.here[prompt])
    }

    /// Natural units of the prompts after a vector was added to each.
    pub fn after(&self, vectors: &[Vec<f32>]) -> Vec<f64> {
        let (first, second) = self.ends;
        let moved = self.here.iter().zip(vectors);
        moved
            .map(|(here, vector)| {
                let there = here + dot(&to_f64(vector), &self.direction);
                (there - f64::midpoint(first, second)) / ((first - second) / 2.0)
            })
            .collect()
    }
}

/// Walks every facet at every coefficient along the study's direction.
///
/// # Errors
/// If the study has no direction.
pub fn steering_curve(experiment: &Experiment) -> Result<SteeringCurve, Error> {
    let set = experiment.prompts;
    let axis = NaturalAxis::new(experiment)?;
    let units = units();
    let vectors: Vec<Vec<Vec<f32>>> = units
        .iter()
        .map(|&u| {
            let shifted = axis.shifts(u).map(|s| to_f32(&scaled(&axis.direction, s)));
            shifted.collect()
        })
        .collect();
    let reached = closed_loop(experiment, &vectors)?;

    // The same lengths, in other directions.
    let drawn = random_directions(
        RANDOM,
        axis.direction.len(),
        1.0,
        &mut stream(0, Purpose::SteeringCurveDirections, 0),
    );
    let random: Vec<Vec<Vec<f32>>> = units
        .iter()
        .flat_map(|&u| drawn.iter().map(move |direction| (u, direction)))
        .map(|(u, direction)| {
            let shifted = axis.shifts(u).map(|s| to_f32(&scaled(direction, s.abs())));
            shifted.collect()
        })
        .collect();
    let ends = closed_loop(experiment, &random)?;
    let facets = set.scenarios.len();
    let share = |ends: &[Vec<Reached>], facet: usize, what: Reached| {
        let count = ends.iter().filter(|e| e[facet] == what).count();
        count as f64 / ends.len().max(1) as f64
    };
    Ok(SteeringCurve {
        facets: set.scenarios.iter().map(|s| s.facet.to_string()).collect(),
        random_at_first: ends
            .chunks(RANDOM)
            .map(|of_unit| {
                (0..facets)
                    .map(|f| share(of_unit, f, Reached::First))
                    .collect()
            })
            .collect(),
        random_broken: (0..facets)
            .map(|f| share(&ends, f, Reached::Neither))
            .collect(),
        units,
        reached,
    })
}
