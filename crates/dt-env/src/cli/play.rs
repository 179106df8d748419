//! `dt-env play`

use std::io::{self, IsTerminal};

use anyhow::{Result, bail};

use super::Outcome;
use crate::play;

/// Play an environment in the terminal, beside what its agent sees.
///
/// Arrow keys walk: left and right turn, up goes forward. p picks up, d drops, t or space
/// toggles, enter says done. r starts the episode again, n starts the next one, q quits.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-env play MiniGrid-MemoryS7-v0 --seed 3")]
pub struct Args {
    /// Environment: an id from `dt-env list`, or a path to a .ron file
    env: String,
    /// Seed of the first reset
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub fn run(args: &Args) -> Result<Outcome> {
    let env = super::make_env(&args.env, args.seed)?;
    for (name, is_terminal) in [
        ("input", io::stdin().is_terminal()),
        ("output", io::stdout().is_terminal()),
    ] {
        if !is_terminal {
            bail!(
                "standard {name} is not a terminal; `dt-env render {}` draws to a file instead",
                args.env
            );
        }
    }
    let tally = play::play(env, args.seed)?;
    dt_env::note!("{tally}");
    Ok(Outcome::Done)
}
