//! What passes of seeds say of a claim.
//!
//! With k of n seeds passing and [low, high] the Clopper–Pearson interval of k / n: it holds if
//! low > ½, fails if high < ½, and is open otherwise.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::{StatsError, check};
use super::interval::{CONFIDENCE, Interval};
use super::order::median_interval;
use super::share::clopper_pearson;

/// The share of passing seeds that a claim must be told apart from.
const HALF: f64 = 0.5;
/// How far from the value of a claim's source a median may lie and still agree with it.
const AGREES_WITHIN: f64 = 0.1;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// More than half of all seeds pass, with 95 % confidence.
    Holds,
    /// Fewer than half do.
    Fails,
    /// The seeds do not tell.
    Undecided,
    /// It holds, but with another value than the one in its source.
    Differs,
    /// The only agent passes, which says nothing of others.
    Pass,
    /// The only agent does not.
    No,
}

/// A claim's value in its source, and what was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference<'a> {
    /// The value in the source.
    pub value: f64,
    /// One value for each seed that has one.
    pub seeds: &'a [f64],
}

impl Verdict {
    /// Verdict over seeds, from the 95 % Clopper–Pearson interval of the share that passes:
    /// above one half it holds, below it fails.
    ///
    /// With a reference it differs if it holds and the 95 % interval of the seeds' median lies
    /// entirely more than 0.1 away from the value; too few seeds for such an interval tell no
    /// difference. A single seed is judged as a single agent.
    ///
    /// # Errors
    /// If more seeds pass than there are, there are none, or the reference holds a value that is
    /// not finite.
    pub fn of_seeds(
        passes: usize,
        seeds: usize,
        reference: Option<Reference>,
    ) -> Result<Self, StatsError> {
        let share = clopper_pearson(passes, seeds, CONFIDENCE)?;
        let differs = reference.map_or(Ok(false), Reference::differs)?;
        Ok(match () {
            () if seeds == 1 => Self::of_agent(passes == 1),
            () if share.low > HALF && differs => Self::Differs,
            () if share.low > HALF => Self::Holds,
            () if share.high < HALF => Self::Fails,
            () => Self::Undecided,
        })
    }

    /// Verdict on a single agent: it passes or it does not; whether the claim holds is another
    /// question.
    pub fn of_agent(passes: bool) -> Self {
        match passes {
            true => Self::Pass,
            false => Self::No,
        }
    }
}

impl Reference<'_> {
    fn differs(self) -> Result<bool, StatsError> {
        check("verdict", &[self.value])?;
        let agrees = Interval::new(self.value - AGREES_WITHIN, self.value + AGREES_WITHIN);
        match median_interval(self.seeds, CONFIDENCE) {
            Ok(median) => Ok(!median.interval.overlaps(agrees)),
            Err(StatsError::TooFew { .. } | StatsError::Empty { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "HOLDS",
            Self::Fails => "FAILS",
            Self::Undecided => "UNDECIDED",
            Self::Differs => "DIFFERS",
            Self::Pass => "PASS",
            Self::No => "NO",
        })
    }
}
