//! Comma-separated values: the one rule of quoting for every table of the lab.
//!
//! RFC 4180, section 2: a cell with a comma, a quote or a line end stands between quotes, and
//! quotes in it are doubled. Lines end in a line feed alone, as git and most readers like it.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and runs it
//! (CWE-1236). Text that begins so, or with a tab or a line end, gets an apostrophe before it;
//! numbers stay as they are.

use std::borrow::Cow;

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
    let harmless = match is_formula(cell) {
        true => Cow::Owned(format!("'{cell}")),
        false => Cow::Borrowed(cell),
    };
    let cell = harmless.as_ref();
    if cell.contains([',', '"', '\n', '\r']) {
        table.push('"');
        table.push_str(&cell.replace('"', "\"\""));
        table.push('"');
    } else {
        table.push_str(cell);
    }
}

/// Whether a spreadsheet would take a cell for a formula.
fn is_formula(cell: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let is_number = || cell.chars().all(digits) && cell.parse::<f64>().is_ok();
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_number()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula() {
        let mut table = String::new();
        push_row(
            &mut table,
            [
                "=cmd|'/C calc'!A0",
                "@SUM(1)",
                "+a",
                "-inf",
                "\tx",
                "=\"a\",b",
            ],
        );
        assert_eq!(
            table,
            "'=cmd|'/C calc'!A0,'@SUM(1),'+a,'-inf,'\tx,\"'=\"\"a\"\",b\"\n"
        );
        table.clear();
        push_row(&mut table, ["-2", "-0.5", "-1e-7", "+3", "a=b", "−2", ""]);
        assert_eq!(table, "-2,-0.5,-1e-7,+3,a=b,−2,\n");
    }

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
