//! Kept evidence, read again: nothing in it is trusted.

use std::collections::BTreeSet;
use std::path::Path;

use dt_env::text::plain;
use dt_train::evaluate::ExactRecord;
use serde::Deserialize;

use super::{Evidence, FORMAT};
use crate::Error;
use crate::prompts::{Facet, Item};
use crate::questions::edits::{EditEffects, EffectsRecord};

/// As `reproduce` keeps it, or inside what `study` keeps of an agent.
#[derive(Deserialize)]
struct Peek {
    format: Option<String>,
    results: Option<PeekResults>,
}

#[derive(Deserialize)]
struct PeekResults {
    evidence: Option<PeekEvidence>,
}

#[derive(Deserialize)]
struct PeekEvidence {
    format: Option<String>,
}

#[derive(Deserialize)]
struct Study {
    results: StudyResults,
}

#[derive(Deserialize)]
struct StudyResults {
    evidence: Evidence,
}

impl Evidence {
    /// Reads the text of an `evidence/NAME.json`, or the evidence in a study's `agents/NAME.json`;
    /// `file` only names it in errors.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with file and field: if it is of another format, no evidence at all, or
    /// its parts do not fit each other.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Error> {
        let wrong = |message: String| Error::corrupt(file, &message);
        let peek: Peek =
            typed(text).map_err(|e| wrong(format!("this is no evidence about an agent: {e}")))?;
        let inside = peek.results.and_then(|r| r.evidence);
        let of_study = inside.is_some();
        match peek.format.or(inside.and_then(|e| e.format)) {
            Some(format) if format == FORMAT => {}
            Some(format) => {
                return Err(wrong(format!(
                    "this evidence has the format `{format}`, and `{FORMAT}` is read; measure the \
                     agent again with `dt-analysis reproduce` or `study`"
                )));
            }
            None => {
                return Err(wrong(format!(
                    "this is no evidence about an agent: field `format` is not there, which would \
                     be `{FORMAT}`; `dt-analysis reproduce` or `study` makes it"
                )));
            }
        }
        let (evidence, prefix) = match of_study {
            true => (
                typed::<Study>(text).map(|kept| kept.results.evidence),
                "results.evidence.",
            ),
            false => (typed::<Self>(text), ""),
        };
        let evidence = evidence.map_err(wrong)?;
        evidence
            .check()
            .map_err(|(field, message)| wrong(format!("field `{prefix}{field}`: {message}")))?;
        Ok(evidence)
    }
}

/// A value, or the field that is wrong and why.
fn typed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json)
        .map_err(|e| format!("field `{}`: {}", e.path(), e.inner()))
}

/// Name of a field, and what is wrong with it.
type Problem = (String, String);

impl Evidence {
    /// Whether its parts fit each other, so that it can be judged.
    pub fn is_whole(&self) -> bool {
        self.format == FORMAT && self.check().is_ok()
    }

    /// Whether its parts fit each other, so that judging never looks for what is not there.
    fn check(&self) -> Result<(), Problem> {
        let count = self.effects.facets.len();
        if count == 0 {
            return Err(problem("effects.facets", "there is none"));
        }
        let per_facet = |field: &str, found: usize| match found == count {
            true => Ok(()),
            false => Err(problem(
                field,
                format!("has {found} values, and there are {count} facets"),
            )),
        };
        per_facet("asked.wanted", self.asked.wanted.len())?;
        per_facet("prediction_errors", self.prediction_errors.len())?;
        per_facet("decoys.original", self.decoys.original.len())?;
        per_facet("decoys.flipped", self.decoys.flipped.len())?;
        for (n, pair) in self.decoys.pairs.iter().enumerate() {
            let field = format!("decoys.pairs[{n}].logit_diffs");
            per_facet(&field, pair.logit_diffs.len())?;
        }
        if let Some(mediation) = &self.mediation {
            per_facet("mediation.facets", mediation.facets.len())?;
        }
        self.check_names()?;
        self.check_effects()?;
        self.check_items()?;
        if let Some(site) = self.walsh.iter().position(|site| site.of == 0) {
            return Err(problem(format!("walsh[{site}].of"), "is 0"));
        }
        let sum = |r: &ExactRecord| {
            r.success
                .checked_add(r.wrong_target)?
                .checked_add(r.truncated)
        };
        let odd = |r: &ExactRecord| r.of == 0 || sum(r).is_none_or(|n| n > r.of);
        match self.exact.iter().position(odd) {
            Some(n) => {
                let message = format!("{} episodes do not fit their outcomes", self.exact[n].of);
                Err(problem(format!("exact[{n}].of"), message))
            }
            None => Ok(()),
        }
    }

    /// Whether its names can be printed and are keys.
    fn check_names(&self) -> Result<(), Problem> {
        let effects = &self.effects;
        let own = [
            ("agent.name", &self.agent.name),
            ("agent.kind", &self.agent.kind),
            ("study.name", &self.study.name),
        ];
        let edits = effects.edits.iter().map(|name| ("effects.edits", name));
        let groups = (effects.groups.iter())
            .flat_map(|g| g.edits.iter().chain([&g.name]))
            .map(|name| ("effects.groups", name));
        let points = self.walsh.iter().map(|site| ("walsh", &site.point));
        for (field, name) in own.into_iter().chain(edits).chain(groups).chain(points) {
            if name.is_empty() || plain(name) != name.as_str() {
                let message = format!("`{}` is no name", plain(name));
                return Err(problem(field, message));
            }
        }
        let mut seen = BTreeSet::new();
        for facet in &effects.facets {
            let name = facet.to_string();
            if plain(&name) != name.as_str() {
                let message = format!("`{}` is no name", plain(&name));
                return Err(problem("effects.facets", message));
            }
            if !seen.insert(name.clone()) {
                return Err(problem(
                    "effects.facets",
                    format!("`{name}` is there twice"),
                ));
            }
        }
        Ok(())
    }

    fn check_effects(&self) -> Result<(), Problem> {
        let EffectsRecord {
            facets,
            edits,
            effects,
            original,
            flipped,
            groups,
            ..
        } = &self.effects;
        let named =
            |field: &str, name: &str, edits: &[String]| match edits.iter().any(|e| e == name) {
                true => Ok(()),
                false => Err(problem(field, format!("there is no edit `{name}`"))),
            };
        named("effects.original", original, edits)?;
        named("effects.flipped", flipped, edits)?;
        all_there("effects.effects", facets, edits, effects)?;
        for (n, group) in groups.iter().enumerate() {
            let field = |name: &str| format!("effects.groups[{n}].{name}");
            if group.edits.is_empty() {
                return Err(problem(field("edits"), "there is none"));
            }
            named(&field("flipped"), &group.flipped, &group.edits)?;
            all_there(&field("effects"), facets, &group.edits, &group.effects)?;
        }
        if let Some(complements) = &self.asked.complements {
            named("asked.complements.both", &complements.both, edits)?;
            named("asked.complements.first", &complements.first, edits)?;
            named("asked.complements.second", &complements.second, edits)?;
        }
        let targets = groups.iter().find(|g| g.name == super::asked::TARGETS);
        let of_targets = targets.map_or(&[][..], |g| &g.edits);
        let asked = &self.asked.target_edits;
        for (field, name) in [("start", &asked.start), ("decision", &asked.decision)] {
            if let Some(name) = name {
                named(&format!("asked.target_edits.{field}"), name, of_targets)?;
            }
        }
        Ok(())
    }

    fn check_items(&self) -> Result<(), Problem> {
        let view = self.view;
        // A view has as many cells as a file can have items.
        if view == 0 || view.checked_mul(view).is_none_or(|n| n > self.items.len()) {
            let message = format!(
                "a view of {view} by {view} cells needs items at each of them, and there are {}",
                self.items.len()
            );
            return Err(problem("view", message));
        }
        let asked = &self.asked;
        let cells = [asked.cue].into_iter();
        let sets = asked.item_sets.iter().flat_map(|s| &s.cells);
        let lists = (asked.cue_cells.iter())
            .chain(asked.target_cells.iter().flatten())
            .chain(&self.decoys.cells)
            .chain(sets);
        if let Some(cell) = cells.chain(lists.copied()).find(|c| !c.is_within(view)) {
            let message = format!("cell {cell} lies outside the {view} × {view} view");
            return Err(problem("asked", message));
        }
        for item in asked.all_items(view) {
            if !self.items.contains_key(&item) {
                return Err(problem("items", format!("`{item}` is not there")));
            }
        }
        let length = self.items.values().next().map_or(0, |i| i.vector.len());
        for (item, known) in &self.items {
            check_item(*item, known, view, length)?;
        }
        Ok(())
    }
}

fn check_item(
    item: Item,
    known: &super::ItemEvidence,
    view: usize,
    length: usize,
) -> Result<(), Problem> {
    let field = |name: &str| format!("items.{item}.{name}");
    if !item.cell.is_within(view) {
        let message = format!("`{item}` lies outside the {view} × {view} view");
        return Err(problem("items", message));
    }
    let vectors = [
        ("vector", Some(&known.vector)),
        ("initial", known.initial.as_ref()),
    ];
    for (name, vector) in vectors {
        let Some(vector) = vector else { continue };
        if vector.len() != length {
            let message = format!("has {} values, others have {length}", vector.len());
            return Err(problem(field(name), message));
        }
        if let Some(value) = vector.iter().find(|x| !x.is_finite()) {
            return Err(problem(field(name), format!("{value} is no number")));
        }
    }
    Ok(())
}

/// Whether every facet has every edit.
fn all_there(
    field: &str,
    facets: &[Facet],
    edits: &[String],
    effects: &EditEffects,
) -> Result<(), Problem> {
    for facet in facets {
        let facet = facet.to_string();
        for edit in edits {
            if effects.get(&facet).is_none_or(|of| !of.contains_key(edit)) {
                let message = format!("`{edit}` of facet `{facet}` is not there");
                return Err(problem(field, message));
            }
        }
    }
    Ok(())
}

fn problem(field: impl Into<String>, message: impl Into<String>) -> Problem {
    (field.into(), message.into())
}
