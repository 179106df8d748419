//! Prompts: what an agent is shown, made by the world itself.
//!
//! A [`Study`] (a `studies/*.ron` file) says which walks, edits and vocabulary items are asked
//! about. A [`Scenario`] is one facet, instruction × target order × return-to-go; an [`EditConfig`]
//! makes a [`Prompt`] of it; a [`Subject`](crate::subject::Subject) reads prompts.

mod config;
mod item;
mod prompt;
mod set;

pub use config::{Change, EditConfig, ItemSet, NewObject, Study};
pub use item::Item;
pub use prompt::{Facet, Prompt, Scenario, scenarios};
pub use set::PromptSet;
