//! The figures of "Features and Adversaries in MemoryDT" (2023), and those of a study of many agents.
//!
//! Start from [`figures`] and [`animations`], which need no agent, [`claims_figure`] and
//! [`study_parts`]. Every frame comes from the post's world itself;
//! diagrams say in their captions that nothing in them is measured.
//!
//! ```
//! use dt_analysis::papers::memory_dt::figures as post;
//!
//! let names: Vec<String> = post::figures().into_iter().map(|figure| figure.name).collect();
//! assert!(names.contains(&"fig-16-edits".to_owned()));
//! assert_eq!(post::animations().len(), 2);
//! ```

mod animation;
mod claims;
mod diagrams;
mod episodes;
mod errata;
mod moments;
mod one_site;
mod represented;
mod study;
mod worlds;

use crate::draw::Figure;

pub use animation::Animation;
pub use claims::claims_figure;
pub use diagrams::{adversary, concepts, tokens};
pub use episodes::{episode, prompts};
pub use errata::errata_figure;
pub use study::{StudyPart, study_parts};
pub use worlds::{edits, references, start, views};

/// All of them that are pictures, in the order of the post.
pub fn figures() -> Vec<Figure> {
    vec![
        start(),
        tokens(),
        views(),
        concepts(),
        references(),
        adversary(),
        edits(),
    ]
}

/// All of them that move, in the order of the post.
pub fn animations() -> Vec<Animation> {
    vec![episode(), prompts()]
}
