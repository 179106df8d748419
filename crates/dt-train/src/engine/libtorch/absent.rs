//! In place of libtorch where it is not compiled in: an engine that never is.

use std::io;
use std::sync::Arc;

use dt_data::Dataset;

use super::{Engine, OperationsRecord};
use crate::batch::frames::DistinctFrames;
use crate::definition::Precision;
use crate::model::Model;
use crate::optim::OptimizerConfig;

/// Never called: no device that it could profile can be opened.
pub(crate) fn profile(
    _: bool,
    _: usize,
    _: &mut dyn FnMut(),
) -> io::Result<(OperationsRecord, Vec<u8>)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// No device is libtorch's.
pub(crate) fn open(
    _: &mut Model,
    _: OptimizerConfig,
    _: Precision,
    _: &Dataset,
    _: &Arc<DistinctFrames>,
) -> Option<Box<dyn Engine>> {
    None
}
