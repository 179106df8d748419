//! All that the paper asks of one agent, kept on disk.

pub mod agent_study;
pub mod reproduce;
pub mod table;
