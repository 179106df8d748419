//! What can go wrong in drawing.

/// A picture could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("drawing: {0}")]
pub struct DrawError(String);

impl DrawError {
    pub(super) fn new(cause: &impl ToString) -> Self {
        Self(cause.to_string())
    }
}
