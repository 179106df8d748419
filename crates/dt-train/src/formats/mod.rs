//! Agents and activations that other programs wrote.

pub mod golden;
pub mod pytorch_2023;
