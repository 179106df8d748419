//! The command line: one file per subcommand, each a `run` that writes its data to `out`.

mod export;
mod generate;
mod inspect;

use std::io::Write;

use anyhow::Result;
use clap::{Parser, Subcommand};
pub use dt_env::shell::{Outcome, write_json};

/// Datasets of demonstrations in gridworlds: make them, look into them, hand them on.
///
/// Data goes to standard output, messages to standard error. The exit code is 0 when all is done,
/// 1 when a check failed, 2 when the command, a recipe or a file is at fault.
#[derive(Parser)]
#[command(name = "dt-data", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Generate(generate::Args),
    Inspect(inspect::Args),
    Export(export::Args),
}

/// Runs the chosen subcommand.
pub fn run(cli: &Cli, out: &mut impl Write) -> Result<Outcome> {
    let outcome = match &cli.command {
        Command::Generate(args) => generate::run(args, out),
        Command::Inspect(args) => inspect::run(args, out),
        Command::Export(args) => export::run(args, out),
    }?;
    out.flush()?;
    Ok(outcome)
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
            assert!(help.contains(&format!("dt-data {name}")), "{help}");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{name}: {argument}");
            }
        }
    }
}
