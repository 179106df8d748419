//! `dt-data export`

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use dt_data::export::{MinariId, check_place, write_minari};
use dt_data::store;
use serde::Serialize;

use super::Outcome;

/// Write a dataset in another library's format.
///
/// `minari` is Minari's Arrow layout, one folder per episode, which `minari.load_dataset` opens
/// (pip install "minari[arrow]" pillow). Minari looks for a dataset in MINARI_DATASETS_PATH/ID.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  dt-data export runs/datasets/memory --format minari --out runs/minari/memory-v0"
)]
pub struct Args {
    /// Folder of a dataset
    dir: PathBuf,
    /// Format to write
    #[arg(long, value_enum)]
    format: Format,
    /// Folder to write; for Minari, its root folder followed by the id, which ends in -v0 or the like
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Minari's name for it, like name-v0 or namespace/name-v0 [default: the last part of --out]
    #[arg(long)]
    id: Option<MinariId>,
    /// Replace the export at --out if there is one [default: refuse]
    #[arg(long)]
    force: bool,
    /// Print one JSON object: `path`, `id`, `root` (for MINARI_DATASETS_PATH; null if --out does
    /// not end in the id), `episodes` and `steps` [default: text]
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Minari,
}

#[derive(Serialize)]
struct Record {
    path: PathBuf,
    id: String,
    root: Option<PathBuf>,
    episodes: usize,
    steps: usize,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let Format::Minari = args.format;
    let id = match &args.id {
        Some(id) => id.clone(),
        None => MinariId::for_dir(&super::real(&args.out)?),
    };
    let (data, card) = store::read(&args.dir)?;
    let real = super::real(&args.out)?;
    super::refuse_within_dataset(&args.out, &real)?;
    check_place(&real)?;
    write_minari(&data, &card, &id, &args.out, args.force)?;
    let path = args.out.canonicalize()?;
    let root = id.root_of(&path);
    if root.is_none() {
        dt_env::note!(
            "note: {} does not end in {id}, so Minari will not list it",
            path.display()
        );
    }
    let record = Record {
        id: id.to_string(),
        root,
        episodes: data.episodes.len(),
        steps: data.transitions(),
        path,
    };
    if args.json {
        super::write_json(out, &record)?;
    } else {
        write_text(out, &record)?;
    }
    Ok(Outcome::Done)
}

fn write_text(out: &mut impl Write, record: &Record) -> Result<()> {
    writeln!(
        out,
        "{}: {} episodes, {} steps, as {}",
        record.path.display(),
        record.episodes,
        record.steps,
        record.id
    )?;
    // Minari takes any path below its root for an id.
    let (root, id) = match &record.root {
        Some(root) => (root.as_path(), record.id.clone()),
        None => {
            let root = record.path.parent().unwrap_or(Path::new("/"));
            let name = record.path.file_name().unwrap_or_default();
            (root, name.to_string_lossy().into_owned())
        }
    };
    writeln!(
        out,
        "MINARI_DATASETS_PATH={} python -c 'import minari; print(minari.load_dataset(\"{id}\"))'",
        root.display()
    )?;
    Ok(())
}
