//! `dt-env list`

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use dt_env::{Env, EnvSpec, PickupRule};
use serde::Serialize;

use super::Outcome;
use super::table::{Align, write_table};

/// List the built-in environments.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  dt-env list\n  dt-env list --facts\n  dt-env list --json | jq -r '.environments[].id'"
)]
pub struct Args {
    /// Print one JSON object: `environments`, a list of objects with `id`, `size` ([columns,
    /// rows]), `max_steps`, `view_size`, `see_through_walls`, `pickup`, `layouts` (outcomes of a
    /// reset, null where they are not enumerated), `facts` (what resets decide: each name with its
    /// values) and `description` [default: a table]
    #[arg(long)]
    json: bool,

    /// Print what resets of each environment decide, by the names that studies use
    #[arg(long, conflicts_with = "json")]
    facts: bool,
}

#[derive(Serialize)]
struct Listing {
    environments: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    size: [usize; 2],
    max_steps: u32,
    view_size: u8,
    see_through_walls: bool,
    pickup: PickupRule,
    layouts: Option<usize>,
    facts: BTreeMap<String, Vec<String>>,
    description: String,
}

impl Row {
    fn new(spec: EnvSpec) -> Self {
        let env = Env::new(Arc::new(spec));
        let (spec, grid) = (env.spec(), env.world().grid());
        Self {
            id: spec.id.clone(),
            size: [grid.width(), grid.height()],
            max_steps: spec.max_steps(),
            view_size: spec.view_size,
            see_through_walls: spec.see_through_walls,
            pickup: spec.pickup,
            layouts: spec.layouts().map(|all| all.len()),
            facts: spec.axes().into_iter().collect(),
            description: spec.description.clone(),
        }
    }
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let environments: Vec<Row> = EnvSpec::all_builtin().into_iter().map(Row::new).collect();
    if args.json {
        super::write_json(out, &Listing { environments })?;
        return Ok(Outcome::Done);
    }
    if args.facts {
        let rows = facts(&environments);
        let columns = [
            ("ID", Align::Left),
            ("FACT", Align::Left),
            ("VALUES", Align::Left),
        ];
        write_table(out, columns, &rows)?;
        return Ok(Outcome::Done);
    }
    let rows: Vec<[String; 5]> = environments
        .into_iter()
        .map(|row| {
            [
                row.id,
                format!("{}x{}", row.size[0], row.size[1]),
                row.max_steps.to_string(),
                row.view_size.to_string(),
                row.description,
            ]
        })
        .collect();
    let columns = [
        ("ID", Align::Left),
        ("SIZE", Align::Right),
        ("MAX_STEPS", Align::Right),
        ("VIEW", Align::Right),
        ("DESCRIPTION", Align::Left),
    ];
    write_table(out, columns, &rows)?;
    Ok(Outcome::Done)
}

/// A row for each fact of each environment; one with dashes where all resets are the same.
fn facts(environments: &[Row]) -> Vec<[String; 3]> {
    let mut rows = Vec::new();
    for env in environments {
        if env.facts.is_empty() {
            rows.push([env.id.clone(), "-".to_owned(), "-".to_owned()]);
        }
        for (fact, values) in &env.facts {
            rows.push([env.id.clone(), fact.clone(), values.join(", ")]);
        }
    }
    rows
}
