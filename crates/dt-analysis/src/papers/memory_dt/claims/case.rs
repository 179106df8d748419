//! One agent before its judge: its evidence, and what the common thresholds make of it.

use dt_env::{Cell, Object};

use super::config::Claims;
use crate::Error;
use crate::maths::logit_diff::{LogitDiffs, pooled_restored};
use crate::maths::vectors::cosine;
use crate::papers::memory_dt::evidence::{Complements, Evidence};
use crate::prompts::Item;
use crate::questions::transfer::TransferRecord;

/// Facets of an agent that a claim can be asked of: those whose original prompt's logit
/// difference has the right sign and is moved far enough by the flip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usable {
    /// Places in the study's order.
    pub facets: Vec<usize>,
    /// Facets whose original prompt's logit difference has the right sign.
    pub right_sign: usize,
}

impl Usable {
    fn new(evidence: &Evidence, range: f64) -> Self {
        let diffs = evidence.effects.diffs(&evidence.effects.original);
        let right = |n: usize| {
            let wanted = evidence.asked.wanted[n].unwrap_or(0.0);
            diffs[n].original * wanted > 0.0
        };
        let wide = |n: usize| (diffs[n].flipped - diffs[n].original).abs() >= range;
        Self {
            facets: (0..diffs.len()).filter(|&n| right(n) && wide(n)).collect(),
            right_sign: (0..diffs.len()).filter(|&n| right(n)).count(),
        }
    }

    /// Of one value per facet, those of usable facets.
    pub fn of<T: Copy>(&self, values: &[T]) -> Vec<T> {
        self.facets.iter().map(|&n| values[n]).collect()
    }

    /// Share of usable facets for which something holds.
    pub fn share(&self, holds: impl Fn(usize) -> bool) -> Option<f64> {
        let count = self.facets.iter().filter(|&&n| holds(n)).count();
        (!self.facets.is_empty()).then(|| count as f64 / self.facets.len() as f64)
    }
}

/// Everything that a rule looks at.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// What was measured.
    pub evidence: &'a Evidence,
    /// Facets that claims are asked of.
    pub usable: Usable,
    /// Whether they are enough.
    pub enough: bool,
    /// Cells at which both objects were seen often enough, in order.
    pub exposed: Vec<Cell>,
    /// Item vectors as a table over the vocabulary.
    pub embeddings: Vec<Vec<f64>>,
    /// Adversaries tried from agent to agent; none where an agent is judged by itself.
    pub transfers: Option<&'a [TransferRecord]>,
}

impl<'a> Case<'a> {
    /// An agent's case under the common thresholds.
    pub fn new(
        evidence: &'a Evidence,
        claims: &Claims,
        transfers: Option<&'a [TransferRecord]>,
    ) -> Self {
        let usable = Usable::new(evidence, claims.usable_range);
        let cells = 0..evidence.view * evidence.view;
        Self {
            enough: usable.facets.len() >= claims.least_usable,
            usable,
            exposed: cells
                .map(|n| Cell::from_index(n, evidence.view))
                .filter(|&cell| evidence.frames_at(cell) >= claims.exposed_frames)
                .collect(),
            embeddings: evidence.embeddings(),
            evidence,
            transfers,
        }
    }

    /// `8 usable facets`.
    pub fn usable_facets(&self) -> String {
        format!("{} usable facets", self.usable.facets.len())
    }

    /// The edits that complement the cue.
    ///
    /// # Errors
    /// If the study has none.
    pub fn complements(&self) -> Result<&'a Complements, Error> {
        self.evidence.asked.complements.as_ref().ok_or_else(|| {
            Error::Question("the study has no double complement with its single ones".to_owned())
        })
    }

    /// Restored logit difference of an edit, pooled over usable facets.
    pub fn pooled(&self, edit: &str) -> Option<f64> {
        self.pooled_of(&self.evidence.effects.diffs(edit))
    }

    /// The same of logit differences, one for each facet.
    pub fn pooled_of(&self, diffs: &[LogitDiffs]) -> Option<f64> {
        pooled_restored(&self.usable.of(diffs))
    }

    /// Restored logit difference of an edit in one facet.
    pub fn restored(&self, facet: usize, edit: &str) -> Option<f64> {
        let effects = &self.evidence.effects;
        effects.effects[&effects.facets[facet].to_string()][edit].restored
    }

    /// An item's vector.
    pub fn vector(&self, object: Object, cell: Cell) -> &[f64] {
        &self.embeddings[Item::new(object, cell).index(self.evidence.view)]
    }

    /// Cosine of two items; missing if one has no length.
    pub fn cosine(&self, a: (Object, Cell), b: (Object, Cell)) -> Option<f64> {
        cosine(self.vector(a.0, a.1), self.vector(b.0, b.1))
    }

    /// Cells of the instruction that are exposed.
    pub fn exposed_cue_cells(&self) -> Vec<Cell> {
        let cue = self.evidence.asked.cue_cells.iter();
        cue.filter(|c| self.exposed.contains(c)).copied().collect()
    }
}
