//! What `dt-analysis geometry` finds, as plain data.

use crate::subject::Experiment;
use std::collections::BTreeMap;

use dt_env::Object;
use serde::{Deserialize, Serialize};

use super::cosines::{CosineTable, cluster_order, cosine_table};
use super::items::{Neighbour, Norms, PairClass, item_norms, nearest_items, pair_cosines};
use super::pca::{Pca, feature_map};
use crate::Error;
use crate::prompts::{Item, ItemSet};

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

/// A component's coordinates of all key and all ball items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureMap {
    /// Name of the item set.
    pub set: String,
    /// Component, from 1.
    pub component: usize,
    /// Keys, `[y][x]`.
    pub key: Vec<Vec<f64>>,
    /// Balls, `[y][x]`.
    pub ball: Vec<Vec<f64>>,
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
    /// Cosines of all key and ball items.
    pub cosines: CosineTable,
    /// Order of the same items by clusters.
    pub cluster_order: Vec<usize>,
    /// Cosines of pairs at exposed cells, by kind.
    pub pairs: Vec<(PairClass, f64)>,
    /// Items like the cue, by cosine with the key at the cue's cell.
    pub near_the_cue: Vec<Neighbour>,
    /// Lengths by channel and cell.
    #[serde(skip)]
    pub norms_by_channel: Vec<Norms>,
}

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
pub fn geometry(
    experiment: &Experiment,
    exposed: &[(usize, usize)],
) -> Result<GeometryRecord, Error> {
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
                key: map(Object::Key),
                ball: map(Object::Ball),
            });
        }
        let record = PcaRecord {
            cosines: cosine_table(&embeddings, view, &set.items()),
            scores: fitted.items.iter().copied().zip(fitted.scores).collect(),
            explained_variance_ratio: fitted.explained_variance_ratio,
        };
        pca.insert(format!("{}_pca", set.name), record);
    }
    let items: Vec<Item> = [Object::Key, Object::Ball]
        .into_iter()
        .flat_map(|o| (0..view * view).map(move |c| Item::new(o, (c / view, c % view))))
        .collect();
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
    let cue = Item::new(Object::Key, study.cue);
    Ok(GeometryRecord {
        norms,
        pca,
        feature_maps,
        cluster_order: cluster_order(&cosines),
        cosines,
        pairs: pair_cosines(&embeddings, view, exposed)
            .into_iter()
            .map(|(class, _, _, cosine)| (class, cosine))
            .collect(),
        near_the_cue: nearest_items(&embeddings, view, &embeddings[cue.index(view)], 0.5),
        norms_by_channel,
    })
}
