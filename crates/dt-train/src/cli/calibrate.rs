//! `dt-train calibrate`.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use dt_env::shell::refuse_or_force;
use dt_train::checkpoint::{load_agent, write_atomic};
use dt_train::device::DeviceSpec;
use dt_train::evaluate::calibrate::{CalibrationConfig, calibrate};

use super::eval::{parse_episodes, parse_temperature};
use super::{Outcome, write_json};

/// Measure achieved against asked return, and keep the table beside the agent.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-train calibrate runs/memory-dt/seed-0 --points 21")]
pub struct Args {
    /// Run directory, a checkpoint in one, or an imported agent
    run: PathBuf,
    /// Lowest return-to-go to ask for
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    low: f64,
    /// Highest return-to-go to ask for
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    high: f64,
    /// Number of values, both ends included
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u16).range(2..=1001))]
    points: u16,
    /// Sampled episodes at each value
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = parse_episodes)]
    episodes: usize,
    /// Temperature of the sampled episodes
    #[arg(long, default_value_t = 1.0, value_parser = parse_temperature)]
    temperature: f64,
    /// Seed of the sampled episodes
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to compute: cpu, libtorch or libtorch:cuda:N
    #[arg(long, default_value_t = DeviceSpec::Cpu)]
    device: DeviceSpec,
    /// Where to write the record [default: calibration.json in the run directory]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace a record that is there
    #[arg(long)]
    force: bool,
    /// Print the record as JSON
    #[arg(long)]
    json: bool,
}

/// Refuses returns that no world of ours can give.
pub(super) fn check_range(flag: &str, values: &[f64]) -> Result<()> {
    for rtg in values {
        if !(-1.0..=1.0).contains(rtg) {
            bail!("{flag}: return-to-go {rtg} is out of range, must be from -1 to 1");
        }
    }
    Ok(())
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    check_range("--low, --high", &[args.low, args.high])?;
    if args.low >= args.high {
        bail!(
            "--low: is {}, must be below --high ({})",
            args.low,
            args.high
        );
    }
    let path = args
        .out
        .clone()
        .unwrap_or_else(|| args.run.join("calibration.json"));
    refuse_or_force(&path, args.force)?;
    let agent = load_agent(&args.run, &args.device.open()?)?;
    let spec = Arc::new(agent.record.world().map_err(anyhow::Error::msg)?.clone());
    let config = CalibrationConfig {
        low: args.low,
        high: args.high,
        points: usize::from(args.points),
        episodes: args.episodes,
        temperature: args.temperature,
        seed: args.seed,
    };
    let bar = indicatif::ProgressBar::new(u64::from(args.points));
    let record = calibrate(
        &agent.model,
        &spec,
        &args.device.to_string(),
        &config,
        |done| bar.set_position(done as u64),
    )
    .with_context(|| args.run.display().to_string())?;
    bar.finish_and_clear();
    let text = serde_json::to_string_pretty(&record)? + "\n";
    write_atomic(&path, text.as_bytes())?;
    if args.json {
        write_json(out, &record)?;
        return Ok(Outcome::Done);
    }
    writeln!(
        out,
        "{:>7}{:>9}{:>10}{:>18}{:>10}{:>8}{:>11}",
        "asked", "greedy", "sampled", "95 % interval", "success", "wrong", "timed out"
    )?;
    for (n, s) in record.sampled.iter().enumerate() {
        let greedy = record
            .exact
            .as_ref()
            .map_or("-".to_owned(), |e| format!("{:.3}", e[n].mean_return));
        let share = |count: usize| 100.0 * count as f64 / s.episodes as f64;
        writeln!(
            out,
            "{:>7.3}{greedy:>9}{:>10.3}{:>18}{:>9.1}%{:>7.1}%{:>10.1}%",
            s.rtg,
            s.mean_return,
            match s.return_ci95 {
                Some([low, high]) => format!("{low:.3} to {high:.3}"),
                None => "-".to_owned(),
            },
            share(s.success),
            share(s.wrong_target),
            share(s.truncated)
        )?;
    }
    dt_env::note!("written to {}", path.display());
    Ok(Outcome::Done)
}
