//! Agents of one kind, and what a question found on each.

use crate::draw::Figure;
use crate::prompts::Study;

use super::published::Published;

/// What was found on one agent.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a, T> {
    /// Seed of its training; none for an imported agent.
    pub seed: Option<u64>,
    /// The record.
    pub record: &'a T,
}

/// Agents of one kind, at least one.
#[derive(Clone, Debug)]
pub struct Group<'a, T> {
    /// Their name.
    pub name: &'a str,
    /// What was found on them.
    pub agents: Vec<Answer<'a, T>>,
}

/// What figures are about beside the agents.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The study that was asked.
    pub study: &'a Study,
    /// Numbers of an agent that others published, to be drawn beside.
    pub published: Option<&'a Published>,
}

impl<'a, T> Group<'a, T> {
    /// The same agents with a part of their records.
    pub fn part<U>(&self, part: impl Fn(&'a T) -> &'a U) -> Group<'a, U> {
        let agents = self.agents.iter().map(|answer| Answer {
            seed: answer.seed,
            record: part(answer.record),
        });
        Group {
            name: self.name,
            agents: agents.collect(),
        }
    }

    pub(crate) fn first(&self) -> &'a T {
        self.agents[0].record
    }

    /// Name of a figure's files.
    fn file(&self, figure: &str) -> String {
        format!("{figure}.{}", super::slug(self.name))
    }

    /// `NAME` for one agent, `NAME, seed 3` for one of several.
    pub(crate) fn one(&self) -> String {
        match self.agents[0].seed {
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

    pub(crate) fn figure(&self, name: &str, title: String) -> Figure {
        let mut figure = Figure::new(self.file(name), title);
        figure.n.insert("agents".to_owned(), self.agents.len());
        figure
    }

    /// Mean over agents, and their values, where they have one.
    pub(crate) fn over(&self, value: impl Fn(&'a T) -> Option<f64>) -> Option<(f64, Vec<f64>)> {
        let values: Vec<f64> = (self.agents.iter())
            .filter_map(|a| value(a.record))
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (!values.is_empty()).then_some((mean, values))
    }
}
