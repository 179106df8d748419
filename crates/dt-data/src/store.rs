//! Datasets on disk: `steps.arrow`, `episodes.arrow` (Arrow IPC files) and `card.json`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::{Float64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeListArray, Float64Array, PrimitiveArray, RecordBatch,
    StringArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::writer::FileWriter;
use arrow_ipc::{Block, root_as_footer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::card::Card;
use crate::dataset::{DataError, Dataset, NO_ACTION};
use crate::episode::{Episode, Outcome};

/// Rows per record batch.
const BATCH_ROWS: usize = 1 << 16;

fn steps_schema(observation_len: usize) -> Schema {
    let item = Arc::new(Field::new("item", DataType::UInt8, false));
    Schema::new(vec![
        Field::new("episode", DataType::UInt32, false),
        Field::new("step", DataType::UInt16, false),
        Field::new(
            "observation",
            DataType::FixedSizeList(item, observation_len as i32),
            false,
        ),
        Field::new("action", DataType::UInt8, true),
        Field::new("reward", DataType::Float64, false),
        Field::new("terminated", DataType::Boolean, false),
        Field::new("truncated", DataType::Boolean, false),
    ])
}

fn episodes_schema() -> Schema {
    Schema::new(vec![
        Field::new("episode", DataType::UInt32, false),
        Field::new("first_row", DataType::UInt64, false),
        Field::new("length", DataType::UInt32, false),
        Field::new("policy", DataType::Utf8, false),
        Field::new("temperature", DataType::Float64, true),
        Field::new("env_seed", DataType::UInt64, false),
        Field::new("instruction", DataType::Utf8, true),
        Field::new("left_right", DataType::Utf8, true),
        Field::new("target_side", DataType::Utf8, true),
        Field::new("outcome", DataType::Utf8, false),
        Field::new("return", DataType::Float64, false),
    ])
}

/// Writes a dataset directory; returns the card with its content hash.
///
/// Everything is written into a temporary directory beside `dir`, which then takes its name, so
/// that a failure leaves what was there as it was.
///
/// # Errors
/// If `dir` exists and `force` is not set, or a file cannot be written.
pub fn write(dir: &Path, data: Dataset, mut card: Card, force: bool) -> Result<Card, DataError> {
    if dir.exists() && !force {
        return Err(DataError::Exists(dir.to_owned()));
    }
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| DataError::Io { path, source }
    };
    let parent = match dir.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(io(parent))?;
    let staging = tempfile::Builder::new()
        .prefix(".dataset-")
        .tempdir_in(parent)
        .map_err(io(parent))?;
    let mut hasher = blake3::Hasher::new();
    let episodes = episodes_batch(&data);
    for (name, bytes) in [
        ("steps.arrow", encode(&steps_batches(data))),
        ("episodes.arrow", encode(&[episodes])),
    ] {
        let path = staging.path().join(name);
        let bytes = bytes.map_err(|e| DataError::Corrupt {
            path: dir.join(name),
            message: e.to_string(),
        })?;
        hasher.update(&bytes);
        fs::write(&path, &bytes).map_err(io(&dir.join(name)))?;
    }
    card.content_blake3 = hasher.finalize().to_hex().to_string();
    let text = serde_json::to_string_pretty(&card).expect("a card is plain data");
    fs::write(staging.path().join("card.json"), text + "\n").map_err(io(&dir.join("card.json")))?;
    replace_dir(staging, dir).map_err(io(dir))?;
    Ok(card)
}

/// Gives a finished temporary directory its name; an old one of that name goes last.
fn replace_dir(staging: tempfile::TempDir, dir: &Path) -> std::io::Result<()> {
    // `keep` only once all files are there, so that a failure above cleans up after itself.
    let staging = staging.keep();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&staging, fs::Permissions::from_mode(0o755))?;
    }
    if dir.exists() {
        let old = dir.with_extension("replaced");
        fs::rename(dir, &old)?;
        fs::rename(&staging, dir)?;
        return fs::remove_dir_all(&old);
    }
    fs::rename(&staging, dir)
}

fn encode(batches: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let size: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
    let mut out = Vec::with_capacity(size + size / 64 + 4096);
    let mut writer = FileWriter::try_new(&mut out, &batches[0].schema())?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    drop(writer);
    Ok(out)
}

/// The steps, cut into batches that share the dataset's own memory.
fn steps_batches(data: Dataset) -> Vec<RecordBatch> {
    let rows = data.rows();
    let schema: SchemaRef = Arc::new(steps_schema(data.observation_len));
    let mut episode = Vec::with_capacity(rows);
    let mut step = Vec::with_capacity(rows);
    for (n, e) in data.episodes.iter().enumerate() {
        for t in 0..=e.length {
            episode.push(n as u32);
            step.push(t as u16);
        }
    }
    let valid: NullBuffer = data.actions.iter().map(|&a| a != NO_ACTION).collect();
    // The value under a null is 0, so that equal datasets have equal bytes.
    let actions: Vec<u8> = data
        .actions
        .iter()
        .map(|&a| if a == NO_ACTION { 0 } else { a })
        .collect();
    let DataType::FixedSizeList(item, _) = schema.field(2).data_type().clone() else {
        unreachable!("the schema says a list");
    };
    let bytes = UInt8Array::new(ScalarBuffer::from(data.observations), None);
    let list =
        FixedSizeListArray::new(item, data.observation_len as i32, Arc::new(bytes), None);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt32Array::from(episode)),
        Arc::new(UInt16Array::from(step)),
        Arc::new(list),
        Arc::new(UInt8Array::new(actions.into(), Some(valid))),
        Arc::new(Float64Array::from(data.rewards)),
        Arc::new(BooleanArray::from(data.terminated)),
        Arc::new(BooleanArray::from(data.truncated)),
    ];
    let whole = RecordBatch::try_new(schema, columns).expect("columns are of one length");
    (0..rows)
        .step_by(BATCH_ROWS)
        .map(|from| whole.slice(from, BATCH_ROWS.min(rows - from)))
        .collect()
}

fn episodes_batch(data: &Dataset) -> RecordBatch {
    let e = &data.episodes;
    let text = |of: fn(&Episode) -> Option<&str>| -> ArrayRef {
        Arc::new(e.iter().map(of).collect::<StringArray>())
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new((0..e.len() as u32).collect::<PrimitiveArray<UInt32Type>>()),
        Arc::new(
            e.iter()
                .map(|e| e.first_row as u64)
                .collect::<PrimitiveArray<UInt64Type>>(),
        ),
        Arc::new(
            e.iter()
                .map(|e| e.length as u32)
                .collect::<PrimitiveArray<UInt32Type>>(),
        ),
        text(|e| Some(&e.policy)),
        Arc::new(e.iter().map(|e| e.temperature).collect::<Float64Array>()),
        Arc::new(
            e.iter()
                .map(|e| e.env_seed)
                .collect::<PrimitiveArray<UInt64Type>>(),
        ),
        text(|e| e.instruction.as_deref()),
        text(|e| e.left_right.as_deref()),
        text(|e| e.target_side.as_deref()),
        text(|e| Some(e.outcome.name())),
        Arc::new(
            e.iter()
                .map(|e| e.total_return)
                .collect::<PrimitiveArray<Float64Type>>(),
        ),
    ];
    RecordBatch::try_new(Arc::new(episodes_schema()), columns).expect("columns are of one length")
}

/// Reads a dataset directory and checks that its content is what the card says.
///
/// # Errors
/// If a file is missing, damaged, or not of this format.
pub fn read(dir: &Path) -> Result<(Dataset, Card), DataError> {
    let card = read_card(dir)?;
    let observation_len = card.env.observation_len();
    let mut hasher = blake3::Hasher::new();
    let mut load = |name: &str| -> Result<Buffer, DataError> {
        let path = dir.join(name);
        let bytes = fs::read(&path).map_err(|source| DataError::Io { path, source })?;
        hasher.update(&bytes);
        Ok(Buffer::from_vec(bytes))
    };
    let steps = load("steps.arrow")?;
    let episodes = load("episodes.arrow")?;
    if hasher.finalize().to_hex().as_str() != card.content_blake3 {
        return Err(DataError::Corrupt {
            path: dir.to_owned(),
            message: "content does not match the blake3 in card.json; a file is damaged or was \
                      changed, generate the dataset again"
                .to_owned(),
        });
    }
    let dataset = decode_dataset(dir, &steps, &episodes, observation_len)?;
    Ok((dataset, card))
}

/// Reads the card of a dataset directory.
///
/// # Errors
/// If it is missing or not a card.
pub fn read_card(dir: &Path) -> Result<Card, DataError> {
    let path = dir.join("card.json");
    let text = fs::read_to_string(&path).map_err(|source| DataError::Io {
        path: path.clone(),
        source,
    })?;
    let card: Card = serde_json::from_str(&text).map_err(|e| DataError::Corrupt {
        path: path.clone(),
        message: e.to_string(),
    })?;
    if card.format != 1 {
        return Err(DataError::Corrupt {
            path,
            message: format!("format {}, this version reads format 1", card.format),
        });
    }
    Ok(card)
}

/// Decodes the two files from memory; a hostile file gives an error, never a panic.
///
/// # Errors
/// [`DataError::Corrupt`], which names the file.
pub fn decode_dataset(
    dir: &Path,
    steps: &Buffer,
    episodes: &Buffer,
    observation_len: usize,
) -> Result<Dataset, DataError> {
    let corrupt = |name: &str| {
        let path: PathBuf = dir.join(name);
        move |message: String| DataError::Corrupt { path, message }
    };
    let steps =
        decode(steps, &steps_schema(observation_len)).map_err(corrupt("steps.arrow"))?;
    let episodes = decode(episodes, &episodes_schema()).map_err(corrupt("episodes.arrow"))?;
    let mut data = Dataset {
        observation_len,
        observations: Vec::new(),
        actions: Vec::new(),
        rewards: Vec::new(),
        terminated: Vec::new(),
        truncated: Vec::new(),
        returns_to_go: Vec::new(),
        episodes: read_episodes(&episodes).map_err(corrupt("episodes.arrow"))?,
    };
    for batch in &steps {
        append_steps(&mut data, batch).map_err(corrupt("steps.arrow"))?;
    }
    check(&data).map_err(corrupt("steps.arrow"))?;
    data.fill_returns_to_go();
    Ok(data)
}

/// Record batches of an IPC file whose schema is the expected one.
///
/// Blocks are slices of the file in memory, so a length that lies cannot cost an allocation.
fn decode(file: &Buffer, expected: &Schema) -> Result<Vec<RecordBatch>, String> {
    const TRAILER: usize = 10;
    let say = |e: &dyn std::fmt::Display| format!("not a readable Arrow file: {e}");
    let trailer_at = file
        .len()
        .checked_sub(TRAILER)
        .ok_or("not a readable Arrow file: too short")?;
    let trailer: [u8; TRAILER] = file[trailer_at..].try_into().expect("ten bytes");
    let footer_len = read_footer_length(trailer).map_err(|e| say(&e))?;
    let footer_at = trailer_at
        .checked_sub(footer_len)
        .ok_or("not a readable Arrow file: footer longer than the file")?;
    let footer = root_as_footer(&file[footer_at..trailer_at]).map_err(|e| say(&e))?;
    let schema = footer.schema().ok_or("not a readable Arrow file: no schema")?;
    let schema = try_fb_to_schema(schema).map_err(|e| say(&e))?;
    if schema.fields() != expected.fields() {
        return Err(format!(
            "columns are {}, expected {}",
            columns(&schema),
            columns(expected)
        ));
    }
    if footer.dictionaries().is_some_and(|d| !d.is_empty()) {
        return Err("has dictionaries, which datasets never do".to_owned());
    }
    let decoder = FileDecoder::new(Arc::new(schema), footer.version());
    let mut batches = Vec::new();
    for block in footer.recordBatches().iter().flatten() {
        let bytes = block_bytes(file, block).ok_or("a block lies outside the file")?;
        let batch = decoder.read_record_batch(block, &bytes).map_err(|e| say(&e))?;
        batches.extend(batch);
    }
    Ok(batches)
}

fn block_bytes(file: &Buffer, block: &Block) -> Option<Buffer> {
    let offset = usize::try_from(block.offset()).ok()?;
    let metadata = usize::try_from(block.metaDataLength()).ok()?;
    let body = usize::try_from(block.bodyLength()).ok()?;
    let length = metadata.checked_add(body)?;
    (offset.checked_add(length)? <= file.len()).then(|| file.slice_with_length(offset, length))
}

fn columns(schema: &Schema) -> String {
    let names: Vec<String> = schema
        .fields()
        .iter()
        .map(|f| format!("{}: {}", f.name(), f.data_type()))
        .collect();
    names.join(", ")
}

fn column<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T, String> {
    let array = batch
        .column_by_name(name)
        .and_then(|a| a.as_any().downcast_ref::<T>())
        .ok_or_else(|| format!("column `{name}` is missing"))?;
    Ok(array)
}

fn append_steps(data: &mut Dataset, batch: &RecordBatch) -> Result<(), String> {
    let lists: &FixedSizeListArray = column(batch, "observation")?;
    let bytes = lists
        .values()
        .as_any()
        .downcast_ref::<PrimitiveArray<UInt8Type>>()
        .ok_or("column `observation` does not hold bytes")?;
    let from = lists.value_offset_at(0);
    let wanted = batch.num_rows() * data.observation_len;
    let values = bytes
        .values()
        .get(from..from + wanted)
        .ok_or("column `observation` is too short")?;
    data.observations.extend_from_slice(values);
    let actions: &UInt8Array = column(batch, "action")?;
    data.actions
        .extend(actions.iter().map(|a| a.unwrap_or(NO_ACTION)));
    let rewards: &Float64Array = column(batch, "reward")?;
    data.rewards.extend_from_slice(rewards.values());
    let bits = |name| -> Result<BooleanBuffer, String> {
        Ok(column::<BooleanArray>(batch, name)?.values().clone())
    };
    data.terminated.extend(bits("terminated")?.iter());
    data.truncated.extend(bits("truncated")?.iter());
    let _: &PrimitiveArray<UInt16Type> = column(batch, "step")?;
    Ok(())
}

fn read_episodes(batches: &[RecordBatch]) -> Result<Vec<Episode>, String> {
    let mut out = Vec::new();
    for batch in batches {
        let first_row: &UInt64Array = column(batch, "first_row")?;
        let length: &UInt32Array = column(batch, "length")?;
        let policy: &StringArray = column(batch, "policy")?;
        let temperature: &Float64Array = column(batch, "temperature")?;
        let env_seed: &UInt64Array = column(batch, "env_seed")?;
        let instruction: &StringArray = column(batch, "instruction")?;
        let left_right: &StringArray = column(batch, "left_right")?;
        let target_side: &StringArray = column(batch, "target_side")?;
        let outcome: &StringArray = column(batch, "outcome")?;
        let total_return: &Float64Array = column(batch, "return")?;
        let text =
            |a: &StringArray, n: usize| a.is_valid(n).then(|| a.value(n).to_owned());
        for n in 0..batch.num_rows() {
            let outcome = Outcome::ALL
                .into_iter()
                .find(|o| o.name() == outcome.value(n))
                .ok_or_else(|| format!("row {n}: unknown outcome `{}`", outcome.value(n)))?;
            out.push(Episode {
                first_row: first_row.value(n) as usize,
                length: length.value(n) as usize,
                policy: policy.value(n).to_owned(),
                temperature: temperature.is_valid(n).then(|| temperature.value(n)),
                env_seed: env_seed.value(n),
                instruction: text(instruction, n),
                left_right: text(left_right, n),
                target_side: text(target_side, n),
                outcome,
                total_return: total_return.value(n),
            });
        }
    }
    Ok(out)
}

/// Checks what training relies on.
fn check(data: &Dataset) -> Result<(), String> {
    let mut row = 0_usize;
    for (n, episode) in data.episodes.iter().enumerate() {
        let end = row.checked_add(episode.length).and_then(|r| r.checked_add(1));
        let end = end.filter(|&end| end <= data.rows() && episode.length > 0);
        let (Some(end), true) = (end, episode.first_row == row) else {
            return Err(format!("episode {n} does not fit the rows"));
        };
        let actions = &data.actions[row..end - 1];
        if actions.iter().any(|&a| a as usize >= dt_env::Action::COUNT)
            || data.actions[end - 1] != NO_ACTION
        {
            return Err(format!("episode {n} has an impossible action"));
        }
        if data.rewards[row..end].iter().any(|r| !r.is_finite()) {
            return Err(format!("episode {n} has a reward that is not finite"));
        }
        row = end;
    }
    if row != data.rows() || data.episodes.is_empty() {
        return Err(format!("{} rows, episodes cover {row}", data.rows()));
    }
    let cells = data.observations.as_chunks::<3>().0;
    if cells.iter().any(|c| c[0] > 10 || c[1] > 5 || c[2] > 2) {
        return Err("an observation has a cell that MiniGrid does not know".to_owned());
    }
    Ok(())
}
