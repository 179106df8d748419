//! `dt-data generate`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use dt_data::{Card, DataError, Dataset, Recipe, store};
use dt_env::files::Staging;
use serde::Serialize;

use super::Outcome;

/// Walk a recipe's demonstrators and write the dataset.
///
/// Prints the dataset's card: what is in it, in numbers. The same recipe and seed give the same
/// bytes, for any number of threads.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-data generate datasets/memory-post.ron --out runs/post")]
pub struct Args {
    /// Recipe: a name from --list, or a path to a .ron file
    #[arg(default_value = "memory")]
    recipe: String,
    /// List the built-in recipes and exit; with --json, as one object: `recipes`, a list of
    /// objects with `name`, `env` and `parts` [default: generate]
    #[arg(long)]
    list: bool,
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
    if args.list {
        return list(args.json, out);
    }
    let started = Instant::now();
    let mut recipe = Recipe::find(&args.recipe)?;
    recipe.seed = args.seed.unwrap_or(recipe.seed);
    let dir = match &args.out {
        Some(dir) => dir.clone(),
        None => Path::new("runs/datasets").join(&recipe.name),
    };
    super::refuse_within_dataset(&dir, &super::real(&dir)?)?;
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
    dt_env::note!(
        "wrote {} in {:.1} s",
        dir.display(),
        started.elapsed().as_secs_f64()
    );
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Listing {
    recipes: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    env: String,
    parts: usize,
}

fn list(json: bool, out: &mut impl Write) -> Result<Outcome> {
    let row = |(name, recipe): (_, Recipe)| Row {
        name,
        env: recipe.env,
        parts: recipe.parts.len(),
    };
    let recipes: Vec<Row> = Recipe::all_builtin().into_iter().map(row).collect();
    if json {
        super::write_json(out, &Listing { recipes })?;
        return Ok(Outcome::Done);
    }
    writeln!(out, "{:<16}{:>6}  ENV", "RECIPE", "PARTS")?;
    for row in recipes {
        writeln!(out, "{:<16}{:>6}  {}", row.name, row.parts, row.env)?;
    }
    Ok(Outcome::Done)
}

fn generate(recipe: &Recipe, dir: &Path, force: bool) -> Result<Card, DataError> {
    Staging::check(dir, &store::KIND, force)?;
    let (data, card) = Dataset::generate(recipe)?;
    store::write(dir, data, card, force)
}
