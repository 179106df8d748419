//! What `dt-analysis geometry` finds, as plain data.

use crate::subject::Experiment;
use std::collections::BTreeMap;

use dt_env::{Cell, Object};
use serde::{Deserialize, Serialize};

use super::cosines::{CosineTable, cluster_order, cosine_table};
use super::items::{Neighbour, Norms, PairClass, item_norms, nearest_items, pair_cosines};
use super::pca::{Pca, feature_map};
use crate::Error;
use crate::prompts::{Item, ItemSet, items_at};

/// Components of one item set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PcaRecord {
    /// Share of the variance along each component.
    pub explained_variance_ratio: Vec<f64>,
    /// Coordinates of each item on the components.
    pub scores: BTreeMap<Item, Vec<f64>>,
    /// Cosines between the items.
    pub cosines: CosineTable,
}

/// A component's coordinates of all items of the set's two objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureMap {
    /// Name of the item set.
    pub set: String,
    /// Component, from 1.
    pub component: usize,
    /// The two objects.
    pub objects: (Object, Object),
    /// Items of the first, `[y][x]`.
    pub first: Vec<Vec<f64>>,
    /// Items of the second, `[y][x]`.
    pub second: Vec<Vec<f64>>,
}

/// Geometry of an agent's vocabulary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeometryRecord {
    /// Lengths of all items, `"key, (2,6)"`.
    pub norms: BTreeMap<String, f64>,
    /// Components of each item set: `instruction_pca`, `target_pca`.
    #[serde(flatten)]
    pub pca: BTreeMap<String, PcaRecord>,
    /// Maps of the first two components of each set.
    pub feature_maps: Vec<FeatureMap>,
    /// Cosines of all items of the direction set's two objects.
    pub cosines: CosineTable,
    /// Order of the same items by clusters.
    pub cluster_order: Vec<usize>,
    /// Cells at which the training data show both objects of the direction set often.
    pub exposed_cells: Vec<Cell>,
    /// Cosines of pairs at exposed cells, by kind.
    pub pairs: Vec<(PairClass, f64)>,
    /// Items like the first anchor of the direction's set, by cosine.
    pub near_the_cue: Vec<Neighbour>,
    /// Lengths by channel and cell.
    #[serde(skip)]
    pub norms_by_channel: Vec<Norms>,
}

/// Frames of the training data that must show an item for its cell to count as exposed.
pub const EXPOSED_FRAMES: u64 = 200;

/// Components of an item set of an agent.
///
/// # Errors
/// If the set has none.
pub fn set_pca(embeddings: &[Vec<f64>], view: usize, set: &ItemSet) -> Result<Pca, Error> {
    Pca::fit(embeddings, view, &set.items(), &set.anchors)
}

/// Describes the geometry of an agent's vocabulary. Pairs are taken at `exposed` cells.
///
/// # Errors
/// If an item set has no components.
pub fn geometry(experiment: &Experiment, exposed: &[Cell]) -> Result<GeometryRecord, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let (embeddings, view) = (subject.embeddings(), subject.view());
    let mut pca = BTreeMap::new();
    let mut feature_maps = Vec::new();
    for set in &study.item_sets {
        let fitted = set_pca(&embeddings, view, set)?;
        for component in 0..fitted.components.len().min(2) {
            let map = |object| feature_map(&embeddings, view, &fitted, object, component);
            feature_maps.push(FeatureMap {
                set: set.name.clone(),
                component: component + 1,
                objects: set.objects,
                first: map(set.objects.0),
                second: map(set.objects.1),
            });
        }
        let record = PcaRecord {
            cosines: cosine_table(&embeddings, view, &set.items()),
            scores: fitted.items.iter().copied().zip(fitted.scores).collect(),
            explained_variance_ratio: fitted.explained_variance_ratio,
        };
        pca.insert(format!("{}_pca", set.name), record);
    }
    let of = study.direction_set()?;
    let cells: Vec<Cell> = (0..view * view)
        .map(|n| Cell::from_index(n, view))
        .collect();
    let items = items_at(of.objects, &cells);
    let cosines = cosine_table(&embeddings, view, &items);
    let norms_by_channel = item_norms(&embeddings, view);
    let norms = norms_by_channel
        .iter()
        .flat_map(|channel| {
            channel
                .norms
                .iter()
                .enumerate()
                .flat_map(move |(x, column)| {
                    column
                        .iter()
                        .enumerate()
                        .map(move |(y, &norm)| (format!("{}, ({x},{y})", channel.channel), norm))
                })
        })
        .collect();
    let anchor = of.anchors.first().copied().unwrap_or_else(|| of.items()[0]);
    Ok(GeometryRecord {
        norms,
        pca,
        feature_maps,
        cluster_order: cluster_order(&cosines),
        cosines,
        exposed_cells: exposed.to_vec(),
        pairs: pair_cosines(&embeddings, view, of.objects, exposed)
            .into_iter()
            .map(|(class, _, _, cosine)| (class, cosine))
            .collect(),
        near_the_cue: nearest_items(&embeddings, view, &embeddings[anchor.index(view)], 0.5),
        norms_by_channel,
    })
}
