//! The command line: one file per subcommand, each a `run` that writes its data to `out`.

mod bench;
mod calibrate;
mod devices;
mod eval;
mod import;
mod parity;
mod progress;
mod summary;
mod sweep;
mod train;

use std::io::Write;

use anyhow::Result;
use clap::{Parser, Subcommand};
pub use dt_env::shell::{Outcome, write_json};

/// Decision transformers on gridworlds: train one, measure it, time it.
///
/// With nothing else, trains the default agent from nothing: makes its dataset if it is not
/// there, trains, evaluates, and says where everything is.
///
/// Data goes to standard output, messages to standard error. The exit code is 0 when all is done,
/// 1 when the agent does not meet its goals or a check fails, 2 when the command, a file or a
/// device is at fault.
#[derive(Parser)]
#[command(
    name = "dt-train",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  dt-train\n  dt-train --seeds 0..5\n  dt-train train agents/memory-dt-post.ron --seed 3"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    train: train::Args,
}

#[derive(Subcommand)]
enum Command {
    Train(train::Args),
    Sweep(sweep::Args),
    Eval(eval::Args),
    Calibrate(calibrate::Args),
    Import(import::Args),
    Parity(parity::Args),
    Devices(devices::Args),
    Bench(bench::Args),
}

/// Runs the chosen subcommand.
pub fn run(cli: &Cli, out: &mut impl Write) -> Result<Outcome> {
    let outcome = match &cli.command {
        None => train::run(&cli.train, out),
        Some(Command::Train(args)) => train::run(args, out),
        Some(Command::Sweep(args)) => sweep::run(args, out),
        Some(Command::Eval(args)) => eval::run(args, out),
        Some(Command::Calibrate(args)) => calibrate::run(args, out),
        Some(Command::Import(args)) => import::run(args, out),
        Some(Command::Parity(args)) => parity::run(args, out),
        Some(Command::Devices(args)) => devices::run(args, out),
        Some(Command::Bench(args)) => bench::run(args, out),
    }?;
    out.flush()?;
    Ok(outcome)
}

/// From here on the program computes on this many threads; `None`: as many as there are cores.
fn use_threads(threads: Option<usize>) -> Result<()> {
    if let Some(threads) = threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global()?;
        dt_train::device::set_threads(threads);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_subcommand_shows_an_example() {
        for command in Cli::command().get_subcommands_mut() {
            let name = command.get_name().to_owned();
            let help = command.render_long_help().to_string();
            assert!(help.contains(&format!("dt-train {name}")), "{help}");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{name}: {argument}");
            }
        }
    }
}
