//! `dt-train import`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use dt_train::checkpoint::{save_agent, write_dir_atomic};
use dt_train::formats::pytorch_2023::import_pytorch;
use dt_train::model::param_specs;

use super::Outcome;

/// Read an agent that the original repository saved with PyTorch, and write it as one of ours.
///
/// The file must hold tensors, containers, texts and numbers only; nothing in it is run.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-train import MemoryGatedMLP.pt --out runs/memory-gated-mlp")]
pub struct Args {
    /// File written by torch.save
    file: PathBuf,
    /// Folder of the agent
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Step limit of the agent's world [default: 50 in MiniGrid-MemoryS7FixedStart-v0, as in its
    /// demonstrations; otherwise the file's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65535))]
    max_steps: Option<u32>,
    /// Replace an imported agent that is there
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    check_out(&args.out, args.force)?;
    let (record, values, dropped) = import_pytorch(&args.file, args.max_steps)?;
    write_dir_atomic(&args.out, |dir| save_agent(dir, &record, &values))?;
    let (specs, _) = param_specs(&record.model, &record.sizes);
    let count: usize = specs.iter().map(dt_train::model::ParamSpec::len).sum();
    writeln!(
        out,
        "{}: {} blocks, {} wide, {count} parameters",
        record.name, record.model.n_layers, record.model.d_model
    )?;
    match &record.env {
        Some(env) => writeln!(out, "  World: {}, {} steps", env.id, env.max_steps())?,
        None => writeln!(out, "  World: {}, not available here", record.world_id())?,
    }
    writeln!(out, "  Agent: {}", args.out.display())?;
    if !dropped.is_empty() {
        dt_env::note!("left out (untrained or constant): {}", dropped.join(", "));
    }
    Ok(Outcome::Done)
}

/// Refuses a place that is taken; with `force`, one that holds more than an imported agent.
fn check_out(dir: &Path, force: bool) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        names.push(entry?.file_name());
    }
    if !names.is_empty() && !force {
        bail!(
            "{}: exists already; use --force to replace it, or another --out",
            dir.display()
        );
    }
    // Only what looks like an imported agent is removed, whatever --out was given.
    let ours = [
        "agent.json",
        "agent.safetensors",
        "calibration.json",
        "eval.json",
    ];
    if names.iter().any(|name| !ours.iter().any(|o| name == o)) {
        bail!(
            "{}: exists and is not an imported agent; --force does not remove it",
            dir.display()
        );
    }
    Ok(())
}
