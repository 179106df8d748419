//! What a training step minimises.

pub(crate) mod imitation;
