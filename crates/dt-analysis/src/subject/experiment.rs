//! One agent and the prompts that it is shown.

use super::Subject;
use crate::prompts::PromptSet;

/// What every question is asked of: an agent, and a study's prompts.
///
/// Both are borrowed, as many questions are asked of one agent and one set of prompts serves
/// many agents.
#[derive(Clone, Copy, Debug)]
pub struct Experiment<'a> {
    /// The agent.
    pub subject: &'a Subject,
    /// What it is shown.
    pub prompts: &'a PromptSet,
}

impl<'a> Experiment<'a> {
    /// An agent, with prompts of the study that it was loaded for.
    pub fn new(subject: &'a Subject, prompts: &'a PromptSet) -> Self {
        Self { subject, prompts }
    }
}
