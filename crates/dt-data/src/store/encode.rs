//! A dataset as record batches, and record batches as a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};
use arrow_array::{
    ArrayRef, BooleanArray, FixedSizeListArray, Float64Array, PrimitiveArray, RecordBatch,
    StringArray, UInt8Array, UInt16Array, UInt32Array,
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, SchemaRef};

use super::schema::{episodes_schema, steps_schema};
use crate::dataset::{Dataset, NO_ACTION};
use crate::episode::Episode;

/// Rows per record batch.
const BATCH_ROWS: usize = 1 << 16;

/// Writes an Arrow file that is on the disk when this returns; all bytes go to `hasher` too.
pub(super) fn write_file(
    path: &Path,
    batches: &[RecordBatch],
    hasher: &mut blake3::Hasher,
) -> io::Result<()> {
    let file = write(BufWriter::new(File::create(path)?), batches, hasher)?;
    file.into_inner()?.sync_all()
}

/// Writes an Arrow file to `sink`; all bytes go to `hasher` too.
pub(super) fn write<W: Write>(
    sink: W,
    batches: &[RecordBatch],
    hasher: &mut blake3::Hasher,
) -> io::Result<W> {
    let sink = Hashed { file: sink, hasher };
    let write = || -> Result<W, ArrowError> {
        let mut writer = FileWriter::try_new(sink, &batches[0].schema())?;
        for batch in batches {
            writer.write(batch)?;
        }
        Ok(writer.into_inner()?.file)
    };
    write().map_err(|e| match e {
        ArrowError::IoError(_, source) => source,
        other => io::Error::other(other),
    })
}

/// Counts what it passes on into a hash.
struct Hashed<'a, W> {
    file: W,
    hasher: &'a mut blake3::Hasher,
}

impl<W: Write> Write for Hashed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The steps, cut into batches that share the dataset's own memory.
pub(super) fn steps_batches(data: Dataset) -> Vec<RecordBatch> {
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
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt32Array::from(episode)),
        Arc::new(UInt16Array::from(step)),
        Arc::new(list_of_bytes(
            schema.field(2).data_type(),
            data.observations,
        )),
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

/// Observations one after the other, as an array of this list type.
pub(crate) fn list_of_bytes(list: &DataType, bytes: Vec<u8>) -> FixedSizeListArray {
    let DataType::FixedSizeList(item, size) = list else {
        unreachable!("the schema says a list of fixed size");
    };
    let bytes = UInt8Array::new(ScalarBuffer::from(bytes), None);
    FixedSizeListArray::new(item.clone(), *size, Arc::new(bytes), None)
}

/// The episodes as one batch.
pub(super) fn episodes_batch(data: &Dataset) -> RecordBatch {
    let e = &data.episodes;
    let text = |of: fn(&Episode) -> Option<&str>| -> ArrayRef {
        Arc::new(e.iter().map(of).collect::<StringArray>())
    };
    let u32s = |of: fn((usize, &Episode)) -> u32| -> ArrayRef {
        let values = e.iter().enumerate().map(of);
        Arc::new(values.collect::<PrimitiveArray<UInt32Type>>())
    };
    let u64s = |of: fn(&Episode) -> u64| -> ArrayRef {
        Arc::new(e.iter().map(of).collect::<PrimitiveArray<UInt64Type>>())
    };
    let f64s = |of: fn(&Episode) -> Option<f64>| -> ArrayRef {
        Arc::new(e.iter().map(of).collect::<PrimitiveArray<Float64Type>>())
    };
    let columns: Vec<ArrayRef> = vec![
        u32s(|(n, _)| n as u32),
        u64s(|e| e.first_row as u64),
        u32s(|(_, e)| e.length as u32),
        text(|e| Some(&e.policy)),
        f64s(|e| e.temperature),
        u64s(|e| e.env_seed),
        text(|e| e.instruction.as_deref()),
        text(|e| e.left_right.as_deref()),
        text(|e| e.target_side.as_deref()),
        text(|e| Some(e.outcome.name())),
        f64s(|e| Some(e.total_return)),
    ];
    RecordBatch::try_new(Arc::new(episodes_schema()), columns).expect("columns are of one length")
}
