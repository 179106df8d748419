//! What can be wrong with a probe's data.

use crate::maths::stats::StatsError;

/// Why a probe could not be fitted or judged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ProbeError {
    /// An activation or label is NaN or infinite.
    #[error("the {what} of row {row} is not finite; leave that row out")]
    NotFinite {
        /// Activation or label.
        what: &'static str,
        /// The row.
        row: usize,
    },
    /// Lists that go together differ in length.
    #[error("{what}: {expected} were needed, got {got}")]
    Lengths {
        /// What is counted.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// A row number beyond the table.
    #[error("row {row} was asked for, but there are only {rows}")]
    NoSuchRow {
        /// The row.
        row: usize,
        /// Rows of the table.
        rows: usize,
    },
    /// All labels are equal.
    #[error("the label is the same in all {rows} rows of the {place}; a probe needs both kinds")]
    ConstantLabel {
        /// Rows that were fitted.
        rows: usize,
        /// Which part of the data.
        place: &'static str,
    },
    /// No feature varies.
    #[error("no activation varies over the {rows} rows; there is nothing to read a label from")]
    ConstantActivations {
        /// Rows that were fitted.
        rows: usize,
    },
    /// Too few groups for the folds.
    #[error("{folds} folds need as many groups, got {groups}; use fewer folds, at least 2")]
    FewGroups {
        /// Folds asked for.
        folds: usize,
        /// Groups in the data.
        groups: usize,
    },
    /// Only one condition.
    #[error("leaving a condition out needs at least two of them, got {0}")]
    FewConditions(usize),
    /// All rows share one context.
    #[error("a control task needs at least two distinct contexts, got {0}")]
    FewContexts(usize),
    /// No context of the test rows was trained on.
    #[error("no context of the test rows occurs in training; a control task needs recurring ones")]
    NoRecurringContext,
    /// A number outside its range.
    #[error("the {what} must be {range}, not {value}")]
    OutOfRange {
        /// What it is.
        what: &'static str,
        /// Where it should be.
        range: &'static str,
        /// Where it is.
        value: f64,
    },
    /// Binary labels are needed.
    #[error("the {0} needs binary labels, got real ones")]
    NotBinary(&'static str),
    /// The equations of a fit have no solution in f64.
    #[error("the {0} did not converge; raise the strength of its penalty")]
    Diverged(&'static str),
    /// A score could not be computed.
    #[error(transparent)]
    Stats(#[from] StatsError),
}
