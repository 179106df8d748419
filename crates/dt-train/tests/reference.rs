//! The forward pass against PyTorch's, on the published gated agent, where its weights are given.

#![allow(clippy::unwrap_used)] // a test may panic

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use burn::prelude::*;
use dt_train::device::DeviceSpec;
use dt_train::model::{
    Frame, Frames, HookPoint, Hooks, InputStatistics, ItemRows, Model, ModelConfig, NoHooks,
    Padding, TokenBatch, WorldSizes, item_index, param_specs,
};
use dt_train::to_host;
use safetensors::SafeTensors;

/// The promise: every tensor within this of PyTorch's.
const TOLERANCE: f32 = 1e-4;

fn given() -> Option<PathBuf> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference");
    if dir.exists() {
        return Some(dir);
    }
    eprintln!("skipped: the published weights are not here");
    None
}

fn published(dir: &std::path::Path) -> Model {
    let config = ModelConfig {
        gated_mlp: true,
        padding: Padding::ZeroFrames,
        ..ModelConfig::default()
    };
    let sizes = WorldSizes {
        view_size: 7,
        max_steps: 1000,
        n_actions: 7,
    };
    // The file also holds boolean masks, which are buffers and not parameters.
    let weights = Golden(fs::read(dir.join("memorydt_gated_mlp.safetensors")).unwrap());
    let (specs, _) = param_specs(&config, &sizes);
    let values = specs
        .iter()
        .map(|spec| {
            assert_eq!(weights.shape(&spec.name), spec.disk_shape, "{}", spec.name);
            spec.from_disk(&weights.floats(&spec.name))
        })
        .collect();
    let device = DeviceSpec::Cpu.open().unwrap();
    Model::new(
        config,
        sizes,
        &InputStatistics::neutral(&sizes),
        values,
        &device,
    )
}

struct Golden(Vec<u8>);

impl Golden {
    fn shape(&self, name: &str) -> Vec<usize> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        file.tensor(name).unwrap().shape().to_vec()
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let data = file.tensor(name).unwrap().data().to_vec();
        data.as_chunks::<4>()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect()
    }

    fn ints(&self, name: &str) -> Vec<i32> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let data = file.tensor(name).unwrap().data().to_vec();
        data.as_chunks::<4>()
            .0
            .iter()
            .map(|b| i32::from_le_bytes(*b))
            .collect()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        file.tensor(name).unwrap().data().to_vec()
    }

    /// Rows of the recorded windows from timestep `from` on, `timesteps` of them.
    fn batch(&self, rows: &[usize], from: usize, timesteps: usize) -> TokenBatch {
        let rtg = self.floats("w9.in.rtg");
        let actions = self.ints("w9.in.actions");
        let times = self.ints("w9.in.timesteps");
        let one_hot = self.bytes("w9.in.states_onehot");
        let mut batch = TokenBatch::new(timesteps);
        batch.windows = rows.len();
        let mut items = ItemRows::default();
        for &row in rows {
            for t in from..from + timesteps {
                batch.returns_to_go.push(rtg[row * 9 + t]);
                // The ninth action does not exist; its token is absent.
                batch.actions.push(if t < 8 {
                    actions[row * 8 + t] as u32
                } else {
                    7
                });
                batch.times.push(times[row * 9 + t] as u32);
                let frame = &one_hot[(row * 9 + t) * 980..][..980];
                let present = frame.iter().enumerate().filter(|(_, b)| **b == 1);
                items.push(&Frame::Items {
                    // [x][y][channel] in the record, channel first in the vocabulary
                    items: present
                        .map(|(i, _)| item_index(7, i % 20, i / 140, i / 20 % 7) as u32)
                        .collect(),
                    additions: Vec::new(),
                });
            }
        }
        batch.frames = Frames::Items(items);
        batch
    }
}

/// Records every activation under its hook point's name.
#[derive(Default)]
struct Recorder(BTreeMap<String, Vec<f32>>);

impl Hooks for Recorder {
    fn wants(&self, _: HookPoint) -> bool {
        true
    }

    fn rank3(&mut self, point: HookPoint, tensor: Tensor<3>) -> Tensor<3> {
        self.0.insert(point.to_string(), to_host(&tensor));
        tensor
    }

    fn rank4(&mut self, point: HookPoint, tensor: Tensor<4>) -> Tensor<4> {
        self.0.insert(point.to_string(), to_host(&tensor));
        tensor
    }
}

fn assert_close(name: &str, ours: &[f32], theirs: &[f32]) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    let off = ours
        .iter()
        .zip(theirs)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0_f32, f32::max);
    eprintln!("{name:<34}{off:.2e}");
    assert!(off <= TOLERANCE, "{name}: {off}");
}

#[test]
fn the_published_agent_computes_what_pytorch_computes() {
    let Some(dir) = given() else { return };
    let model = published(&dir);
    let golden = Golden(fs::read(dir.join("golden_forward.safetensors")).unwrap());
    let rows: Vec<usize> = (0..28).collect();
    let batch = Arc::new(golden.batch(&rows, 0, 9));
    batch.check(model.config(), model.sizes()).unwrap();

    let fused = to_host(&model.forward(&batch, &mut NoHooks));
    assert_close(
        "logits, fused",
        &fused,
        &golden.floats("w9.out.action_logits"),
    );
    let mut recorder = Recorder::default();
    let logits = to_host(&model.forward(&batch, &mut recorder));
    assert_close(
        "logits, hooked",
        &logits,
        &golden.floats("w9.out.action_logits"),
    );
    for (point, name) in [
        ("hook_state_embed", "state_embedding"),
        ("hook_embed", "tokens"),
        ("blocks.0.hook_resid_pre", "resid_pre.0"),
        ("blocks.0.attn.hook_pattern", "attn_pattern.0"),
        ("blocks.0.hook_attn_out", "attn_out.0"),
        ("blocks.0.hook_mlp_out", "mlp_out.0"),
        ("blocks.1.hook_resid_pre", "resid_pre.1"),
        ("blocks.1.attn.hook_pattern", "attn_pattern.1"),
        ("blocks.1.hook_attn_out", "attn_out.1"),
        ("blocks.1.hook_mlp_out", "mlp_out.1"),
        ("blocks.1.hook_resid_post", "resid_post.1"),
        ("ln_final.hook_normalized", "ln_final"),
    ] {
        assert_close(
            point,
            &recorder.0[point],
            &golden.floats(&format!("w9.out.{name}")),
        );
    }
}

#[test]
fn windows_without_padding_agree_too() {
    let Some(dir) = given() else { return };
    let model = published(&dir);
    let golden = Golden(fs::read(dir.join("golden_forward.safetensors")).unwrap());
    let rows: Vec<usize> = golden
        .ints("u5.index")
        .iter()
        .map(|&r| r as usize)
        .collect();
    for (name, timesteps) in [("u5", 5), ("u1", 1)] {
        let batch = Arc::new(golden.batch(&rows, 4, timesteps));
        let logits = to_host(&model.forward(&batch, &mut NoHooks));
        assert_close(
            name,
            &logits,
            &golden.floats(&format!("{name}.out.action_logits")),
        );
    }
}
