//! The tree of a clustering, above a heat map whose columns are its leaves.

/// Clusters in the order in which they merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// Name in the table of numbers.
    pub series: String,
    /// Column of each leaf.
    pub leaves: Vec<f64>,
    /// What merges, and at which height: leaves have the numbers 0 to n − 1, the `k`th merge
    /// makes n + k, as in SciPy's linkage and kodama's dendrogram.
    pub merges: Vec<(usize, usize, f64)>,
}

/// One merge: the heights at which its two branches start, and the columns that they stand on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fork {
    pub left: (f64, f64),
    pub right: (f64, f64),
    pub height: f64,
}

impl Tree {
    /// The forks, as columns and heights; a merge of what does not exist yet is left out.
    pub(super) fn forks(&self) -> Vec<Fork> {
        let mut tops: Vec<(f64, f64)> = self.leaves.iter().map(|&x| (x, 0.0)).collect();
        let mut forks = Vec::new();
        for &(a, b, height) in &self.merges {
            let (Some(&left), Some(&right)) = (tops.get(a), tops.get(b)) else {
                break;
            };
            tops.push((f64::midpoint(left.0, right.0), height));
            forks.push(Fork {
                left,
                right,
                height,
            });
        }
        forks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_stand_on_what_they_join() {
        let tree = Tree {
            series: "t".to_owned(),
            leaves: vec![2.0, 0.0, 1.0],
            merges: vec![(1, 2, 0.5), (3, 0, 2.0), (9, 0, 3.0)],
        };
        let forks = tree.forks();
        assert_eq!(forks.len(), 2, "the last one joins nothing");
        assert_eq!(forks[0].left, (0.0, 0.0));
        assert_eq!(forks[1].left, (0.5, 0.5));
        assert_eq!((forks[1].right, forks[1].height), ((2.0, 0.0), 2.0));
    }
}
