//! An agent that questions are asked of: weights, and where its tokens lie.

pub mod activations;
pub mod embedding;
mod experiment;
pub mod exposure;
mod fit;
pub mod hooks;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use dt_env::text::plain;
use dt_train::burn::prelude::*;
use dt_train::checkpoint::{Agent, load_agent};
use dt_train::device::DeviceSpec;
use dt_train::model::{
    ActivationCache, Frame, HookPoint, Hooks, Model, NoHooks, Padding, Seen, TokenBatch,
    WindowBuilder, WindowStep,
};
use rayon::prelude::*;

use crate::Error;
use crate::prompts::{Contrast, Prompt, PromptSet, Study};

pub use experiment::Experiment;

/// Windows that are computed together: enough to keep a core busy, few enough for its cache.
const CHUNK: usize = 32;

/// Kind of a token; tokens of a step are return-to-go, state, action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Return-to-go.
    ReturnToGo = 0,
    /// State.
    State = 1,
    /// Action.
    Action = 2,
}

/// An agent, with the token layout of a study's prompts.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Name by which results are keyed.
    pub name: String,
    kind: String,
    /// The agent.
    pub agent: Agent,
    /// Actions whose logits are compared.
    contrast: Contrast,
    /// Frames of a prompt.
    frames: usize,
    /// Timesteps of a window: the frames, and before them filling where the agent pads.
    timesteps: usize,
}

impl Subject {
    /// Loads an agent and checks that a study can be asked of it.
    ///
    /// # Errors
    /// If it cannot be read, or is of another world than the study's.
    pub fn load(path: &Path, study: &Study, device: DeviceSpec) -> Result<Self, Error> {
        let device = device.open().map_err(|e| Error::Question(e.to_string()))?;
        let agent = load_agent(path, &device)?;
        Self::new(run_name(path, &agent), agent, study)
    }

    /// Takes an agent and checks that a study can be asked of it.
    ///
    /// # Errors
    /// If it is of another world than the study's, its context or its time table is too short, or
    /// it computes what is no number.
    pub fn new(name: String, agent: Agent, study: &Study) -> Result<Self, Error> {
        let spec = study.env_spec().map_err(Error::Config)?;
        let wrong = |message: String| Error::Question(format!("{name}: {message}"));
        if let Some(problem) = fit::problem(&agent, study, &spec) {
            return Err(wrong(problem));
        }
        let config = agent.model.config();
        let frames = study.walk.len() + 1;
        let timesteps = match config.padding {
            Padding::Aligned => frames,
            Padding::ZeroFrames => config.timesteps(),
        };
        let record = &agent.record;
        let kind = match (record.step, record.seed, &record.dataset_blake3) {
            (0, Some(_), Some(_)) => format!("{}, untrained", record.name),
            (step, Some(_), _) if is_checkpoint(&agent.dir) => {
                format!("{}, step {step}", record.name)
            }
            _ => record.name.clone(),
        };
        let kind = plain(&kind).into_owned();
        let subject = Self {
            name,
            kind,
            contrast: study.contrast.clone(),
            frames,
            timesteps,
            agent,
        };
        subject.check_numbers(study)?;
        Ok(subject)
    }

    /// Refuses an agent whose weights are so large that what it computes is no number: the largest
    /// of its logits would be a matter of chance, and tables would hold what is none.
    fn check_numbers(&self, study: &Study) -> Result<(), Error> {
        let set = PromptSet::new(study)?;
        for edit in study.all_edits() {
            let logits = self.logits(&set.of(edit)?);
            if let Some(bad) = logits.iter().flatten().find(|l| !l.is_finite()) {
                return Err(Error::Question(format!(
                    "{}: the agent computes {bad} where a logit should be, under `{}` of study {}; \
                     its weights are too large, take another checkpoint",
                    self.name, edit.name, study.name
                )));
            }
        }
        Ok(())
    }

    /// Name of its kind: agents of one definition; weights as they were before training, or at a
    /// checkpoint, are a kind of their own: they are no further seed of it.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.agent.model
    }

    /// Side of the view.
    pub fn view(&self) -> usize {
        self.model().sizes().view_size
    }

    /// Actions whose logits are compared.
    pub fn contrast(&self) -> &Contrast {
        &self.contrast
    }

    /// Blocks of the model.
    pub fn n_layers(&self) -> usize {
        self.model().config().n_layers
    }

    /// Tokens of a prompt's window.
    pub fn seq(&self) -> usize {
        3 * self.timesteps - 1
    }

    /// Timestep of the window at which a frame stands.
    pub fn timestep(&self, frame: usize) -> usize {
        self.timesteps - self.frames + frame
    }

    /// Place of a frame's token in the window.
    pub fn token(&self, frame: usize, kind: TokenKind) -> usize {
        3 * self.timestep(frame) + kind as usize
    }

    /// Place of the decision's state token: the last one.
    pub fn decision(&self) -> usize {
        self.seq() - 1
    }

    /// Names of the tokens: `R0 s0 a0 R1 …` by steps after the start, filling as `–`.
    pub fn token_names(&self) -> Vec<String> {
        let filling = self.timesteps - self.frames;
        (0..self.seq())
            .map(|token| {
                let kind = ["R", "s", "a"][token % 3];
                match (token / 3).checked_sub(filling) {
                    Some(step) => format!("{kind}{step}"),
                    None => "–".to_owned(),
                }
            })
            .collect()
    }

    /// Token of the first frame: everything before it is filling.
    pub fn first_token(&self) -> usize {
        3 * (self.timesteps - self.frames)
    }

    /// The windows that the agent reads.
    pub fn batch(&self, prompts: &[Prompt]) -> TokenBatch {
        let (config, sizes) = (self.model().config(), self.model().sizes());
        let mut windows = WindowBuilder::new(config, sizes, self.frames);
        for prompt in prompts {
            let frame = |(step, observation): (usize, &Vec<u8>)| {
                let mut frame = Frame::from_observation(observation, self.view());
                if let Frame::Items { additions, .. } = &mut frame {
                    let here = prompt.additions.iter().filter(|a| a.0 == step);
                    additions.extend(here.map(|&(_, item, strength)| (item, strength)));
                }
                frame
            };
            let frames = prompt.observations.iter().enumerate().map(frame);
            let frames: Vec<Frame> = frames.collect();
            windows.push(frames.iter().enumerate().map(|(step, frame)| WindowStep {
                return_to_go: prompt.rtg as f32,
                seen: Seen::Frame(frame),
                action: prompt.actions.get(step).copied(),
                time: step as u32,
            }));
        }
        windows.finish(1)
    }

    /// Logits at the decision of each prompt.
    pub fn logits(&self, prompts: &[Prompt]) -> Vec<Vec<f32>> {
        self.logits_with(prompts, |_| NoHooks)
    }

    /// The same with hooks; `make` is called with the range of prompts that a pass computes.
    pub fn logits_with<H: Hooks>(
        &self,
        prompts: &[Prompt],
        make: impl Fn(Range<usize>) -> H + Sync,
    ) -> Vec<Vec<f32>> {
        let chunks: Vec<Range<usize>> = chunks(prompts.len());
        let parts: Vec<Vec<Vec<f32>>> = chunks
            .into_par_iter()
            .map(|range| {
                let batch = Arc::new(self.batch(&prompts[range.clone()]));
                let logits = self.model().forward(&batch, &mut make(range));
                self.at_decision(&logits)
            })
            .collect();
        parts.into_iter().flatten().collect()
    }

    /// Rows of the decision out of `[1, windows * timesteps, n_actions]`.
    pub(crate) fn at_decision(&self, logits: &Tensor<3>) -> Vec<Vec<f32>> {
        let n_actions = logits.dims()[2];
        dt_train::to_host(logits)
            .chunks_exact(self.timesteps * n_actions)
            .map(|window| window[window.len() - n_actions..].to_vec())
            .collect()
    }

    /// Logit difference of each prompt: first side of the contrast less the second.
    pub fn logit_diffs(&self, prompts: &[Prompt]) -> Vec<f64> {
        self.logits(prompts)
            .iter()
            .map(|l| self.difference(l))
            .collect()
    }

    /// The same with hooks.
    pub fn logit_diffs_with<H: Hooks>(
        &self,
        prompts: &[Prompt],
        make: impl Fn(Range<usize>) -> H + Sync,
    ) -> Vec<f64> {
        let logits = self.logits_with(prompts, make);
        logits.iter().map(|l| self.difference(l)).collect()
    }

    /// Logit of the contrast's first side less that of the second.
    pub fn difference(&self, logits: &[f32]) -> f64 {
        self.contrast.difference(logits)
    }

    /// Activations of all prompts in one pass, and the logits at the decision.
    pub fn cache(
        &self,
        prompts: &[Prompt],
        points: impl IntoIterator<Item = HookPoint>,
    ) -> (ActivationCache, Vec<Vec<f32>>) {
        let mut cache = ActivationCache::of(points);
        let batch = Arc::new(self.batch(prompts));
        let logits = self.model().forward(&batch, &mut cache);
        (cache, self.at_decision(&logits))
    }

    /// Values of a parameter in memory order, by its name in files.
    ///
    /// # Panics
    /// If the model has no such parameter.
    pub fn parameter(&self, name: &str) -> Vec<f32> {
        parameter(self.model(), name)
    }

    /// Embedding of every vocabulary item, each of `d_model` values.
    pub fn embeddings(&self) -> Vec<Vec<f64>> {
        item_vectors(self.model())
    }

    /// Device of the model.
    pub fn device(&self) -> Device {
        self.model().params()[0].device()
    }
}

/// Values of a parameter in memory order, by its name in files.
fn parameter(model: &Model, name: &str) -> Vec<f32> {
    let at = model.specs().iter().position(|s| s.name == name);
    let at = at.unwrap_or_else(|| panic!("the model has a parameter `{name}`"));
    dt_train::to_host(&model.params()[at])
}

/// Embedding of every vocabulary item, each of `d_model` values.
pub(crate) fn item_vectors(model: &Model) -> Vec<Vec<f64>> {
    let table = parameter(model, "state_embedding.weight");
    let row = |row: &[f32]| row.iter().map(|&v| f64::from(v)).collect();
    table
        .chunks_exact(model.config().d_model)
        .map(row)
        .collect()
}

/// Ranges of so many prompts that cores share the work evenly.
fn chunks(count: usize) -> Vec<Range<usize>> {
    let parts = count.div_ceil(CHUNK).max(1);
    let size = count.div_ceil(parts).max(1);
    (0..count)
        .step_by(size)
        .map(|from| from..(from + size).min(count))
        .collect()
}

/// `memory-dt/seed-0` for a run, and the name of its folder for anything else.
fn run_name(path: &Path, agent: &Agent) -> String {
    let name = match agent.record.seed {
        Some(seed) => {
            let step = path
                .file_name()
                .and_then(|n| n.to_str())
                .filter(|_| is_checkpoint(path))
                .map_or(String::new(), |n| format!("/{n}"));
            format!("{}/seed-{seed}{step}", agent.record.name)
        }
        None => agent.record.name.clone(),
    };
    plain(&name).into_owned()
}

/// Whether a folder is one of a run's checkpoints.
fn is_checkpoint(dir: &Path) -> bool {
    let name = dir.file_name().and_then(|n| n.to_str());
    name.is_some_and(|n| n.starts_with("step-"))
}
