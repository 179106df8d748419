//! `dt-data inspect`

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use dt_data::{DataError, store};

use super::Outcome;

/// Show a dataset's card: where it comes from and what is in it.
///
/// Episodes by outcome and configuration, entropy of actions, what each demonstrator did, and the
/// exposure table: in how many frames and episodes each item of the view that the task tells apart is there,
/// and in how many training windows the instruction is seen as this item and as no other.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-data inspect runs/datasets/memory --verify")]
pub struct Args {
    /// Folder of a dataset
    dir: PathBuf,
    /// Print the card as one JSON object, the same as in card.json [default: text]
    #[arg(long)]
    json: bool,
    /// Read the whole dataset too, and check it against the card; the exit code is 1 if it is
    /// damaged
    #[arg(long)]
    verify: bool,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let card = if args.verify {
        match store::read(&args.dir) {
            Ok((_, card)) => card,
            Err(damage @ DataError::Corrupt { .. }) => {
                dt_env::note!("damaged: {damage}");
                return Ok(Outcome::CheckFailed);
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        store::read_card(&args.dir)?
    };
    if args.json {
        super::write_json(out, &card)?;
    } else {
        write!(out, "{}", card.to_text())?;
    }
    if args.verify {
        dt_env::note!("every byte is as the card says");
    }
    Ok(Outcome::Done)
}
