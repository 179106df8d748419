//! `dt-analysis`: figures of datasets, runs and agents.

mod cli;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use dt_env::errors::{describe, is_broken_pipe};

use cli::{Cli, Outcome};

/// Sweeps make and drop tensors by the megabyte; the system's allocator gives the pages back each
/// time and faults them in anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli::run(&cli, &mut io::stdout().lock()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        // Whoever reads our output has seen enough (`dt-analysis plot … | head -1`).
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", describe(error.as_ref()));
            ExitCode::from(2)
        }
    }
}
