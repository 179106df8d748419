//! The parameters: names, shapes, groups and initial values.
//!
//! Names and shapes on disk are those of the original repository's state dict. In memory every
//! parameter is a rank-3 tensor `[agents, rows, cols]`, so that one agent and many trained
//! together are the same code; heads lie side by side in the columns.

use crate::burn::prelude::*;
use dt_env::streams::{Purpose, stream};
use dt_env::{Action, EnvSpec};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::config::{Activation, LayerNorm, ModelConfig, StateEmbedding, TimeEmbedding};

/// Which rules of the optimiser hold for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Weights of linear maps: decayed.
    Matrix,
    /// The table of observation items.
    StateEmbedding,
    /// Other embeddings.
    Embedding,
    /// Biases and gains.
    Vector,
    /// Position table. The original decays it along with the matrices.
    Position,
}

/// How the disk's shape maps to `[rows, cols]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// The same numbers in the same order.
    Same,
    /// Disk `[cols, rows]`.
    Transposed,
    /// Disk `[head, d_model, d_head]`, memory `[d_model, head * d_head]`.
    HeadsIn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Init {
    Normal,
    Zero,
    One,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct ParamSpec {
    /// Name in files.
    pub name: String,
    /// Shape in files.
    pub disk_shape: Vec<usize>,
    /// Rows in memory.
    pub rows: usize,
    /// Columns in memory.
    pub cols: usize,
    /// Which rules of the optimiser hold for it.
    pub group: Group,
    layout: Layout,
    init: Init,
}

impl ParamSpec {
    fn new(name: impl Into<String>, disk: &[usize], rows: usize, cols: usize) -> Self {
        Self {
            name: name.into(),
            disk_shape: disk.to_vec(),
            rows,
            cols,
            group: Group::Matrix,
            layout: Layout::Same,
            init: Init::Normal,
        }
    }

    fn vector(name: impl Into<String>, disk: &[usize], init: Init) -> Self {
        Self {
            group: Group::Vector,
            init,
            ..Self::new(name, disk, 1, disk.iter().product())
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// Whether it has no values; never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values in memory order from values in the file's order.
    pub fn from_disk(&self, disk: &[f32]) -> Vec<f32> {
        let mut memory = vec![0.0; disk.len()];
        self.each_pair(|m, d| memory[m] = disk[d]);
        memory
    }

    /// Values in the file's order from values in memory order.
    pub fn to_disk(&self, memory: &[f32]) -> Vec<f32> {
        let mut disk = vec![0.0; memory.len()];
        self.each_pair(|m, d| disk[d] = memory[m]);
        disk
    }

    /// Calls `f(memory index, file index)` for each value.
    fn each_pair(&self, mut f: impl FnMut(usize, usize)) {
        for row in 0..self.rows {
            for col in 0..self.cols {
                let memory = row * self.cols + col;
                let disk = match self.layout {
                    Layout::Same => memory,
                    Layout::Transposed => col * self.rows + row,
                    Layout::HeadsIn => {
                        let d_head = self.disk_shape[2];
                        (col / d_head * self.rows + row) * d_head + col % d_head
                    }
                };
                f(memory, disk);
            }
        }
    }
}

/// Sizes that the world and the data give to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WorldSizes {
    /// Side of the view.
    pub view_size: usize,
    /// Step limit; the time table has one more row.
    pub max_steps: usize,
    /// Number of actions.
    pub n_actions: usize,
}

impl WorldSizes {
    /// Those of a world.
    pub fn of(spec: &EnvSpec) -> Self {
        Self {
            view_size: spec.view_size as usize,
            max_steps: spec.max_steps() as usize,
            n_actions: Action::COUNT,
        }
    }

    /// Items of the observation vocabulary: 20 channels (11 objects, 6 colours, 3 states) of
    /// every cell.
    pub fn vocabulary(&self) -> usize {
        20 * self.view_size * self.view_size
    }

    /// What a world asks of a model that these sizes do not give, if anything: an episode must not
    /// outlast the time table, show more than the model reads, nor be acted in with actions that
    /// there are not. Fewer actions are sound.
    pub fn misfit(&self, spec: &EnvSpec) -> Option<Misfit> {
        if self.n_actions > Action::COUNT {
            return Some(Misfit::Actions(self.n_actions));
        }
        if spec.view_size as usize != self.view_size {
            return Some(Misfit::View(self.view_size, spec.view_size as usize));
        }
        let limit = spec.max_steps() as usize;
        (limit > self.max_steps).then_some(Misfit::Steps(self.max_steps, limit))
    }

    /// Whether a model of these sizes can be.
    pub(crate) fn in_range(&self) -> bool {
        (3..=31).contains(&self.view_size)
            && (1..=1 << 20).contains(&self.max_steps)
            && (1..=64).contains(&self.n_actions)
    }
}

/// A size of a model that does not fit a world: the model's, and the world's where they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// More actions than there are.
    Actions(usize),
    /// Side of the view.
    View(usize, usize),
    /// Last step of the time table, and of an episode.
    Steps(usize, usize),
}

impl Misfit {
    /// As an error of a record's field; `world` is the world's id.
    pub fn of_record(self, world: &str) -> String {
        match self {
            Self::Actions(has) => format!(
                "field `sizes.n_actions`: is {has}, {world} has {} actions",
                Action::COUNT
            ),
            Self::View(has, wants) => {
                format!(
                    "field `sizes.view_size`: is {has}, the view of {world} is {wants} cells wide"
                )
            }
            Self::Steps(has, wants) => format!(
                "field `sizes.max_steps`: the time table ends at step {has}, an episode of {world} at \
                 step {wants}"
            ),
        }
    }
}

/// Index of each parameter of one model, by role.
#[derive(Clone, Debug)]
pub struct ParamIndex {
    pub(crate) state_embedding: usize,
    pub(crate) state_bias: Option<usize>,
    pub(crate) action_embedding: usize,
    pub(crate) reward_embedding: usize,
    pub(crate) time_embedding: usize,
    pub(crate) time_bias: Option<usize>,
    pub(crate) positions: usize,
    pub(crate) blocks: Vec<BlockIndex>,
    pub(crate) ln_final: Option<[usize; 2]>,
    pub(crate) head: [usize; 2],
}

/// Index of each parameter of one block.
#[derive(Clone, Debug)]
pub(crate) struct BlockIndex {
    pub(crate) ln1: Option<[usize; 2]>,
    pub(crate) ln2: Option<[usize; 2]>,
    /// Weight and bias of query, key and value maps.
    pub(crate) qkv: [[usize; 2]; 3],
    pub(crate) out: [usize; 2],
    pub(crate) w_in: usize,
    pub(crate) w_gate: Option<usize>,
    pub(crate) b_in: usize,
    pub(crate) mlp_ln: Option<[usize; 2]>,
    pub(crate) w_out: [usize; 2],
}

/// Name of the parameter of ours that the original lacks; it is folded away on saving an agent.
pub const STATE_BIAS: &str = "state_bias";

/// Lists a model's parameters in a fixed order.
pub fn param_specs(config: &ModelConfig, sizes: &WorldSizes) -> (Vec<ParamSpec>, ParamIndex) {
    let d = config.d_model;
    let (heads, d_head, d_mlp) = (config.n_heads, config.d_head(), config.d_mlp);
    let mut specs: Vec<ParamSpec> = Vec::new();
    let mut add = |spec: ParamSpec| {
        specs.push(spec);
        specs.len() - 1
    };
    let inputs = match config.state_embedding {
        StateEmbedding::Grid => sizes.vocabulary(),
        StateEmbedding::Dense => sizes.view_size.pow(2) * 3,
    };
    let state_embedding = add(ParamSpec {
        group: Group::StateEmbedding,
        layout: Layout::Transposed,
        ..ParamSpec::new("state_embedding.weight", &[d, inputs], inputs, d)
    });
    let state_bias = config
        .state_bias
        .then(|| add(ParamSpec::vector(STATE_BIAS, &[d], Init::Zero)));
    let action_embedding = add(ParamSpec {
        group: Group::Embedding,
        ..ParamSpec::new(
            "action_embedding.0.weight",
            &[sizes.n_actions + 1, d],
            sizes.n_actions + 1,
            d,
        )
    });
    let reward_embedding = add(ParamSpec {
        group: Group::Embedding,
        layout: Layout::Transposed,
        ..ParamSpec::new("reward_embedding.0.weight", &[d, 1], 1, d)
    });
    let (time_embedding, time_bias) = match config.time_embedding {
        TimeEmbedding::Embedding => {
            let rows = sizes.max_steps + 1;
            let table = add(ParamSpec {
                group: Group::Embedding,
                ..ParamSpec::new("time_embedding.weight", &[rows, d], rows, d)
            });
            (table, None)
        }
        TimeEmbedding::Linear => {
            let weight = add(ParamSpec {
                group: Group::Embedding,
                layout: Layout::Transposed,
                ..ParamSpec::new("time_embedding.weight", &[d, 1], 1, d)
            });
            let bias = add(ParamSpec::vector("time_embedding.bias", &[d], Init::Zero));
            (weight, Some(bias))
        }
    };
    let positions = add(ParamSpec {
        group: Group::Position,
        ..ParamSpec::new(
            "transformer.pos_embed.W_pos",
            &[config.n_ctx, d],
            config.n_ctx,
            d,
        )
    });
    let blocks = (0..config.n_layers)
        .map(|layer| {
            let name = |rest: &str| format!("transformer.blocks.{layer}.{rest}");
            let mut norm = |which: &str, width: usize| {
                [("w", Init::One), ("b", Init::Zero)].map(|(part, init)| {
                    add(ParamSpec::vector(
                        name(&format!("{which}.{part}")),
                        &[width],
                        init,
                    ))
                })
            };
            let learned = config.layer_norm == LayerNorm::LN;
            let ln1 = learned.then(|| norm("ln1", d));
            let ln2 = learned.then(|| norm("ln2", d));
            let mlp_ln = (config.activation == Activation::SoluLn).then(|| norm("mlp.ln", d_mlp));
            let qkv = ["Q", "K", "V"].map(|part| {
                let weight = add(ParamSpec {
                    layout: Layout::HeadsIn,
                    ..ParamSpec::new(
                        name(&format!("attn.W_{part}")),
                        &[heads, d, d_head],
                        d,
                        heads * d_head,
                    )
                });
                let bias = name(&format!("attn.b_{part}"));
                [
                    weight,
                    add(ParamSpec::vector(bias, &[heads, d_head], Init::Zero)),
                ]
            });
            let out = [
                add(ParamSpec::new(
                    name("attn.W_O"),
                    &[heads, d_head, d],
                    heads * d_head,
                    d,
                )),
                add(ParamSpec::vector(name("attn.b_O"), &[d], Init::Zero)),
            ];
            let w_in = add(ParamSpec::new(name("mlp.W_in"), &[d, d_mlp], d, d_mlp));
            let w_gate = config
                .gated_mlp
                .then(|| add(ParamSpec::new(name("mlp.W_gate"), &[d, d_mlp], d, d_mlp)));
            let b_in = add(ParamSpec::vector(name("mlp.b_in"), &[d_mlp], Init::Zero));
            let w_out = [
                add(ParamSpec::new(name("mlp.W_out"), &[d_mlp, d], d_mlp, d)),
                add(ParamSpec::vector(name("mlp.b_out"), &[d], Init::Zero)),
            ];
            BlockIndex {
                ln1,
                ln2,
                qkv,
                out,
                w_in,
                w_gate,
                b_in,
                mlp_ln,
                w_out,
            }
        })
        .collect();
    let ln_final = (config.layer_norm == LayerNorm::LN).then(|| {
        [("w", Init::One), ("b", Init::Zero)].map(|(part, init)| {
            add(ParamSpec::vector(
                format!("transformer.ln_final.{part}"),
                &[d],
                init,
            ))
        })
    });
    let head = [
        add(ParamSpec {
            layout: Layout::Transposed,
            ..ParamSpec::new(
                "action_predictor.weight",
                &[sizes.n_actions, d],
                d,
                sizes.n_actions,
            )
        }),
        add(ParamSpec::vector(
            "action_predictor.bias",
            &[sizes.n_actions],
            Init::Zero,
        )),
    ];
    let index = ParamIndex {
        state_embedding,
        state_bias,
        action_embedding,
        reward_embedding,
        time_embedding,
        time_bias,
        positions,
        blocks,
        ln_final,
        head,
    };
    (specs, index)
}

/// Initial values of one agent, in memory order, drawn on the host so that every device starts
/// from the same numbers. Each parameter has a stream of its own, found by its place in the list.
pub fn initial_values(specs: &[ParamSpec], std: f64, seed: u64) -> Vec<Vec<f32>> {
    specs
        .iter()
        .enumerate()
        .map(|(n, spec)| match spec.init {
            Init::Zero => vec![0.0; spec.len()],
            Init::One => vec![1.0; spec.len()],
            Init::Normal => normal(
                &mut stream(seed, Purpose::Weights, n as u64),
                spec.len(),
                std,
            ),
        })
        .collect()
}

fn normal(rng: &mut impl Rng, count: usize, std: f64) -> Vec<f32> {
    let draws = StandardNormal.sample_iter(rng);
    draws.take(count).map(|z: f64| (z * std) as f32).collect()
}

/// A parameter of all agents on a device, `[agents, rows, cols]`.
pub fn upload(spec: &ParamSpec, values: Vec<f32>, device: &Device) -> Tensor<3> {
    let agents = values.len() / spec.len();
    Tensor::from_data(
        TensorData::new(values, [agents, spec.rows, spec.cols]),
        device,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_order_round_trips() {
        let config = ModelConfig::default();
        let sizes = WorldSizes {
            view_size: 7,
            max_steps: 1000,
            n_actions: 7,
        };
        let (specs, _) = param_specs(&config, &sizes);
        let count: usize = specs.iter().map(ParamSpec::len).sum();
        // The published gated agent has 716,252 parameters: this one and two gate matrices, less
        // 980 + 1 unused prediction heads that we do not keep.
        assert_eq!(count + 2 * 128 * 256 + 981 * 129, 716_252);
        for spec in &specs {
            assert_eq!(spec.disk_shape.iter().product::<usize>(), spec.len());
            let values: Vec<f32> = (0..spec.len()).map(|i| i as f32).collect();
            assert_eq!(
                spec.to_disk(&spec.from_disk(&values)),
                values,
                "{}",
                spec.name
            );
        }
        let query = specs
            .iter()
            .find(|s| s.name.ends_with("0.attn.W_Q"))
            .unwrap();
        let disk: Vec<f32> = (0..query.len()).map(|i| i as f32).collect();
        // Head 1, input 5, output 7 of the file is row 5, column 32 + 7 in memory.
        assert_eq!(
            query.from_disk(&disk)[5 * 128 + 32 + 7],
            disk[(128 + 5) * 32 + 7]
        );
    }

    #[test]
    fn initial_values_have_the_asked_spread() {
        let values = normal(&mut stream(1, Purpose::Weights, 0), 40_001, 0.05);
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let var = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32;
        assert!(mean.abs() < 1e-3 && (var.sqrt() - 0.05).abs() < 1e-3);
    }
}
