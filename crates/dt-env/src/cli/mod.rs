//! The command line: one file per subcommand, each a `run` that writes its data to `out`.

mod bench;
mod conform;
mod list;
mod play;
mod render;
mod table;

use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use clap::{Parser, Subcommand};
pub use dt_env::shell::{Outcome, write_json};
use dt_env::{Env, EnvSpec};

/// Gridworlds with MiniGrid's exact rules: list, play, draw, check and time them.
///
/// Data goes to standard output, messages to standard error. The exit code is 0 when all is done,
/// 1 when a check failed, 2 when the command, a file or the terminal is at fault.
#[derive(Parser)]
#[command(name = "dt-env", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::Args),
    Play(play::Args),
    Render(render::Args),
    Conform(conform::Args),
    Bench(bench::Args),
}

/// Runs the chosen subcommand.
pub fn run(cli: &Cli, out: &mut impl Write) -> Result<Outcome> {
    let outcome = match &cli.command {
        Command::List(args) => list::run(args, out),
        Command::Play(args) => play::run(args),
        Command::Render(args) => render::run(args, out),
        Command::Conform(args) => conform::run(args, out),
        Command::Bench(args) => bench::run(args, out),
    }?;
    out.flush()?;
    Ok(outcome)
}

/// The definition that the user names, by id or by path.
fn find_spec(name: &str) -> Result<Arc<EnvSpec>> {
    Ok(Arc::new(EnvSpec::find(name)?))
}

/// An environment that has been reset with `seed`.
fn make_env(name: &str, seed: u64) -> Result<Env> {
    let mut env = Env::new(find_spec(name)?);
    env.reset(seed);
    Ok(env)
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
            assert!(help.contains(&format!("dt-env {name}")), "{help}");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{name}: {argument}");
            }
        }
    }
}
