//! Tables as text: columns are as wide as their widest cell, and two spaces apart.

use std::{
    array,
    io::{self, Write},
    iter::once,
};

/// Writes a table. Columns of whole numbers are aligned to the right.
pub(super) fn table<const N: usize>(
    out: &mut impl Write,
    head: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let numeric: [bool; N] = array::from_fn(|column| {
        let mut cells = rows.iter().map(|row| &row[column]);
        cells.all(|cell| cell.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let head = head.map(ToOwned::to_owned);
    let rows = || once(&head).chain(rows);
    let widths: [usize; N] = array::from_fn(|column| {
        let widths = rows().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    });
    for row in rows() {
        let cells = (0..N).map(|column| {
            let (cell, width) = (&row[column], widths[column]);
            if numeric[column] {
                format!("{cell:>width$}  ")
            } else {
                format!("{cell:<width$}  ")
            }
        });
        writeln!(out, "{}", cells.collect::<String>().trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn numbers_are_aligned_to_the_right() {
        let rows = [
            ["ama".to_owned(), "7".to_owned()],
            ["bobé".into(), "1200".into()],
        ];
        let mut out = Vec::new();
        table(&mut out, ["who", "n"], &rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "who      n\nama      7\nbobé  1200\n");
    }
}
