//! A study laid out: every facet with its frames, ready for edits.

use super::config::{EditConfig, Study};
use super::prompt::{Prompt, Scenario, scenarios};
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
#[derive(Clone, Debug, PartialEq)]
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
}
