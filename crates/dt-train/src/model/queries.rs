//! Which tokens an attention computes.

/// Which tokens of a window ask: query `i` is token `first + stride * i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queries {
    /// Token of the first query.
    pub first: usize,
    /// Tokens from one query to the next.
    pub stride: usize,
}

impl Queries {
    /// Every token.
    pub(crate) const ALL: Self = Self {
        first: 0,
        stride: 1,
    };
    /// The state tokens 1, 4, 7 …
    pub(crate) const STATES: Self = Self {
        first: 1,
        stride: 3,
    };
}
