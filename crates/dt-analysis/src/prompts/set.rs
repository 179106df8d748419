//! A study laid out: every facet with its frames, ready for edits.

use dt_env::Cell;

use super::edit::EditConfig;
use super::facet::Facet;
use super::prompt::{Prompt, Scenario, differing_cells, scenarios};
use super::study::Study;
use crate::Error;

/// The prompts of a study, which it owns.
///
/// ```
/// use dt_analysis::prompts::{PromptSet, Study};
///
/// let set = PromptSet::new(&Study::memory_post())?;
/// let edited = set.of(&set.study.edits[1])?;
/// assert_eq!(edited.len(), set.scenarios.len());
/// # Ok::<(), dt_analysis::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PromptSet {
    /// What is asked about.
    pub study: Study,
    /// Facets in order.
    pub scenarios: Vec<Scenario>,
}

impl PromptSet {
    /// Lays a study's scenarios out.
    ///
    /// # Errors
    /// If the world cannot produce them.
    pub fn new(study: &Study) -> Result<Self, Error> {
        Ok(Self {
            study: study.clone(),
            scenarios: scenarios(study)?,
        })
    }

    /// Prompts of an edit, in the facets' order.
    ///
    /// # Errors
    /// If the edit cannot be made.
    pub fn of(&self, edit: &EditConfig) -> Result<Vec<Prompt>, Error> {
        let made = self.scenarios.iter().map(|s| s.prompt(&self.study, edit));
        made.collect()
    }

    /// The facets, in order.
    pub fn facets(&self) -> Vec<Facet> {
        self.scenarios.iter().map(|s| s.facet.clone()).collect()
    }

    /// Names of the facets, in order.
    pub fn facet_names(&self) -> Vec<String> {
        self.scenarios.iter().map(|s| s.facet.to_string()).collect()
    }

    /// Side of the view.
    pub fn view(&self) -> usize {
        self.scenarios[0].start.spec.view_size as usize
    }

    /// Signs of the factors in each facet, with that of the return-to-go if two are asked for;
    /// one for each of [`Study::letters`].
    pub fn signs(&self) -> Vec<Vec<f64>> {
        let middle = self.study.middle_return();
        let count = self.study.letters().len();
        let signs = self.scenarios.iter().map(|s| s.facet.signs(middle));
        signs.map(|s| s[..count].to_vec()).collect()
    }

    /// Sign of the logit difference of an agent that does as it is asked; `None` where the study
    /// does not say.
    pub fn wanted_sign(&self, facet: usize) -> Option<f64> {
        if self.study.wanted.is_empty() {
            return None;
        }
        let signs = self.scenarios[facet]
            .facet
            .signs(self.study.middle_return());
        let letters = self.study.letters();
        let product = self.study.wanted.chars().map(|letter| {
            let at = letters.iter().position(|&l| l == letter);
            signs[at.expect("checked on reading")]
        });
        Some(product.product())
    }

    /// Whether edits are chosen on a facet; the others judge the choice. It is the facets with the
    /// first value of the first factor that is not the main one; where there is none, those at the
    /// higher of two returns-to-go, and all where one is asked for.
    pub fn is_chosen_on(&self, facet: usize) -> bool {
        let main = self.study.flipped().flip.first();
        let other = (self.study.factors.iter()).position(|f| Some(&f.axis) != main);
        let facet = &self.scenarios[facet].facet;
        match other {
            Some(n) => facet.values[n],
            None => self.study.returns_to_go.len() != 2 || facet.rtg > self.study.middle_return(),
        }
    }

    /// Whether the main factor has its first value in a facet.
    ///
    /// # Errors
    /// If the study has no single main factor.
    pub fn main_value(&self, facet: usize) -> Result<bool, Error> {
        let main = self.study.main_factor()?;
        let at = self.study.factors.iter().position(|f| f.axis == main.axis);
        Ok(self.scenarios[facet].facet.values[at.expect("it is one of them")])
    }

    /// Cells of a frame at which the world shows which value a factor has: those that differ
    /// between a facet and the one that an edit flips it to, in any facet, in order.
    ///
    /// # Errors
    /// If no edit of the study flips that factor alone.
    pub fn shown_at(&self, axis: &str, moment: &str) -> Result<Vec<Cell>, Error> {
        let step = self.study.frame(moment)?;
        let flip = (self.study.all_edits())
            .find(|e| e.flip == [axis] && e.changes.is_empty())
            .ok_or_else(|| {
                Error::Question(format!(
                    "study {}: no edit flips `{axis}` alone, so it is not known where it is shown",
                    self.study.name
                ))
            })?;
        let mut cells: Vec<Cell> = Vec::new();
        for (scenario, flipped) in self.scenarios.iter().zip(self.of(flip)?) {
            let differ =
                differing_cells(&scenario.observations, &flipped.observations, self.view());
            cells.extend(&differ[step]);
        }
        cells.sort_unstable();
        cells.dedup();
        Ok(cells)
    }

    /// The one frame that an edit changes, in whatever facet; `None` if it changes several, or none.
    ///
    /// # Errors
    /// If the edit cannot be made.
    pub fn edited_frame(&self, edit: &EditConfig) -> Result<Option<usize>, Error> {
        let mut steps: Vec<usize> = Vec::new();
        for (scenario, edited) in self.scenarios.iter().zip(self.of(edit)?) {
            let frames = scenario.observations.iter().zip(&edited.observations);
            let changed = frames.enumerate().filter(|(_, (a, b))| a != b);
            steps.extend(changed.map(|(step, _)| step));
        }
        steps.sort_unstable();
        steps.dedup();
        Ok(match steps.as_slice() {
            [step] => Some(*step),
            _ => None,
        })
    }

    /// Cells whose items an edit adds or takes away, of all frames and in any facet.
    ///
    /// # Errors
    /// If the edit cannot be made.
    pub fn touched_cells(&self, edit: &EditConfig) -> Result<Vec<Cell>, Error> {
        let mut cells: Vec<Cell> = edit.changes.iter().map(|c| c.cell).collect();
        for (scenario, edited) in self.scenarios.iter().zip(self.of(edit)?) {
            let differ = differing_cells(&scenario.observations, &edited.observations, self.view());
            cells.extend(differ.into_iter().flatten());
        }
        cells.sort_unstable();
        cells.dedup();
        Ok(cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_tells_where_its_factors_are_shown() {
        let set = PromptSet::new(&Study::memory_post()).unwrap();
        let cells = |axis, moment| -> Vec<String> {
            let found = set.shown_at(axis, moment).unwrap();
            found.iter().map(Cell::to_string).collect()
        };
        assert_eq!(cells("instruction", "start"), ["(2,6)"]);
        assert!(cells("instruction", "decision").is_empty());
        assert_eq!(cells("order", "start"), ["(1,2)", "(5,2)"]);
        assert_eq!(cells("order", "decision"), ["(1,6)", "(5,6)"]);
        let flip = set.study.flipped();
        assert_eq!(set.touched_cells(flip).unwrap(), [Cell::new(2, 6)]);
    }
}
