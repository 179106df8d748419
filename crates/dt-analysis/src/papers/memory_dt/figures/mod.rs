//! The figures of "Features and Adversaries in MemoryDT" (2023) that need no agent.
//!
//! Start from [`figures`] and [`animations`]. Every frame comes from the post's world itself;
//! diagrams say in their captions that nothing in them is measured.
//!
//! ```
//! use dt_analysis::papers::memory_dt::figures;
//!
//! let names: Vec<String> = post::figures().into_iter().map(|figure| figure.name).collect();
//! assert!(names.contains(&"fig-16-edits".to_owned()));
//! assert_eq!(post::animations().len(), 2);
//! ```

mod animation;
mod diagrams;
mod episodes;
mod moments;
mod worlds;

use crate::draw::Figure;

pub use animation::Animation;
pub use diagrams::{adversary, concepts, tokens};
pub use episodes::{episode, prompts};
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
