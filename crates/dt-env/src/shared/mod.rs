//! What every crate of the lab needs and no world does.

pub mod streams;
