//! Geometry of the observation vocabulary: lengths, angles, principal components.
//!
//! An observation's embedding is a sum of item vectors (columns of `state_embedding.weight`), so
//! what an agent sees as the same thing shows in the angles between items.

mod cosines;
mod items;
mod pca;
mod record;

pub use cosines::{CosineTable, cluster_order, cosine_table};
pub use items::{
    Neighbour, Norms, PairClass, item_norms, nearest_items, pair_cosines, shown_channels,
};
pub use pca::{Pca, components_from_cells, direction_from_cells, feature_map};
pub use record::{EXPOSED_FRAMES, FeatureMap, GeometryRecord, PcaRecord, geometry, set_pca};
