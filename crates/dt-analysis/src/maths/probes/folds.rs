//! Splits that keep groups together.
//!
//! Fold f holds whole groups, so that no row is held out while another of its group is fitted
//! (Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2009, § 7.10).

use std::collections::BTreeMap;

use super::error::ProbeError;

/// A side of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Fitted on.
    Train,
    /// Judged on.
    Test,
}

/// Which side a key falls on, by its blake3 hash: the same on every machine, whatever other keys
/// there are.
///
/// # Errors
/// If the share is not within 0 to 1.
pub fn hash_split(key: impl AsRef<[u8]>, share_test: f64) -> Result<Part, ProbeError> {
    if !(0.0..=1.0).contains(&share_test) {
        return Err(ProbeError::OutOfRange {
            what: "share of the test set",
            range: "within 0 to 1",
            value: share_test,
        });
    }
    // 53 bits: every one of them counts in an f64 below 1.
    let place = (hash(key.as_ref()) >> 11) as f64 / (1_u64 << 53) as f64;
    Ok(match place < share_test {
        true => Part::Test,
        false => Part::Train,
    })
}

/// The fold of each row: groups, large ones first, go where the fewest rows are yet.
///
/// # Errors
/// If there are fewer than two folds, or fewer groups than folds.
pub fn group_folds(groups: &[u32], folds: usize, seed: u64) -> Result<Vec<usize>, ProbeError> {
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    for group in groups {
        *sizes.entry(*group).or_default() += 1;
    }
    if folds < 2 || sizes.len() < folds {
        return Err(ProbeError::FewGroups {
            folds,
            groups: sizes.len(),
        });
    }
    let mut order: Vec<(u32, usize)> = sizes.iter().map(|(g, n)| (*g, *n)).collect();
    order.sort_by_key(|&(group, size)| (std::cmp::Reverse(size), seeded(u64::from(group), seed)));
    let mut filled = vec![0; folds];
    let mut fold_of = BTreeMap::new();
    for (group, size) in order {
        let fold = (0..folds).min_by_key(|&f| filled[f]).expect("at least two");
        filled[fold] += size;
        fold_of.insert(group, fold);
    }
    Ok(groups.iter().map(|group| fold_of[group]).collect())
}

/// A number that looks random, of another and a seed.
pub(super) fn seeded(value: u64, seed: u64) -> u64 {
    hash(&[seed.to_le_bytes(), value.to_le_bytes()].concat())
}

fn hash(bytes: &[u8]) -> u64 {
    let hash = blake3::hash(bytes);
    let first = hash.as_bytes()[..8].try_into().expect("8 of 32 bytes");
    u64::from_le_bytes(first)
}
