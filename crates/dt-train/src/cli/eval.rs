//! `dt-train eval`.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use dt_train::checkpoint::load_agent;
use dt_train::device::DeviceSpec;
use dt_train::evaluate::{EvaluationRecord, evaluate_exact, evaluate_sampled};

use super::{Outcome, summary, write_json};

/// Measure an agent: greedily from every start, and sampled.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  dt-train eval runs/memory-dt/seed-0 --rtg 0.892,0.5,0 --episodes 1000"
)]
pub struct Args {
    /// Run directory, a checkpoint in one, or an imported agent
    run: PathBuf,
    /// Returns-to-go to ask for, from -1 to 1
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "0.892,0",
        allow_negative_numbers = true
    )]
    rtg: Vec<f64>,
    /// Sampled episodes at each return-to-go; 0 for none
    #[arg(long, default_value_t = 1000)]
    episodes: usize,
    /// Temperature of the sampled episodes
    #[arg(long, default_value_t = 1.0)]
    temperature: f64,
    /// Seed of the sampled episodes
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to compute: cpu, libtorch or libtorch:cuda:N
    #[arg(long, default_value_t = DeviceSpec::Cpu)]
    device: DeviceSpec,
    /// Exit with 1 if fewer of the greedy episodes at the first return-to-go succeed (0 to 1)
    #[arg(long, value_name = "SHARE")]
    min_success: Option<f64>,
    /// Print the record as JSON, as eval.json has it
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    super::calibrate::check_range("--rtg", &args.rtg)?;
    if !(args.temperature.is_finite() && args.temperature > 0.0) {
        bail!("--temperature: is {}, must be positive", args.temperature);
    }
    let agent = load_agent(&args.run, &args.device.open()?)?;
    let spec = Arc::new(agent.record.world().map_err(anyhow::Error::msg)?.clone());
    let exact = evaluate_exact(&agent.model, &spec, &args.rtg);
    let sampled = match args.episodes {
        0 => Vec::new(),
        episodes => args
            .rtg
            .iter()
            .map(|&rtg| {
                let (t, seed) = (args.temperature, args.seed);
                evaluate_sampled(&agent.model, &spec, rtg, t, episodes, seed)
            })
            .collect(),
    };
    let record = EvaluationRecord {
        env: spec.id.clone(),
        device: args.device.to_string(),
        exact_missing: exact.as_ref().err().cloned(),
        exact: exact.ok(),
        sampled,
    };
    if args.json {
        write_json(out, &record)?;
    } else {
        writeln!(
            out,
            "{} at step {}, {}",
            agent.record.name, agent.record.step, record.env
        )?;
        summary::write_evaluation(out, &record, "  ")?;
    }
    let share = record
        .exact
        .as_ref()
        .and_then(|exact| exact.first())
        .map(|first| first.success as f64 / first.of as f64);
    Ok(match (args.min_success, share) {
        (Some(least), Some(share)) if share >= least => Outcome::Done,
        (Some(_), _) => Outcome::CheckFailed,
        (None, _) => Outcome::Done,
    })
}
