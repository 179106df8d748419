//! Results as one tidy table: agent × seed × facet × edit × metric, in CSV and Arrow.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, Schema};

use crate::Error;
use crate::draw::csv;

/// Names of the columns.
const COLUMNS: [&str; 6] = ["agent", "seed", "facet", "edit", "metric", "value"];

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name of the agent's kind.
    pub agent: String,
    /// Seed of its training; none for an imported agent.
    pub seed: Option<u64>,
    /// Facet, or nothing for what is about the whole agent.
    pub facet: String,
    /// Edit, component, site or item.
    pub edit: String,
    /// What is measured.
    pub metric: String,
    /// The number; missing where there is none.
    pub value: Option<f64>,
}

/// `NAME.csv` and `NAME.arrow`: names and bytes.
///
/// # Errors
/// If the rows cannot be encoded.
pub fn table_files(rows: &[Row], name: &str) -> Result<[(String, Vec<u8>); 2], Error> {
    let mut table = String::new();
    csv::push_row(&mut table, COLUMNS);
    for row in rows {
        let seed = row.seed.map_or(String::new(), |s| s.to_string());
        let value = csv::number(row.value);
        csv::push_row(
            &mut table,
            [
                &row.agent,
                &seed,
                &row.facet,
                &row.edit,
                &row.metric,
                &value,
            ],
        );
    }
    let file = format!("{name}.arrow");
    let bytes = arrow(rows).map_err(|e| Error::corrupt(&file, &e))?;
    Ok([(format!("{name}.csv"), table.into_bytes()), (file, bytes)])
}

fn arrow(rows: &[Row]) -> Result<Vec<u8>, arrow_schema::ArrowError> {
    let text = |f: fn(&Row) -> &str| -> ArrayRef {
        Arc::new(rows.iter().map(|r| Some(f(r))).collect::<StringArray>())
    };
    let field = |name: &str, kind, nullable| Field::new(name, kind, nullable);
    let schema = Arc::new(Schema::new(vec![
        field("agent", DataType::Utf8, false),
        field("seed", DataType::UInt64, true),
        field("facet", DataType::Utf8, false),
        field("edit", DataType::Utf8, false),
        field("metric", DataType::Utf8, false),
        field("value", DataType::Float64, true),
    ]));
    let columns: Vec<ArrayRef> = vec![
        text(|r| &r.agent),
        Arc::new(rows.iter().map(|r| r.seed).collect::<UInt64Array>()),
        text(|r| &r.facet),
        text(|r| &r.edit),
        text(|r| &r.metric),
        Arc::new(rows.iter().map(|r| r.value).collect::<Float64Array>()),
    ];
    let batch = RecordBatch::try_new(schema.clone(), columns)?;
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new(&mut bytes, &schema)?;
    writer.write(&batch)?;
    writer.finish()?;
    drop(writer);
    Ok(bytes)
}
