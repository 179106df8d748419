//! Ways to a frame, each walked in all layouts alike.
//!
//! A demonstrator's actions are replayed under every instruction and target order, and each
//! window is shown with every return-to-go. So each combination occurs equally often at every
//! pose, time and history: nothing that a walker does gives a label away. Frames count up to the
//! one at which the agent must turn; after the turn its pose would tell the side that is sought.

use dt_env::streams::{Purpose, stream};
use std::collections::BTreeMap;
use std::sync::Arc;

use dt_data::{Amount, Dataset, Part, PlannerConfig, Recipe};
use dt_env::{Action, Configuration, Direction, Env, MemoryLayout, Pose};
use rand::RngExt;

use super::config::{SweepConfig, walkers};
use crate::Error;
use crate::prompts::Study;

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
    /// Instruction and target order of each layout.
    pub(super) layouts: Vec<Configuration>,
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
    study: &Study,
    config: &SweepConfig,
    longest: usize,
) -> Result<Walks, Error> {
    let spec = Arc::new(study.env_spec().map_err(Error::Config)?);
    let mut layouts = study.prompts.clone();
    layouts.sort_unstable();
    layouts.dedup();
    let mut returns_to_go = study.returns_to_go.clone();
    returns_to_go.sort_by(f64::total_cmp);
    returns_to_go.dedup();

    let walkers = walkers();
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
        let layout = *(env.layout().memory()).expect("studies are of the memory family");
        let start = (layout.hallway_end, layout.agent_x, layout.agent_dir as u8);
        for walk in replay(&env, layout, &layouts, &actions, longest) {
            frames_walked += 1;
            let key = (start, walk.actions.clone());
            found.entry(key).or_insert(walk).times_walked += 1;
        }
    }
    Ok(Walks {
        walks: thin(found.into_values().collect(), config),
        layouts,
        returns_to_go,
        frames_walked,
    })
}

/// Corridor's end, the agent's column and heading.
type Start = (u8, u8, u8);

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
fn replay(
    started: &Env,
    layout: MemoryLayout,
    layouts: &[Configuration],
    actions: &[u8],
    longest: usize,
) -> Vec<Walk> {
    let mut envs: Vec<Env> = layouts
        .iter()
        .map(|&configuration| {
            let mut env = started.clone();
            env.reset_where(&started.facts().and(&configuration.facts()))
                .expect("a memory world has every configuration");
            env
        })
        .collect();
    let mut frames: Vec<Vec<Vec<u8>>> = vec![Vec::new(); layouts.len()];
    let mut walks: Vec<Walk> = Vec::new();
    let start = envs[0].world().agent();
    let mut arrived: Option<Pose> = None;
    for step in 0..=longest.min(actions.len()) {
        let pose = envs[0].world().agent();
        // Key and ball stand in the way alike, so that all layouts are walked alike.
        if envs.iter().any(|env| env.world().agent() != pose) {
            break;
        }
        if arrived.is_some_and(|before| before != pose) {
            break;
        }
        if pose.x > layout.hallway_end {
            arrived = Some(pose);
        }
        for (seen, env) in frames.iter_mut().zip(&envs) {
            seen.push(env.world().observation());
        }
        walks.push(Walk {
            actions: actions[..step].to_vec(),
            pose,
            at_decision: arrived.is_some() && pose.dir == Direction::Right,
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

    fn walks(count: usize) -> Walks {
        let config = SweepConfig {
            episodes: 40,
            walks: count,
            ..SweepConfig::default()
        };
        draw_walks(&Study::memory_post(), &config, 8).unwrap()
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
