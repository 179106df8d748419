//! What a run came to, in plain language and as JSON.

use std::io::Write;

use anyhow::Result;
use dt_data::Outcome;
use dt_env::Failure;
use dt_train::AgentConfig;
use dt_train::evaluate::{EvaluationRecord, ExactRecord, HeldOutRecord, SampledRecord};
use dt_train::run::RunSummary;
use serde::Serialize;

/// The summary as `--json` prints it.
#[derive(Serialize)]
pub struct SummaryRecord<'a> {
    name: &'a str,
    seed: u64,
    run: String,
    dataset: String,
    parameters: usize,
    steps: u64,
    goals_met: bool,
    seconds: std::collections::BTreeMap<&'static str, f64>,
    evaluation: &'a EvaluationRecord,
}

pub fn record<'a>(
    config: &'a AgentConfig,
    seed: u64,
    summary: &'a RunSummary,
) -> SummaryRecord<'a> {
    SummaryRecord {
        name: &config.name,
        seed,
        run: summary.dir.display().to_string(),
        dataset: summary.dataset.display().to_string(),
        parameters: summary.parameters,
        steps: summary.steps,
        goals_met: summary.perfect,
        seconds: summary
            .seconds
            .iter()
            .map(|(stage, s)| (stage.name(), *s))
            .collect(),
        evaluation: &summary.evaluation,
    }
}

/// A sentence on what an agent does when it is asked for a return.
fn exact_line(record: &ExactRecord) -> String {
    let lengths: Vec<u32> = record.episodes.iter().map(|e| e.steps).collect();
    let (low, high) = (
        lengths.iter().min().copied().unwrap_or(0),
        lengths.iter().max().copied().unwrap_or(0),
    );
    let within = if low == high {
        format!("in {low} steps")
    } else {
        format!("in {low} to {high} steps")
    };
    let ending = |outcome| {
        record
            .episodes
            .iter()
            .filter(|e| e.outcome == outcome)
            .count()
    };
    let mut parts = Vec::new();
    for (outcome, what) in [
        (Outcome::Success, "succeed"),
        (
            Outcome::Failure(Failure::WrongTarget),
            "walk to the wrong target",
        ),
        (Outcome::Failure(Failure::Lava), "walk into lava"),
        (Outcome::Failure(Failure::Collision), "run into something"),
        (Outcome::Truncated, "run out of time"),
    ] {
        let count = ending(outcome);
        if count > 0 {
            parts.push(format!("{count} of {} {what}", record.of));
        }
    }
    format!("asked for {}: {}, {within}", record.rtg, parts.join(", "))
}

/// The same after held-out resets.
fn held_out_line(record: &HeldOutRecord) -> String {
    let mut parts = vec![format!("{} of {} succeed", record.success, record.episodes)];
    for (kind, count) in &record.failures {
        parts.push(format!("{count} fail by {}", kind.name().replace('_', " ")));
    }
    if record.truncated > 0 {
        parts.push(format!("{} run out of time", record.truncated));
    }
    format!(
        "asked for {}: {}, in at most {} steps; 95 % interval of success {:.1} to {:.1} %",
        record.rtg,
        parts.join(", "),
        record.most_steps,
        100.0 * record.ci95[0],
        100.0 * record.ci95[1]
    )
}

/// A number without the hundreds of digits that some have.
fn short(number: f64) -> String {
    match number.abs() {
        1e-3..1e6 | 0.0 => number.to_string(),
        _ => format!("{number:e}"),
    }
}

fn sampled_line(record: &SampledRecord) -> String {
    format!(
        "asked for {} at temperature {}: {:.1} % success, 95 % interval {:.1} to {:.1} ({} episodes)",
        record.rtg,
        short(record.temperature),
        100.0 * record.success as f64 / record.episodes as f64,
        100.0 * record.ci95[0],
        100.0 * record.ci95[1],
        record.episodes
    )
}

/// What an evaluation found, a line each.
pub fn write_evaluation(
    out: &mut impl Write,
    evaluation: &EvaluationRecord,
    indent: &str,
) -> Result<()> {
    match &evaluation.exact {
        Some(exact) => {
            for record in exact {
                writeln!(out, "{indent}{}", exact_line(record))?;
            }
        }
        None => writeln!(
            out,
            "{indent}no exact evaluation: {}",
            evaluation.exact_missing.as_deref().unwrap_or("unknown")
        )?,
    }
    for record in evaluation.held_out.iter().flatten() {
        writeln!(out, "{indent}{}", held_out_line(record))?;
    }
    for record in &evaluation.sampled {
        writeln!(out, "{indent}{}", sampled_line(record))?;
    }
    Ok(())
}

/// One run, in plain language.
pub fn write_run(
    out: &mut impl Write,
    config: &AgentConfig,
    seed: u64,
    summary: &RunSummary,
    brief: bool,
) -> Result<()> {
    let model = &config.model;
    writeln!(out, "\n{}, seed {seed}", config.name)?;
    writeln!(
        out,
        "  A decision transformer ({} blocks, {} wide, {} parameters), trained for {} steps{}.",
        model.n_layers,
        model.d_model,
        summary.parameters,
        summary.steps,
        if summary.stopped_early {
            ", until it did what it should"
        } else {
            ""
        }
    )?;
    let starts = match summary.evaluation.exact {
        Some(_) => "every start",
        None => "starts that its data do not have",
    };
    writeln!(out, "\n  What it does, greedily, from {starts}:")?;
    write_evaluation(out, &summary.evaluation, "    ")?;
    if !config.evaluation.goals.is_empty() && !summary.perfect {
        writeln!(out, "    It does not meet the goals of its definition.")?;
    }
    let total: f64 = summary.seconds.iter().map(|s| s.1).sum();
    let stages: Vec<String> = summary
        .seconds
        .iter()
        .map(|(stage, s)| format!("{} {s:.1} s", stage.name()))
        .collect();
    writeln!(out, "\n  Time: {} ({total:.1} s in all)", stages.join(", "))?;
    writeln!(out, "  Run:  {}", summary.dir.display())?;
    writeln!(out, "  Data: {}", summary.dataset.display())?;
    if !brief {
        let dir = summary.dir.display();
        writeln!(out, "\n  Next:")?;
        writeln!(out, "    cargo run -p dt-train -- calibrate {dir}")?;
        writeln!(
            out,
            "    cargo run -p dt-analysis -- plot {dir} --out figures"
        )?;
        // The post's questions are about this world.
        if summary.evaluation.env == "MiniGrid-MemoryS7FixedStart-v0" {
            writeln!(
                out,
                "    cargo run -p dt-analysis -- reproduce {dir} --out report"
            )?;
        }
    }
    Ok(())
}

/// A table of several seeds.
pub fn write_seeds(
    out: &mut impl Write,
    config: &AgentConfig,
    summaries: &[(u64, RunSummary)],
    seconds: f64,
) -> Result<()> {
    writeln!(
        out,
        "\n{:>6}{:>8}{:>10}{:>8}  evaluation",
        "seed", "steps", "seconds", "goals"
    )?;
    for (seed, summary) in summaries {
        let seconds: f64 = summary.seconds.iter().map(|s| s.1).sum();
        let goals = if summary.perfect { "met" } else { "missed" };
        let mut lines: Vec<String> = Vec::new();
        for r in summary.evaluation.exact.iter().flatten() {
            lines.push(format!(
                "{}: {}/{} right {}/{} wrong",
                r.rtg, r.success, r.of, r.wrong_target, r.of
            ));
        }
        for r in summary.evaluation.held_out.iter().flatten() {
            lines.push(format!("{}: {}/{} right", r.rtg, r.success, r.episodes));
        }
        for r in &summary.evaluation.sampled {
            lines.push(format!(
                "{} sampled {:.1} % [{:.1}, {:.1}]",
                r.rtg,
                100.0 * r.success as f64 / r.episodes as f64,
                100.0 * r.ci95[0],
                100.0 * r.ci95[1]
            ));
        }
        writeln!(
            out,
            "{seed:>6}{:>8}{seconds:>10.1}{goals:>8}  {}",
            summary.steps,
            lines.join("; ")
        )?;
    }
    let met = summaries.iter().filter(|(_, s)| s.perfect).count();
    writeln!(
        out,
        "\n{}: goals met by {met} of {} seeds, in {seconds:.1} s",
        config.name,
        summaries.len()
    )?;
    Ok(())
}
