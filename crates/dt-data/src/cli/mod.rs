//! The command line: one file per subcommand, each a `run` that writes its data to `out`.

mod export;
mod generate;
mod inspect;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use dt_data::store;
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

/// A place without `.`, `..` and links, as far as it exists.
fn real(place: &Path) -> Result<PathBuf> {
    let parent = match place.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let within = || Some(parent.canonicalize().ok()?.join(place.file_name()?));
    match place.canonicalize().ok().or_else(within) {
        Some(real) => Ok(real),
        None => Ok(std::path::absolute(place)?),
    }
}

/// Refuses to write into a dataset: it would no longer be one, for `--force` or for others' readers.
fn refuse_within_dataset(place: &Path, real: &Path) -> Result<()> {
    let is_dataset =
        |dir: &&Path| store::read_card(dir).is_ok() || dir.join("data/metadata.json").is_file();
    match real.ancestors().skip(1).find(is_dataset) {
        Some(dataset) => bail!(
            "--out {}: lies within the dataset {}; give a place beside it",
            place.display(),
            dataset.display()
        ),
        None => Ok(()),
    }
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
