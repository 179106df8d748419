//! The command line: one file per subcommand, each a `run` that writes its data to `out`.

mod adversary;
mod attribute;
mod cache;
mod errata;
mod formation;
mod geometry;
mod intervene;
mod judge;
mod page;
mod patch;
mod plot;
mod probe;
mod question;
mod reproduce;
mod studies;
mod study;
mod transfer;
mod verdicts;

use std::io::Write;

use anyhow::Result;
use clap::{Parser, Subcommand};
pub use dt_env::shell::{Outcome, write_json};

/// Decision transformers on gridworlds: ask them questions, and draw the answers.
///
/// Data goes to standard output, messages to standard error. The exit code is 0 when all is done,
/// 2 when the command or a file is at fault.
#[derive(Parser)]
#[command(name = "dt-analysis", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Reproduce(reproduce::Args),
    Geometry(geometry::Args),
    Adversary(adversary::Args),
    Transfer(transfer::Args),
    Study(study::Args),
    Judge(judge::Args),
    Formation(formation::Args),
    Intervene(intervene::Args),
    Patch(patch::Args),
    Attribute(attribute::Args),
    Errata(errata::Args),
    Probe(probe::Args),
    Cache(cache::Args),
    Plot(plot::Args),
    Studies(studies::Args),
}

/// Runs the chosen subcommand.
pub fn run(cli: &Cli, out: &mut impl Write) -> Result<Outcome> {
    let outcome = match &cli.command {
        Command::Reproduce(args) => reproduce::run(args, out),
        Command::Geometry(args) => geometry::run(args, out),
        Command::Adversary(args) => adversary::run(args, out),
        Command::Transfer(args) => transfer::run(args, out),
        Command::Study(args) => study::run(args, out),
        Command::Judge(args) => judge::run(args, out),
        Command::Formation(args) => formation::run(args, out),
        Command::Intervene(args) => intervene::run(args, out),
        Command::Patch(args) => patch::run(args, out),
        Command::Attribute(args) => attribute::run(args, out),
        Command::Errata(args) => errata::run(args, out),
        Command::Probe(args) => probe::run(args, out),
        Command::Cache(args) => cache::run(args, out),
        Command::Plot(args) => plot::run(args, out),
        Command::Studies(args) => studies::run(args, out),
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
            assert!(help.contains(&format!("dt-analysis {name}")), "{help}");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{name}: {argument}");
            }
        }
    }
}
