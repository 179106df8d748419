//! Comma-separated values: the one rule of quoting for every table of the lab.
//!
//! RFC 4180, section 2: a cell with a comma, a quote or a line end stands between quotes, and
//! quotes in it are doubled. Lines end in a line feed alone, as git and most readers like it.

/// Adds a row to a table.
///
/// ```
/// use dt_analysis::draw::csv;
///
/// let mut table = String::new();
/// csv::push_row(&mut table, ["item", "cosine"]);
/// csv::push_row(&mut table, ["a, \"b\"", "0.5"]);
/// assert_eq!(table, "item,cosine\n\"a, \"\"b\"\"\",0.5\n");
/// ```
pub fn push_row<S: AsRef<str>>(table: &mut String, cells: impl IntoIterator<Item = S>) {
    for (n, cell) in cells.into_iter().enumerate() {
        if n > 0 {
            table.push(',');
        }
        push_cell(table, cell.as_ref());
    }
    table.push('\n');
}

/// The shortest decimals that read back as the same number; empty where there is none.
pub fn number(value: impl Into<Option<f64>>) -> String {
    match value.into() {
        Some(value) if value.is_finite() => value.to_string(),
        _ => String::new(),
    }
}

fn push_cell(table: &mut String, cell: &str) {
    if cell.contains([',', '"', '\n', '\r']) {
        table.push('"');
        table.push_str(&cell.replace('"', "\"\""));
        table.push('"');
    } else {
        table.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_a_reader_would_stumble() {
        let mut table = String::new();
        push_row(
            &mut table,
            ["plain", "", "with, comma", "two\nlines", "\"", "a b'"],
        );
        assert_eq!(
            table,
            "plain,,\"with, comma\",\"two\nlines\",\"\"\"\",a b'\n"
        );
    }

    #[test]
    fn what_is_no_number_is_empty() {
        assert_eq!(number(1e-7), "0.0000001");
        assert_eq!(
            number(f64::NAN) + &number(f64::INFINITY) + &number(None),
            ""
        );
    }
}
