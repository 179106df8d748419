//! What an agent does: exactly over every outcome of a reset, and sampled.

pub mod calibrate;

use dt_env::streams::{Purpose, stream};
use std::sync::Arc;

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use dt_data::Outcome;
use dt_env::{Action, Env, EnvSpec, Layout};

use crate::definition::Goal;
use crate::model::{Frames, Hooks, ItemRows, Model, NoHooks, Padding, StateEmbedding, TokenBatch};

/// Most outcomes of a reset that are all tried.
const MAX_LAYOUTS: usize = 4096;
/// Datasets draw their environment seeds below this bit, evaluation above it.
const UNSEEN: u64 = 1 << 32;
/// Episodes that are walked together.
const CHUNK: usize = 64;

/// What `eval.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvaluationRecord {
    /// Environment.
    pub env: String,
    /// Device that computed.
    pub device: String,
    /// Greedy over all distinct outcomes of a reset, or null where there are too many.
    pub exact: Option<Vec<ExactRecord>>,
    /// Why `exact` is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_missing: Option<String>,
    /// Sampled episodes.
    pub sampled: Vec<SampledRecord>,
}

/// Greedy episodes at one return-to-go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExactRecord {
    /// Return-to-go that was asked for.
    pub rtg: f64,
    /// Episodes that ended with reward.
    pub success: usize,
    /// Episodes that ended at the other target.
    pub wrong_target: usize,
    /// Episodes that ran into the step limit.
    pub truncated: usize,
    /// Number of episodes.
    pub of: usize,
    /// Mean return, weighted by the probability of each reset.
    pub mean_return: f64,
    /// One entry per outcome of a reset.
    pub episodes: Vec<EpisodeRecord>,
}

/// One greedy episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRecord {
    /// `key` or `ball`, in a memory world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// Left and right target, in a memory world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_right: Option<String>,
    /// Probability of this reset.
    pub probability: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// Number of actions.
    pub steps: u32,
    /// Return.
    #[serde(rename = "return")]
    pub total_return: f64,
}

/// Sampled episodes at one return-to-go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampledRecord {
    /// Return-to-go that was asked for.
    pub rtg: f64,
    /// Temperature of the softmax.
    pub temperature: f64,
    /// Number of episodes.
    pub episodes: usize,
    /// Episodes that ended with reward.
    pub success: usize,
    /// Episodes that ended at the other target.
    pub wrong_target: usize,
    /// Episodes that ran into the step limit.
    pub truncated: usize,
    /// Mean return.
    pub mean_return: f64,
    /// Wilson's 95 % interval of the share of successes.
    pub ci95: [f64; 2],
    /// 95 % interval of the mean return, by its standard error.
    pub return_ci95: [f64; 2],
}

/// How actions are chosen.
enum Choice {
    Greedy,
    /// Softmax at a temperature; one random stream per episode.
    Sampled(f64, Vec<ChaCha8Rng>),
}

/// What an agent has seen and done since its episode began.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Return-to-go at each step, the current one included.
    pub returns_to_go: Vec<f64>,
    /// Observations, the current one included.
    pub observations: Vec<Vec<u8>>,
    /// Actions, one fewer.
    pub actions: Vec<u32>,
}

/// Action logits after each history, whatever their lengths, in their order.
///
/// # Panics
/// If a history lacks an observation or a return-to-go.
pub fn next_logits(model: &Model, histories: &[History]) -> Vec<Vec<f32>> {
    let mut order: Vec<usize> = (0..histories.len()).collect();
    order.sort_by_key(|&n| histories[n].actions.len());
    let same_length =
        |a: &usize, b: &usize| histories[*a].actions.len() == histories[*b].actions.len();
    let chunks: Vec<&[usize]> = order
        .chunk_by(same_length)
        .flat_map(|alike| alike.chunks(CHUNK))
        .collect();
    let parts: Vec<Vec<Vec<f32>>> = chunks
        .par_iter()
        .map(|chunk| {
            let some: Vec<&History> = chunk.iter().map(|&n| &histories[n]).collect();
            let batch = Arc::new(windows(model, &some));
            let logits = crate::to_host(&model.forward(&batch, &mut NoHooks));
            last_rows(&logits, batch.timesteps, model.sizes().n_actions)
                .map(<[f32]>::to_vec)
                .collect()
        })
        .collect();
    let mut all = vec![Vec::new(); histories.len()];
    for (&n, logits) in order.iter().zip(parts.into_iter().flatten()) {
        all[n] = logits;
    }
    all
}

/// The logits of each window's last state token.
fn last_rows(logits: &[f32], timesteps: usize, n_actions: usize) -> impl Iterator<Item = &[f32]> {
    logits
        .chunks_exact(timesteps * n_actions)
        .map(move |rows| &rows[rows.len() - n_actions..])
}

/// One episode while it is walked.
struct Walker {
    env: Env,
    rtg: f64,
    history: History,
    total_return: f64,
    outcome: Option<Outcome>,
}

impl Walker {
    fn new(env: Env, rtg: f64) -> Self {
        let first = env.world().observation();
        Self {
            env,
            rtg,
            history: History {
                returns_to_go: vec![rtg],
                observations: vec![first],
                actions: Vec::new(),
            },
            total_return: 0.0,
            outcome: None,
        }
    }

    fn from_layout(spec: &Arc<EnvSpec>, layout: &Layout, rtg: f64) -> Self {
        let mut env = Env::new(spec.clone());
        env.reset_layout(layout);
        Self::new(env, rtg)
    }

    fn act(&mut self, action: usize) {
        let result = self.env.step(Action::ALL[action]);
        self.history.actions.push(action as u32);
        self.total_return += result.reward;
        self.rtg -= result.reward;
        self.history.returns_to_go.push(self.rtg);
        let seen = self.env.world().observation();
        self.history.observations.push(seen);
        self.outcome = result.outcome().map(Outcome::from);
    }
}

/// The windows that agents see at the current step, after equally long histories; the histories
/// are the same number for each agent, agent by agent.
fn windows(model: &Model, histories: &[&History]) -> TokenBatch {
    let config = model.config();
    let context = config.timesteps();
    let now = histories[0].actions.len();
    let real = context.min(now + 1);
    let timesteps = match config.padding {
        Padding::Aligned => real,
        Padding::ZeroFrames => context,
    };
    let view = model.sizes().view_size;
    let padding_action = model.sizes().n_actions as u32;
    let mut batch = TokenBatch::new(timesteps);
    batch.agents = model.agents();
    batch.windows = histories.len() / batch.agents;
    let mut items = ItemRows::default();
    let mut dense = Vec::new();
    let is_dense = config.state_embedding == StateEmbedding::Dense;
    for history in histories {
        for _ in real..timesteps {
            batch.returns_to_go.push(history.returns_to_go[0] as f32);
            batch.actions.push(padding_action);
            batch.times.push(0);
            if is_dense {
                dense.resize(dense.len() + view * view * 3, 0.0);
            } else {
                items.push_absent();
            }
        }
        for step in now + 1 - real..=now {
            batch.returns_to_go.push(history.returns_to_go[step] as f32);
            // The last action is not known yet; its token is absent.
            let action = history.actions.get(step).copied();
            batch.actions.push(action.unwrap_or(padding_action));
            batch.times.push(step as u32);
            let seen = &history.observations[step];
            if is_dense {
                dense.extend(seen.iter().map(|&b| f32::from(b)));
            } else {
                items.push_observation(seen, view);
            }
        }
    }
    batch.frames = if is_dense {
        Frames::Dense(dense)
    } else {
        Frames::Items(items.into())
    };
    batch
}

/// One forward pass of a rollout, for whoever makes its hooks.
#[derive(Clone, Debug)]
pub struct RolloutPass<'a> {
    /// Episodes that still go on, by their place in the list of starts; one window each.
    pub episodes: &'a [usize],
    /// Timestep of the window at which the episodes' first frame stands; `None` once it has left
    /// the context.
    pub start: Option<usize>,
}

/// Greedy episodes from the given starts (a layout and a return-to-go),
/// with hooks in every forward pass.
pub fn walk_greedy<'a>(
    model: &Model,
    spec: &Arc<EnvSpec>,
    starts: &[(Layout, f64)],
    mut make: impl FnMut(&RolloutPass) -> Box<dyn Hooks + 'a>,
) -> Vec<EpisodeRecord> {
    let mut walkers: Vec<Walker> = starts
        .iter()
        .map(|(layout, rtg)| Walker::from_layout(spec, layout, *rtg))
        .collect();
    walk(model, &mut walkers, &mut Choice::Greedy, &mut make);
    let ends = walkers.iter().zip(starts);
    ends.map(|(walker, (layout, _))| record(walker, layout, 1.0 / starts.len() as f64))
        .collect()
}

/// Walks all episodes to their end.
fn walk<'a>(
    model: &Model,
    walkers: &mut [Walker],
    choice: &mut Choice,
    make: &mut dyn FnMut(&RolloutPass) -> Box<dyn Hooks + 'a>,
) {
    let context = model.config().timesteps();
    loop {
        let going: Vec<usize> = (0..walkers.len())
            .filter(|&i| walkers[i].outcome.is_none())
            .collect();
        if going.is_empty() {
            return;
        }
        let views: Vec<&History> = going.iter().map(|&i| &walkers[i].history).collect();
        let batch = Arc::new(windows(model, &views));
        let n_actions = model.sizes().n_actions;
        let now = views[0].actions.len();
        let filling = match model.config().padding {
            Padding::Aligned => 0,
            Padding::ZeroFrames => context.saturating_sub(now + 1),
        };
        let mut hooks = make(&RolloutPass {
            episodes: &going,
            start: (now < context).then_some(filling),
        });
        let logits = crate::to_host(&model.forward(&batch, &mut *hooks));
        for (&i, logits) in going
            .iter()
            .zip(last_rows(&logits, batch.timesteps, n_actions))
        {
            let action = match choice {
                Choice::Greedy => argmax(logits),
                Choice::Sampled(temperature, rngs) => draw(logits, *temperature, &mut rngs[i]),
            };
            walkers[i].act(action);
        }
    }
}

/// Walks the episodes of each of a model's agents to their end, greedily.
fn walk_each(model: &Model, walkers: &mut [Vec<Walker>]) {
    loop {
        let going: Vec<Vec<usize>> = walkers
            .iter()
            .map(|own| (0..own.len()).filter(|&i| own[i].outcome.is_none()))
            .map(Iterator::collect)
            .collect();
        let width = going.iter().map(Vec::len).max().unwrap_or(0);
        let Some(some) = going.iter().position(|own| !own.is_empty()) else {
            return;
        };
        // Every agent has as many windows; what an agent makes of those beyond its own is not read.
        let filling = &walkers[some][going[some][0]].history;
        let mut views: Vec<&History> = Vec::with_capacity(width * walkers.len());
        for (own, going) in walkers.iter().zip(&going) {
            views.extend(going.iter().map(|&i| &own[i].history));
            views.resize(views.len() + width - going.len(), filling);
        }
        let batch = Arc::new(windows(model, &views));
        let logits = crate::to_host(&model.forward(&batch, &mut NoHooks));
        let rows: Vec<&[f32]> =
            last_rows(&logits, batch.timesteps, model.sizes().n_actions).collect();
        for ((own, going), rows) in walkers.iter_mut().zip(&going).zip(rows.chunks(width)) {
            for (&i, logits) in going.iter().zip(rows) {
                own[i].act(argmax(logits));
            }
        }
    }
}

/// Index of the largest value; the first of equals.
fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (i, &v) in values.iter().enumerate() {
        if v > values[best] {
            best = i;
        }
    }
    best
}

/// Draws from the softmax at a temperature.
fn draw(logits: &[f32], temperature: f64, rng: &mut impl Rng) -> usize {
    let most = f64::from(logits[argmax(logits)]);
    let weights: Vec<f64> = logits
        .iter()
        .map(|&x| ((f64::from(x) - most) / temperature).exp())
        .collect();
    let mut u = rng.random::<f64>() * weights.iter().sum::<f64>();
    weights
        .iter()
        .position(|w| {
            u -= w;
            u < 0.0
        })
        .unwrap_or(logits.len() - 1)
}

/// Greedy episodes over every outcome of a reset, at each return-to-go.
///
/// # Errors
/// If a reset has too many outcomes to try them all.
pub fn evaluate_exact(
    model: &Model,
    spec: &Arc<EnvSpec>,
    returns_to_go: &[f64],
) -> Result<Vec<ExactRecord>, String> {
    let mut each = evaluate_exact_each(model, spec, returns_to_go)?;
    Ok(each.swap_remove(0))
}

/// The same for each of a model's agents, which share their forward passes.
///
/// # Errors
/// If a reset has too many outcomes to try them all.
pub fn evaluate_exact_each(
    model: &Model,
    spec: &Arc<EnvSpec>,
    returns_to_go: &[f64],
) -> Result<Vec<Vec<ExactRecord>>, String> {
    let layouts = spec
        .layouts()
        .ok_or_else(|| format!("the outcomes of a reset of {} are not enumerated", spec.id))?;
    if layouts.len() > MAX_LAYOUTS {
        return Err(format!(
            "a reset of {} has {} outcomes, more than {MAX_LAYOUTS}",
            spec.id,
            layouts.len()
        ));
    }
    let starts: Vec<(f64, Layout, f64)> = returns_to_go
        .iter()
        .flat_map(|&rtg| layouts.iter().map(move |&(layout, p)| (rtg, layout, p)))
        .collect();
    // By chunk, then by agent.
    let walked: Vec<Vec<Vec<EpisodeRecord>>> = starts
        .par_chunks(CHUNK)
        .map(|chunk| {
            let walker =
                |(rtg, layout, _): &(f64, Layout, f64)| Walker::from_layout(spec, layout, *rtg);
            let mut walkers: Vec<Vec<Walker>> = (0..model.agents())
                .map(|_| chunk.iter().map(walker).collect())
                .collect();
            walk_each(model, &mut walkers);
            let records = |own: &Vec<Walker>| {
                let ends = own.iter().zip(chunk);
                ends.map(|(walker, (_, layout, p))| record(walker, layout, *p))
                    .collect()
            };
            walkers.iter().map(records).collect()
        })
        .collect();
    let of_agent = |agent: usize| {
        let mut episodes = walked.iter().flat_map(|chunk| &chunk[agent]).cloned();
        let at = |&rtg: &f64| exact_record(rtg, episodes.by_ref().take(layouts.len()).collect());
        returns_to_go.iter().map(at).collect()
    };
    Ok((0..model.agents()).map(of_agent).collect())
}

fn exact_record(rtg: f64, episodes: Vec<EpisodeRecord>) -> ExactRecord {
    let count = |o| episodes.iter().filter(|e| e.outcome == o).count();
    let failed = |e: &&EpisodeRecord| matches!(e.outcome, Outcome::Failure(_));
    ExactRecord {
        rtg,
        success: count(Outcome::Success),
        wrong_target: episodes.iter().filter(failed).count(),
        truncated: count(Outcome::Truncated),
        of: episodes.len(),
        mean_return: episodes
            .iter()
            .map(|e| e.probability * e.total_return)
            .sum(),
        episodes,
    }
}

fn record(walker: &Walker, layout: &Layout, probability: f64) -> EpisodeRecord {
    let configuration = layout.memory().map(|l| l.configuration);
    EpisodeRecord {
        instruction: configuration.map(|c| c.instruction.name().to_owned()),
        left_right: configuration.map(|c| c.order.name().to_owned()),
        probability,
        outcome: walker.outcome.expect("walked to its end"),
        steps: walker.history.actions.len() as u32,
        total_return: walker.total_return,
    }
}

/// Sampled episodes at one return-to-go; the same for any number of threads.
pub fn evaluate_sampled(
    model: &Model,
    spec: &Arc<EnvSpec>,
    rtg: f64,
    temperature: f64,
    episodes: usize,
    seed: u64,
) -> SampledRecord {
    let indices: Vec<u64> = (0..episodes as u64).collect();
    let ends: Vec<Vec<(Outcome, f64)>> = indices
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut rngs: Vec<ChaCha8Rng> = chunk
                .iter()
                .map(|&n| stream(seed, Purpose::Evaluation, n))
                .collect();
            let mut walkers: Vec<Walker> = rngs
                .iter_mut()
                .map(|rng| {
                    let mut env = Env::new(spec.clone());
                    env.reset(rng.next_u64() | UNSEEN);
                    Walker::new(env, rtg)
                })
                .collect();
            let mut choice = Choice::Sampled(temperature, rngs);
            walk(model, &mut walkers, &mut choice, &mut |_| Box::new(NoHooks));
            walkers
                .iter()
                .map(|w| (w.outcome.expect("walked to its end"), w.total_return))
                .collect()
        })
        .collect();
    let ends: Vec<(Outcome, f64)> = ends.into_iter().flatten().collect();
    let count = |o| ends.iter().filter(|e| e.0 == o).count();
    let success = count(Outcome::Success);
    let n = episodes as f64;
    let mean_return = ends.iter().map(|e| e.1).sum::<f64>() / n;
    let squares = ends
        .iter()
        .map(|e| (e.1 - mean_return).powi(2))
        .sum::<f64>();
    let half = Z95 * (squares / (n - 1.0).max(1.0) / n).sqrt();
    SampledRecord {
        rtg,
        temperature,
        episodes,
        success,
        wrong_target: (ends.iter())
            .filter(|e| matches!(e.0, Outcome::Failure(_)))
            .count(),
        truncated: count(Outcome::Truncated),
        mean_return,
        ci95: wilson(success, episodes),
        return_ci95: [mean_return - half, mean_return + half],
    }
}

/// 97.5 % point of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % score interval of a share (Wilson, 1927).
pub fn wilson(successes: usize, of: usize) -> [f64; 2] {
    let (n, p) = (of as f64, successes as f64 / of as f64);
    let centre = p + Z95 * Z95 / (2.0 * n);
    let half = Z95 * (p * (1.0 - p) / n + Z95 * Z95 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z95 * Z95 / n;
    [
        ((centre - half) / scale).max(0.0),
        ((centre + half) / scale).min(1.0),
    ]
}

/// Whether every episode at each goal's return-to-go ends as the goal says, and in time.
pub fn meets(goals: &[Goal], exact: &[ExactRecord]) -> bool {
    !goals.is_empty()
        && goals.iter().all(|goal| {
            exact
                .iter()
                .find(|record| record.rtg == goal.return_to_go)
                .is_some_and(|record| {
                    record
                        .episodes
                        .iter()
                        .all(|e| e.outcome == goal.outcome.outcome() && e.steps <= goal.within)
                })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_matches_known_values() {
        // statsmodels.stats.proportion.proportion_confint(97, 100, method="wilson")
        let [low, high] = wilson(97, 100);
        assert!(
            (low - 0.915_480_6).abs() < 1e-6 && (high - 0.989_745_5).abs() < 1e-6,
            "{low} {high}"
        );
        assert!(wilson(0, 10)[0].abs() < 1e-12);
        assert!((wilson(10, 10)[1] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_first_of_equals_is_taken() {
        assert_eq!(argmax(&[0.0, 2.0, 2.0]), 1);
    }

    #[test]
    fn a_cold_draw_is_greedy() {
        let mut rng = stream(1, Purpose::Evaluation, 0);
        for _ in 0..50 {
            assert_eq!(draw(&[0.0, 3.0, 1.0], 1e-3, &mut rng), 1);
        }
    }
}
