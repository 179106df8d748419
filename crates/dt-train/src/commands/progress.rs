//! What a run shows while it goes on: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::time::Duration;

use dt_data::Card;
use dt_train::AgentConfig;
use dt_train::device::DeviceSpec;
use dt_train::evaluate::ExactRecord;
use dt_train::run::{Observer, Stage, StepRecord};
use indicatif::{ProgressBar, ProgressStyle};

/// Shows a run on standard error.
pub struct Progress {
    title: String,
    quiet: bool,
    bar: Option<ProgressBar>,
    /// Exponential mean of the loss.
    loss: Option<f64>,
    evaluation: String,
}

impl Progress {
    pub fn new(config: &AgentConfig, seed: u64, device: DeviceSpec, quiet: bool) -> Self {
        let progress = Self {
            title: format!("{}, seed {seed}, on {device}", config.name),
            quiet,
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
            None => eprintln!("{text}"),
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
fn describe(exact: &[ExactRecord]) -> String {
    let parts: Vec<String> = exact
        .iter()
        .map(|r| {
            let mut counts = Vec::new();
            for (n, what) in [
                (r.success, "succeed"),
                (r.wrong_target, "wrong"),
                (r.truncated, "time out"),
            ] {
                if n > 0 {
                    counts.push(format!("{n} {what}"));
                }
            }
            format!("asked {}: {} of {}", r.rtg, counts.join(", "), r.of)
        })
        .collect();
    parts.join("; ")
}

impl Observer for Progress {
    fn begins(&mut self, stage: Stage) {
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

    fn dataset(&mut self, card: &Card, dir: &Path, made: bool) {
        let verb = if made { "made" } else { "found" };
        self.say(&format!(
            "{verb} {}: {} episodes, {} transitions",
            dir.display(),
            card.episodes,
            card.transitions
        ));
    }

    fn step(&mut self, record: &StepRecord, steps: u64) {
        let loss = match self.loss {
            Some(mean) => mean + 0.05 * (record.loss - mean),
            None => record.loss,
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

    fn look_backs_begin(&mut self, step: u64) {
        self.say(&format!(
            "step {step}: the goals are met; look-backs are drawn from here on"
        ));
    }

    fn evaluated(&mut self, step: u64, exact: &[ExactRecord]) {
        self.evaluation = describe(exact);
        if self.bar.is_none() {
            let loss = self.loss.unwrap_or(f64::NAN);
            self.say(&format!("step {step}: loss {loss:.3}; {}", self.evaluation));
        }
    }
}
