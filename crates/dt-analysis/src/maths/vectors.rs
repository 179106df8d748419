//! Small linear algebra on vectors of f64.

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
