//! `dt-train eval`.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use dt_train::checkpoint::load_agent;
use dt_train::device::DeviceSpec;
use dt_train::evaluate::{AtReturn, EvaluationRecord, evaluate_greedy, evaluate_sampled};

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
    /// Greedy episodes at each return-to-go, in a world whose resets cannot all be tried
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = parse_episodes)]
    held_out: usize,
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

fn parse_episodes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("give a number from 1".to_owned()),
    }
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    super::calibrate::check_range("--rtg", &args.rtg)?;
    if !(args.temperature.is_finite() && args.temperature > 0.0) {
        bail!("--temperature: is {}, must be positive", args.temperature);
    }
    let agent = load_agent(&args.run, &args.device.open()?)?;
    let spec = Arc::new(agent.record.world().map_err(anyhow::Error::msg)?.clone());
    let greedy = evaluate_greedy(&agent.model, &spec, &args.rtg, args.held_out);
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
    let (env, device) = (spec.id.clone(), args.device.to_string());
    let record = EvaluationRecord::new(env, device, greedy, sampled);
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
    let share = |first: &dyn AtReturn| {
        let (all, so) = first.ending(dt_data::Outcome::Success);
        so as f64 / all as f64
    };
    let exact = record.exact.iter().flatten().next().map(|r| share(r));
    let share = exact.or(record.held_out.iter().flatten().next().map(|r| share(r)));
    Ok(match (args.min_success, share) {
        (Some(least), Some(share)) if share >= least => Outcome::Done,
        (Some(_), _) => Outcome::CheckFailed,
        (None, _) => Outcome::Done,
    })
}
