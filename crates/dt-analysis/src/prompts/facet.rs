//! One prompt's conditions: a value of each factor, and a return-to-go.

use std::fmt;

use dt_env::Facts;
use serde::{Deserialize, Serialize};

use super::study::Study;

/// One combination of a study's factors and returns-to-go.
///
/// Written `Key, Key-Ball, 0.892`: the factors' labels, then the return-to-go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facet {
    /// What the reset decided.
    pub facts: Facts,
    /// Whether each factor has its first value, in the study's order.
    pub values: Vec<bool>,
    /// How those values are called; and of which seed the layout is, where seeds give the layouts.
    pub labels: Vec<String>,
    /// Return-to-go that is asked for.
    pub rtg: f64,
}

impl Facet {
    /// The facet of a reset at a return-to-go; `None` if a factor has neither of its two values.
    pub(super) fn of(study: &Study, facts: &Facts, rtg: f64) -> Option<Self> {
        let values: Vec<bool> = (study.factors.iter())
            .map(|factor| factor.sign(facts))
            .collect::<Option<_>>()?;
        let named = study.factors.iter().zip(&values);
        Some(Self {
            labels: named.map(|(f, &v)| f.label(v).to_owned()).collect(),
            facts: facts.clone(),
            values,
            rtg,
        })
    }

    /// Layout alone: `Key, Key-Ball`.
    pub fn layout(&self) -> String {
        self.labels.join(", ")
    }

    /// Signs of the factors, and of the return-to-go (+ above `middle`) as the last.
    pub fn signs(&self, middle: f64) -> Vec<f64> {
        let sign = |yes: bool| if yes { 1.0 } else { -1.0 };
        let mut signs: Vec<f64> = self.values.iter().map(|&v| sign(v)).collect();
        signs.push(sign(self.rtg > middle));
        signs
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for label in &self.labels {
            write!(f, "{label}, ")?;
        }
        write!(f, "{:.3}", self.rtg)
    }
}
