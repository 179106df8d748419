//! `dt-train`: make an agent, measure it, time it.

mod cli;

use std::process::ExitCode;

/// Tensors come and go by the megabyte; the system's allocator gives the pages back each time
/// and faults them in anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dt_env::shell::main(cli::run)
}
