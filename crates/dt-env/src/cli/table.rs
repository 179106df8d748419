//! Columns of text, lined up.

use std::io::{self, Write};

/// Side of its column to which a text is pushed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Writes a header and rows of as many cells; the last column is never padded.
pub fn write_table<const N: usize>(
    out: &mut impl Write,
    columns: [(&str, Align); N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let width = |n: usize| {
        let cells = rows.iter().map(|row| row[n].chars().count());
        cells.chain([columns[n].0.chars().count()]).max()
    };
    let widths: [usize; N] = std::array::from_fn(|n| width(n).unwrap_or(0));
    let header = columns.map(|(name, _)| name.to_owned());
    for row in std::iter::once(&header).chain(rows) {
        let mut line = String::new();
        for (n, cell) in row.iter().enumerate() {
            let width = widths[n];
            let padded = match columns[n].1 {
                Align::Left => format!("{cell:<width$}  "),
                Align::Right => format!("{cell:>width$}  "),
            };
            line.push_str(&padded);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut out = Vec::new();
        let rows = [("a", "1"), ("long", "200")].map(|(a, b)| [a.to_owned(), b.to_owned()]);
        let columns = [("name", Align::Left), ("n", Align::Right)];
        write_table(&mut out, columns, &rows).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "name    n\na       1\nlong  200\n"
        );
    }
}
