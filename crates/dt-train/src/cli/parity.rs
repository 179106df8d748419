//! `dt-train parity`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use dt_train::checkpoint::load_agent;
use dt_train::device::DeviceSpec;
use dt_train::formats::golden::parity;

use super::{Outcome, write_json};

/// Compare an agent's activations with those that PyTorch recorded.
///
/// Prints a row for each tensor: name, shape, largest absolute difference. The exit code is 1 if
/// one of them is above the tolerance.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  dt-train parity runs/MemoryGatedMLP golden_forward.safetensors --tolerance 1e-4"
)]
pub struct Args {
    /// Run directory, a checkpoint in one, or an imported agent
    run: PathBuf,
    /// safetensors file of inputs and recorded activations
    golden: PathBuf,
    /// Largest absolute difference that passes
    #[arg(long, default_value_t = 1e-4)]
    tolerance: f32,
    /// Where to compute: cpu, libtorch or libtorch:cuda:N
    #[arg(long, default_value_t = DeviceSpec::Cpu)]
    device: DeviceSpec,
    /// Print a JSON list of objects: `name`, `shape`, `difference`, `ok`
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    if !(args.tolerance.is_finite() && args.tolerance >= 0.0) {
        bail!("--tolerance: is {}, must not be negative", args.tolerance);
    }
    let agent = load_agent(&args.run, &args.device.open()?)?;
    let rows = parity(&agent.model, &args.golden, args.tolerance)?;
    if args.json {
        write_json(out, &rows)?;
    } else {
        for row in &rows {
            writeln!(
                out,
                "{:<44}{:<20}{:>9.2e}  {}",
                row.name,
                format!("{:?}", row.shape),
                row.difference,
                if row.ok { "ok" } else { "FAIL" }
            )?;
        }
        let failed = rows.iter().filter(|r| !r.ok).count();
        writeln!(
            out,
            "{} tensors, {failed} above {:e}",
            rows.len(),
            args.tolerance
        )?;
    }
    Ok(match rows.iter().all(|r| r.ok) {
        true => Outcome::Done,
        false => Outcome::CheckFailed,
    })
}
