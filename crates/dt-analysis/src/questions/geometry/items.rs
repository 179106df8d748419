//! Lengths of items, their nearest neighbours, and cosines by kind of pair.

use dt_env::{Cell, Color, Object};
use dt_train::model::push_items;
use serde::{Deserialize, Serialize};

use crate::maths::vectors::{cosine, norm};
use crate::prompts::{Item, PromptSet, Scenario, items_at};

/// Names of the vocabulary's channels: objects, colours, states of doors.
fn channels() -> Vec<&'static str> {
    let objects = Object::ALL.map(Object::name);
    let colors = Color::ALL.map(Color::name);
    let states = ["open", "closed", "locked"];
    [&objects[..], &colors[..], &states[..]].concat()
}

/// Names of the channels that a study's prompts show at some cell, flips included, in the
/// vocabulary's order.
pub fn shown_channels(set: &PromptSet) -> Vec<&'static str> {
    let (cells, channels) = (set.view() * set.view(), channels());
    let mut shown = vec![false; channels.len()];
    let mut items = Vec::new();
    for frame in set.scenarios.iter().flat_map(Scenario::every_frame) {
        items.clear();
        push_items(frame, set.view(), &mut items);
        for &item in &items {
            shown[item as usize / cells] = true;
        }
    }
    let named = channels.into_iter().zip(shown);
    named.filter_map(|(name, s)| s.then_some(name)).collect()
}

/// Lengths of all items of one channel, by cell, x first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Norms {
    /// Object, colour or state.
    pub channel: String,
    /// `[x][y]`.
    pub norms: Vec<Vec<f64>>,
}

/// Lengths of every item of the vocabulary.
pub fn item_norms(embeddings: &[Vec<f64>], view: usize) -> Vec<Norms> {
    let cells = view * view;
    channels()
        .iter()
        .enumerate()
        .map(|(c, channel)| Norms {
            channel: (*channel).to_owned(),
            norms: (0..view)
                .map(|x| {
                    (0..view)
                        .map(|y| norm(&embeddings[c * cells + view * x + y]))
                        .collect()
                })
                .collect(),
        })
        .collect()
}

/// An item near another in angle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// The item.
    pub item: String,
    /// Cosine.
    pub cosine: f64,
}

/// Items whose cosine with a vector is at least `least` in absolute value, largest first.
pub fn nearest_items(
    embeddings: &[Vec<f64>],
    view: usize,
    vector: &[f64],
    least: f64,
) -> Vec<Neighbour> {
    let (cells, channels) = (view * view, channels());
    let mut found: Vec<Neighbour> = embeddings
        .iter()
        .enumerate()
        .filter_map(|(n, e)| {
            let cosine = cosine(e, vector)?;
            let (channel, x, y) = (channels[n / cells], n % cells / view, n % view);
            (cosine.abs() >= least).then(|| Neighbour {
                item: format!("{channel}, ({x},{y})"),
                cosine,
            })
        })
        .collect();
    found.sort_by(|a, b| b.cosine.abs().total_cmp(&a.cosine.abs()));
    found
}

/// Kind of a pair of items of two objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PairClass {
    /// Same object, other cells.
    SameObject,
    /// Both objects at one cell.
    SameCell,
    /// Both objects, at different cells.
    Neither,
}

impl PairClass {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::SameObject => "same object, other cell",
            Self::SameCell => "other object, same cell",
            Self::Neither => "other object, other cell",
        }
    }
}

/// Cosines of all pairs of items of two objects at the given cells, by kind.
pub fn pair_cosines(
    embeddings: &[Vec<f64>],
    view: usize,
    objects: (Object, Object),
    cells: &[Cell],
) -> Vec<(PairClass, Item, Item, f64)> {
    let items = items_at(objects, cells);
    let mut out = Vec::new();
    for (n, &a) in items.iter().enumerate() {
        for &b in &items[n + 1..] {
            let class = match (a.object == b.object, a.cell == b.cell) {
                (true, _) => PairClass::SameObject,
                (false, true) => PairClass::SameCell,
                (false, false) => PairClass::Neither,
            };
            let vectors = [a, b].map(|i| &*embeddings[i.index(view)]);
            if let Some(cosine) = cosine(vectors[0], vectors[1]) {
                out.push((class, a, b, cosine));
            }
        }
    }
    out
}
