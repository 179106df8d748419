//! The Walsh transform: what of a vector follows which of n two-valued factors.
//!
//! Vectors a(s), one for each of the 2ⁿ combinations of signs s ∈ {−1, 1}ⁿ, are exactly
//! a(s) = Σ_S χ_S(s) c_S over all subsets S of the factors, with χ_S(s) = Π_{k ∈ S} s_k and
//! c_S = 2⁻ⁿ Σ_s χ_S(s) a(s) (Walsh, 1923; as effects of a 2ⁿ factorial design: Yates, 1937).
//! The characters χ_S are orthogonal, so that Σ_s |a(s)|² = 2ⁿ Σ_S |c_S|² and each component has
//! its own share of the variance, which is all but the empty subset's, the mean.

/// The part of some vectors that follows one subset of the factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// The factors, from 0, in order; none of them for the mean.
    pub subset: Vec<usize>,
    /// `c_S`, `[d]`.
    pub vector: Vec<f64>,
}

/// Why some vectors have no Walsh components.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalshError {
    /// Vectors and signs differ in number.
    #[error("{vectors} vectors have {signs} combinations of signs")]
    Lengths {
        /// Vectors.
        vectors: usize,
        /// Combinations of signs.
        signs: usize,
    },
    /// A vector, or its signs, is shorter or longer than the first.
    #[error("vector {index} or its signs have another length than the first")]
    Ragged {
        /// Which one, from 0.
        index: usize,
    },
    /// A sign is neither −1 nor 1.
    #[error("the signs of vector {index} are not all -1 or 1")]
    NoSign {
        /// Which one, from 0.
        index: usize,
    },
    /// A combination is missing, or there more than once.
    #[error("{factors} factors need each of their {combinations} combinations once")]
    NotFactorial {
        /// Factors.
        factors: usize,
        /// 2 to the power of them.
        combinations: usize,
    },
}

/// Largest number of factors; the plain sums here take 4ⁿ steps.
pub const MOST_FACTORS: usize = 12;

/// All 2ⁿ subsets of n factors: by size, and those of one size in the order of their factors;
/// the empty one is first.
///
/// # Panics
/// If there are more than [`MOST_FACTORS`].
pub fn subsets(factors: usize) -> Vec<Vec<usize>> {
    assert!(factors <= MOST_FACTORS, "at most {MOST_FACTORS} factors");
    let members = |bits: usize| (0..factors).filter(|k| bits >> k & 1 == 1).collect();
    let mut all: Vec<Vec<usize>> = (0..1 << factors).map(members).collect();
    all.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    all
}

/// The name of a subset: the names of its factors, one after the other; the empty one's is empty.
pub fn name<S: AsRef<str>>(subset: &[usize], factors: &[S]) -> String {
    subset.iter().map(|&k| factors[k].as_ref()).collect()
}

/// χ_S of a combination of signs: −1 or 1.
pub fn character(subset: &[usize], signs: &[f64]) -> f64 {
    subset.iter().map(|&k| signs[k]).product()
}

/// Components of vectors `[2ⁿ][d]` with signs `[2ⁿ][n]`, in the order of [`subsets`].
///
/// # Errors
/// If the signs are not each combination of −1 and 1 once, or lengths do not go together.
pub fn components<S: AsRef<[f64]>>(
    vectors: &[Vec<f64>],
    signs: &[S],
) -> Result<Vec<Component>, WalshError> {
    let factors = check(vectors, signs)?;
    let n = vectors.len() as f64;
    let of = |subset: Vec<usize>| {
        let mut vector = vec![0.0; vectors[0].len()];
        for (a, s) in vectors.iter().zip(signs) {
            let chi = character(&subset, s.as_ref());
            for (sum, x) in vector.iter_mut().zip(a) {
                *sum += chi * x / n;
            }
        }
        Component { subset, vector }
    };
    Ok(subsets(factors).into_iter().map(of).collect())
}

/// Whether signs `[..][n]` are each combination of −1 and 1 once.
pub fn is_factorial<S: AsRef<[f64]>>(signs: &[S]) -> bool {
    let nothing = vec![Vec::new(); signs.len()];
    check(&nothing, signs).is_ok()
}

/// The number of factors.
fn check<S: AsRef<[f64]>>(vectors: &[Vec<f64>], signs: &[S]) -> Result<usize, WalshError> {
    if vectors.len() != signs.len() || vectors.is_empty() {
        return Err(WalshError::Lengths {
            vectors: vectors.len(),
            signs: signs.len(),
        });
    }
    let (d, factors) = (vectors[0].len(), signs[0].as_ref().len());
    let mut seen = Vec::new();
    for (index, (vector, signs)) in vectors.iter().zip(signs).enumerate() {
        let signs = signs.as_ref();
        if vector.len() != d || signs.len() != factors {
            return Err(WalshError::Ragged { index });
        }
        if signs.iter().any(|s| s.abs() != 1.0) {
            return Err(WalshError::NoSign { index });
        }
        seen.push(signs.iter().map(|&s| s > 0.0).collect::<Vec<bool>>());
    }
    seen.sort_unstable();
    seen.dedup();
    let combinations = 1_usize << factors.min(MOST_FACTORS);
    if factors > MOST_FACTORS || seen.len() != combinations || vectors.len() != combinations {
        return Err(WalshError::NotFactorial {
            factors,
            combinations,
        });
    }
    Ok(factors)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTERS: [&str; 4] = ["A", "B", "C", "D"];

    /// All combinations of n signs; bit k of a combination's number is factor k's.
    fn design(factors: usize) -> Vec<Vec<f64>> {
        let sign = |n: usize, k: usize| if n >> k & 1 == 1 { 1.0 } else { -1.0 };
        (0..1 << factors)
            .map(|n| (0..factors).map(|k| sign(n, k)).collect())
            .collect()
    }

    fn of(values: &[f64]) -> Vec<(String, f64)> {
        let factors = values.len().ilog2() as usize;
        let vectors: Vec<Vec<f64>> = values.iter().map(|&v| vec![v]).collect();
        let parts = components(&vectors, &design(factors)).unwrap();
        parts
            .into_iter()
            .map(|part| (name(&part.subset, &LETTERS), part.vector[0]))
            .collect()
    }

    fn named<const N: usize>(pairs: [(&str, f64); N]) -> Vec<(String, f64)> {
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    #[test]
    fn one_factor_by_hand() {
        // a(−) = 2, a(+) = 8: mean 5, half the difference 3.
        assert_eq!(of(&[2.0, 8.0]), named([("", 5.0), ("A", 3.0)]));
    }

    #[test]
    fn two_factors_by_hand() {
        // −−, +−, −+, ++; AB = (1 − 3 − 5 + 15) / 4.
        let expected = named([("", 6.0), ("A", 3.0), ("B", 4.0), ("AB", 2.0)]);
        assert_eq!(of(&[1.0, 3.0, 5.0, 15.0]), expected);
    }

    #[test]
    fn three_factors_by_hand() {
        // a = 3 + 2 A − ½ AC + 4 ABC
        let of_signs =
            |s: &Vec<f64>| 3.0 + 2.0 * s[0] - 0.5 * s[0] * s[2] + 4.0 * s[0] * s[1] * s[2];
        let values: Vec<f64> = design(3).iter().map(of_signs).collect();
        assert_eq!(values[..4], [-3.5, 9.5, 4.5, 1.5]); // −−−, +−−, −+−, ++−
        let expected = named([
            ("", 3.0),
            ("A", 2.0),
            ("B", 0.0),
            ("C", 0.0),
            ("AB", 0.0),
            ("AC", -0.5),
            ("BC", 0.0),
            ("ABC", 4.0),
        ]);
        assert_eq!(of(&values), expected);
    }

    #[test]
    fn four_factors_by_hand() {
        // One where all signs are 1, else 0: every component is 1/16.
        let mut values = [0.0; 16];
        values[15] = 1.0;
        let parts = of(&values);
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "", "A", "B", "C", "D", "AB", "AC", "AD", "BC", "BD", "CD", "ABC", "ABD", "ACD",
                "BCD", "ABCD"
            ]
        );
        assert!(parts.iter().all(|(_, value)| *value == 0.0625), "{parts:?}");
        // And one where D alone is −1: what D is part of turns its sign.
        let mut values = [0.0; 16];
        values[7] = 1.0;
        for (name, value) in of(&values) {
            let expected = if name.contains('D') { -0.0625 } else { 0.0625 };
            assert_eq!(value, expected, "{name}");
        }
    }

    #[test]
    fn characters_are_orthogonal() {
        for factors in 0..=4 {
            let (all, design) = (subsets(factors), design(factors));
            assert_eq!(all.len(), 1 << factors);
            for a in &all {
                for b in &all {
                    let products = design.iter().map(|s| character(a, s) * character(b, s));
                    let expected = if a == b { design.len() as f64 } else { 0.0 };
                    assert_eq!(products.sum::<f64>(), expected, "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn components_rebuild_the_vectors_and_share_their_power() {
        for factors in 1..=4 {
            let design = design(factors);
            let value = |n: usize, j: usize| ((n * n * 37 + j * 11 + n * j * 5) % 17) as f64 - 6.3;
            let vectors: Vec<Vec<f64>> = (0..design.len())
                .map(|n| (0..3).map(|j| value(n, j)).collect())
                .collect();
            let parts = components(&vectors, &design).unwrap();
            for (vector, signs) in vectors.iter().zip(&design) {
                for (j, &x) in vector.iter().enumerate() {
                    let sum: f64 = (parts.iter())
                        .map(|part| character(&part.subset, signs) * part.vector[j])
                        .sum();
                    assert!((sum - x).abs() < 1e-12, "{sum} {x}");
                }
            }
            let power = |v: &Vec<f64>| v.iter().map(|x| x * x).sum::<f64>();
            let whole: f64 = vectors.iter().map(power).sum();
            let shared: f64 = parts.iter().map(|part| power(&part.vector)).sum();
            assert!((whole - shared * design.len() as f64).abs() < 1e-9);
        }
    }

    #[test]
    fn half_a_design_is_refused() {
        let vectors = vec![vec![1.0]; 4];
        let mut signs = design(2);
        assert!(components(&vectors, &signs).is_ok());
        signs[3] = signs[0].clone();
        let error = components(&vectors, &signs).unwrap_err();
        assert_eq!(
            error.to_string(),
            "2 factors need each of their 4 combinations once"
        );
        signs[3] = vec![0.5, 1.0];
        assert_eq!(
            components(&vectors, &signs),
            Err(WalshError::NoSign { index: 3 })
        );
        assert!(components(&vectors[..3], &signs).is_err());
        assert!(components::<Vec<f64>>(&[], &[]).is_err());
        signs[3] = vec![1.0];
        assert_eq!(
            components(&vectors, &signs),
            Err(WalshError::Ragged { index: 3 })
        );
    }
}
