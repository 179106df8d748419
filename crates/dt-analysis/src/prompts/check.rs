//! What a study cannot say: the first mistake in it, by field, and what would be right.
//!
//! Answers are kept under names (edits, prompts, item sets, frames), so names of one kind differ,
//! and so do the numbers that are rounded in them. Whatever passes here can be laid out in bounded
//! time and memory, and asked of any agent of its world.

use std::collections::BTreeSet;

use dt_env::EnvSpec;
use dt_env::text::plain;

use super::edit::{EditConfig, flip_of};
use super::layouts::Layouts;
use super::study::{RETURN_LETTER, Study};

/// Most frames of all prompts and of those that flips lead to; ours have some hundreds.
const MAX_FRAMES: usize = 100_000;
/// Most prompts that all edits make; ours make some dozens.
const MAX_PROMPTS: usize = 20_000;
/// Longest name, in bytes: names are parts of keys and of figures.
const MAX_NAME: usize = 200;
/// Largest return-to-go, either way; rewards are at most 1 a step.
const MAX_RETURN: f64 = 1e6;

/// What makes a study of this world impossible, if anything does.
pub(super) fn problem(study: &Study, spec: &EnvSpec) -> Option<String> {
    let view = spec.view_size as usize;
    // Whatever is wrong with the world but its step limit was said when it was read.
    (study.max_steps.and(spec.problem()))
        .or_else(|| of_names(study))
        .or_else(|| of_prompts(study))
        .or_else(|| of_size(study))
        .or_else(|| study.contrast.problem())
        .or_else(|| of_factors(study))
        .or_else(|| of_letters(study))
        .or_else(|| study.all_edits().find_map(|e| e.problem(study, view)))
        .or_else(|| of_groups(study))
        .or_else(|| of_items(study, view))
}

fn of_prompts(study: &Study) -> Option<String> {
    let longest = study.walk.len();
    for (name, step) in &study.moments {
        if *step > longest {
            return Some(format!(
                "field `moments`: `{name}` is step {step}, the walk has {longest} steps"
            ));
        }
    }
    for name in ["start", "decision"] {
        if study.moment(name).is_none() {
            return Some(format!(
                "field `moments`: `{name}` is missing; name the frame with (\"{name}\", STEP)"
            ));
        }
    }
    if study.moment(&study.site).is_none() {
        let known: Vec<&str> = study.moments.iter().map(|(n, _)| n.as_str()).collect();
        return Some(format!(
            "field `site`: no frame is called `{}`; there are {}",
            plain(&study.site),
            known.join(", ")
        ));
    }
    if study.moment("decision") != Some(longest) {
        return Some("field `moments`: `decision` must be the last frame of the walk".to_owned());
    }
    if layouts(study) == Some(0) || study.returns_to_go.is_empty() {
        return Some(
            "fields `layouts` (or `factors`) and `returns_to_go` must not be empty".to_owned(),
        );
    }
    of_returns(study)
}

/// Prompts are named by three decimals of their return-to-go.
fn of_returns(study: &Study) -> Option<String> {
    // Equal names are said where the prompts are laid out; a zero that is negative has another.
    let mut seen: Vec<(String, f64)> = Vec::new();
    for &rtg in &study.returns_to_go {
        if rtg.is_nan() || rtg.abs() > MAX_RETURN {
            return Some(format!(
                "field `returns_to_go`: {rtg:e} must be a number from -{MAX_RETURN:e} to \
                 {MAX_RETURN:e}"
            ));
        }
        let name = format!("{rtg:.3}");
        let zero = |name: &str| name.trim_start_matches('-') == "0.000";
        let differs = |known: &str| known != name && zero(known) && zero(&name);
        if let Some((_, before)) = seen.iter().find(|(known, _)| differs(known)) {
            return Some(format!(
                "field `returns_to_go`: {before} and {rtg} have the same first three decimals, by \
                 which prompts are named; leave one out"
            ));
        }
        seen.push((name, rtg));
    }
    None
}

/// Number of layouts, if it is any number at all.
fn layouts(study: &Study) -> Option<usize> {
    match &study.layouts {
        Layouts::Combinations if study.factors.is_empty() => Some(0),
        Layouts::Combinations => 1_usize.checked_shl(u32::try_from(study.factors.len()).ok()?),
        Layouts::Facts(all) => Some(all.len()),
        Layouts::Seeds(all) => Some(all.len()),
        Layouts::Drawn(all) => Some(all.len()),
    }
}

fn of_size(study: &Study) -> Option<String> {
    let prompts = layouts(study).and_then(|n| n.checked_mul(study.returns_to_go.len()));
    let flips: BTreeSet<&[String]> = study.all_edits().map(|e| e.flip.as_slice()).collect();
    let frames = prompts
        .and_then(|n| n.checked_mul(study.walk.len() + 1))
        .and_then(|n| n.checked_mul(flips.len().max(1)));
    if frames.is_none_or(|n| n > MAX_FRAMES) {
        return Some(format!(
            "fields `factors`, `layouts`, `returns_to_go`, `walk` and the edits' `flip`: their \
             prompts have more than {MAX_FRAMES} frames; ask about fewer"
        ));
    }
    let edited = prompts.and_then(|n| n.checked_mul(study.all_edits().count()));
    edited.is_none_or(|n| n > MAX_PROMPTS).then(|| {
        format!(
            "fields `edits` and `edit_groups`: edits of all prompts make more than {MAX_PROMPTS}; \
             ask about fewer"
        )
    })
}

fn of_factors(study: &Study) -> Option<String> {
    for (n, factor) in study.factors.iter().enumerate() {
        let wrong = |message: String| Some(format!("field `factors`: `{}` {message}", factor.axis));
        if factor.values.0 == factor.values.1 {
            return wrong(format!("has the value `{}` twice", factor.values.0));
        }
        if let Some((label, _)) = factor.labels.as_ref().filter(|(a, b)| a == b) {
            return wrong(format!(
                "has the label `{label}` twice, and prompts are named by `labels`; give one another"
            ));
        }
        if let Some((object, _)) = factor.objects.filter(|(a, b)| a == b) {
            return wrong(format!(
                "is told by {object} whatever its value; `objects` must be two"
            ));
        }
        if let Some(cell) = twice(factor.cells.iter()) {
            return wrong(format!("has {cell} twice among its `cells`"));
        }
        if study.factors[..n].iter().any(|f| f.axis == factor.axis) {
            return wrong("is there twice".to_owned());
        }
    }
    None
}

fn of_letters(study: &Study) -> Option<String> {
    let letters = study.letters();
    let all = || letters.iter().collect::<String>();
    if let Some(letter) = letters.iter().find(|c| !c.is_alphanumeric()) {
        return Some(format!(
            "field `factors`: {letter:?} is no letter; give a `letter` like 'I'"
        ));
    }
    if twice(letters.iter()).is_some() {
        return Some(format!(
            "field `factors`: letters {} are not all different ({RETURN_LETTER} is the \
             return-to-go's); give `letter` to some",
            all()
        ));
    }
    if let Some(c) = study.wanted.chars().find(|c| !letters.contains(c)) {
        return Some(format!(
            "field `wanted`: no factor has the letter {}; there are {}",
            c.escape_debug(),
            all()
        ));
    }
    if let Some(c) = twice(study.wanted.chars()) {
        return Some(format!(
            "field `wanted`: {c} is there twice, and a sign times itself says nothing"
        ));
    }
    // A product is looked up by its letters in the factors' order.
    let place = |c: char| letters.iter().position(|&l| l == c);
    for product in study.products.keys() {
        let places: Option<Vec<usize>> = product.chars().map(place).collect();
        let in_order = places.is_some_and(|p| !p.is_empty() && p.is_sorted_by(|a, b| a < b));
        if !in_order {
            return Some(format!(
                "field `products`: `{}` is no product; write letters of {} in this order, each \
                 once",
                plain(product),
                all()
            ));
        }
    }
    None
}

fn of_groups(study: &Study) -> Option<String> {
    if !study.edits.iter().any(EditConfig::is_original) || flip_of(&study.edits).is_none() {
        return Some(
            "field `edits`: needs one that changes nothing and one that flips a factor and \
             changes nothing else"
                .to_owned(),
        );
    }
    let without = study
        .edit_groups
        .iter()
        .find(|g| flip_of(&g.edits).is_none());
    without.map(|group| {
        format!(
            "field `edit_groups`: `{}` needs an edit that flips a factor and changes nothing else",
            group.name
        )
    })
}

fn of_items(study: &Study, view: usize) -> Option<String> {
    let cells = (study.item_sets.iter().flat_map(|s| &s.cells))
        .chain(study.factors.iter().flat_map(|f| &f.cells))
        .chain((study.item_sets.iter()).flat_map(|s| s.anchors.iter().map(|a| &a.cell)));
    if let Some(cell) = cells.into_iter().find(|c| !c.is_within(view)) {
        return Some(format!(
            "field `cells`: {cell} lies outside the {view} × {view} view; columns and rows run \
             from 0 to {}",
            view - 1
        ));
    }
    if study.item_sets.is_empty() {
        return Some(
            "field `item_sets`: needs one at least; the first set's first component is the \
             direction that interventions go along"
                .to_owned(),
        );
    }
    for set in &study.item_sets {
        let wrong = |message: String| Some(format!("field `item_sets`: `{}` {message}", set.name));
        if set.cells.is_empty() {
            return wrong("has no cells, and components of nothing do not exist".to_owned());
        }
        if set.objects.0 == set.objects.1 {
            return wrong(format!(
                "has {} twice; its `objects` must be two",
                set.objects.0
            ));
        }
        if let Some(cell) = twice(set.cells.iter()) {
            return wrong(format!("has {cell} twice among its `cells`"));
        }
        let items = set.items();
        if let Some(anchor) = set.anchors.iter().find(|a| !items.contains(a)) {
            return wrong(format!(
                "has no item `{anchor}`, which is one of its `anchors`"
            ));
        }
    }
    None
}

/// Answers are kept by these names: of two of one name one would be lost.
fn of_names(study: &Study) -> Option<String> {
    let groups = || study.edit_groups.iter().map(|g| g.name.as_str());
    let sets = || study.item_sets.iter().map(|s| s.name.as_str());
    let moments = || study.moments.iter().map(|(n, _)| n.as_str());
    let edits = || study.all_edits().map(|e| e.name.as_str());
    let kept: [(&str, Vec<&str>); 6] = [
        ("name", vec![&study.name]),
        ("edits", edits().collect()),
        ("edit_groups", groups().collect()),
        ("item_sets", sets().collect()),
        ("moments", moments().collect()),
        (
            "products",
            study.products.values().map(String::as_str).collect(),
        ),
    ];
    for (field, names) in kept {
        if let Some(problem) = names.iter().find_map(|name| of_name(field, name)) {
            return Some(problem);
        }
        if let Some(name) = twice(names) {
            return Some(format!(
                "field `{field}`: `{name}` is there twice; give one another name"
            ));
        }
    }
    study.factors.iter().find_map(|factor| {
        let (values, labels) = (&factor.values, &factor.labels);
        let labels = labels.iter().flat_map(|(a, b)| [a, b]);
        let mut names = [&factor.axis, &values.0, &values.1]
            .into_iter()
            .chain(labels);
        names.find_map(|name| of_name("factors", name))
    })
}

/// What makes a text no name, if anything does.
fn of_name(field: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        return Some(format!("field `{field}`: a name is empty; give one"));
    }
    if name.len() > MAX_NAME {
        let start: String = name.chars().take(20).collect();
        return Some(format!(
            "field `{field}`: the name `{}…` has {} bytes, more than {MAX_NAME}",
            plain(&start),
            name.len()
        ));
    }
    (plain(name) != name).then(|| {
        format!(
            "field `{field}`: the name `{}` has a control character",
            plain(name)
        )
    })
}

/// The first of some things that is there twice.
pub(super) fn twice<T: Ord + Clone>(all: impl IntoIterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    all.into_iter().find(|one| !seen.insert(one.clone()))
}
