//! Pages for a browser.

pub mod report;
