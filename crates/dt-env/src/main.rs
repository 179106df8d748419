//! `dt-env`: list, play, draw, check and time worlds.

mod cli;
mod play;

use std::process::ExitCode;

fn main() -> ExitCode {
    dt_env::shell::main(cli::run)
}
