//! What of a study its judge needs: names of edits, signs, sets of cells.

use dt_env::{Cell, Object};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::prompts::{Contrast, EditConfig, ItemSet, PromptSet, Study};

/// What was asked, so that a judge needs neither the study nor its world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Per facet: sign of the logit difference of an agent that does as it is asked.
    pub wanted: Vec<Option<f64>>,
    /// Actions whose logits are compared.
    pub contrast: Contrast,
    /// Halfway between the lowest and the highest return-to-go.
    pub middle_return: f64,
    /// Objects whose exposure counts.
    pub objects: (Object, Object),
    /// Edits that complement the cue, if the study has them.
    #[serde(deserialize_with = "Option::deserialize")] // may be null, may not be missing
    pub complements: Option<Complements>,
    /// Edits that complement the targets.
    pub target_edits: TargetEdits,
    /// Sets of items.
    pub item_sets: Vec<ItemSet>,
    /// Where the first frame shows the instruction.
    pub cue: Cell,
    /// Cells at which the instruction can be seen.
    pub cue_cells: Vec<Cell>,
    /// Where the targets are shown: at the start, and at the decision.
    pub target_cells: [Vec<Cell>; 2],
}

/// The edit that complements two cells, and those that complement one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complements {
    /// Both.
    pub both: String,
    /// The first alone.
    pub first: String,
    /// The second alone.
    pub second: String,
}

/// Edits of the group `targets` that change one frame, where there are any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetEdits {
    /// At the start.
    #[serde(deserialize_with = "Option::deserialize")]
    pub start: Option<String>,
    /// At the decision.
    #[serde(deserialize_with = "Option::deserialize")]
    pub decision: Option<String>,
}

/// Name of the group of edits of the targets.
pub const TARGETS: &str = "targets";

impl Asked {
    /// # Errors
    /// If the study shows no instruction, or no targets.
    pub(super) fn of(set: &PromptSet) -> Result<Self, Error> {
        let study = &set.study;
        let cue = set.shown_at("instruction", "start")?;
        let named = |edit: &EditConfig| edit.name.clone();
        Ok(Self {
            wanted: (0..set.scenarios.len())
                .map(|n| set.wanted_sign(n))
                .collect(),
            contrast: study.contrast.clone(),
            middle_return: study.middle_return(),
            objects: study.direction_set()?.objects,
            complements: complements(study).map(|[both, first, second]| Complements {
                both: named(both),
                first: named(first),
                second: named(second),
            }),
            target_edits: TargetEdits {
                start: target_edit(study, "start").map(named),
                decision: target_edit(study, "decision").map(named),
            },
            item_sets: study.item_sets.clone(),
            cue: *cue.first().ok_or_else(|| {
                Error::Question("the study's first frame shows no instruction".to_owned())
            })?,
            cue_cells: study.main_factor()?.cells.clone(),
            target_cells: [
                set.shown_at("order", "start")?,
                set.shown_at("order", "decision")?,
            ],
        })
    }

    /// A set of items by name.
    ///
    /// # Errors
    /// If there is none.
    pub fn item_set(&self, name: &str) -> Result<&ItemSet, Error> {
        let found = self.item_sets.iter().find(|s| s.name == name);
        found.ok_or_else(|| Error::Question(format!("the study has no item set called `{name}`")))
    }
}

/// The edit that complements two cells, and those that complement the first or the second alone.
pub(super) fn complements(study: &Study) -> Option<[&EditConfig; 3]> {
    let axis = &study.main_factor().ok()?.axis;
    let with = |count| {
        let edits = study.edits.iter();
        edits.filter(move |e| e.complements(axis, count))
    };
    let both = with(2).next()?;
    let single = |n: usize| with(1).find(|e| e.changes[0] == both.changes[n]);
    Some([both, single(0)?, single(1)?])
}

/// The edit of the targets that changes one frame alone.
fn target_edit<'a>(study: &'a Study, at: &str) -> Option<&'a EditConfig> {
    let group = study.edit_groups.iter().find(|g| g.name == TARGETS)?;
    let of_moment = |e: &&EditConfig| !e.changes.is_empty() && e.changes.iter().all(|c| c.at == at);
    group.edits.iter().find(of_moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_found_by_what_they_change() {
        let set = PromptSet::new(&Study::memory_post()).unwrap();
        let asked = Asked::of(&set).unwrap();
        let complements = asked.complements.unwrap();
        assert_eq!(complements.both, "Complement (0,5), (4,2)");
        assert_eq!(complements.second, "Complement (4,2)");
        assert!(asked.target_edits.start.is_some() && asked.target_edits.decision.is_some());
        assert_ne!(asked.target_edits.start, asked.target_edits.decision);
        assert_eq!(asked.cue, Cell::new(2, 6));
        assert_eq!(asked.wanted.len(), 8);
    }
}
