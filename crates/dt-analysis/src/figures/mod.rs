//! Figures of what questions found on agents, of any study.
//!
//! A [`Group`] is the agents of one kind. What is about one agent is drawn for its first; what
//! can be averaged is drawn over all of them, with every agent as a point.

mod edits;
mod formation;
mod group;
mod mechanism;
pub mod plot;
mod probe_sweep;
pub mod published;
mod vocabulary;

use crate::draw::Figure;
use crate::questions::attribution::Attribution;
use crate::questions::edits::EffectsRecord;
use crate::questions::geometry::GeometryRecord;
use crate::questions::patching::{PatchingRecord, PathRecord};
use crate::questions::walsh::WalshSite;

pub use formation::formation_figure;
pub use group::{About, Answer, Group};
pub(crate) use probe_sweep::short_point;
pub use probe_sweep::{sweep_figure, sweep_figure_name};

/// A name as a part of a file's: letters and digits, all else dashes.
pub fn slug(name: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '-',
    };
    name.chars().map(plain).collect()
}

/// Geometry of the vocabulary: lengths, cosines, and the components of each item set.
pub fn geometry_figures(group: &Group<GeometryRecord>, about: About) -> Vec<Figure> {
    let mut figures = vec![
        vocabulary::norms(group, about),
        vocabulary::cosines(group, about),
    ];
    figures.extend(vocabulary::pairs(group, about));
    for (n, set) in about.study.item_sets.iter().enumerate() {
        figures.push(vocabulary::components(group, about, set, n));
        for component in 1..=2 {
            figures.extend(vocabulary::maps(group, about, (n, set), component));
        }
    }
    figures
}

/// Effects of edits, of each group of them, and of direct interventions.
pub fn intervention_figures(group: &Group<EffectsRecord>, about: About) -> Vec<Figure> {
    let mut figures = vec![
        edits::restored(group, about),
        edits::projections(group, about),
        edits::interventions(group, about),
    ];
    let names = about.study.edit_groups.iter().map(|g| g.name.as_str());
    figures.extend(names.map(|name| edits::of_group(group, about, name)));
    figures
}

/// Activation patching.
pub fn patching_figures(group: &Group<PatchingRecord>, about: About) -> Vec<Figure> {
    vec![
        mechanism::residual(group, about),
        mechanism::outputs(group),
        mechanism::heads(group),
        mechanism::heads_by_token(group),
    ]
}

/// Path patching.
pub fn path_figures(group: &Group<PathRecord>, about: About) -> Vec<Figure> {
    vec![mechanism::paths(group, about)]
}

/// Attribution of the logit difference.
pub fn attribution_figures(group: &Group<Vec<Attribution>>, about: About) -> Vec<Figure> {
    vec![mechanism::attribution(group, about)]
}

/// The study's factors in the residual stream; nothing where its prompts are not factorial.
pub fn walsh_figures(group: &Group<Vec<WalshSite>>, about: About) -> Vec<Figure> {
    let drawn = group.agents.iter().all(|a| !a.record.is_empty());
    let figure = drawn.then(|| mechanism::walsh(group, about));
    figure.into_iter().collect()
}
