//! Loops compiled for the widest vectors of the machine they run on.

/// Runs `body`, inlined, with the vector instructions of this machine.
#[inline(always)]
pub(super) fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(body)
}

/// Whether a fused multiply-add is one instruction; where it is not, it is very slow.
pub(super) fn has_fma() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::is_x86_feature_detected!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        cfg!(target_arch = "aarch64")
    }
}

/// `a * b + c`, fused where `FMA` says that the machine can.
#[inline(always)]
pub(super) fn mul_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Sum of `f(x)` in eight lanes, in a fixed order.
#[inline(always)]
pub(super) fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; 8];
    let (chunks, rest) = x.as_chunks::<8>();
    for chunk in chunks {
        for (lane, &v) in lanes.iter_mut().zip(chunk) {
            *lane += f(v);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|&v| f(v)).sum::<f32>()
}

/// Inner product in eight lanes, in a fixed order.
#[inline(always)]
pub(super) fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut lanes = [0.0; 8];
    let (xs, x_rest) = x.as_chunks::<8>();
    let (ys, y_rest) = y.as_chunks::<8>();
    for (a, b) in xs.iter().zip(ys) {
        for ((lane, &p), &q) in lanes.iter_mut().zip(a).zip(b) {
            *lane += p * q;
        }
    }
    let rest: f32 = x_rest.iter().zip(y_rest).map(|(p, q)| p * q).sum();
    lanes.iter().sum::<f32>() + rest
}

/// `y += a * x`.
#[inline(always)]
pub(super) fn axpy(y: &mut [f32], a: f32, x: &[f32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// `y += x`.
#[inline(always)]
pub(super) fn add(y: &mut [f32], x: &[f32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

/// `exp(x)` for `x <= 0`, without branches, to about 2 units in the last place.
///
/// Range reduction by powers of two and a polynomial on ±ln 2 / 2 (Cephes' `expf` coefficients).
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let tiny = x < -87.0;
    let x = if tiny { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for c in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        0.166_666_65,
        0.5,
    ] {
        p = p * r + c;
    }
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    let value = (p * r * r + r + 1.0) * power;
    if tiny { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close() {
        for i in 0..20_000 {
            let x = -(i as f32) * 0.005;
            let (got, want) = (exp(x), x.exp());
            assert!(
                (got - want).abs() <= 3e-7 * want.max(1e-30),
                "{x}: {got} {want}"
            );
        }
    }
}
