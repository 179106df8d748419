//! `dt-train train`, which is also what `dt-train` does with nothing else.

use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use dt_env::signals::on_end;
use dt_train::device::DeviceSpec;
use dt_train::run::{RunOptions, RunSummary, train_together};
use dt_train::{AgentConfig, Precision};

use super::progress::{EVALUATING, Progress};
use super::{Outcome, summary, use_threads, write_json};

/// Train an agent from its definition, and evaluate it.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  dt-train train agents/memory-dt-post.ron --seed 3\n  dt-train train --seeds 0..5\n  dt-train train --resume"
)]
pub struct Args {
    /// Definition of the agent: a RON file, a run's config.ron, or the name of a built-in agent
    /// [default: memory-dt]
    agent: Option<PathBuf>,
    /// List the built-in agents, and do nothing else
    #[arg(long)]
    list: bool,
    /// Seed of weights, batches and sampled episodes
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Seed of the dataset, instead of its recipe's
    #[arg(long, value_name = "N")]
    data_seed: Option<u64>,
    /// Train one run for each seed from A to below B
    #[arg(long, value_name = "A..B", conflicts_with = "seed", value_parser = parse_seeds)]
    seeds: Option<Range<u64>>,
    /// Seeds that take their steps together, with batched weights; on libtorch only [default: 32 on
    /// a GPU, else 1]
    #[arg(long, value_name = "N", value_parser = parse_together)]
    together: Option<usize>,
    /// Where to compute: cpu, libtorch or libtorch:cuda:N
    #[arg(long, default_value_t = DeviceSpec::Cpu)]
    device: DeviceSpec,
    /// Train in bfloat16 after the tokens are embedded, for large batches on a GPU; weights and
    /// evaluation stay in 32 bits. On libtorch only
    #[arg(long)]
    bf16: bool,
    /// Run directory; with --seeds, the folder of the run directories [default:
    /// runs/NAME/seed-N]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder in which datasets are kept and looked for
    #[arg(long, value_name = "DIR", default_value = "runs/datasets")]
    datasets: PathBuf,
    /// Go on with a run that was stopped; one that had not begun yet begins
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// Begin with the training state of another run instead of new weights, and count on from its
    /// step: the folder of a run's last checkpoint, or of the one at which its look-backs began
    #[arg(long, value_name = "CHECKPOINT", conflicts_with_all = ["resume", "seeds"])]
    branch_from: Option<PathBuf>,
    /// Replace a run that is there
    #[arg(long)]
    force: bool,
    /// Most steps of the optimiser, instead of the definition's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Threads; the result does not depend on them [default: all cores]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<usize>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

/// Most seeds of one command.
const MAX_SEEDS: u64 = 100_000;

pub(super) fn parse_seeds(text: &str) -> Result<Range<u64>, String> {
    let parse = |s: &str| s.trim().parse::<u64>().ok();
    match text.split_once("..").map(|(a, b)| (parse(a), parse(b))) {
        Some((Some(a), Some(b))) if a < b && b - a > MAX_SEEDS => {
            Err(format!("{} seeds, give at most {MAX_SEEDS}", b - a))
        }
        Some((Some(a), Some(b))) if a < b => Ok(a..b),
        _ => Err("give two numbers A..B with A below B, such as 0..5".to_owned()),
    }
}

pub(super) fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=1024).contains(&n) => Ok(n),
        _ => Err("give a number from 1 to 1024".to_owned()),
    }
}

fn parse_together(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=1024).contains(&n) => Ok(n),
        _ => Err("give a number from 1 to 1024".to_owned()),
    }
}

/// How many seeds are trained at once.
fn together(args: &Args) -> Result<usize> {
    match args.together {
        Some(n) if n > 1 && !args.device.trains_together() => bail!(
            "--together {n}: {} trains agents one by one; use --device libtorch or \
             libtorch:cuda:N",
            args.device
        ),
        Some(n) => Ok(n),
        // One small agent cannot fill a GPU, but it fills the cores of a host.
        None if matches!(args.device, DeviceSpec::LibtorchCuda(_)) => Ok(32),
        None => Ok(1),
    }
}

/// Name and dataset of each built-in agent.
fn list(out: &mut impl Write) -> Result<Outcome> {
    for name in AgentConfig::builtin_names() {
        let agent = AgentConfig::find(name.as_ref())?;
        writeln!(out, "{name:<22}{}", agent.dataset)?;
    }
    Ok(Outcome::Done)
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    if args.list {
        return list(out);
    }
    let mut config = match &args.agent {
        Some(path) => AgentConfig::find(path)?,
        None => AgentConfig::default_memory(),
    };
    if let Some(steps) = args.steps {
        config.training.steps = steps;
    }
    if args.bf16 {
        config.training.precision = Precision::Bf16;
    }
    config.data_seed = args.data_seed.or(config.data_seed);
    use_threads(args.threads)?;
    let interrupted = stop_on_ctrl_c()?;
    let seeds: Vec<u64> = match &args.seeds {
        Some(seeds) => seeds.clone().collect(),
        None => vec![args.seed],
    };
    let several = args.seeds.is_some();
    let clock = Instant::now();
    let mut summaries: Vec<(u64, RunSummary)> = Vec::new();
    for seeds in seeds.chunks(together(args)?) {
        let mut options = Vec::new();
        for &seed in seeds {
            options.push(run_options(args, &config, seed, &interrupted)?);
        }
        let mut progress = Progress::new(&config, seeds, args.device, args.quiet);
        let made =
            train_together(&config, &options, &mut progress).with_context(|| match seeds {
                [seed] => format!("{}, seed {seed}", config.name),
                _ => config.name.clone(),
            })?;
        progress.finish();
        for (&seed, summary) in seeds.iter().zip(made) {
            if !args.json {
                summary::write_run(out, &config, seed, &summary, several)?;
            }
            summaries.push((seed, summary));
        }
    }
    if args.json {
        let records: Vec<_> = summaries
            .iter()
            .map(|(seed, s)| summary::record(&config, *seed, s))
            .collect();
        match (several, records.as_slice()) {
            (false, [one]) => write_json(out, one)?,
            _ => write_json(out, &records)?,
        }
    } else if several {
        summary::write_seeds(out, &config, &summaries, clock.elapsed().as_secs_f64())?;
    }
    let has_goals = !config.evaluation.goals.is_empty();
    let all_met = summaries.iter().all(|(_, s)| s.perfect);
    Ok(if has_goals && !all_met {
        Outcome::CheckFailed
    } else {
        Outcome::Done
    })
}

fn run_options(
    args: &Args,
    config: &AgentConfig,
    seed: u64,
    interrupted: &Arc<AtomicBool>,
) -> Result<RunOptions> {
    let several = args.seeds.is_some();
    let dir = match &args.out {
        Some(out) if several => out.join(format!("seed-{seed}")),
        Some(out) => out.clone(),
        None => PathBuf::from(format!("runs/{}/seed-{seed}", config.name)),
    };
    let resume = args.resume && dir.join("run.json").exists();
    if args.resume && !resume && !several {
        dt_env::note!("{}: there is no run yet; it begins", dir.display());
    }
    Ok(RunOptions {
        resume,
        out: dir,
        datasets: args.datasets.clone(),
        seed,
        device: args.device,
        force: args.force,
        branch_from: args.branch_from.clone(),
        interrupted: interrupted.clone(),
    })
}

/// The first Ctrl-C asks the run to write a checkpoint and stop, and ends an evaluation at once: what
/// has been trained is on the disk by then. The second one stops at once in any case.
pub(super) fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    on_end(move |signal| {
        if flag.swap(true, Ordering::Relaxed) {
            // As shells tell of a process that a signal has ended.
            std::process::exit(128 + signal);
        }
        if EVALUATING.load(Ordering::Relaxed) {
            dt_env::note!("\nstopped in the evaluation; --resume measures the agent");
            std::process::exit(2);
        }
        dt_env::note!("\nstopping as soon as what is done is kept; once more to stop at once");
    })?;
    Ok(interrupted)
}
