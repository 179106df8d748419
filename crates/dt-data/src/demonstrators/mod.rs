//! Who walks: every state that a world can reach, and policies on them.

pub(crate) mod graph;
pub(crate) mod policy;
pub(crate) mod recipe;
pub(crate) mod rollout;
