//! Episodes that are walked to their end, all of a list side by side.

use std::sync::Arc;

use dt_data::Outcome;
use dt_env::{Action, Env, EnvSpec, Layout};
use rayon::prelude::*;

use super::Choice;
use crate::device::to_host;
use crate::model::{History, Hooks, Model, NoHooks, TokenBatch, WindowBuilder};

/// Episodes that are walked together.
pub(crate) const CHUNK: usize = 64;

/// How an episode ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ended {
    /// In which way.
    pub outcome: Outcome,
    /// Number of actions.
    pub steps: u32,
    /// Sum of its rewards.
    pub total_return: f64,
}

/// An agent gave no number for an action, so that nothing can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the agent's logits are not finite at step {step} of an episode: its weights are damaged, or so \
     large that its sums overflow"
)]
pub struct NotFiniteLogits {
    /// Step of the episode, from 0.
    pub step: usize,
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

/// One episode while it is walked.
pub(crate) struct Walker {
    env: Env,
    rtg: f64,
    history: History,
    total_return: f64,
    outcome: Option<Outcome>,
}

impl Walker {
    /// An episode that begins in the environment's state, asked for a return.
    pub(crate) fn new(env: Env, rtg: f64) -> Self {
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

    /// One that begins with a layout.
    pub(crate) fn from_layout(spec: &Arc<EnvSpec>, layout: &Layout, rtg: f64) -> Self {
        let mut env = Env::new(spec.clone());
        env.reset_layout(layout);
        Self::new(env, rtg)
    }

    /// How the episode ended.
    ///
    /// # Panics
    /// If it has not.
    pub(crate) fn ended(&self) -> Ended {
        Ended {
            outcome: self.outcome.expect("walked to its end"),
            steps: self.history.now() as u32,
            total_return: self.total_return,
        }
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

/// Greedy episodes from the given starts (a layout and a return-to-go), with hooks in every forward
/// pass; in the order of the starts.
///
/// # Errors
/// If the agent's logits are not finite.
pub fn walk_greedy<'a>(
    model: &Model,
    spec: &Arc<EnvSpec>,
    starts: &[(Layout, f64)],
    mut make: impl FnMut(&RolloutPass) -> Box<dyn Hooks + 'a>,
) -> Result<Vec<Ended>, NotFiniteLogits> {
    let walkers = starts
        .iter()
        .map(|(layout, rtg)| Walker::from_layout(spec, layout, *rtg));
    let mut walkers = [walkers.collect()];
    walk(model, &mut walkers, &mut Choice::Greedy, &mut make)?;
    Ok(walkers[0].iter().map(Walker::ended).collect())
}

/// Walks the episodes of each of a model's agents to their end. All begin at once; agents share
/// the forward passes. Hooks and random streams are for the episodes of a single agent.
///
/// # Errors
/// If an agent's logits are not finite.
pub(crate) fn walk<'a>(
    model: &Model,
    walkers: &mut [Vec<Walker>],
    choice: &mut Choice,
    make: &mut dyn FnMut(&RolloutPass) -> Box<dyn Hooks + 'a>,
) -> Result<(), NotFiniteLogits> {
    loop {
        let going: Vec<Vec<usize>> = walkers
            .iter()
            .map(|own| (0..own.len()).filter(|&i| own[i].outcome.is_none()))
            .map(Iterator::collect)
            .collect();
        let width = going.iter().map(Vec::len).max().unwrap_or(0);
        let Some(some) = going.iter().position(|own| !own.is_empty()) else {
            return Ok(());
        };
        // Every agent has as many windows; what an agent makes of those beyond its own is not read.
        let filling = &walkers[some][going[some][0]].history;
        let mut views: Vec<&History> = Vec::with_capacity(width * walkers.len());
        for (own, going) in walkers.iter().zip(&going) {
            views.extend(going.iter().map(|&i| &own[i].history));
            views.resize(views.len() + width - going.len(), filling);
        }
        let now = filling.now();
        let batch = Arc::new(windows(model, &views));
        let config = model.config();
        let whole = now < config.timesteps();
        let mut hooks = make(&RolloutPass {
            episodes: &going[some],
            start: whole.then(|| config.window_steps(batch.timesteps, now + 1).start),
        });
        let logits = to_host(&model.forward(&batch, &mut *hooks));
        let rows: Vec<&[f32]> =
            last_rows(&logits, batch.timesteps, model.sizes().n_actions).collect();
        for ((own, going), rows) in walkers.iter_mut().zip(&going).zip(rows.chunks(width)) {
            for (&i, logits) in going.iter().zip(rows) {
                if !logits.iter().all(|logit| logit.is_finite()) {
                    return Err(NotFiniteLogits { step: now });
                }
                own[i].act(choice.action(i, logits));
            }
        }
    }
}

/// Action logits after each history, whatever their lengths, in their order.
///
/// # Shapes
/// - output: `[histories][n_actions]`
///
/// # Panics
/// If a history lacks an observation or a return-to-go.
pub fn next_logits(model: &Model, histories: &[History]) -> Vec<Vec<f32>> {
    let mut order: Vec<usize> = (0..histories.len()).collect();
    order.sort_by_key(|&n| histories[n].now());
    let same_length = |a: &usize, b: &usize| histories[*a].now() == histories[*b].now();
    let chunks: Vec<&[usize]> = order
        .chunk_by(same_length)
        .flat_map(|alike| alike.chunks(CHUNK))
        .collect();
    let parts: Vec<Vec<Vec<f32>>> = chunks
        .par_iter()
        .map(|chunk| {
            let some: Vec<&History> = chunk.iter().map(|&n| &histories[n]).collect();
            let batch = Arc::new(windows(model, &some));
            let logits = to_host(&model.forward(&batch, &mut NoHooks));
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

/// The windows that agents see at the current step, after equally long histories; the histories
/// are the same number for each agent, agent by agent.
fn windows(model: &Model, histories: &[&History]) -> TokenBatch {
    let config = model.config();
    let longest = config.timesteps().min(histories[0].now() + 1);
    let mut builder = WindowBuilder::new(config, model.sizes(), longest);
    builder.reserve(histories.len());
    for history in histories {
        builder.push_history(history);
    }
    builder.finish(model.agents())
}

/// The logits of each window's last state token.
fn last_rows(logits: &[f32], timesteps: usize, n_actions: usize) -> impl Iterator<Item = &[f32]> {
    logits
        .chunks_exact(timesteps * n_actions)
        .map(move |rows| &rows[rows.len() - n_actions..])
}
