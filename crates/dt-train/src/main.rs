//! `dt-train`: make an agent, measure it, time it.

mod cli;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use dt_env::errors::{describe, is_broken_pipe};

use cli::{Cli, Outcome};

/// Tensors come and go by the megabyte; the system's allocator gives the pages back each time
/// and faults them in anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli::run(&cli, &mut io::stdout().lock()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::CheckFailed) => ExitCode::from(1),
        // Whoever reads our output has seen enough (`dt-train devices | head -1`).
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", describe(error.as_ref()));
            ExitCode::from(2)
        }
    }
}
