//! The table of layouts by seed, `memory_seeds.json`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::{FileReport, GoldenError, Verdict};
use crate::core::rng::{Pcg64, decimal_to_words};
use crate::core::tile::Object;
use crate::env::Env;
use crate::shared::files::io_error;
use crate::spec::EnvSpec;
use crate::tasks::WorldConfig;
use crate::tasks::memory::{MemoryLayout, Side};

/// Most that is read of a table; the recorded one has under 1 MB and a cut one does not parse.
const MAX_BYTES: u64 = 8 << 20;

/// Cue, top, bottom, side of the matching target, corridor's end, agent x, y and heading.
type Columns = (String, String, String, String, u8, u8, u8, u8);
/// Generator: state, `has_uint32`, `uinteger`.
type Generator = (String, u8, u32);

#[derive(Deserialize)]
struct Table {
    envs: BTreeMap<String, Rows>,
}

#[derive(Deserialize)]
struct Rows {
    rows: Vec<Row>,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Row(
    String,
    String,
    String,
    String,
    String,
    u8,
    u8,
    u8,
    u8,
    [u8; 2],
    [u8; 2],
    Columns,
    Generator,
);

fn columns(layout: &MemoryLayout, y: u8) -> Columns {
    let (top, bottom) = layout.configuration.order.objects();
    let side = match layout.configuration.success_side() {
        Side::Left => "top",
        Side::Right => "bottom",
    };
    let name = |object: Object| object.name().to_owned();
    (
        name(layout.configuration.instruction),
        name(top),
        name(bottom),
        side.to_owned(),
        layout.hallway_end,
        layout.agent_x,
        y,
        layout.agent_dir as u8,
    )
}

/// The row that this engine gives for a seed.
fn row(env: &mut Env, seed: &str, words: &[u32]) -> Option<Row> {
    let WorldConfig::Memory(memory) = env.spec().world.clone() else {
        return None;
    };
    env.reset_with(Pcg64::from_seed_words(words));
    let layout = *env.layout().memory()?;
    let first = columns(&layout, env.world().agent().y);
    let (state, _, has_uint32, uinteger) = env.rng().state();
    let side = layout.configuration.success_side();
    let cell = |side| {
        let (x, y) = layout.target_cell(memory.size, side);
        [x, y]
    };
    env.reset_next();
    let second = columns(env.layout().memory()?, env.world().agent().y);
    Some(Row(
        seed.to_owned(),
        first.0,
        first.1,
        first.2,
        first.3,
        first.4,
        first.5,
        first.6,
        first.7,
        cell(side),
        cell(side.other()),
        second,
        // The table writes 0 for a half that has been used; numpy keeps it.
        (
            format!("{state:032x}"),
            u8::from(has_uint32),
            if has_uint32 { uinteger } else { 0 },
        ),
    ))
}

/// Checks every row of the table; `path` only names it in errors.
///
/// # Errors
/// If the stream fails or holds no such table.
pub fn check_seed_table(path: &Path, table: impl Read) -> Result<FileReport, GoldenError> {
    let mut text = String::new();
    table
        .take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(io_error(path))?;
    let malformed = |message: String| GoldenError::Malformed {
        path: path.to_owned(),
        line: 0,
        message,
    };
    let table: Table = serde_json::from_str(&text).map_err(|e| malformed(e.to_string()))?;
    let mut rows = 0;
    let mut verdict = Verdict::Pass;
    for (id, recorded) in &table.envs {
        let spec =
            EnvSpec::builtin(id).ok_or_else(|| malformed(format!("unknown environment {id}")))?;
        let mut env = Env::new(spec.into());
        for expected in &recorded.rows {
            let words = decimal_to_words(&expected.0)
                .ok_or_else(|| malformed(format!("{id}: seed {}", expected.0)))?;
            rows += 1;
            let here = row(&mut env, &expected.0, &words);
            if here.as_ref() != Some(expected) && verdict == Verdict::Pass {
                verdict = Verdict::Mismatch(format!(
                    "{id}: seed {}: {here:?} here, {expected:?} recorded",
                    expected.0
                ));
            }
        }
    }
    Ok(FileReport {
        file: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        episodes: rows,
        steps: 0,
        from_seed: true,
        verdict,
    })
}
