//! `dt-train devices`.

use std::io::Write;

use anyhow::Result;
use dt_train::device::DeviceSpec;
use serde::Serialize;

use super::{Outcome, write_json};

/// List the devices, and why one cannot be used.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-train devices")]
pub struct Args {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    device: String,
    ready: bool,
    note: String,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let rows: Vec<Row> = DeviceSpec::list()
        .into_iter()
        .map(|(device, state)| Row {
            device,
            ready: state.is_ok(),
            note: state.unwrap_or_else(|why| why),
        })
        .collect();
    if args.json {
        write_json(out, &rows)?;
    } else {
        for row in rows {
            writeln!(out, "{:<17}{}", row.device, row.note)?;
        }
    }
    Ok(Outcome::Done)
}
