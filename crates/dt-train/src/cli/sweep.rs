//! `dt-train sweep`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use dt_train::device::DeviceSpec;
use dt_train::run::{RunOptions, is_finished, train};
use dt_train::sweep::local::{Job, run_all};
use dt_train::sweep::slurm::SlurmScript;
use dt_train::sweep::{RunState, SweepConfig, SweepRun, branch_point, state_of};
use serde::Serialize;

use super::progress::Progress;
use super::train::{parse_seeds, parse_threads, stop_on_ctrl_c};
use super::{Outcome, summary, use_threads, write_json};

/// Train many agents from one file: seeds, and values of a definition's fields.
///
/// Run again, it goes on where it stopped: finished runs are passed over. An agent that does not
/// meet its goals is a result like any other here; with --only, the exit code is 1.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  dt-train sweep agents/sweeps/memory-study.ron --jobs 2\n  dt-train sweep agents/sweeps/memory-study.ron --status"
)]
pub struct Args {
    /// The sweep (a RON file)
    file: PathBuf,
    /// Where its runs are made: here, or by a script for Slurm that is written to standard output
    #[arg(long, value_enum, default_value_t = On::Local)]
    on: On,
    /// Folder of the runs [default: runs/ and the file's name]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder in which datasets are kept and looked for
    #[arg(long, value_name = "DIR", default_value = "runs/datasets")]
    datasets: PathBuf,
    /// Only runs of the seeds from A to below B
    #[arg(long, value_name = "A..B", value_parser = parse_seeds)]
    seeds: Option<std::ops::Range<u64>>,
    /// Runs side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Make one run, by its number from 0, in this process
    #[arg(long, value_name = "N")]
    only: Option<usize>,
    /// Say how far the runs are, and make none
    #[arg(long, conflicts_with = "only")]
    status: bool,
    /// Where to compute: cpu, libtorch or libtorch:cuda:N
    #[arg(long, default_value_t = DeviceSpec::Cpu)]
    device: DeviceSpec,
    /// Threads of each run; the result does not depend on them [default: all cores]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<usize>,
    /// Print the status as JSON
    #[arg(long, requires = "status")]
    json: bool,
}

/// Where runs are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum On {
    /// By processes on this machine.
    Local,
    /// By an array of Slurm's jobs.
    Slurm,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let mut runs = SweepConfig::read(&args.file)?.runs(&args.file)?;
    if let Some(seeds) = &args.seeds {
        runs.retain(|run| seeds.contains(&run.seed));
    }
    let name = args.file.file_stem().unwrap_or_default().to_string_lossy();
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => Path::new("runs").join(&*name),
    };
    match (args.only, args.on) {
        _ if args.status => status(args, &folder, &runs, out),
        (Some(n), _) => match runs.get(n) {
            Some(run) => only(args, &folder, run, out),
            None => bail!("--only {n}: there are {} runs, counted from 0", runs.len()),
        },
        (None, On::Local) => local(args, &folder, &runs, out),
        (None, On::Slurm) => {
            let program = std::env::current_exe().context("where this program is")?;
            fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
            let command = [&[program.display().to_string()], &*words(args, &folder)].concat();
            let script = SlurmScript {
                name: &name,
                runs: runs.len(),
                side_by_side: usize::from(args.jobs),
                cores: args.threads.unwrap_or(2),
                out: &folder.display().to_string(),
                command: &command,
            };
            out.write_all(script.text().as_bytes())?;
            Ok(Outcome::Done)
        }
    }
}

/// The command line that makes a run by its number, but for `--threads` and `--only`.
fn words(args: &Args, folder: &Path) -> Vec<String> {
    let mut words = vec![
        "sweep".to_owned(),
        args.file.display().to_string(),
        "--out".to_owned(),
        folder.display().to_string(),
        "--datasets".to_owned(),
        args.datasets.display().to_string(),
        "--device".to_owned(),
        args.device.to_string(),
    ];
    if let Some(seeds) = &args.seeds {
        words.extend([
            "--seeds".to_owned(),
            format!("{}..{}", seeds.start, seeds.end),
        ]);
    }
    words
}

/// Makes one run, or goes on with it.
fn only(args: &Args, folder: &Path, run: &SweepRun, out: &mut impl Write) -> Result<Outcome> {
    use_threads(args.threads)?;
    let mut options = RunOptions::new(folder.join(&run.folder), &args.datasets, run.seed);
    if is_finished(&options.out) {
        writeln!(out, "{} is done", options.out.display())?;
        return Ok(match state_of(folder, run)? {
            RunState::Done {
                goals_met: Some(false),
            } => Outcome::CheckFailed,
            _ => Outcome::Done,
        });
    }
    options.device = args.device;
    options.interrupted = stop_on_ctrl_c()?;
    options.resume = options.out.join("run.json").exists();
    if let Some(from) = &run.branch_from
        && !options.resume
    {
        let from = folder.join(from);
        options.branch_from = match (branch_point(&from), is_finished(&from)) {
            (Some(state), _) => Some(state),
            (None, true) => {
                let (left_out, from) = (options.out.display(), from.display());
                writeln!(out, "{left_out} is left out: {from} began no look-backs")?;
                return Ok(Outcome::Done);
            }
            (None, false) => bail!("{}: to branch from, and not done yet", from.display()),
        };
    }
    let mut progress = Progress::new(&run.config, &[run.seed], args.device, false);
    let made = train(&run.config, &options, &mut progress)
        .with_context(|| format!("{}, seed {}", run.config.name, run.seed))?;
    progress.finish();
    summary::write_run(out, &run.config, run.seed, &made, true)?;
    Ok(
        match run.config.evaluation.goals.is_empty() || made.perfect {
            true => Outcome::Done,
            false => Outcome::CheckFailed,
        },
    )
}

/// Makes all runs that are not done.
fn local(args: &Args, folder: &Path, runs: &[SweepRun], out: &mut impl Write) -> Result<Outcome> {
    let interrupted = stop_on_ctrl_c()?;
    let program = std::env::current_exe().context("where this program is")?;
    let (mut left, mut jobs) = (Vec::new(), Vec::new());
    for (n, run) in runs.iter().enumerate() {
        match state_of(folder, run)? {
            RunState::Done { .. } => continue,
            RunState::LeftOut => {
                dt_env::note!(
                    "{} is left out: no look-backs to branch at",
                    run.folder.display()
                );
                continue;
            }
            RunState::Waiting | RunState::AtStep(_) => {}
        }
        let mut command = Command::new(&program);
        command.args(words(args, folder));
        if let Some(threads) = args.threads {
            command.args(["--threads", &threads.to_string()]);
        }
        command.args(["--only", &n.to_string()]);
        let log = format!("{}-{}.log", run.config.name, run.seed);
        let log = folder.join(log);
        left.push((run, log.clone()));
        jobs.push(Job { command, log });
    }
    let done = runs.len() - left.len();
    dt_env::note!("{} runs, {done} of them done or left out", runs.len());
    let mut failed = Vec::new();
    run_all(jobs, usize::from(args.jobs), &interrupted, |n, status| {
        let (run, log) = &left[n];
        let dir = folder.join(&run.folder);
        match status.code() {
            // 1: an agent that does not meet its goals.
            Some(0 | 1) => dt_env::note!("{}", dir.display()),
            _ if interrupted.load(Ordering::Relaxed) => {
                dt_env::note!("{} was stopped", dir.display());
            }
            _ => {
                dt_env::note!("{} failed: {}", dir.display(), log.display());
                failed.push(log.display().to_string());
            }
        }
    })?;
    if !failed.is_empty() {
        bail!("{} of the runs failed: {}", failed.len(), failed.join(", "));
    }
    if interrupted.load(Ordering::Relaxed) {
        bail!("stopped; the same command goes on");
    }
    status(args, folder, runs, out)
}

#[derive(Serialize)]
struct Row<'a> {
    number: usize,
    run: &'a Path,
    seed: u64,
    data_seed: Option<u64>,
    #[serde(flatten)]
    state: Told,
}

/// A state as `--json` tells it.
#[derive(Serialize)]
struct Told {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goals_met: Option<bool>,
}

fn told(state: RunState) -> Told {
    let (state, step, goals_met) = match state {
        RunState::Waiting => ("waiting", None, None),
        RunState::LeftOut => ("left out", None, None),
        RunState::AtStep(step) => ("running", Some(step), None),
        RunState::Done { goals_met } => ("done", None, goals_met),
    };
    Told {
        state,
        step,
        goals_met,
    }
}

/// A row for each run.
fn status(args: &Args, folder: &Path, runs: &[SweepRun], out: &mut impl Write) -> Result<Outcome> {
    let mut rows = Vec::new();
    for (number, run) in runs.iter().enumerate() {
        rows.push(Row {
            number,
            run: &run.folder,
            seed: run.seed,
            data_seed: run.config.data_seed,
            state: told(state_of(folder, run)?),
        });
    }
    if args.json {
        write_json(out, &rows)?;
        return Ok(Outcome::Done);
    }
    let width = rows.iter().map(|r| r.run.as_os_str().len()).max();
    let width = width.unwrap_or(0).max("run".len());
    writeln!(out, "{:>6}  {:<width$}  state", "number", "run")?;
    for row in &rows {
        let state = match (&row.state.step, row.state.goals_met) {
            (Some(step), _) => format!("running, at step {step}"),
            (None, Some(true)) => "done, goals met".to_owned(),
            (None, Some(false)) => "done, goals missed".to_owned(),
            (None, None) => row.state.state.to_owned(),
        };
        writeln!(
            out,
            "{:>6}  {:<width$}  {state}",
            row.number,
            row.run.display()
        )?;
    }
    let count = |state: &str| rows.iter().filter(|r| r.state.state == state).count();
    let met = rows.iter().filter(|r| r.state.goals_met == Some(true));
    writeln!(
        out,
        "{} of {} done, {} of them meet their goals; {} running or stopped, {} waiting",
        count("done"),
        rows.len(),
        met.count(),
        count("running"),
        count("waiting")
    )?;
    Ok(Outcome::Done)
}
