//! `dt-train bench`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use dt_train::bench::{TrainBenchSettings, bench};
use dt_train::device::DeviceSpec;
use dt_train::{AgentConfig, Precision};

use super::train::parse_threads;
use super::{Outcome, use_threads, write_json};

/// Time training steps, and where their time goes.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-train bench agents/memory-dt.ron --steps 50 --json")]
pub struct Args {
    /// Definition of the agent: a RON file, or the name of a built-in agent [default: memory-dt]
    agent: Option<PathBuf>,
    /// Steps to time, after a fifth as many to warm up
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Windows of a step, instead of the definition's
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: Option<u32>,
    /// Compute in bfloat16 after the tokens are embedded; on libtorch only
    #[arg(long)]
    bf16: bool,
    /// Agents that take their steps together; more than one on libtorch only
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    agents: u32,
    /// Where to compute: cpu, libtorch or libtorch:cuda:N
    #[arg(long, default_value_t = DeviceSpec::Cpu)]
    device: DeviceSpec,
    /// Threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<usize>,
    /// Folder in which datasets are kept and looked for
    #[arg(long, value_name = "DIR", default_value = "runs/datasets")]
    datasets: PathBuf,
    /// Use burn's own operations in place of our fused kernels, for comparison
    #[arg(long)]
    decomposed: bool,
    /// Write what libtorch does in five steps to a file (JSON; open it in https://ui.perfetto.dev)
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Print the record as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let mut config = match &args.agent {
        Some(path) => AgentConfig::find(path)?,
        None => AgentConfig::default_memory(),
    };
    if let Some(size) = args.batch_size {
        config.training.batch_size = size as usize;
    }
    if args.bf16 {
        config.training.precision = Precision::Bf16;
    }
    use_threads(args.threads)?;
    let record = bench(
        &config,
        args.device,
        &args.datasets,
        &TrainBenchSettings {
            steps: args.steps as usize,
            agents: args.agents as usize,
            decomposed: args.decomposed,
            trace: args.trace.clone(),
        },
    )?;
    if args.json {
        write_json(out, &record)?;
        return Ok(Outcome::Done);
    }
    writeln!(
        out,
        "{}: {} of batch {}, {} threads, {}: {:.1} ms a step (median of {}; {:.1} to {:.1}), {:.0} windows and {:.0} tokens a second",
        record.agent,
        match record.agents {
            1 => "one agent".to_owned(),
            n => format!("{n} agents"),
        },
        record.batch_size,
        record.threads,
        record.device,
        record.milliseconds,
        record.steps,
        record.milliseconds_min,
        record.milliseconds_max,
        record.windows_per_second,
        record.tokens_per_second
    )?;
    writeln!(
        out,
        "{}",
        match args.device {
            DeviceSpec::Cpu => "one micro-batch after the other, on one thread:",
            _ => "parts of a step:",
        }
    )?;
    for phase in &record.phases {
        writeln!(
            out,
            "  {:<12}{:>8.2} ms a step{:>7.1} %",
            phase.phase,
            phase.milliseconds,
            100.0 * phase.share
        )?;
    }
    if let Some(counts) = &record.operations {
        write!(out, "libtorch: {:.0} operations a step", counts.operations)?;
        if let (Some(launches), Some(busy)) = (counts.kernel_launches, counts.kernel_milliseconds) {
            write!(
                out,
                ", {launches:.0} kernel launches, kernels run for {busy:.2} ms"
            )?;
        }
        writeln!(out)?;
    }
    if let Some(why) = &record.operations_missing {
        writeln!(out, "operations were not counted: {why}")?;
    }
    if let Some(path) = &args.trace {
        writeln!(out, "trace: {}", path.display())?;
    }
    Ok(Outcome::Done)
}
