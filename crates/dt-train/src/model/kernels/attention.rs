//! Causal attention of all heads, without materialising anything but the pattern.
//!
//! Queries may be a regular subset of the tokens (the state tokens, in the last block). A head's
//! tile is packed into fixed-size arrays, so that rows stay in vector registers.

use std::sync::Arc;

use crate::burn::backend::flex::FlexTensor;
use crate::burn::prelude::*;

use super::glue::{HostOp, dense, host_op, input, tensor, values};
use super::simd::{dot, exp, has_fma, mul_add, sum, vectorised};
use crate::model::Queries;

/// Sizes of an attention, and which token each query is.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// Windows of all agents.
    batch: usize,
    queries: usize,
    keys: usize,
    heads: usize,
    /// A query sees keys up to its own token.
    tokens: Queries,
}

impl Sizes {
    /// Number of keys that query `i` sees.
    #[inline(always)]
    fn seen(&self, i: usize) -> usize {
        self.tokens.first + self.tokens.stride * i + 1
    }
}

#[derive(Clone, Debug)]
struct Saved {
    q: FlexTensor,
    k: FlexTensor,
    v: FlexTensor,
    /// `[batch, head, query, padded keys]`
    pattern: Arc<Vec<f32>>,
    sizes: Sizes,
    d_head: usize,
    shapes: [[usize; 3]; 3],
}

/// Widths of heads, and numbers of keys padded to eight, that have a compiled kernel.
const HEADS: [usize; 4] = [8, 16, 32, 64];
const MOST_KEYS: usize = 32;

/// Whether [`attention`] has a kernel for these sizes.
pub(crate) fn supports_heads(d_head: usize, keys: usize) -> bool {
    HEADS.contains(&d_head) && keys <= MOST_KEYS
}

/// Softmax attention: each query sees its own token and earlier ones of its window.
///
/// # Shapes
/// - `q`: `[agents, windows * queries, heads * d_head]`
/// - `k`, `v`: `[agents, windows * seq, heads * d_head]`
/// - output: like `q`
///
/// Each window has as many queries as `q` has rows for it; `tokens` says which they are.
pub(crate) fn attention(
    q: Tensor<3>,
    k: Tensor<3>,
    v: Tensor<3>,
    heads: usize,
    seq: usize,
    tokens: Queries,
) -> Tensor<3> {
    let shapes @ [[agents, q_rows, width], [_, k_rows, _], _] = [q.dims(), k.dims(), v.dims()];
    let tracked = q.is_autodiff();
    let windows = k_rows / seq;
    let queries = q_rows / windows;
    assert!(tokens.first + tokens.stride * (queries - 1) < seq);
    let sizes = Sizes {
        batch: agents * windows,
        queries,
        keys: seq,
        heads,
        tokens,
    };
    let d_head = width / heads;
    let inputs = [input(q), input(k), input(v)];
    let [q, k, v] = inputs.each_ref().map(dense);
    let mut out = vec![0.0; values(&q).len()];
    let mut pattern = vec![0.0; sizes.batch * heads * queries * padded(seq)];
    dispatch(
        d_head,
        seq,
        Forward {
            q: values(&q),
            k: values(&k),
            v: values(&v),
            sizes,
            out: &mut out,
            pattern: &mut pattern,
        },
    );
    let saved = Saved {
        q,
        k,
        v,
        pattern: pattern.into(),
        sizes,
        d_head,
        shapes,
    };
    host_op(&inputs, tensor(out, shapes[0]), saved, tracked)
}

impl HostOp<3> for Saved {
    fn backward(self, grad: &[f32], _: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let [mut dq, mut dk, mut dv] = self.shapes.map(|s| vec![0.0; s.iter().product()]);
        dispatch(
            self.d_head,
            self.sizes.keys,
            Backward {
                grad,
                q: values(&self.q),
                k: values(&self.k),
                v: values(&self.v),
                pattern: &self.pattern,
                sizes: self.sizes,
                dq: &mut dq,
                dk: &mut dk,
                dv: &mut dv,
            },
        );
        let [sq, sk, sv] = self.shapes;
        [
            Some(tensor(dq, sq)),
            Some(tensor(dk, sk)),
            Some(tensor(dv, sv)),
        ]
    }
}

fn padded(keys: usize) -> usize {
    keys.div_ceil(8) * 8
}

/// A kernel for `L` padded keys (and as many query rows) and heads of width `D`.
trait Kernel {
    fn run<const L: usize, const D: usize, const FMA: bool>(self);
}

fn dispatch(d_head: usize, keys: usize, kernel: impl Kernel) {
    macro_rules! arms {
        ($fma:literal: $($l:literal $d:literal),*) => {
            match (padded(keys), d_head) {
                $(($l, $d) => vectorised(#[inline(always)] || kernel.run::<$l, $d, $fma>()),)*
                sizes => unreachable!("no attention kernel for {sizes:?}"),
            }
        };
    }
    if has_fma() {
        arms!(true: 8 8, 16 8, 24 8, 32 8, 8 16, 16 16, 24 16, 32 16,
              8 32, 16 32, 24 32, 32 32, 8 64, 16 64, 24 64, 32 64);
    } else {
        arms!(false: 8 8, 16 8, 24 8, 32 8, 8 16, 16 16, 24 16, 32 16,
              8 32, 16 32, 24 32, 32 32, 8 64, 16 64, 24 64, 32 64);
    }
}

/// `out = a * b` for `rows` rows of `a` (its first `inner` columns); rows go two at a time, so
/// arrays hold an even number of rows.
#[inline(always)]
fn product<const K: usize, const N: usize, const FMA: bool>(
    a: &[[f32; K]],
    b: &[[f32; N]],
    rows: usize,
    inner: usize,
    out: &mut [[f32; N]],
) {
    for r in (0..rows).step_by(2) {
        let (a0, a1) = (&a[r], &a[r + 1]);
        let (mut x, mut y) = ([0.0; N], [0.0; N]);
        for c in 0..inner.min(K) {
            let (p, q, b) = (a0[c], a1[c], &b[c]);
            for j in 0..N {
                x[j] = mul_add::<FMA>(p, b[j], x[j]);
                y[j] = mul_add::<FMA>(q, b[j], y[j]);
            }
        }
        out[r] = x;
        out[r + 1] = y;
    }
}

#[inline(always)]
fn load<const N: usize>(
    source: &[f32],
    from: usize,
    width: usize,
    rows: usize,
    to: &mut [[f32; N]],
) {
    for (i, row) in to[..rows].iter_mut().enumerate() {
        row.copy_from_slice(&source[from + i * width..][..N]);
    }
}

#[inline(always)]
fn store<const N: usize>(
    source: &[[f32; N]],
    rows: usize,
    to: &mut [f32],
    from: usize,
    width: usize,
) {
    for (i, row) in source[..rows].iter().enumerate() {
        to[from + i * width..][..N].copy_from_slice(row);
    }
}

#[inline(always)]
fn transpose<const N: usize, const M: usize>(
    source: &[[f32; N]],
    rows: usize,
    to: &mut [[f32; M]],
) {
    for (i, row) in source[..rows].iter().enumerate() {
        for (c, &v) in row.iter().enumerate() {
            to[c][i] = v;
        }
    }
}

struct Forward<'a> {
    q: &'a [f32],
    k: &'a [f32],
    v: &'a [f32],
    sizes: Sizes,
    out: &'a mut [f32],
    pattern: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    #[inline(always)]
    fn run<const L: usize, const D: usize, const FMA: bool>(self) {
        let s = self.sizes;
        let width = s.heads * D;
        let scale = 1.0 / (D as f32).sqrt();
        let (mut q, mut k, mut v, mut o) =
            ([[0.0; D]; L], [[0.0; D]; L], [[0.0; D]; L], [[0.0; D]; L]);
        let (mut kt, mut scores) = ([[0.0; L]; D], [[0.0; L]; L]);
        for window in 0..s.batch {
            for head in 0..s.heads {
                let q_at = window * s.queries * width + head * D;
                let k_at = window * s.keys * width + head * D;
                load(self.q, q_at, width, s.queries, &mut q);
                load(self.k, k_at, width, s.keys, &mut k);
                load(self.v, k_at, width, s.keys, &mut v);
                transpose(&k, s.keys, &mut kt);
                product::<D, L, FMA>(&q, &kt, s.queries, D, &mut scores);
                for (i, row) in scores[..s.queries].iter_mut().enumerate() {
                    let seen = s.seen(i);
                    let mut most = f32::NEG_INFINITY;
                    for (j, x) in row.iter_mut().enumerate() {
                        *x = if j < seen {
                            *x * scale
                        } else {
                            f32::NEG_INFINITY
                        };
                        most = if *x > most { *x } else { most };
                    }
                    for x in row.iter_mut() {
                        *x = exp(*x - most);
                    }
                    let total = 1.0 / sum(row, |x| x);
                    for x in row.iter_mut() {
                        *x *= total;
                    }
                    let at = ((window * s.heads + head) * s.queries + i) * L;
                    self.pattern[at..at + L].copy_from_slice(row);
                }
                product::<L, D, FMA>(&scores, &v, s.queries, s.keys, &mut o);
                store(&o, s.queries, self.out, q_at, width);
            }
        }
    }
}

struct Backward<'a> {
    grad: &'a [f32],
    q: &'a [f32],
    k: &'a [f32],
    v: &'a [f32],
    pattern: &'a [f32],
    sizes: Sizes,
    dq: &'a mut [f32],
    dk: &'a mut [f32],
    dv: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    #[inline(always)]
    fn run<const L: usize, const D: usize, const FMA: bool>(self) {
        let s = self.sizes;
        let width = s.heads * D;
        let scale = 1.0 / (D as f32).sqrt();
        let zero = [[0.0; D]; L];
        let (mut g, mut q, mut k, mut v, mut o) = (zero, zero, zero, zero, zero);
        let mut vt = [[0.0; L]; D];
        // Rows beyond the queries stay zero: they are summed over below.
        let square = [[0.0; L]; L];
        let (mut p, mut pt, mut ds, mut dst) = (square, square, square, square);
        for window in 0..s.batch {
            for head in 0..s.heads {
                let q_at = window * s.queries * width + head * D;
                let k_at = window * s.keys * width + head * D;
                load(self.grad, q_at, width, s.queries, &mut g);
                load(self.q, q_at, width, s.queries, &mut q);
                load(self.k, k_at, width, s.keys, &mut k);
                load(self.v, k_at, width, s.keys, &mut v);
                let p_at = (window * s.heads + head) * s.queries * L;
                load(self.pattern, p_at, L, s.queries, &mut p);
                transpose(&v, s.keys, &mut vt);
                transpose(&p, s.queries, &mut pt);
                product::<D, L, FMA>(&g, &vt, s.queries, D, &mut ds);
                for (p, ds) in p[..s.queries].iter().zip(&mut ds) {
                    let along = dot(p, ds);
                    for (d, &p) in ds.iter_mut().zip(p) {
                        *d = p * (*d - along) * scale;
                    }
                }
                transpose(&ds, s.queries, &mut dst);
                product::<L, D, FMA>(&ds, &k, s.queries, s.keys, &mut o);
                store(&o, s.queries, self.dq, q_at, width);
                product::<L, D, FMA>(&dst, &q, s.keys, s.queries, &mut o);
                store(&o, s.keys, self.dk, k_at, width);
                product::<L, D, FMA>(&pt, &g, s.keys, s.queries, &mut o);
                store(&o, s.keys, self.dv, k_at, width);
            }
        }
    }
}
