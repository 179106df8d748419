//! Small linear algebra on vectors of f64.
//!
//! a · b = Σᵢ aᵢ bᵢ, |a| = √(a · a), cos(a, b) = a · b / (|a| |b|); singular values and vectors by
//! faer (Golub and Van Loan, Matrix Computations, 2013, § 2.4).

use faer::Mat;

/// Inner product.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Euclidean norm.
pub(crate) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// Cosine of the angle between two vectors; `None` if one of them is zero.
pub(crate) fn cosine(a: &[f64], b: &[f64]) -> Option<f64> {
    let scale = norm(a) * norm(b);
    (scale > 0.0).then(|| dot(a, b) / scale)
}

/// The vector at length 1; a zero vector stays.
pub(crate) fn unit(a: &[f64]) -> Vec<f64> {
    let n = norm(a);
    a.iter().map(|x| if n > 0.0 { x / n } else { *x }).collect()
}

/// `a - b`.
pub(crate) fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(x, y)| x - y).collect()
}

/// `s a`.
pub(crate) fn scaled(a: &[f64], s: f64) -> Vec<f64> {
    a.iter().map(|x| s * x).collect()
}

/// As the model's numbers.
pub(crate) fn to_f32(a: &[f64]) -> Vec<f32> {
    a.iter().map(|&x| x as f32).collect()
}

/// As f64.
pub(crate) fn to_f64(a: &[f32]) -> Vec<f64> {
    a.iter().map(|&x| f64::from(x)).collect()
}

/// Index of the largest value; the first of equals, and 0 if there are none.
pub(crate) fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (i, &v) in values.iter().enumerate() {
        if v > values[best] {
            best = i;
        }
    }
    best
}

/// Right singular vectors and singular values of a matrix given by rows, largest first.
///
/// # Panics
/// If the rows are of unequal length or hold something that is not finite.
pub(crate) fn singular(rows: &[Vec<f64>]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (n, d) = (rows.len(), rows[0].len());
    let matrix = Mat::from_fn(n, d, |i, j| rows[i][j]);
    let svd = matrix
        .thin_svd()
        .expect("finite matrices have singular values");
    let count = n.min(d);
    let values = (0..count).map(|k| svd.S()[k]).collect();
    let vectors = (0..count)
        .map(|k| (0..d).map(|j| svd.V()[(j, k)]).collect())
        .collect();
    (values, vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_largest_is_found() {
        assert_eq!(argmax(&[-3.0, 2.0, 2.0, 1.0]), 1);
        assert_eq!(argmax(&[]), 0);
    }

    #[test]
    fn cosines_are_those_of_known_angles() {
        assert_eq!(cosine(&[3.0, 0.0], &[0.0, 2.0]), Some(0.0));
        let half = cosine(&[1.0, 0.0], &[1.0, 3.0_f64.sqrt()]).unwrap();
        assert!((half - 0.5).abs() < 1e-15, "{half}");
        assert_eq!(cosine(&[0.0], &[1.0]), None);
        assert_eq!(unit(&[3.0, 4.0]), [0.6, 0.8]);
        assert_eq!(unit(&[0.0]), [0.0]);
    }

    #[test]
    fn singular_values_are_those_of_a_diagonal() {
        let (values, vectors) = singular(&[vec![0.0, 2.0, 0.0], vec![-5.0, 0.0, 0.0]]);
        assert_eq!(values, [5.0, 2.0]);
        assert_eq!(
            vectors[0].iter().map(|x| x.abs()).collect::<Vec<_>>(),
            [1.0, 0.0, 0.0]
        );
    }
}
