//! What of burn is used: tensors, their autodiff, and the backends that compute with them.
//!
//! The crate `burn` would bring its layers, optimisers, records and data loaders with it. The model
//! and its optimiser are this crate's own, and without the rest a first build compiles 20 crates
//! fewer (`docs/performance/cold-start.md`).

pub use burn_tensor as tensor;

/// Backends, and what an operation of one's own needs of them.
pub mod backend {
    pub use burn_backend::tensor;
    #[allow(unused_imports)] // empty if no backend is compiled in
    pub use burn_dispatch::backends::*;
}

/// What nearly every module needs.
pub mod prelude {
    pub use burn_tensor::{
        Bool, Device, ElementConversion, Float, Int, Shape, Tensor, TensorData, s,
    };
}
