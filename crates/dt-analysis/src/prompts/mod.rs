//! Prompts: what an agent is shown, made by the world itself.
//!
//! A [`Study`] (a `studies/*.ron` file) says which world, layouts, walk, edits and vocabulary items
//! are asked about. A [`PromptSet`] is the study laid out: a [`Scenario`] for each [`Facet`], one
//! combination of the study's factors and returns-to-go. An [`EditConfig`] makes a [`Prompt`] of
//! it; a [`Subject`](crate::subject::Subject) reads prompts.

mod check;
mod contrast;
mod edit;
mod facet;
mod factor;
mod item;
mod layouts;
mod prompt;
mod set;
mod study;

pub use contrast::{Contrast, Side};
pub use edit::{Change, EditConfig, EditGroup, Put};
pub use facet::Facet;
pub use factor::Factor;
pub use item::Item;
pub use layouts::{DrawnMap, Layouts, Start, Starts};
pub use prompt::{Prompt, Scenario};
pub use set::PromptSet;
pub use study::{ItemSet, RETURN_LETTER, Study, items_at};
