//! Cosines between items, and the order in which clusters come together.

use kodama::{Method, linkage};

use crate::maths::vectors::cosine;
use crate::prompts::Item;

/// Cosines of every pair of items; a pair with an item of length 0 is missing.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CosineTable {
    /// Items.
    pub items: Vec<Item>,
    /// `[row][column]`.
    pub cosine: Vec<Vec<Option<f64>>>,
}

impl CosineTable {
    /// The same table with items in another order.
    pub fn reordered(&self, order: &[usize]) -> Self {
        Self {
            items: order.iter().map(|&n| self.items[n]).collect(),
            cosine: order
                .iter()
                .map(|&row| {
                    order
                        .iter()
                        .map(|&column| self.cosine[row][column])
                        .collect()
                })
                .collect(),
        }
    }
}

/// Cosines between the given items.
pub fn cosine_table(embeddings: &[Vec<f64>], view: usize, items: &[Item]) -> CosineTable {
    let vectors: Vec<&[f64]> = items.iter().map(|i| &*embeddings[i.index(view)]).collect();
    CosineTable {
        items: items.to_vec(),
        cosine: vectors
            .iter()
            .map(|a| vectors.iter().map(|b| cosine(a, b)).collect())
            .collect(),
    }
}

/// Order of the leaves of single-linkage clustering on the Euclidean distances between the rows
/// of a table, as seaborn's cluster maps have it; missing cosines count as 0.
pub fn cluster_order(table: &CosineTable) -> Vec<usize> {
    let n = table.items.len();
    if n < 2 {
        return (0..n).collect();
    }
    let row = |i: usize| table.cosine[i].iter().map(|c| c.unwrap_or(0.0));
    let mut distances = Vec::with_capacity(n * (n - 1) / 2);
    for i in 0..n {
        for j in i + 1..n {
            let squares: f64 = row(i).zip(row(j)).map(|(a, b)| (a - b).powi(2)).sum();
            distances.push(squares.sqrt());
        }
    }
    let tree = linkage(&mut distances, n, Method::Single);
    let mut leaves: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
    for step in tree.steps() {
        let mut merged = std::mem::take(&mut leaves[step.cluster1]);
        merged.append(&mut leaves[step.cluster2]);
        leaves.push(merged);
    }
    leaves.pop().expect("one cluster holds all leaves")
}

#[cfg(test)]
mod tests {
    use super::*;
    use dt_env::{Cell, Object};

    #[test]
    fn clusters_bring_like_items_together() {
        let items: Vec<Item> = (0..4)
            .map(|x| Item::new(Object::Key, Cell::new(x, 0)))
            .collect();
        let mut table = vec![vec![0.0; 2]; 980];
        for (n, vector) in [[1.0, 0.0], [-1.0, 0.1], [1.0, 0.2], [-1.0, 0.0]]
            .iter()
            .enumerate()
        {
            table[items[n].index(7)] = vector.to_vec();
        }
        let cosines = cosine_table(&table, 7, &items);
        assert!((cosines.cosine[0][0].unwrap() - 1.0).abs() < 1e-12);
        let order = cluster_order(&cosines);
        let place = |n: usize| order.iter().position(|&o| o == n).unwrap();
        assert_eq!(place(0).abs_diff(place(2)), 1);
        assert_eq!(place(1).abs_diff(place(3)), 1);
        assert_eq!(cosines.reordered(&order).items[0], items[order[0]]);
        let zero = cosine_table(&vec![vec![0.0; 2]; 980], 7, &items);
        assert_eq!(zero.cosine[0][1], None, "no direction, no angle");
    }
}
