//! The Walsh decomposition of a function of two-valued factors (Walsh, 1923).
//!
//! With n factors of value ±1, any function of their 2ⁿ combinations is exactly
//! `a(x) = Σ_S χ_S(x) c_S`, with `χ_S(x) = Π_{i in S} x_i` and `c_S = mean over x of χ_S(x) a(x)`.

/// A non-empty set of factors, by which a component is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subset {
    /// Letters of its factors: `IT`.
    pub name: String,
    /// Whether each factor is in it.
    pub factors: Vec<bool>,
}

impl Subset {
    /// Number of factors in it.
    pub fn order(&self) -> usize {
        self.factors.iter().filter(|f| **f).count()
    }

    /// `χ_S`: the product of the signs (±1) of its factors.
    pub fn sign(&self, signs: &[f64]) -> f64 {
        let chosen = self.factors.iter().zip(signs).filter(|(f, _)| **f);
        chosen.map(|(_, s)| s).product()
    }
}

/// All non-empty sets of some factors: single ones first, then pairs, each in the factors' order.
pub fn subsets(letters: &[char]) -> Vec<Subset> {
    let n = letters.len();
    let mut all: Vec<Vec<usize>> = (1..1_usize << n)
        .map(|bits| (0..n).filter(|i| bits >> i & 1 == 1).collect())
        .collect();
    all.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    all.iter()
        .map(|of| Subset {
            name: of.iter().map(|&i| letters[i]).collect(),
            factors: (0..n).map(|i| of.contains(&i)).collect(),
        })
        .collect()
}

/// Whether signs, `[combination][factor]`, are all combinations of their factors, once each.
pub fn is_complete(signs: &[Vec<f64>]) -> bool {
    let Some(n) = signs.first().map(Vec::len) else {
        return false;
    };
    let mut seen: Vec<Vec<bool>> = signs
        .iter()
        .map(|s| s.iter().map(|&x| x > 0.0).collect())
        .collect();
    seen.sort_unstable();
    seen.dedup();
    signs.len() == 1 << n && seen.len() == signs.len()
}

/// `c_S` of values `[combination][feature]` whose factors have these signs,
/// `[combination][factor]`.
pub fn component(values: &[Vec<f64>], signs: &[Vec<f64>], of: &Subset) -> Vec<f64> {
    let n = values.len() as f64;
    let mut mean = vec![0.0; values[0].len()];
    for (a, s) in values.iter().zip(signs) {
        let chi = of.sign(s);
        for (sum, x) in mean.iter_mut().zip(a) {
            *sum += chi * x / n;
        }
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_signs(n: usize) -> Vec<Vec<f64>> {
        let sign = |bits: usize, i: usize| if bits >> i & 1 == 1 { 1.0 } else { -1.0 };
        (0..1 << n)
            .map(|bits| (0..n).map(|i| sign(bits, i)).collect())
            .collect()
    }

    #[test]
    fn subsets_are_named_by_their_letters() {
        let names = |letters: &[char]| -> Vec<String> {
            subsets(letters).into_iter().map(|s| s.name).collect()
        };
        assert_eq!(names(&['K']), ["K"]);
        assert_eq!(
            names(&['I', 'T', 'R']),
            ["I", "T", "R", "IT", "IR", "TR", "ITR"]
        );
        assert_eq!(names(&['A', 'B', 'C', 'D']).len(), 15);
        assert_eq!(names(&['A', 'B', 'C', 'D'])[14], "ABCD");
    }

    #[test]
    fn a_hand_made_sum_is_taken_apart() {
        let signs = all_signs(3);
        let values: Vec<Vec<f64>> = signs
            .iter()
            .map(|s| vec![3.0 + 2.0 * s[0] - 0.5 * s[0] * s[2], s[0] * s[1] * s[2]])
            .collect();
        let of = |name: &str| {
            let found = subsets(&['I', 'T', 'R']);
            let subset = found.iter().find(|s| s.name == name).unwrap();
            component(&values, &signs, subset)
        };
        assert_eq!(of("I"), [2.0, 0.0]);
        assert_eq!(of("IR"), [-0.5, 0.0]);
        assert_eq!(of("ITR"), [0.0, 1.0]);
        assert_eq!(of("T"), [0.0, 0.0]);
    }

    #[test]
    fn components_add_up_to_the_whole_for_any_number_of_factors() {
        for n in 1..5 {
            let signs = all_signs(n);
            assert!(is_complete(&signs));
            let values: Vec<Vec<f64>> = (0..1_u32 << n)
                .map(|k| vec![f64::from(k * k % 7), f64::from(k).sin()])
                .collect();
            let sets = subsets(&['A', 'B', 'C', 'D'][..n]);
            let parts: Vec<Vec<f64>> = (sets.iter())
                .map(|s| component(&values, &signs, s))
                .collect();
            for feature in 0..2 {
                let mean = values.iter().map(|v| v[feature]).sum::<f64>() / values.len() as f64;
                for (value, s) in values.iter().zip(&signs) {
                    let sum: f64 = (sets.iter().zip(&parts))
                        .map(|(set, part)| set.sign(s) * part[feature])
                        .sum();
                    assert!((mean + sum - value[feature]).abs() < 1e-12);
                }
            }
        }
        assert!(!is_complete(&all_signs(3)[..7]));
        assert!(!is_complete(&[vec![1.0], vec![1.0]]));
    }
}
