//! `dt-train import`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use dt_env::files::Staging;
use dt_train::checkpoint::{AGENT_FOLDER, save_imported};
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
    Staging::check(&args.out, &AGENT_FOLDER, args.force)?;
    let (record, values, dropped) = import_pytorch(&args.file, args.max_steps)?;
    save_imported(&args.out, args.force, &record, &values)?;
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
