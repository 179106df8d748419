//! Activations, and what is to be read from them.

use super::error::ProbeError;

/// A table of finite activations.
#[derive(Clone, Debug, PartialEq)]
pub struct Activations {
    rows: usize,
    d: usize,
    values: Vec<f32>,
}

/// What a probe should read, one value for each row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Labels<'a> {
    /// One of two classes.
    Binary(&'a [bool]),
    /// A number.
    Real(&'a [f64]),
}

/// Activations with a label and a group for each row.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// `[rows, d]`.
    pub activations: &'a Activations,
    /// `[rows]`.
    pub labels: Labels<'a>,
    /// `[rows]`; rows of a group stay together in cross-validation.
    pub groups: &'a [u32],
}

impl Activations {
    /// A table `[rows, d]` from its values, row by row.
    ///
    /// # Errors
    /// If the values are not `rows · d`, there are none, or one is not finite.
    pub fn new(rows: usize, d: usize, values: Vec<f32>) -> Result<Self, ProbeError> {
        let expected = rows.saturating_mul(d);
        if values.len() != expected || expected == 0 {
            return Err(ProbeError::Lengths {
                what: "activations",
                expected: expected.max(1),
                got: values.len(),
            });
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(at) => Err(ProbeError::NotFinite {
                what: "activation",
                row: at / d,
            }),
            None => Ok(Self { rows, d, values }),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Features of a row.
    pub fn d(&self) -> usize {
        self.d
    }

    /// One row, `[d]`.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.d..][..self.d]
    }
}

impl Labels<'_> {
    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Self::Binary(labels) => labels.len(),
            Self::Real(labels) => labels.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The number that is fitted: a class as +1 or −1.
    pub(super) fn target(self, row: usize) -> f64 {
        match self {
            Self::Binary(labels) if labels[row] => 1.0,
            Self::Binary(_) => -1.0,
            Self::Real(labels) => labels[row],
        }
    }
}

impl Task<'_> {
    /// Refuses lists that do not go together, rows that do not exist and labels without spread.
    pub(super) fn check(&self, rows: &[usize], place: &'static str) -> Result<(), ProbeError> {
        let all = self.activations.rows();
        for (what, got) in [("labels", self.labels.len()), ("groups", self.groups.len())] {
            if got != all {
                return Err(ProbeError::Lengths {
                    what,
                    expected: all,
                    got,
                });
            }
        }
        check_rows(rows, all)?;
        if let Labels::Real(labels) = self.labels
            && let Some(&row) = rows.iter().find(|&&row| !labels[row].is_finite())
        {
            return Err(ProbeError::NotFinite { what: "label", row });
        }
        let first = rows.first().map(|&row| self.labels.target(row));
        if rows
            .iter()
            .all(|&row| Some(self.labels.target(row)) == first)
        {
            return Err(ProbeError::ConstantLabel {
                rows: rows.len(),
                place,
            });
        }
        Ok(())
    }
}

/// Refuses rows that do not exist.
pub(super) fn check_rows(rows: &[usize], all: usize) -> Result<(), ProbeError> {
    match rows.iter().find(|&&row| row >= all) {
        Some(&row) => Err(ProbeError::NoSuchRow { row, rows: all }),
        None => Ok(()),
    }
}
