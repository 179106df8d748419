//! Sums over rows, the same for any number of threads: Σ v vᵀ and Σ v, which the normal equations
//! of least squares are made of (Golub and Van Loan, Matrix Computations, 2013, § 5.3).

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;

/// Rows that one job sums up; fixed, since the order of sums decides their last bits.
const JOB: usize = 8192;
/// Rows that are multiplied at once.
const TILE: usize = 256;

/// Σ v vᵀ over `rows`, `[width, width]`, where `fill` writes v, `[width]`, for a row.
pub(super) fn gram(
    rows: &[usize],
    width: usize,
    fill: impl Fn(usize, &mut [f64]) + Sync,
) -> Mat<f64> {
    let parts: Vec<Mat<f64>> = rows
        .par_chunks(JOB)
        .map(|job| {
            let mut sum = Mat::zeros(width, width);
            let mut tile = vec![0.0; TILE.min(job.len()) * width];
            for rows in job.chunks(TILE) {
                let tile = &mut tile[..rows.len() * width];
                for (row, out) in rows.iter().zip(tile.chunks_mut(width)) {
                    fill(*row, out);
                }
                let tile = MatRef::from_row_major_slice(tile, rows.len(), width);
                triangular::matmul(
                    &mut sum,
                    BlockStructure::TriangularLower,
                    Accum::Add,
                    tile.transpose(),
                    BlockStructure::Rectangular,
                    tile,
                    BlockStructure::Rectangular,
                    1.0,
                    Par::Seq,
                );
            }
            sum
        })
        .collect();
    let mut sum = Mat::zeros(width, width);
    for part in &parts {
        sum += part;
    }
    for col in 0..width {
        for row in 0..col {
            sum[(row, col)] = sum[(col, row)];
        }
    }
    sum
}

/// Σ v over `rows`, `[width]`, where `add` adds v for a row.
pub(super) fn sums(
    rows: &[usize],
    width: usize,
    add: impl Fn(usize, &mut [f64]) + Sync,
) -> Vec<f64> {
    let parts: Vec<Vec<f64>> = rows
        .par_chunks(JOB)
        .map(|job| {
            let mut sum = vec![0.0; width];
            for row in job {
                add(*row, &mut sum);
            }
            sum
        })
        .collect();
    let mut sum = vec![0.0; width];
    for part in parts {
        for (total, value) in sum.iter_mut().zip(part) {
            *total += value;
        }
    }
    sum
}
