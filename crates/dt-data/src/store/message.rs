//! Record batches out of the bytes of an Arrow file that may be hostile.
//!
//! arrow's decoder trusts offsets, lengths and counts in places (it panics, or takes a negative
//! number for a huge one), so that every one of them is checked here before it sees a message.

use std::fmt::Display;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, Endianness, Footer, root_as_footer, root_as_message};
use arrow_schema::{DataType, Field, Fields, Schema};

use super::schema::describe;

/// Record batches of an Arrow IPC file whose columns are the expected ones.
///
/// Batches are slices of the file in memory, and no two of them may share bytes, so that a length
/// that lies cannot cost an allocation.
pub(super) fn decode(file: &Buffer, expected: &Schema) -> Result<Vec<RecordBatch>, String> {
    let footer = read_footer(file)?;
    let schema = Arc::new(read_schema(footer, expected)?);
    let decoder = FileDecoder::new(schema, footer.version());
    let mut batches = Vec::new();
    let mut bytes_left = file.len();
    for block in footer.recordBatches().iter().flatten() {
        let bytes = block_bytes(file, block).ok_or("a block lies outside the file")?;
        bytes_left = bytes_left
            .checked_sub(bytes.len())
            .ok_or("blocks overlap each other")?;
        check_message(&bytes, block.metaDataLength() as usize, expected.fields())?;
        batches.extend(
            decoder
                .read_record_batch(block, &bytes)
                .map_err(unreadable)?,
        );
    }
    Ok(batches)
}

fn unreadable(error: impl Display) -> String {
    format!("not a readable Arrow file: {error}")
}

fn read_footer(file: &Buffer) -> Result<Footer<'_>, String> {
    let (rest, trailer) = file.split_last_chunk().ok_or(unreadable("too short"))?;
    let length = read_footer_length(*trailer).map_err(unreadable)?;
    let at = rest
        .len()
        .checked_sub(length)
        .ok_or(unreadable("footer longer than the file"))?;
    root_as_footer(&rest[at..]).map_err(unreadable)
}

fn read_schema(footer: Footer<'_>, expected: &Schema) -> Result<Schema, String> {
    let schema = footer.schema().ok_or(unreadable("no schema"))?;
    if schema.endianness() != Endianness::Little {
        return Err("is big-endian, datasets are little-endian".to_owned());
    }
    let schema = try_fb_to_schema(schema).map_err(unreadable)?;
    if schema.fields() != expected.fields() {
        return Err(format!(
            "columns are {}, expected {}",
            describe(&schema),
            describe(expected)
        ));
    }
    if footer.dictionaries().is_some_and(|d| !d.is_empty()) {
        return Err("has dictionaries, which datasets never do".to_owned());
    }
    Ok(schema)
}

fn block_bytes(file: &Buffer, block: &Block) -> Option<Buffer> {
    let offset = usize::try_from(block.offset()).ok()?;
    let metadata = usize::try_from(block.metaDataLength()).ok()?;
    let body = usize::try_from(block.bodyLength()).ok()?;
    let length = metadata.checked_add(body)?;
    (offset.checked_add(length)? <= file.len()).then(|| file.slice_with_length(offset, length))
}

/// Checks that a block holds one plain record batch of these columns, and that all of its parts
/// lie inside the block's body.
fn check_message(block: &[u8], metadata_len: usize, fields: &Fields) -> Result<(), String> {
    let (metadata, body) = block.split_at(metadata_len);
    // A message starts with its length, and since Arrow 0.15 with a marker before that.
    let message = match metadata.first_chunk() {
        Some([0xff, 0xff, 0xff, 0xff]) => metadata.get(8..),
        _ => metadata.get(4..),
    };
    let message = message.ok_or(unreadable("a message is too short"))?;
    let message = root_as_message(message).map_err(unreadable)?;
    let batch = message
        .header_as_record_batch()
        .ok_or(unreadable("a block is not a record batch"))?;
    if batch.compression().is_some() {
        return Err("is compressed, which datasets never are".to_owned());
    }
    if batch.variadicBufferCounts().is_some_and(|v| !v.is_empty()) {
        return Err(unreadable("a batch has buffers of no column"));
    }

    let mut columns = Vec::new();
    let rows = batch.length();
    for field in fields {
        expect_columns(field, rows, &mut columns).ok_or(unreadable("impossible row count"))?;
    }
    let nodes = batch.nodes().unwrap_or_default();
    if nodes.len() != columns.len() {
        return Err(unreadable("a batch has another number of columns"));
    }
    for (node, column) in nodes.iter().zip(&columns) {
        let most_nulls = if column.nullable { column.length } else { 0 };
        if node.length() != column.length || !(0..=most_nulls).contains(&node.null_count()) {
            return Err(unreadable("a column has another length than its batch"));
        }
    }
    let buffers = batch.buffers().unwrap_or_default();
    let widths: Vec<i64> = columns.iter().flat_map(|c| c.widths.clone()).collect();
    if buffers.len() != widths.len() {
        return Err(unreadable("a batch has another number of buffers"));
    }
    for (buffer, width) in buffers.iter().zip(widths) {
        let end = buffer.offset().checked_add(buffer.length());
        let fits = end.is_some_and(|end| end as u64 <= body.len() as u64);
        if buffer.offset() < 0 || buffer.length() < 0 || !fits {
            return Err(unreadable("a buffer lies outside its block"));
        }
        if buffer.length() % width != 0 {
            return Err(unreadable("a buffer ends within a value"));
        }
    }
    Ok(())
}

/// What a message has to say of a column, or of what a list column holds.
struct Column {
    length: i64,
    nullable: bool,
    /// Bytes of a value in each of its buffers, the bitmap of nulls first.
    widths: Vec<i64>,
}

/// Lists a column and its children in the order of a message. `None` if a length overflows.
fn expect_columns(field: &Field, length: i64, out: &mut Vec<Column>) -> Option<()> {
    let (widths, child) = match field.data_type() {
        DataType::Utf8 => (vec![1, 4, 1], None),
        DataType::FixedSizeList(item, size) => (vec![1], Some((item, *size))),
        other => (vec![1, other.primitive_width().unwrap_or(1) as i64], None),
    };
    out.push(Column {
        length: (length >= 0).then_some(length)?,
        nullable: field.is_nullable(),
        widths,
    });
    match child {
        Some((item, size)) => expect_columns(item, length.checked_mul(i64::from(size))?, out),
        None => Some(()),
    }
}
