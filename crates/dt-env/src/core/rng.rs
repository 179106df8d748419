//! numpy's generator, bit for bit: `Generator(PCG64(SeedSequence(seed)))`.
//!
//! MiniGrid draws its layouts from this stream, so equal seeds must give equal worlds. The seed
//! sequence is Melissa O'Neill's `seed_seq` design as numpy implements it, the generator is
//! PCG XSL-RR 128/64, and bounded integers use Lemire's method on 32-bit halves.

const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;

/// numpy's `PCG64` with its buffered 32-bit half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pcg64 {
    state: u128,
    increment: u128,
    /// Second half of the last 64-bit draw, while it waits for the next 32-bit one.
    buffered: Option<u32>,
    /// Last buffered value; numpy keeps it after use, and its state dictionary shows it.
    last_half: u32,
}

impl Pcg64 {
    /// The stream of `numpy.random.Generator(numpy.random.PCG64(seed))`.
    pub fn from_seed(seed: u64) -> Self {
        Self::from_seed_words(&[seed as u32, (seed >> 32) as u32])
    }

    /// The stream of a seed of any size, as little-endian 32-bit digits (leading zeros ignored).
    pub fn from_seed_words(words: &[u32]) -> Self {
        let used = words
            .iter()
            .rposition(|&w| w != 0)
            .map_or(1, |last| last + 1);
        let words = if words.is_empty() {
            &[0]
        } else {
            &words[..used]
        };
        let [a, b, c, d] = SeedSequence::new(words).generate();
        let join = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
        let mut rng = Self {
            state: 0,
            increment: join(c, d) << 1 | 1,
            buffered: None,
            last_half: 0,
        };
        rng.advance();
        rng.state = rng.state.wrapping_add(join(a, b));
        rng.advance();
        rng
    }

    /// A generator in the state that numpy's `bit_generator.state` shows.
    pub fn from_state(state: u128, increment: u128, has_uint32: bool, uinteger: u32) -> Self {
        Self {
            state,
            increment,
            buffered: has_uint32.then_some(uinteger),
            last_half: uinteger,
        }
    }

    /// `(state, inc, has_uint32, uinteger)`, as numpy's `bit_generator.state` shows them.
    pub fn state(&self) -> (u128, u128, bool, u32) {
        (
            self.state,
            self.increment,
            self.buffered.is_some(),
            self.last_half,
        )
    }

    #[inline]
    fn advance(&mut self) {
        self.state = self
            .state
            .wrapping_mul(MULTIPLIER)
            .wrapping_add(self.increment);
    }

    /// Next 64 bits; the buffered half is left as it is.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.advance();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    /// Next 32 bits: the low half of a 64-bit draw first, then its high half.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if let Some(half) = self.buffered.take() {
            return half;
        }
        let word = self.next_u64();
        self.last_half = (word >> 32) as u32;
        self.buffered = Some(self.last_half);
        word as u32
    }

    /// numpy's `Generator.integers(low, high)`: uniform on `low..high`.
    ///
    /// A range of one value draws nothing.
    ///
    /// # Panics
    /// If the range is empty.
    #[inline]
    pub fn integers(&mut self, low: u32, high: u32) -> u32 {
        assert!(low < high, "empty range {low}..{high}");
        let span = high - low;
        if span == 1 {
            return low;
        }
        let mut product = u64::from(self.next_u32()) * u64::from(span);
        if (product as u32) < span {
            let threshold = span.wrapping_neg() % span;
            while (product as u32) < threshold {
                product = u64::from(self.next_u32()) * u64::from(span);
            }
        }
        low + (product >> 32) as u32
    }
}

/// numpy's `SeedSequence` with a pool of four words.
struct SeedSequence {
    pool: [u32; 4],
}

impl SeedSequence {
    fn new(words: &[u32]) -> Self {
        let mut hash_const = 0x43B0_D7E5_u32;
        let mut hashmix = |mut value: u32| {
            value ^= hash_const;
            hash_const = hash_const.wrapping_mul(0x931E_8875);
            value = value.wrapping_mul(hash_const);
            value ^ value >> 16
        };
        let mix = |x: u32, y: u32| {
            let r = x
                .wrapping_mul(0xCA01_F9DD)
                .wrapping_sub(y.wrapping_mul(0x4973_F715));
            r ^ r >> 16
        };
        let mut pool = [0; 4];
        for (i, slot) in pool.iter_mut().enumerate() {
            *slot = hashmix(words.get(i).copied().unwrap_or(0));
        }
        for src in 0..4 {
            for dst in 0..4 {
                if src != dst {
                    pool[dst] = mix(pool[dst], hashmix(pool[src]));
                }
            }
        }
        for &word in words.iter().skip(4) {
            for slot in &mut pool {
                *slot = mix(*slot, hashmix(word));
            }
        }
        Self { pool }
    }

    fn generate(&self) -> [u64; 4] {
        let mut hash_const = 0x8B51_F9DD_u32;
        let mut word = |i: usize| {
            let mut value = self.pool[i % 4] ^ hash_const;
            hash_const = hash_const.wrapping_mul(0x58F3_8DED);
            value = value.wrapping_mul(hash_const);
            u64::from(value ^ value >> 16)
        };
        let mut out = [0; 4];
        for (k, slot) in out.iter_mut().enumerate() {
            let low = word(2 * k);
            *slot = low | word(2 * k + 1) << 32;
        }
        out
    }
}

/// Little-endian 32-bit digits of a decimal number of any length, or `None` if it is not one.
pub fn decimal_to_words(text: &str) -> Option<Vec<u32>> {
    // 2^256 has 78 digits; the bound keeps a hostile file from costing quadratic time.
    if text.is_empty() || text.len() > 200 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut words: Vec<u32> = vec![0];
    for digit in text.bytes() {
        let mut carry = u64::from(digit - b'0');
        for word in &mut words {
            let value = u64::from(*word) * 10 + carry;
            *word = value as u32;
            carry = value >> 32;
        }
        if carry > 0 {
            words.push(carry as u32);
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values printed by numpy 2.4.6 (`PCG64(seed).state`, `random_raw`, `integers`).
    #[test]
    fn matches_numpy() {
        let cases = [
            (
                0,
                0x1aa1_b534_5996_452d_0958_5eb7_a695_61e3_u128,
                0x418d_dadb_3af7_1a82_5881_33bc_4478_73a9_u128,
                [0xa30f_ebcf_d9c2_825f_u64, 0x4510_bdf8_82d9_d721],
                [1, 1, 1, 0, 0, 0, 0, 0],
                [3, 2, 2, 1, 1, 0, 0, 0],
            ),
            (
                42,
                0xcea4_4f67_9879_8f2a_acbc_7c9d_6886_0ac8,
                0xfa50_5436_c9a8_416e_66ca_f2e2_8d25_abff,
                [0xc621_fbcd_16d9_2688, 0x705a_5661_a791_ffc1],
                [0, 1, 1, 0, 0, 1, 0, 1],
                [0, 3, 2, 1, 1, 3, 0, 2],
            ),
        ];
        for (seed, state, inc, raw, bits, quads) in cases {
            let rng = Pcg64::from_seed(seed);
            assert_eq!(rng.state(), (state, inc, false, 0), "seed {seed}");
            let mut r = rng;
            assert_eq!([r.next_u64(), r.next_u64()], raw);
            let mut r = rng;
            assert_eq!(std::array::from_fn(|_| r.integers(0, 2)), bits);
            let mut r = rng;
            assert_eq!(std::array::from_fn(|_| r.integers(0, 4)), quads);
        }
    }

    #[test]
    fn one_valued_range_draws_nothing() {
        let mut rng = Pcg64::from_seed(7);
        let before = rng;
        assert_eq!(rng.integers(5, 6), 5);
        assert_eq!(rng, before);
    }

    #[test]
    fn decimal_seeds_split_into_words() {
        assert_eq!(decimal_to_words("0"), Some(vec![0]));
        assert_eq!(decimal_to_words("4294967296"), Some(vec![0, 1]));
        assert_eq!(
            decimal_to_words("18446744073709551616"),
            Some(vec![0, 0, 1])
        );
        assert_eq!(decimal_to_words("-1"), None);
        assert_eq!(
            Pcg64::from_seed_words(&[5, 0, 0]),
            Pcg64::from_seed(5),
            "leading zeros change nothing"
        );
    }
}
