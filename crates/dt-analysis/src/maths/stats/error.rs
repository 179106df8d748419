//! What can be wrong with a sample.

/// Why a statistic has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StatsError {
    /// Nothing was given.
    #[error("the {what} of an empty sample does not exist; give at least one value")]
    Empty {
        /// The statistic.
        what: &'static str,
    },
    /// Not enough was given.
    #[error("the {what} needs at least {needs} values, got {got}")]
    TooFew {
        /// The statistic.
        what: &'static str,
        /// Smallest size of a sample.
        needs: usize,
        /// The sample's size.
        got: usize,
    },
    /// A value is NaN or infinite.
    #[error(
        "the {what} needs finite values, but value {index} is {value}; leave missing values out"
    )]
    NotFinite {
        /// The statistic.
        what: &'static str,
        /// Which value, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Two samples that belong together differ in size.
    #[error("the {what} needs a partner for every value, got {first} and {second} values")]
    Lengths {
        /// The statistic.
        what: &'static str,
        /// Size of the first sample.
        first: usize,
        /// Size of the second.
        second: usize,
    },
    /// All values are equal where a spread is divided by.
    #[error("the {what} of a sample without spread does not exist: all its values are {value}")]
    Constant {
        /// The statistic.
        what: &'static str,
        /// The value.
        value: f64,
    },
    /// More passes than trials, or no trials.
    #[error("{count} of {of} is not a share; the first number may be at most the second")]
    NotAShare {
        /// Passes.
        count: usize,
        /// Trials.
        of: usize,
    },
    /// A confidence, level or probability that is none.
    #[error("the {what} must lie {range}, not at {value}")]
    OutOfRange {
        /// What it is.
        what: &'static str,
        /// Where it should be.
        range: &'static str,
        /// Where it is.
        value: f64,
    },
    /// An interval's ends are the wrong way round.
    #[error("the {what} must run from a lower to a higher finite value, not from {low} to {high}")]
    Reversed {
        /// What it is.
        what: &'static str,
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
    /// No resamples were asked for.
    #[error("resampling needs at least one resample; some thousands are usual")]
    NoResamples,
    /// A closure gave no number.
    #[error(
        "the statistic of {place} is {value}; it must be finite for every choice of units, \
         repeated ones too"
    )]
    Statistic {
        /// The whole sample, or which resample.
        place: String,
        /// What the closure returned.
        value: f64,
    },
}

/// Refuses empty samples and values that are not finite.
pub(super) fn check(what: &'static str, values: &[f64]) -> Result<(), StatsError> {
    if values.is_empty() {
        return Err(StatsError::Empty { what });
    }
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(index) => Err(StatsError::NotFinite {
            what,
            index,
            value: values[index],
        }),
    }
}

/// As [`check`], and refuses samples below a size.
pub(super) fn check_many(
    what: &'static str,
    values: &[f64],
    needs: usize,
) -> Result<(), StatsError> {
    check(what, values)?;
    match values.len() {
        got if got < needs => Err(StatsError::TooFew { what, needs, got }),
        _ => Ok(()),
    }
}

/// As [`check_many`] for two samples of one length.
pub(super) fn check_pairs(
    what: &'static str,
    first: &[f64],
    second: &[f64],
    needs: usize,
) -> Result<(), StatsError> {
    if first.len() != second.len() {
        return Err(StatsError::Lengths {
            what,
            first: first.len(),
            second: second.len(),
        });
    }
    check_many(what, first, needs)?;
    check(what, second)
}

/// Refuses a confidence or level outside the open unit interval.
pub(super) fn check_open(what: &'static str, value: f64) -> Result<(), StatsError> {
    match value > 0.0 && value < 1.0 {
        true => Ok(()),
        false => Err(StatsError::OutOfRange {
            what,
            range: "strictly between 0 and 1",
            value,
        }),
    }
}
