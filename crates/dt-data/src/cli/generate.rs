//! `dt-data generate`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use dt_data::{Card, DataError, Dataset, Recipe, store};

use super::Outcome;

/// Walk a recipe's demonstrators and write the dataset.
///
/// Prints the dataset's card: what is in it, in numbers. The same recipe and seed give the same
/// bytes, for any number of threads.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-data generate datasets/memory-post.ron --out runs/post")]
pub struct Args {
    /// Recipe: a path to a .ron file
    #[arg(default_value = "datasets/memory.ron")]
    recipe: String,
    /// Folder to write [default: runs/datasets/NAME, with the recipe's name]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the dataset at DIR if there is one [default: refuse]
    #[arg(long)]
    force: bool,
    /// Root of all random streams [default: the recipe's]
    #[arg(long)]
    seed: Option<u64>,
    /// Threads to walk on [default: all cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print the card as one JSON object, the same as in card.json [default: text]
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let started = Instant::now();
    let mut recipe = Recipe::find(&args.recipe)?;
    recipe.seed = args.seed.unwrap_or(recipe.seed);
    let dir = match &args.out {
        Some(dir) => dir.clone(),
        None => Path::new("runs/datasets").join(&recipe.name),
    };
    let threads = args.threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    let card = pool.install(|| generate(&recipe, &dir, args.force))?;
    if args.json {
        super::write_json(out, &card)?;
    } else {
        write!(out, "{}", card.to_text())?;
    }
    eprintln!(
        "wrote {} in {:.1} s",
        dir.display(),
        started.elapsed().as_secs_f64()
    );
    Ok(Outcome::Done)
}

fn generate(recipe: &Recipe, dir: &Path, force: bool) -> Result<Card, DataError> {
    // Before the work, not after it.
    if !force && dir.symlink_metadata().is_ok() {
        return Err(DataError::Exists(dir.to_owned()));
    }
    let (data, card) = Dataset::generate(recipe)?;
    store::write(dir, data, card, force)
}
