//! The tree of a clustering, above a heat map whose columns are its leaves.

use super::Drawn;
use crate::draw::panel::Panel;
use crate::draw::place::Place;
use crate::draw::scene::{Point, Scene};
use crate::draw::table::{Cells, Rows, number};
use crate::draw::theme::{GUIDE, TREE};

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
struct Fork {
    left: (f64, f64),
    right: (f64, f64),
    height: f64,
}

impl Tree {
    /// The forks, as columns and heights; a merge of what does not exist yet is left out.
    fn forks(&self) -> Vec<Fork> {
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

impl Drawn for Tree {
    fn head(&self) -> f64 {
        TREE
    }

    /// Above the plot, the highest fork at the top.
    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let forks = self.forks();
        let top = forks.iter().map(|fork| fork.height).fold(0.0, f64::max);
        let foot = place.plot.y - 2.0;
        let at = |x: f64, height: f64| {
            let share = if top > 0.0 { height / top } else { 0.0 };
            Some((place.across(panel, x)?, foot - share * (TREE - 4.0)))
        };
        for fork in &forks {
            let path = [
                at(fork.left.0, fork.left.1),
                at(fork.left.0, fork.height),
                at(fork.right.0, fork.height),
                at(fork.right.0, fork.right.1),
            ];
            let path: Vec<Point> = path.into_iter().flatten().collect();
            scene.path(path, GUIDE, 0.7, 1.0);
        }
    }

    /// Both feet of a fork in `low` and `high`, its height in `value`.
    fn rows(&self, rows: &mut Rows<'_>) {
        for fork in self.forks() {
            let cells = Cells {
                x: number(f64::midpoint(fork.left.0, fork.right.0)),
                value: number(fork.height),
                low: number(fork.left.0),
                high: number(fork.right.0),
                ..Cells::default()
            };
            rows.push("fork", &self.series, cells);
        }
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
