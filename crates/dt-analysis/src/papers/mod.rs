//! Papers made with the instrument; nothing of the instrument imports one.

pub mod memory_dt;
