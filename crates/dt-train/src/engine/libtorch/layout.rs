//! Where parameters lie in the engine's memory.
//!
//! Parameters that the optimiser treats alike share one tensor, so that it takes one operation for
//! all of them; maps of the same input, such as those to queries, keys and values, lie side by side
//! in one matrix, so that one product does for all.

use crate::model::{ModelConfig, ParamIndex, ParamSpec};
use crate::optim::OptimizerConfig;

/// The order of all values.
pub(super) struct Layout {
    pub(super) sections: Vec<Section>,
    pub(super) leaves: Vec<Leaf>,
    /// Place of each parameter.
    pub(super) places: Vec<Place>,
}

/// Parameters that the optimiser treats alike.
pub(super) struct Section {
    /// Learning rate as a factor of the definition's.
    pub(super) rate: f64,
    pub(super) decays: bool,
    /// Values of one agent.
    pub(super) len: usize,
}

/// A matrix that autograd tells apart from others: one parameter, or some side by side.
pub(super) struct Leaf {
    pub(super) section: usize,
    /// First of its values within an agent's part of the section.
    pub(super) at: usize,
    pub(super) rows: usize,
    pub(super) cols: usize,
    /// Whether it is used after tokens are embedded, by matrix products and what is between them.
    pub(super) after_tokens: bool,
}

/// A parameter: some columns of a leaf.
pub(super) struct Place {
    pub(super) leaf: usize,
    pub(super) col: usize,
}

impl Leaf {
    pub(super) fn len(&self) -> usize {
        self.rows * self.cols
    }
}

impl Layout {
    pub(super) fn new(
        config: &ModelConfig,
        specs: &[ParamSpec],
        index: &ParamIndex,
        optimizer: &OptimizerConfig,
    ) -> Self {
        let mut layout = Self {
            sections: Vec::new(),
            leaves: Vec::new(),
            places: Vec::new(),
        };
        let beside = beside(config, index);
        for (n, spec) in specs.iter().enumerate() {
            let first = beside.iter().find(|(later, _)| *later == n);
            if let Some(&(_, first)) = first {
                let leaf = layout.places[first].leaf;
                let col = layout.leaves[leaf].cols;
                layout.leaves[leaf].cols += spec.cols;
                layout.places.push(Place { leaf, col });
                continue;
            }
            let (rate, decays) = (optimizer.rate(spec.group), optimizer.decays(spec.group));
            let alike = |s: &Section| s.rate == rate && s.decays == decays;
            let section = layout.sections.iter().position(alike);
            let section = section.unwrap_or_else(|| {
                layout.sections.push(Section {
                    rate,
                    decays,
                    len: 0,
                });
                layout.sections.len() - 1
            });
            layout.places.push(Place {
                leaf: layout.leaves.len(),
                col: 0,
            });
            layout.leaves.push(Leaf {
                section,
                at: 0,
                rows: spec.rows,
                cols: spec.cols,
                after_tokens: n > index.positions,
            });
        }
        for leaf in &mut layout.leaves {
            leaf.at = layout.sections[leaf.section].len;
            layout.sections[leaf.section].len += leaf.len();
        }
        layout
    }

    /// An agent's values of a parameter, in memory order, from its values of every section.
    pub(super) fn values_of(
        &self,
        param: usize,
        spec: &ParamSpec,
        sections: &[Vec<f32>],
    ) -> Vec<f32> {
        let place = &self.places[param];
        let leaf = &self.leaves[place.leaf];
        let values = &sections[leaf.section][leaf.at..];
        let row = |row: usize| &values[row * leaf.cols + place.col..][..spec.cols];
        (0..leaf.rows).flat_map(row).copied().collect()
    }
}

/// Parameters that lie beside another one, which comes before them: the parameter, and the first of
/// its leaf. Where the last block asks from state tokens only, its queries have a product of their
/// own.
fn beside(config: &ModelConfig, index: &ParamIndex) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (layer, block) in index.blocks.iter().enumerate() {
        let [q, k, v] = block.qkv;
        let first = if layer + 1 == config.n_layers { k } else { q };
        for later in [k, v] {
            for (later, first) in later.into_iter().zip(first) {
                if later != first {
                    pairs.push((later, first));
                }
            }
        }
        if let Some(gate) = block.w_gate {
            pairs.push((gate, block.w_in));
        }
    }
    pairs
}
