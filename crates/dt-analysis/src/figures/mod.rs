//! Figures of agents' results: the post's, and those that its methods call for.
//!
//! A [`Group`] is the agents of one kind. What is about one agent is drawn for its first; what
//! can be averaged is drawn over all of them, with every agent as a point.

mod edits;
mod errata;
mod formation;
mod mechanism;
mod one_site;
mod overview;
pub mod plot;
mod probe_sweep;
mod probes;
mod study;
mod vocabulary;

use crate::dossier::reproduce::AgentResults;
use crate::draw::Figure;
use crate::papers::memory_dt::published::PostNumbers;

pub use errata::errata_figure;
pub use formation::formation_figure;
pub use overview::claims_figure;
pub(crate) use probe_sweep::short_point;
pub use probe_sweep::sweep_figure;
pub use study::{StudyPart, study_parts};

/// Agents of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// Their name.
    pub name: &'a str,
    /// Their results, at least one.
    pub agents: &'a [&'a AgentResults],
}

impl Group<'_> {
    fn first(&self) -> &AgentResults {
        self.agents[0]
    }

    /// Name of a figure's files.
    fn file(&self, figure: &str) -> String {
        let slug: String = self
            .name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        format!("{figure}.{slug}")
    }

    /// `NAME` for one agent, `NAME, seed 3` for one of several.
    fn one(&self) -> String {
        match self.first().seed {
            Some(seed) => format!("{}, seed {seed}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// `NAME (1 agent)`, `NAME (5 agents)`.
    pub fn counted(&self) -> String {
        let count = self.agents.len();
        let plural = if count == 1 { "" } else { "s" };
        format!("{} ({count} agent{plural})", self.name)
    }

    fn figure(&self, name: &str, title: String) -> Figure {
        let mut figure = Figure::new(self.file(name), title);
        figure.n.insert("agents".to_owned(), self.agents.len());
        figure
    }

    /// Mean over agents, and their values, where they have one.
    fn over(&self, value: impl Fn(&AgentResults) -> Option<f64>) -> Option<(f64, Vec<f64>)> {
        let values: Vec<f64> = self.agents.iter().filter_map(|a| value(a)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (!values.is_empty()).then_some((mean, values))
    }
}

/// Geometry of the vocabulary: Figures 5 to 7 and 9 to 13.
pub fn geometry_figures(group: Group, post: &PostNumbers) -> Vec<Figure> {
    vec![
        vocabulary::norms(group, post),
        vocabulary::cosines(group),
        vocabulary::pairs(group),
        vocabulary::components(group, post, "instruction", "fig-09-instruction"),
        vocabulary::maps(group, post, "instruction", 1, "fig-10-instruction-pc1"),
        vocabulary::maps(group, post, "instruction", 2, "fig-11-instruction-pc2"),
        vocabulary::components(group, post, "target", "fig-12-target"),
        vocabulary::maps(group, post, "target", 1, "fig-13-target-pc1"),
        vocabulary::maps(group, post, "target", 2, "fig-13-target-pc2"),
    ]
}

/// Effects of edits and of direct interventions: Figures 17 to 19, and the targets' complements.
pub fn intervention_figures(group: Group, post: &PostNumbers) -> Vec<Figure> {
    vec![
        edits::restored(group, post),
        edits::projections(group, post),
        edits::interventions(group, post),
        edits::targets(group, post),
    ]
}

/// Activation patching and path patching.
pub fn patching_figures(group: Group) -> Vec<Figure> {
    let mut figures = vec![mechanism::residual(group), mechanism::outputs(group)];
    figures.extend([mechanism::heads(group), mechanism::heads_by_token(group)]);
    figures.push(mechanism::paths(group));
    figures
}

/// Attribution of the logit difference, and the task's bits in the residual stream.
pub fn attribution_figures(group: Group) -> Vec<Figure> {
    vec![mechanism::attribution(group), mechanism::walsh(group)]
}
