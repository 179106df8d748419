//! `dt-analysis cache`

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use dt_analysis::papers::memory_dt::first_form::find_study;
use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::activations::{matching_points, write_activations};
use dt_analysis::subject::{Experiment, Subject};
use dt_train::device::DeviceSpec;
use serde::Serialize;

use super::Outcome;
use super::question::{check_file, create_parent};

/// Write activations of a study's prompts to a safetensors file, for other tools.
///
/// One tensor for each hook point, its first axis the prompts (every facet under every edit), and
/// the logits at the decision. The metadata name facets, edits and tokens;
/// scripts/load_activations.py reads it all in Python.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  dt-analysis cache runs/memory-dt/seed-0 --hooks 'blocks.*.hook_resid_post' --out activations.safetensors"
)]
pub struct Args {
    /// Run directory, a checkpoint in one, or an imported agent
    run: PathBuf,
    /// Study whose prompts are run
    #[arg(long, value_name = "FILE", default_value = "studies/memory-post.ron")]
    prompts: PathBuf,
    /// Hook points, as TransformerLens names them; * stands for anything
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', required = true)]
    hooks: Vec<String>,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to compute: cpu, libtorch or libtorch:cuda:N
    #[arg(long, default_value_t = DeviceSpec::Cpu)]
    device: DeviceSpec,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// Print one JSON object: `file`, `prompts` and `hooks` [default: a line]
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Record {
    file: String,
    prompts: usize,
    hooks: Vec<String>,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    check_file(&args.out, args.force)?;
    let study = find_study(&args.prompts)?;
    let subject = Subject::load(&args.run, &study, args.device)?;
    let set = PromptSet::new(&study)?;
    let experiment = Experiment::new(&subject, &set);
    let points = matching_points(&args.hooks, subject.n_layers())?;
    create_parent(&args.out)?;
    let prompts = write_activations(&experiment, &points, &args.out)?;
    let record = Record {
        file: args.out.display().to_string(),
        prompts,
        hooks: points.iter().map(ToString::to_string).collect(),
    };
    if args.json {
        super::write_json(out, &record)?;
    } else {
        writeln!(
            out,
            "{}: {prompts} prompts, {} hook points",
            args.out.display(),
            record.hooks.len()
        )?;
    }
    Ok(Outcome::Done)
}
