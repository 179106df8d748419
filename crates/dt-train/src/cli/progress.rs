//! What a run shows while it goes on: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dt_data::Card;
use dt_train::device::DeviceSpec;
use dt_train::evaluate::Greedy;
use dt_train::run::{Observer, Stage, StepRecord};
use dt_train::{AgentConfig, Goal};
use indicatif::{ProgressBar, ProgressStyle};

/// Whether the last evaluation of a run goes on, which can be stopped at any moment.
pub static EVALUATING: AtomicBool = AtomicBool::new(false);

/// Shows a run on standard error.
pub struct Progress {
    title: String,
    quiet: bool,
    /// Agents that train together.
    agents: usize,
    goals: Vec<Goal>,
    bar: Option<ProgressBar>,
    /// Exponential mean of the loss.
    loss: Option<f64>,
    evaluation: String,
}

impl Progress {
    pub fn new(config: &AgentConfig, seeds: &[u64], device: DeviceSpec, quiet: bool) -> Self {
        let which = match seeds {
            [seed] => format!("seed {seed}"),
            seeds => format!("seeds {} to {} together", seeds[0], seeds[seeds.len() - 1]),
        };
        let progress = Self {
            title: format!("{}, {which}, on {device}", config.name),
            quiet,
            agents: seeds.len(),
            goals: config.evaluation.goals.clone(),
            bar: None,
            loss: None,
            evaluation: "not evaluated yet".to_owned(),
        };
        progress.say(&progress.title);
        progress
    }

    fn say(&self, text: &str) {
        if self.quiet {
            return;
        }
        match &self.bar {
            Some(bar) => bar.println(text),
            None => dt_env::note!("{text}"),
        }
    }

    /// Takes the bar away.
    pub fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

/// `0.892: 4 of 4 succeed; 0: 4 of 4 go to the wrong target`
fn describe(greedy: &Greedy) -> String {
    let line = |rtg: f64, counts: [usize; 3], of: usize| {
        let named = counts.into_iter().zip(["succeed", "wrong", "time out"]);
        let counts = named.filter(|(n, _)| *n > 0);
        let counts: Vec<String> = counts.map(|(n, what)| format!("{n} {what}")).collect();
        format!("asked {rtg}: {} of {of}", counts.join(", "))
    };
    let parts: Vec<String> = match greedy {
        Greedy::Exact(records) => records
            .iter()
            .map(|r| line(r.rtg, [r.success, r.wrong_target, r.truncated], r.of))
            .collect(),
        Greedy::HeldOut(_, records) => records
            .iter()
            .map(|r| {
                let failed = r.failures.values().sum();
                line(r.rtg, [r.success, failed, r.truncated], r.episodes)
            })
            .collect(),
    };
    parts.join("; ")
}

impl Observer for Progress {
    fn begins(&mut self, stage: Stage) {
        EVALUATING.store(stage == Stage::Evaluation, Ordering::Relaxed);
        match stage {
            Stage::Dataset => {}
            Stage::Training => {
                if !self.quiet && stderr().is_terminal() {
                    let style = ProgressStyle::with_template(
                        "{bar:30} step {pos}/{len}  {msg}  {per_sec}  {eta} left",
                    )
                    .expect("the template is valid");
                    let bar = ProgressBar::new(0).with_style(style);
                    bar.enable_steady_tick(Duration::from_millis(250));
                    self.bar = Some(bar);
                }
            }
            Stage::Evaluation => {
                self.finish();
                self.say("evaluating");
            }
        }
    }

    fn waits(&mut self, holder: &str) {
        self.say(&format!("{holder} makes the same dataset; waiting for it"));
    }

    fn dataset(&mut self, card: &Card, dir: &Path, made: bool) {
        let verb = if made { "made" } else { "found" };
        self.say(&format!(
            "{verb} {}: {} episodes, {} transitions",
            dir.display(),
            card.episodes,
            card.transitions
        ));
    }

    fn step(&mut self, records: &[StepRecord], steps: u64) {
        let record = &records[0];
        let now = records.iter().map(|r| r.loss).sum::<f64>() / records.len() as f64;
        let loss = match self.loss {
            Some(mean) => mean + 0.05 * (now - mean),
            None => now,
        };
        self.loss = Some(loss);
        if let Some(bar) = &self.bar {
            if bar.length() != Some(steps) {
                bar.set_length(steps);
                // A resumed run's speed counts from here.
                bar.set_position(record.step - 1);
                bar.reset_eta();
            }
            bar.set_position(record.step);
            bar.set_message(format!("loss {loss:.3}  {}", self.evaluation));
        }
    }

    fn look_backs_begin(&mut self, seed: u64, step: u64) {
        let whose = match self.agents {
            1 => String::new(),
            _ => format!(", seed {seed}"),
        };
        self.say(&format!(
            "step {step}{whose}: the goals are met; look-backs are drawn from here on"
        ));
    }

    fn evaluated(&mut self, step: u64, greedy: &[(u64, Greedy)]) {
        self.evaluation = match greedy {
            [(_, greedy)] if self.agents == 1 => describe(greedy),
            several => {
                let met = several
                    .iter()
                    .filter(|(_, greedy)| greedy.meets(&self.goals))
                    .count();
                let done = self.agents - several.len();
                let rest = match done {
                    0 => String::new(),
                    done => format!(", {done} done"),
                };
                format!("{met} of {} meet their goals{rest}", several.len())
            }
        };
        if self.bar.is_none() {
            let loss = self.loss.unwrap_or(f64::NAN);
            self.say(&format!("step {step}: loss {loss:.3}; {}", self.evaluation));
        }
    }
}
