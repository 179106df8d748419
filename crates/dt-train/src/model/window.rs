//! From steps to tokens: the one place that knows padding, filling and the unknown last action.
//!
//! A window is up to `T` consecutive steps of an episode. A batch gives all its windows as many
//! timesteps; what a window lacks is filling:
//!
//! | padding      | timesteps        | filling stands | its return-to-go        |
//! |--------------|------------------|----------------|-------------------------|
//! | `Aligned`    | the longest's    | at the end     | 0                       |
//! | `ZeroFrames` | the context's    | at the front   | that of the first step  |
//!
//! Filling has no frame (or one of zeros, where observations are dense), the padding action and
//! time 0. The padding action also stands where an action is not known yet; a token that would
//! hold it is absent or not read.

use std::ops::Range;

use super::config::{ModelConfig, Padding, StateEmbedding};
use super::input::{Frame, Frames, ItemRows, TokenBatch};
use super::params::WorldSizes;

/// What an agent has seen and done since its episode began.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Return-to-go at each step, the current one included.
    pub returns_to_go: Vec<f64>,
    /// Observations, the current one included, each `view² * 3` bytes.
    pub observations: Vec<Vec<u8>>,
    /// Actions, one fewer.
    pub actions: Vec<u32>,
}

impl History {
    /// Step at which the agent is to act, from 0.
    pub fn now(&self) -> usize {
        self.actions.len()
    }
}

/// What a step of a window shows.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// An observation in MiniGrid's bytes, `view² * 3` of them.
    Observation(&'a [u8]),
    /// A frame, which may be edited; not where observations are dense.
    Frame(&'a Frame),
    /// An observation that many steps of the batch show, by its number among these: numbers come
    /// in ascending order when they are first used. Only where frames are shared.
    Numbered(u32, &'a [u8]),
}

/// One step of a window.
#[derive(Clone, Copy, Debug)]
pub struct WindowStep<'a> {
    /// Return-to-go, as the data have it.
    pub return_to_go: f32,
    /// What the agent sees.
    pub seen: Seen<'a>,
    /// What it does, or `None` where that is not known yet.
    pub action: Option<u32>,
    /// Step within the episode.
    pub time: u32,
}

impl ModelConfig {
    /// Timesteps of each window of a batch whose longest window has `longest` steps.
    pub fn window_timesteps(&self, longest: usize) -> usize {
        match self.padding {
            Padding::Aligned => longest,
            Padding::ZeroFrames => self.timesteps(),
        }
    }

    /// Which of a window's timesteps hold its `length` steps; the others are filling.
    pub fn window_steps(&self, timesteps: usize, length: usize) -> Range<usize> {
        let front = match self.padding {
            Padding::Aligned => 0,
            Padding::ZeroFrames => timesteps - length,
        };
        front..front + length
    }
}

/// Turns windows into the tokens of a batch, window after window.
///
/// ```
/// use dt_train::model::{ModelConfig, Seen, WindowBuilder, WindowStep, WorldSizes};
///
/// let sizes = WorldSizes { view_size: 7, max_steps: 50, n_actions: 7 };
/// let config = ModelConfig::default();
/// let mut windows = WindowBuilder::new(&config, &sizes, 2);
/// let frame = [0; 147];
/// let step = WindowStep {
///     return_to_go: 0.9,
///     seen: Seen::Observation(&frame),
///     action: None,
///     time: 0,
/// };
/// assert_eq!(windows.push([step]), 0..1);
/// let batch = windows.finish(1);
/// assert_eq!((batch.windows, batch.timesteps, batch.seq()), (1, 2, 5));
/// ```
#[derive(Clone, Debug)]
pub struct WindowBuilder<'a> {
    config: &'a ModelConfig,
    view: usize,
    padding_action: u32,
    batch: TokenBatch,
    windows: usize,
    items: ItemRows,
    shared: bool,
    /// Where observations are dense.
    dense: Option<Vec<f32>>,
}

impl<'a> WindowBuilder<'a> {
    /// A batch without windows, the longest of which will have `longest` steps.
    pub fn new(config: &'a ModelConfig, sizes: &WorldSizes, longest: usize) -> Self {
        Self {
            config,
            view: sizes.view_size,
            padding_action: sizes.n_actions as u32,
            batch: TokenBatch::new(config.window_timesteps(longest)),
            windows: 0,
            items: ItemRows::default(),
            shared: false,
            dense: (config.state_embedding == StateEmbedding::Dense).then(Vec::new),
        }
    }

    /// The same, where steps that show the same share the sum of its items.
    pub fn sharing(config: &'a ModelConfig, sizes: &WorldSizes, longest: usize) -> Self {
        let mut builder = Self::new(config, sizes, longest);
        builder.shared = true;
        builder.items.push_absent(); // what filling shows
        builder
    }

    /// Makes room for so many windows.
    pub fn reserve(&mut self, windows: usize) {
        let steps = windows * self.batch.timesteps;
        self.batch.returns_to_go.reserve(steps);
        self.batch.actions.reserve(steps);
        self.batch.times.reserve(steps);
    }

    /// Timesteps of each window.
    pub fn timesteps(&self) -> usize {
        self.batch.timesteps
    }

    /// Adds a window; says where in the batch, of `windows * timesteps`, its steps are.
    ///
    /// # Panics
    /// If it has no steps or more than there are timesteps, or if a step shows what the model
    /// does not read.
    pub fn push<'s, I>(&mut self, steps: I) -> Range<usize>
    where
        I: IntoIterator<Item = WindowStep<'s>>,
        I::IntoIter: ExactSizeIterator,
    {
        let mut steps = steps.into_iter().peekable();
        let (timesteps, length) = (self.batch.timesteps, steps.len());
        assert!(
            (1..=timesteps).contains(&length),
            "{length} steps in a window of {timesteps}"
        );
        let place = self.config.window_steps(timesteps, length);
        let first = steps.peek().expect("there is one").return_to_go;
        let start = self.windows * timesteps;
        self.fill(place.start, first);
        for step in steps {
            self.step(&step);
        }
        self.fill(timesteps - place.end, 0.0);
        self.windows += 1;
        start + place.start..start + place.end
    }

    /// Adds the window that an agent sees at the last step of its history.
    ///
    /// # Panics
    /// If the history lacks an observation or a return-to-go.
    pub fn push_history(&mut self, history: &History) -> Range<usize> {
        let steps = history.now() + 1;
        let from = steps.saturating_sub(self.config.timesteps());
        self.push((from..steps).map(|step| WindowStep {
            return_to_go: history.returns_to_go[step] as f32,
            seen: Seen::Observation(&history.observations[step]),
            action: history.actions.get(step).copied(),
            time: step as u32,
        }))
    }

    /// The batch, its windows divided evenly among so many agents.
    pub fn finish(mut self, agents: usize) -> TokenBatch {
        self.batch.agents = agents;
        self.batch.windows = self.windows / agents;
        self.batch.frames = match self.dense {
            Some(values) => Frames::Dense(values),
            None => Frames::Items(self.items.into()),
        };
        self.batch
    }

    fn step(&mut self, step: &WindowStep) {
        let action = step.action.unwrap_or(self.padding_action);
        self.push_numbers(step.return_to_go, action, step.time);
        if let Some(values) = &mut self.dense {
            match step.seen {
                Seen::Observation(bytes) | Seen::Numbered(_, bytes) => {
                    values.extend(bytes.iter().map(|&b| f32::from(b)));
                }
                Seen::Frame(Frame::Dense(numbers)) => values.extend(numbers),
                Seen::Frame(Frame::Absent) => self.push_no_frame(),
                Seen::Frame(Frame::Items { .. }) => panic!("the model reads dense observations"),
            }
            return;
        }
        let sum = match step.seen {
            Seen::Numbered(number, bytes) => {
                assert!(self.shared, "numbers are for frames that are shared");
                let sum = number + 1;
                if sum as usize == self.items.ends.len() {
                    self.items.push_observation(bytes, self.view);
                }
                assert!((sum as usize) < self.items.ends.len(), "in ascending order");
                sum
            }
            seen => {
                match seen {
                    Seen::Frame(frame) => self.items.push(frame),
                    Seen::Observation(bytes) | Seen::Numbered(_, bytes) => {
                        self.items.push_observation(bytes, self.view);
                    }
                }
                self.items.ends.len() as u32 - 1
            }
        };
        if self.shared {
            self.items.shared.push(sum);
        }
    }

    fn fill(&mut self, steps: usize, return_to_go: f32) {
        for _ in 0..steps {
            self.push_numbers(return_to_go, self.padding_action, 0);
            self.push_no_frame();
        }
    }

    fn push_numbers(&mut self, return_to_go: f32, action: u32, time: u32) {
        self.batch.returns_to_go.push(return_to_go);
        self.batch.actions.push(action);
        self.batch.times.push(time);
    }

    fn push_no_frame(&mut self) {
        match &mut self.dense {
            Some(values) => values.resize(values.len() + self.view * self.view * 3, 0.0),
            None if self.shared => self.items.shared.push(0),
            None => self.items.push_absent(),
        }
    }
}
