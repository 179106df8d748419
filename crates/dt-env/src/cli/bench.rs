//! `dt-env bench`

use std::io::Write;
use std::thread;

use anyhow::{Result, bail};
use dt_env::bench::{BenchRecord, bench};
use serde::Serialize;

use super::Outcome;

/// Time of one measurement is split into this many repeats.
const REPEATS: usize = 5;
/// Most worlds of all threads together; each takes some kilobytes.
const MAX_WORLDS: usize = 1 << 18;

/// Measure steps per second with random actions.
///
/// A step is the draw of an action, the rules, a reset where the episode ends, and the observation
/// with exact visibility. The median of five repeats counts.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-env bench MiniGrid-MemoryS7-v0 --json")]
pub struct Args {
    /// Environment: an id from `dt-env list`, or a path to a .ron file
    #[arg(default_value = "MiniGrid-MemoryS7-v0")]
    env: String,
    /// Print one JSON object: `steps_per_second` and the other numbers of the run on all THREADS,
    /// and the same for one thread as `one_thread` [default: text]
    #[arg(long)]
    json: bool,
    /// Threads, each with a batch of its own [default: all cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Worlds that a thread steps together
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    batch: u32,
    /// Seconds of each of the two measurements (one thread, all threads)
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
}

#[derive(Serialize)]
struct Record {
    #[serde(flatten)]
    all: BenchRecord,
    one_thread: BenchRecord,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    if !(0.01..=3600.0).contains(&args.seconds) {
        bail!("--seconds: is {}, must be from 0.01 to 3600", args.seconds);
    }
    let spec = super::find_spec(&args.env)?;
    let threads = match args.threads {
        Some(threads) => usize::from(threads),
        None => thread::available_parallelism()?.get(),
    };
    let worlds = threads.saturating_mul(args.batch as usize);
    if worlds > MAX_WORLDS {
        bail!(
            "--batch: {} worlds on each of {threads} threads are more than {MAX_WORLDS}; take fewer of \
             either",
            args.batch
        );
    }
    let measure = |threads| {
        let seconds = args.seconds / REPEATS as f64;
        bench(&spec, args.batch as usize, threads, seconds, REPEATS)
    };
    let one_thread = measure(1);
    let all = if threads == 1 {
        one_thread.clone()
    } else {
        measure(threads)
    };
    let record = Record { all, one_thread };
    if args.json {
        super::write_json(out, &record)?;
    } else {
        writeln!(out, "{}, batches of {} worlds", spec.id, args.batch)?;
        write_line(out, &record.one_thread)?;
        if threads > 1 {
            write_line(out, &record.all)?;
        }
    }
    Ok(Outcome::Done)
}

fn write_line(out: &mut impl Write, record: &BenchRecord) -> Result<()> {
    let millions = |rate: f64| rate / 1e6;
    let plural = if record.threads == 1 { " " } else { "s" };
    writeln!(
        out,
        "{:>4} thread{plural}  {:>8.2} million steps/s  (slowest {:.2}, fastest {:.2}; {:.4} resets per step)",
        record.threads,
        millions(record.steps_per_second),
        millions(record.steps_per_second_min),
        millions(record.steps_per_second_max),
        record.resets_per_step,
    )?;
    Ok(())
}
