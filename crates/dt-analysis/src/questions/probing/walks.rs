//! Ways to a frame, each walked in all layouts alike.
//!
//! A demonstrator's actions are replayed in every layout of the study, and each window is shown
//! with every return-to-go. So each combination occurs equally often at every
//! pose, time and history: nothing that a walker does gives a label away. Frames count up to the
//! one at which the agent must turn; after the turn its pose would tell the side that is sought.

use dt_env::streams::{Purpose, stream};
use std::collections::BTreeMap;
use std::sync::Arc;

use dt_data::{Amount, Dataset, Part, PlannerConfig, Recipe};
use dt_env::{Action, Env, Facts, Failure, Pose};
use rand::RngExt;

use super::config::{SweepConfig, walkers};
use crate::Error;
use crate::prompts::{Layouts, PromptSet, Scenario, Study};

/// A distinct walk from the start to a frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Walk {
    /// Its actions.
    pub(super) actions: Vec<u8>,
    /// Where it ends.
    pub(super) pose: Pose,
    /// Whether the agent must turn there.
    pub(super) at_decision: bool,
    /// What is seen on the way in each layout, `[layout][step]`.
    pub(super) frames: Vec<Vec<Vec<u8>>>,
    /// How often it was walked.
    pub(super) times_walked: usize,
    /// Where it begins.
    pub(super) start: Pose,
}

impl Walk {
    /// Steps since the start.
    pub(super) fn time(&self) -> usize {
        self.actions.len()
    }
}

/// All walks of a sweep, and under what they are seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Walks {
    /// The walks.
    pub(super) walks: Vec<Walk>,
    /// Signs of the factors in each layout.
    pub(super) layouts: Vec<Vec<bool>>,
    /// Returns-to-go.
    pub(super) returns_to_go: Vec<f64>,
    /// Frames that were walked through, repeated ones included.
    pub(super) frames_walked: usize,
}

impl Walks {
    /// Layouts times returns-to-go.
    pub(super) fn combinations(&self) -> usize {
        self.layouts.len() * self.returns_to_go.len()
    }

    /// Walks seen under each combination; a case is `walk · combinations + combination`.
    pub(super) fn cases(&self) -> usize {
        self.walks.len() * self.combinations()
    }

    /// Walk, layout and return-to-go of a case.
    pub(super) fn case(&self, case: usize) -> (&Walk, usize, f64) {
        let (walk, combination) = (case / self.combinations(), case % self.combinations());
        let (rtg, layout) = (
            combination / self.layouts.len(),
            combination % self.layouts.len(),
        );
        (&self.walks[walk], layout, self.returns_to_go[rtg])
    }
}

/// Draws walks of at most `longest` steps.
pub(super) fn draw_walks(
    set: &PromptSet,
    config: &SweepConfig,
    longest: usize,
) -> Result<Walks, Error> {
    let study = &set.study;
    let spec = Arc::new(study.env_spec().map_err(Error::Config)?);
    // Each layout once: a facet repeats them for every return-to-go.
    let mut scenarios: Vec<&Scenario> = Vec::new();
    for scenario in &set.scenarios {
        if !scenarios
            .iter()
            .any(|s| s.facet.values == scenario.facet.values)
        {
            scenarios.push(scenario);
        }
    }
    let mut returns_to_go = study.returns_to_go.clone();
    returns_to_go.sort_by(f64::total_cmp);
    returns_to_go.dedup();

    let walkers = walkers(spec.failures().contains(&Failure::WrongTarget));
    let recipe = Recipe {
        name: "probe".to_owned(),
        env: study.env.clone(),
        max_steps: study.max_steps,
        seed: config.seed,
        planner: PlannerConfig::default(),
        window: longest + 1,
        parts: walkers
            .iter()
            .map(|w| Part {
                policy: w.policy.clone(),
                amount: Amount::Episodes(config.episodes),
                wander: None,
            })
            .collect(),
    };
    let (data, _) = Dataset::generate(&recipe)?;
    let mut found: BTreeMap<(Start, Vec<u8>), Walk> = BTreeMap::new();
    let mut frames_walked = 0;
    for (n, episode) in data.episodes.iter().enumerate() {
        let rows = episode.first_row..episode.first_row + episode.length;
        let mut actions = data.actions[rows].to_vec();
        disturb(
            &mut actions,
            walkers[n / config.episodes as usize].perturbed,
            config.seed,
            n,
        );
        let mut env = Env::new(spec.clone());
        env.reset(episode.env_seed);
        let envs = alike(study, &scenarios, &env)?;
        // What the factors leave open: walks that differ in factors alone are one walk.
        let start = (envs[0].facts(), envs[0].world().agent());
        let decision = *scenarios[0].poses.last().expect("a walk has frames");
        for walk in replay(envs, decision, &actions, longest) {
            frames_walked += 1;
            let key = (start.clone(), walk.actions.clone());
            found.entry(key).or_insert(walk).times_walked += 1;
        }
    }
    Ok(Walks {
        walks: thin(found.into_values().collect(), config),
        layouts: scenarios.iter().map(|s| s.facet.values.clone()).collect(),
        returns_to_go,
        frames_walked,
    })
}

/// What a reset decided, and where the agent stands after it.
type Start = (Facts, Pose);

/// The study's layouts, each with the agent where it starts in `started` and all else that the
/// factors leave open as it is there; hand-drawn ones are as they are drawn.
fn alike(study: &Study, scenarios: &[&Scenario], started: &Env) -> Result<Vec<Env>, Error> {
    let env = |scenario: &&Scenario| {
        if matches!(study.layouts, Layouts::Drawn(_)) {
            return Ok(scenario.start.env());
        }
        let factors = study.factors.iter().zip(&scenario.facet.values);
        let facts: Facts = factors
            .map(|(f, &v)| (f.axis.as_str(), f.value(v)))
            .collect();
        let mut env = started.clone();
        let all = started.facts().and(&facts);
        env.reset_where(&all)
            .map_err(|e| Error::Question(e.to_string()))?;
        Ok(env)
    };
    scenarios.iter().map(env).collect()
}

/// Replaces a share of actions by random ones; each episode has a random stream of its own.
fn disturb(actions: &mut [u8], share: f64, seed: u64, episode: usize) {
    let mut rng = stream(seed, Purpose::DisturbedWalk, episode as u64);
    for action in actions.iter_mut().filter(|_| share > 0.0) {
        if rng.random::<f64>() < share {
            *action = rng.random_range(0..Action::COUNT as u8);
        }
    }
}

/// The walk to each frame of an episode up to the decision, in all layouts.
fn replay(mut envs: Vec<Env>, decision: Pose, actions: &[u8], longest: usize) -> Vec<Walk> {
    let mut frames: Vec<Vec<Vec<u8>>> = vec![Vec::new(); envs.len()];
    let mut walks: Vec<Walk> = Vec::new();
    let start = envs[0].world().agent();
    let mut arrived: Option<Pose> = None;
    for step in 0..=longest.min(actions.len()) {
        let pose = envs[0].world().agent();
        // What differs stands in the way alike in most tasks; where it does not, the walk ends.
        if envs.iter().any(|env| env.world().agent() != pose) {
            break;
        }
        if arrived.is_some_and(|before| before != pose) {
            break;
        }
        if (pose.x, pose.y) == (decision.x, decision.y) {
            arrived = Some(pose);
        }
        for (seen, env) in frames.iter_mut().zip(&envs) {
            seen.push(env.world().observation());
        }
        walks.push(Walk {
            actions: actions[..step].to_vec(),
            pose,
            at_decision: pose == decision,
            frames: frames.clone(),
            times_walked: 0,
            start,
        });
        let Some(action) = actions.get(step).and_then(|&a| Action::from_index(a)) else {
            break;
        };
        let ended: Vec<bool> = envs
            .iter_mut()
            .map(|env| env.step(action).is_last())
            .collect();
        if ended.contains(&true) {
            break;
        }
    }
    walks
}

/// Keeps so many walks, half of them to the decision if there are enough: those walked most
/// often, in the order of their actions.
fn thin(walks: Vec<Walk>, config: &SweepConfig) -> Vec<Walk> {
    let mut order: Vec<usize> = (0..walks.len()).collect();
    order.sort_by_key(|&n| std::cmp::Reverse(walks[n].times_walked));
    let (there, on_the_way): (Vec<usize>, Vec<usize>) =
        order.into_iter().partition(|&n| walks[n].at_decision);
    let half = config.walks / 2;
    let room = config.walks.saturating_sub(on_the_way.len());
    let of_there = there.len().min(half.max(room));
    let mut kept: Vec<usize> = there[..of_there].to_vec();
    kept.extend(on_the_way.iter().take(config.walks - of_there));
    kept.sort_unstable();
    let mut walks: Vec<Option<Walk>> = walks.into_iter().map(Some).collect();
    kept.into_iter().filter_map(|n| walks[n].take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dt_env::Direction;

    fn walks(count: usize) -> Walks {
        let config = SweepConfig {
            episodes: 40,
            walks: count,
            ..SweepConfig::default()
        };
        draw_walks(&PromptSet::new(&Study::memory_post()).unwrap(), &config, 8).unwrap()
    }

    #[test]
    fn walks_end_before_the_turn_and_look_the_same_but_for_objects() {
        let found = walks(200);
        assert_eq!((found.layouts.len(), found.returns_to_go.len()), (4, 2));
        assert_eq!(found.walks.len(), 200);
        assert!(
            found
                .walks
                .iter()
                .any(|w| w.actions == [2, 2, 2, 2] && w.at_decision)
        );
        for walk in &found.walks {
            assert!(walk.time() <= 8 && walk.pose.x <= 5);
            assert!(walk.pose.x < 5 || walk.pose.dir == Direction::Right);
            for layout in &walk.frames {
                assert_eq!(layout.len(), walk.time() + 1);
                for (a, b) in layout.iter().zip(&walk.frames[0]) {
                    let kinds = a.chunks(3).zip(b.chunks(3));
                    assert!(kinds.into_iter().all(|(a, b)| {
                        a[0] == b[0] || [a[0], b[0]] == [5, 6] || [a[0], b[0]] == [6, 5]
                    }));
                }
            }
        }
        assert_eq!(walks(200), found);
        let decisions = found.walks.iter().filter(|w| w.at_decision).count();
        assert!((20..=100).contains(&decisions), "{decisions}");
    }

    #[test]
    fn cases_are_all_combinations() {
        let found = walks(10);
        assert_eq!(found.cases(), 80);
        let (walk, layout, rtg) = found.case(8 + 5);
        assert_eq!(walk, &found.walks[1]);
        assert_eq!((layout, rtg), (1, 0.892));
    }
}
