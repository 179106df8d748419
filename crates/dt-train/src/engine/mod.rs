//! What takes training steps.

#[cfg(feature = "libtorch")]
pub(crate) mod libtorch;
#[cfg(not(feature = "libtorch"))]
#[path = "libtorch/absent.rs"]
pub(crate) mod libtorch;
