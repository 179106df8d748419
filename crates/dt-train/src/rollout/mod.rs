//! An agent that acts in its world: greedily, by drawing, and with hooks in its forward passes.

mod choice;
mod walk;

pub(crate) use choice::Choice;
pub use choice::{argmax, draw_softmax};
pub(crate) use walk::{CHUNK, Walker, walk};
pub use walk::{Ended, NotFiniteLogits, RolloutPass, next_logits, walk_greedy};
