//! `dt-train eval`.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use dt_train::checkpoint::load_agent;
use dt_train::device::DeviceSpec;
use dt_train::evaluate::{AtReturn, EvaluationRecord, evaluate_greedy, evaluate_sampled};
use dt_train::{MAX_EPISODES, SampledConfig};

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
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = parse_or_none)]
    episodes: usize,
    /// Greedy episodes at each return-to-go, in a world whose resets cannot all be tried
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = parse_episodes)]
    held_out: usize,
    /// Temperature of the sampled episodes
    #[arg(long, default_value_t = 1.0, value_parser = parse_temperature)]
    temperature: f64,
    /// Seed of the sampled episodes
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to compute: cpu, libtorch or libtorch:cuda:N
    #[arg(long, default_value_t = DeviceSpec::Cpu)]
    device: DeviceSpec,
    /// Exit with 1 if fewer of the greedy episodes at the first return-to-go succeed (0 to 1)
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    min_success: Option<f64>,
    /// Print the record as JSON, as eval.json has it
    #[arg(long)]
    json: bool,
}

pub(super) fn parse_episodes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=MAX_EPISODES).contains(&n) => Ok(n),
        _ => Err(format!("give a number from 1 to {MAX_EPISODES}")),
    }
}

fn parse_or_none(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n <= MAX_EPISODES => Ok(n),
        _ => Err(format!("give a number from 0 to {MAX_EPISODES}")),
    }
}

fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("give a number from 0 to 1".to_owned()),
    }
}

/// A temperature of a softmax.
pub(super) fn parse_temperature(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(t) if t.is_finite() && t > 0.0 => Ok(t),
        _ => Err("give a number above 0".to_owned()),
    }
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    super::calibrate::check_range("--rtg", &args.rtg)?;
    let agent = load_agent(&args.run, &args.device.open()?)?;
    let spec = Arc::new(agent.record.world().map_err(anyhow::Error::msg)?.clone());
    let named = || args.run.display().to_string();
    let greedy = evaluate_greedy(&agent.model, &spec, &args.rtg, args.held_out);
    let greedy = greedy.with_context(named)?;
    let mut sampled = Vec::new();
    if args.episodes > 0 {
        for &rtg in &args.rtg {
            let asked = SampledConfig {
                return_to_go: rtg,
                temperature: args.temperature,
                episodes: args.episodes,
            };
            let found = evaluate_sampled(&agent.model, &spec, &asked, args.seed);
            sampled.push(found.with_context(named)?);
        }
    }
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
