//! Principal components of a set of items.
//!
//! Vectors are brought to unit length; the components are those of [`maths::pca`](crate::maths::pca),
//! turned so that known items are positive.

use dt_env::{Cell, Object};

use crate::Error;
use crate::maths::pca::{self, PcaError};
use crate::maths::vectors::{dot, minus, unit};
use crate::prompts::{Item, items_at};

/// Components of a set of items.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// Items, in the order of `scores`.
    pub items: Vec<Item>,
    /// Unit vectors in embedding space, largest variance first.
    pub components: Vec<Vec<f64>>,
    /// Share of the set's variance along each.
    pub explained_variance_ratio: Vec<f64>,
    /// Coordinates of each item, component by component.
    pub scores: Vec<Vec<f64>>,
    /// Mean of the unit vectors.
    pub mean: Vec<f64>,
}

impl Pca {
    /// Fits components to items of a vocabulary; component `k` is turned so that `anchors[k]` is
    /// positive on it, and where there is no such anchor, the mean of the first item's object.
    ///
    /// # Errors
    /// If there are fewer than two items, or one has no length.
    pub fn fit(
        embeddings: &[Vec<f64>],
        view: usize,
        items: &[Item],
        anchors: &[Item],
    ) -> Result<Self, Error> {
        if items.len() < 2 {
            return Err(Error::Question(format!(
                "principal components need at least 2 items, got {}",
                items.len()
            )));
        }
        let units: Vec<Vec<f64>> = items
            .iter()
            .map(|item| unit(&embeddings[item.index(view)]))
            .collect();
        if let Some(n) = units.iter().position(|u| u.iter().all(|&x| x == 0.0)) {
            return Err(Error::Question(format!(
                "`{}` has an embedding of length 0, which has no direction",
                items[n]
            )));
        }
        let side = |k: usize, scores: &[f64]| {
            let anchor = anchors
                .get(k)
                .and_then(|a| items.iter().position(|i| i == a));
            match anchor {
                Some(n) => scores[n],
                None => items
                    .iter()
                    .zip(scores)
                    .filter(|(item, _)| item.object == items[0].object)
                    .map(|(_, score)| score)
                    .sum(),
            }
        };
        let pca = pca::Pca::fit(&units, side).map_err(|error| {
            Error::Question(match error {
                PcaError::NoSpread => {
                    "all items of the set have the same direction; it has no components".to_owned()
                }
                other => other.to_string(),
            })
        })?;
        Ok(Self {
            items: items.to_vec(),
            components: pca.components,
            explained_variance_ratio: pca.explained_variance_ratio,
            scores: pca.scores,
            mean: pca.mean,
        })
    }

    /// Coordinate of another vector, brought to unit length, on a component.
    pub fn project(&self, embedding: &[f64], component: usize) -> f64 {
        dot(
            &minus(&unit(embedding), &self.mean),
            &self.components[component],
        )
    }
}

/// The direction from two objects at these cells: their first component, the first object
/// positive. With one cell it is the difference of the two unit vectors.
///
/// # Errors
/// If there is no cell.
pub fn direction_from_cells(
    embeddings: &[Vec<f64>],
    view: usize,
    objects: (Object, Object),
    cells: &[Cell],
) -> Result<Vec<f64>, Error> {
    Ok(components_from_cells(embeddings, view, objects, cells)?.swap_remove(0))
}

/// All components of two objects at these cells, the first object positive on the first.
///
/// # Errors
/// If there is no cell.
pub fn components_from_cells(
    embeddings: &[Vec<f64>],
    view: usize,
    objects: (Object, Object),
    cells: &[Cell],
) -> Result<Vec<Vec<f64>>, Error> {
    Ok(Pca::fit(embeddings, view, &items_at(objects, cells), &[])?.components)
}

/// Coordinates of all items of an object on a component, `[y][x]`.
pub fn feature_map(
    embeddings: &[Vec<f64>],
    view: usize,
    pca: &Pca,
    object: Object,
    component: usize,
) -> Vec<Vec<f64>> {
    (0..view)
        .map(|y| {
            (0..view)
                .map(|x| {
                    let item = Item::new(object, Cell::new(x, y));
                    pca.project(&embeddings[item.index(view)], component)
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys at `+v`, balls at `-v`, each with a part of its own.
    fn planted(own: f64) -> Vec<Vec<f64>> {
        let mut table = vec![vec![0.0; 8]; 980];
        for (n, cell) in [(2, 6), (0, 5), (4, 2)]
            .map(Cell::from)
            .into_iter()
            .enumerate()
        {
            for (object, sign) in [(Object::Key, 1.0), (Object::Ball, -1.0)] {
                let mut v = vec![0.0; 8];
                v[0] = sign;
                v[1 + n] = own;
                table[Item::new(object, cell).index(7)] = v;
            }
        }
        table
    }

    #[test]
    fn a_planted_direction_is_the_first_component() {
        let table = planted(0.5);
        let v = direction_from_cells(
            &table,
            7,
            (Object::Key, Object::Ball),
            &[(2, 6), (0, 5), (4, 2)].map(Cell::from),
        )
        .unwrap();
        assert!((v[0] - 1.0).abs() < 1e-9, "{v:?}");
        let set: Vec<Item> = ["key, (2,6)", "key, (0,5)", "ball, (2,6)", "ball, (0,5)"]
            .map(|t| t.parse().unwrap())
            .to_vec();
        let pca = Pca::fit(&table, 7, &set, &[]).unwrap();
        assert!((pca.explained_variance_ratio.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // Variance 4 along v and 2 · 0.5² · 2 / 2 across, both over 1.25.
        assert!((pca.explained_variance_ratio[0] - 4.0 / 4.5).abs() < 1e-9);
        assert!(pca.scores[0][0] > 0.0 && pca.scores[2][0] < 0.0);
    }

    #[test]
    fn sets_without_components_are_refused() {
        let table = planted(0.5);
        assert!(Pca::fit(&table, 7, &[], &[]).is_err());
        let nothing = ["key, (6,6)", "ball, (6,6)"].map(|t| t.parse().unwrap());
        let message = Pca::fit(&table, 7, &nothing, &[]).unwrap_err().to_string();
        assert!(message.contains("key, (6,6)"), "{message}");
    }
}
