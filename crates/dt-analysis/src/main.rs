//! `dt-analysis`: figures of datasets, runs and agents.

mod cli;

use std::process::ExitCode;

/// Sweeps make and drop tensors by the megabyte; the system's allocator gives the pages back each
/// time and faults them in anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dt_env::shell::main(cli::run)
}
