//! In place of libtorch where it is not compiled in: an engine that never is.

use std::io;
use std::sync::Arc;

use dt_data::Dataset;

use crate::batch::Counted;
use crate::batch::frames::DistinctFrames;
use crate::bench::OperationsRecord;
use crate::definition::Precision;
use crate::model::{Model, ParamSpec};
use crate::optim::{Moments, OptimizerConfig};

/// Never called: no device that it could profile can be opened.
pub(crate) fn profile(
    _: bool,
    _: usize,
    _: &mut dyn FnMut(),
) -> io::Result<(OperationsRecord, Vec<u8>)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// No value of this type exists.
pub(crate) enum Engine {}

/// Numbers of each agent, as they have been read.
pub(crate) struct Reading {
    pub(crate) loss_sum: Vec<f64>,
    pub(crate) grad_norm: Vec<f64>,
}

impl Engine {
    pub(crate) fn new(
        _: &mut Model,
        _: OptimizerConfig,
        _: Precision,
        _: &Dataset,
        _: &Arc<DistinctFrames>,
    ) -> Option<Self> {
        None
    }

    pub(crate) fn step(&mut self, _: &Model, _: &[Vec<Counted>], _: usize, _: f64) {
        match *self {}
    }

    pub(crate) fn release(&mut self, _: &mut Model, _: usize) {
        match *self {}
    }

    pub(crate) fn read(&mut self) -> Option<Reading> {
        match *self {}
    }

    pub(crate) fn moments(&self, _: &[ParamSpec], _: usize) -> Option<(usize, Vec<Moments>)> {
        match *self {}
    }

    pub(crate) fn restore(&mut self, _: &[ParamSpec], _: &[Vec<f32>], _: usize, _: &[Moments]) {
        match *self {}
    }
}
