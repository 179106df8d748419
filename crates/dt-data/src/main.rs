//! `dt-data`: make datasets, look into them, hand them on.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    dt_env::shell::main(cli::run)
}
