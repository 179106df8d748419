//! The raw observation as a baseline: what can be read before any agent looked.

use std::collections::BTreeSet;

use dt_train::model::push_items;

use super::rows::Rows;
use super::site::Token;
use super::walks::Walks;
use crate::probe::{Activations, ProbeError};

/// The token's frame, one feature for each vocabulary item: 1 where it is seen, 0 where not.
/// Items that are the same in all rows are left out, and those that always come together count
/// once. If all frames are alike, one feature of zeros is left.
///
/// # Errors
/// Never, as long as there are rows.
pub(super) fn observations(
    token: Token,
    walks: &Walks,
    rows: &Rows,
    view: usize,
) -> Result<Activations, ProbeError> {
    let n_rows = rows.cases.len();
    let mut seen = vec![vec![0.0_f32; n_rows]; 20 * view * view];
    let mut items = Vec::new();
    for (row, &case) in rows.cases.iter().enumerate() {
        let (walk, layout, _) = walks.case(case);
        let step = match token {
            Token::Start => 0,
            Token::Corridor | Token::Decision => walk.time(),
        };
        items.clear();
        push_items(&walk.frames[layout][step], view, &mut items);
        for &item in &items {
            seen[item as usize][row] = 1.0;
        }
    }
    let mut distinct: BTreeSet<Vec<bool>> = BTreeSet::new();
    let mut kept: Vec<&Vec<f32>> = (seen.iter())
        .filter(|column| {
            let varies = column.iter().any(|v| *v != column[0]);
            varies && distinct.insert(column.iter().map(|v| *v > 0.0).collect())
        })
        .collect();
    let nothing = vec![0.0; n_rows];
    if kept.is_empty() {
        kept.push(&nothing);
    }
    let values = (0..n_rows).flat_map(|row| kept.iter().map(move |column| column[row]));
    Activations::new(n_rows, kept.len(), values.collect())
}
