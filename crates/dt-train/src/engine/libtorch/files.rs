//! Traces of libtorch's profiler, which writes them to files.

use std::{fs, io};

use super::{ffi, trace};
use crate::engine::OperationsRecord;

/// Does some steps under libtorch's profiler: what it counts, per step, and the trace itself, in
/// Chrome's format.
pub(crate) fn profile(
    gpu: bool,
    steps: usize,
    work: &mut dyn FnMut(),
) -> io::Result<(OperationsRecord, Vec<u8>)> {
    let file = tempfile::Builder::new().suffix(".json").tempfile()?;
    ffi::profiled(gpu, file.path(), work)?;
    let trace = fs::read(file.path())?;
    Ok((trace::count(&trace, steps, gpu)?, trace))
}
