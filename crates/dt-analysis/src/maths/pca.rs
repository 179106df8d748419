//! Principal components of a set of vectors.
//!
//! With the rows xᵢ of X, their mean m and the singular value decomposition X − 1mᵀ = U S Vᵀ, the
//! components are the columns v_k of V, the scores of a row are v_k · (xᵢ − m), and component k
//! explains s_k² / Σⱼ sⱼ² of the variance (Pearson, 1901; Jolliffe, Principal Component Analysis,
//! 2002, § 3.5). Shares are over the total variance, as scikit-learn's PCA has it. A component's
//! sign is free; who asks says which one it is to have.

use super::vectors::{dot, minus, singular};

/// Components of a set of vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// Mean of the vectors, `[d]`.
    pub mean: Vec<f64>,
    /// Unit vectors, largest variance first, `[min(n, d)][d]`.
    pub components: Vec<Vec<f64>>,
    /// Share of the total variance along each component, `[min(n, d)]`, of sum 1.
    pub explained_variance_ratio: Vec<f64>,
    /// Coordinates of each vector on the components, `[n][min(n, d)]`.
    pub scores: Vec<Vec<f64>>,
}

/// Why a set of vectors has no components.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PcaError {
    /// One vector, or none, has no variance.
    #[error("principal components need at least 2 vectors, got {got}")]
    TooFew {
        /// Vectors given.
        got: usize,
    },
    /// A vector is shorter or longer than the first.
    #[error("vector {index} has {got} numbers, the first one {expected}")]
    Ragged {
        /// Which one, from 0.
        index: usize,
        /// Its length.
        got: usize,
        /// Length of the first.
        expected: usize,
    },
    /// A number is NaN or infinite.
    #[error("vector {index} holds a number that is not finite")]
    NotFinite {
        /// Which vector, from 0.
        index: usize,
    },
    /// All vectors are equal.
    #[error("all vectors are equal; they have no components")]
    NoSpread,
}

impl Pca {
    /// Fits components to vectors `[n][d]`.
    ///
    /// `side` gets the number of a component and the coordinates of all vectors on it, `[n]`, as
    /// the decomposition left them; where it gives a negative number, the component is turned
    /// round. `|_, _| 1.0` leaves all as they are.
    ///
    /// # Errors
    /// If there are fewer than two vectors, they differ in length, one is not finite, or all are
    /// equal.
    pub fn fit(
        vectors: &[Vec<f64>],
        side: impl Fn(usize, &[f64]) -> f64,
    ) -> Result<Self, PcaError> {
        check(vectors)?;
        let d = vectors[0].len();
        let mean: Vec<f64> = (0..d)
            .map(|j| vectors.iter().map(|v| v[j]).sum::<f64>() / vectors.len() as f64)
            .collect();
        let centred: Vec<Vec<f64>> = vectors.iter().map(|v| minus(v, &mean)).collect();
        let (values, mut components) = singular(&centred);
        let total: f64 = values.iter().map(|v| v * v).sum();
        if total <= 0.0 {
            return Err(PcaError::NoSpread);
        }
        for (k, component) in components.iter_mut().enumerate() {
            let scores: Vec<f64> = centred.iter().map(|c| dot(c, component)).collect();
            if side(k, &scores) < 0.0 {
                for x in component.iter_mut() {
                    *x = -*x;
                }
            }
        }
        let scores = centred
            .iter()
            .map(|c| components.iter().map(|v| dot(c, v)).collect())
            .collect();
        Ok(Self {
            mean,
            components,
            explained_variance_ratio: values.iter().map(|v| v * v / total).collect(),
            scores,
        })
    }

    /// Coordinate of another vector `[d]` on a component.
    pub fn project(&self, vector: &[f64], component: usize) -> f64 {
        dot(&minus(vector, &self.mean), &self.components[component])
    }
}

fn check(vectors: &[Vec<f64>]) -> Result<(), PcaError> {
    let got = vectors.len();
    if got < 2 {
        return Err(PcaError::TooFew { got });
    }
    let expected = vectors[0].len();
    for (index, vector) in vectors.iter().enumerate() {
        if vector.len() != expected {
            let got = vector.len();
            return Err(PcaError::Ragged {
                index,
                got,
                expected,
            });
        }
        if !vector.iter().all(|x| x.is_finite()) {
            return Err(PcaError::NotFinite { index });
        }
    }
    if expected == 0 {
        return Err(PcaError::NoSpread);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(vectors: &[Vec<f64>]) -> Result<Pca, PcaError> {
        Pca::fit(vectors, |_, _| 1.0)
    }

    /// By hand: (±3, 0), (0, ±1) about (5, −2) have scatter 18 along x and 2 along y.
    #[test]
    fn a_cross_has_its_arms_as_components() {
        let cross = [[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
        let cross = cross.map(|[x, y]| vec![x + 5.0, y - 2.0]);
        // The first vector positive on the first component, the fourth on the second.
        let pca = Pca::fit(&cross, |k, scores| scores[[0, 3][k]]).unwrap();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(pca.mean[0], 5.0);
        close(pca.mean[1], -2.0);
        close(pca.explained_variance_ratio[0], 0.9);
        close(pca.explained_variance_ratio[1], 0.1);
        close(pca.components[0][0], 1.0);
        close(pca.components[1][1], -1.0);
        close(pca.scores[1][0], -3.0);
        close(pca.scores[3][1], 1.0);
        close(pca.project(&[5.0, 7.0], 1), -9.0);
    }

    #[test]
    fn components_are_orthonormal_and_rebuild_the_vectors() {
        let vectors: Vec<Vec<f64>> = (0..5)
            .map(|i| {
                (0..9)
                    .map(|j| f64::from((i * i * 7 + j * 5 + i * j * 3) % 11))
                    .collect()
            })
            .collect();
        let pca = free(&vectors).unwrap();
        for (n, a) in pca.components.iter().enumerate() {
            for (m, b) in pca.components.iter().enumerate() {
                let expected = f64::from(u8::from(n == m));
                assert!((dot(a, b) - expected).abs() < 1e-12, "{n} {m}");
            }
        }
        for (vector, scores) in vectors.iter().zip(&pca.scores) {
            for (j, &x) in vector.iter().enumerate() {
                let parts = scores.iter().zip(&pca.components);
                let rebuilt: f64 = pca.mean[j] + parts.map(|(s, v)| s * v[j]).sum::<f64>();
                assert!((rebuilt - x).abs() < 1e-12, "{rebuilt} {x}");
            }
        }
        assert!((pca.explained_variance_ratio.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn sets_without_components_are_refused() {
        assert_eq!(free(&[vec![1.0]]), Err(PcaError::TooFew { got: 1 }));
        assert_eq!(free(&[vec![1.0], vec![1.0]]), Err(PcaError::NoSpread));
        assert_eq!(free(&[vec![], vec![]]), Err(PcaError::NoSpread));
        let bad = free(&[vec![1.0], vec![f64::NAN]]);
        assert_eq!(bad, Err(PcaError::NotFinite { index: 1 }));
        assert!(matches!(
            free(&[vec![1.0], vec![1.0, 2.0]]),
            Err(PcaError::Ragged { index: 1, .. })
        ));
    }
}
