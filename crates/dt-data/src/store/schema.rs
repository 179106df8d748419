//! Columns of the two files.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};

/// Columns of `steps.arrow`.
pub(super) fn steps_schema(observation_len: usize) -> Schema {
    let item = Arc::new(Field::new("item", DataType::UInt8, false));
    let list = DataType::FixedSizeList(item, observation_len as i32);
    Schema::new(vec![
        Field::new("episode", DataType::UInt32, false),
        Field::new("step", DataType::UInt16, false),
        Field::new("observation", list, false),
        Field::new("action", DataType::UInt8, true),
        Field::new("reward", DataType::Float64, false),
        Field::new("terminated", DataType::Boolean, false),
        Field::new("truncated", DataType::Boolean, false),
    ])
}

/// Columns of `episodes.arrow`.
pub(super) fn episodes_schema() -> Schema {
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

/// Columns as an error message lists them.
pub(super) fn describe(schema: &Schema) -> String {
    let names: Vec<String> = schema
        .fields()
        .iter()
        .map(|f| format!("{}: {}", f.name(), f.data_type()))
        .collect();
    names.join(", ")
}
