//! An agent trained with every aid, as plain PyTorch runs it.
//!
//! State bias, centred observations and a standardised return-to-go are folded away on saving. The
//! model that was trained, the one that is read back and PyTorch under the original's formulas must
//! be the same function. `tests/data/aided` holds one such agent and PyTorch's logits; where a
//! Python with torch is found, another is trained and run anew.

#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{DATASET, run, stderr};
use dt_data::Recipe;
use dt_train::checkpoint::{NamedTensor, load_agent, load_state, read_tensors, write_tensors};
use dt_train::device::DeviceSpec;
use dt_train::formats::golden::{ParityRow, parity};
use dt_train::model::{
    Frame, InputStatistics, Model, ModelConfig, ReturnToGoInput, WorldSizes, param_specs,
};
use dt_train::run::{dataset_for, input_statistics};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

const STEPS: usize = 5;
const WINDOWS: usize = 3;

fn definition(dataset: &Path) -> String {
    format!(
        r#"(
    name: "aided",
    dataset: "{}",
    model: (
        n_layers: 2, n_heads: 2, d_model: 8, d_mlp: 12, n_ctx: 14, initial_std: 0.2,
        state_bias: true, centre_observations: true, return_to_go: Standardised(3.0),
    ),
    training: (steps: 60, batch_size: 16, evaluate_every: 60),
    evaluation: (returns_to_go: [0.892]),
)"#,
        dataset.display()
    )
}

fn plain(name: &str, values: Vec<f32>) -> NamedTensor {
    NamedTensor {
        name: name.to_owned(),
        shape: vec![values.len()],
        values,
    }
}

/// Trains an agent into `dir/agent`, and writes its weights as they were trained (`raw`) and some
/// windows of its dataset.
fn train(dir: &Path) {
    let dataset = dir.join("tiny-data.ron");
    fs::write(&dataset, DATASET).unwrap();
    fs::write(dir.join("aided.ron"), definition(&dataset)).unwrap();
    let args = ["train", "aided.ron", "--quiet", "--out", "run"];
    let output = run(dir, &[&args[..], &["--datasets", "datasets"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let agent = load_agent(&dir.join("run"), &DeviceSpec::Cpu.open().unwrap()).unwrap();
    fs::create_dir(dir.join("agent")).unwrap();
    for name in ["agent.json", "agent.safetensors"] {
        fs::copy(dir.join("run").join(name), dir.join("agent").join(name)).unwrap();
    }

    let (sizes, config) = (agent.record.sizes, agent.record.trained_with);
    let (specs, _) = param_specs(&config, &sizes);
    let state = dir.join("run/checkpoints/step-000060");
    let (_, values, _) = load_state(&state, &specs).unwrap();
    let recipe = Recipe::find(dataset.to_str().unwrap()).unwrap();
    let (data, ..) = dataset_for(&dir.join("datasets"), &recipe).unwrap();
    let statistics = input_statistics(&data, &sizes);
    let mut raw: Vec<NamedTensor> = specs
        .iter()
        .zip(&values)
        .map(|(spec, values)| plain(&spec.name, spec.to_disk(values)))
        .collect();
    raw.push(plain("item_frequency", statistics.item_frequency));
    let rtg = vec![statistics.rtg_mean as f32, statistics.rtg_std as f32];
    raw.push(plain("returns_to_go", rtg));
    write_tensors(&dir.join("agent/raw.safetensors"), &raw).unwrap();

    let view = sizes.view_size;
    let (mut returns, mut actions, mut times, mut one_hot) = (vec![], vec![], vec![], vec![]);
    let long = data.episodes.iter().filter(|e| e.length > STEPS);
    for (n, episode) in long.take(WINDOWS).enumerate() {
        let skipped = n.min(episode.length - STEPS);
        for step in skipped..skipped + STEPS {
            let row = episode.first_row + step;
            returns.extend((data.returns_to_go[row] as f32).to_le_bytes());
            times.extend((step as i32).to_le_bytes());
            if step + 1 < skipped + STEPS {
                actions.extend(i32::from(data.actions[row]).to_le_bytes());
            }
            let frame = Frame::from_observation(data.observation(row), view);
            let Frame::Items { items, .. } = frame else {
                panic!("observations are items")
            };
            let mut bits = vec![0; 20 * view * view];
            for item in items {
                let (channel, cell) =
                    (item as usize / (view * view), item as usize % (view * view));
                bits[cell * 20 + channel] = 1;
            }
            one_hot.extend(bits);
        }
    }
    let steps = vec![WINDOWS, STEPS];
    let cells = vec![WINDOWS, STEPS, view, view, 20];
    let tensors = [
        ("rtg", Dtype::F32, steps.clone(), returns),
        ("actions", Dtype::I32, vec![WINDOWS, STEPS - 1], actions),
        ("timesteps", Dtype::I32, steps, times),
        ("states_onehot", Dtype::U8, cells, one_hot),
    ];
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        let view = TensorView::new(*dtype, shape.clone(), bytes).unwrap();
        (format!("w5.in.{name}"), view)
    });
    let bytes = safetensors::serialize(views, None).unwrap();
    fs::write(dir.join("windows.safetensors"), bytes).unwrap();
}

/// Runs the agent in PyTorch; false where no Python with torch is found.
fn run_in_pytorch(dir: &Path) -> bool {
    let python = std::env::var("DT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python)
        .args(["-c", "import torch, safetensors.torch"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: no Python with torch and safetensors; name one in DT_PYTHON");
        return false;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/peers/torch_forward.py");
    let output = Command::new(python)
        .arg("-B") // leaves no compiled file behind
        .arg(script)
        .arg(dir.join("agent"))
        .arg(dir.join("windows.safetensors"))
        .arg("--out")
        .arg(dir.join("agent/golden.safetensors"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    true
}

/// The model as it was trained, with or without its aids.
fn raw_model(dir: &Path, config: ModelConfig, sizes: WorldSizes) -> Model {
    let tensors = read_tensors(&dir.join("raw.safetensors")).unwrap();
    let values = |name: &str| {
        let tensor = tensors.iter().find(|t| t.name == name);
        tensor.unwrap_or_else(|| panic!("{name}")).values.clone()
    };
    let rtg = values("returns_to_go");
    let statistics = InputStatistics {
        item_frequency: values("item_frequency"),
        rtg_mean: f64::from(rtg[0]),
        rtg_std: f64::from(rtg[1]),
    };
    let (specs, _) = param_specs(&config, &sizes);
    let params = specs
        .iter()
        .map(|spec| spec.from_disk(&values(&spec.name)))
        .collect();
    let device = DeviceSpec::Cpu.open().unwrap();
    Model::new(config, sizes, &statistics, params, &device)
}

/// Compares the saved agent, and the one that was trained, with PyTorch's record in `dir`.
fn check(dir: &Path) {
    let agent = load_agent(dir, &DeviceSpec::Cpu.open().unwrap()).unwrap();
    let trained_with = agent.record.trained_with.clone();
    assert!(trained_with.state_bias && trained_with.centre_observations);
    assert_ne!(trained_with.return_to_go, ReturnToGoInput::Raw);
    let golden = dir.join("golden.safetensors");
    let rows = parity(&agent.model, &golden, 1e-5).unwrap();
    assert!(rows.iter().all(|row| row.ok), "{rows:#?}");
    // Inside, the aids stand elsewhere: the logits alone must agree.
    let logits = |model: &Model| -> Vec<ParityRow> {
        let rows = parity(model, &golden, 1e-5).unwrap();
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.retain(|row| row.name.contains("action_logits"));
        assert_eq!(rows.len(), 2, "fused and hooked");
        rows
    };
    let trained = logits(&raw_model(dir, trained_with.clone(), agent.record.sizes));
    assert!(trained.iter().all(|row| row.ok), "{trained:#?}");
    // Without any one aid it is another function: each has something to fold.
    let without: [fn(&mut ModelConfig); 3] = [
        |config| config.state_bias = false,
        |config| config.centre_observations = false,
        |config| config.return_to_go = ReturnToGoInput::Raw,
    ];
    for change in without {
        let mut config = trained_with.clone();
        change(&mut config);
        let changed = logits(&raw_model(dir, config.clone(), agent.record.sizes));
        assert!(
            changed.iter().all(|row| row.difference > 1e-3),
            "{config:?}"
        );
    }
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/aided")
}

#[test]
fn a_kept_agent_is_what_pytorch_ran() {
    check(&fixture());
}

#[test]
fn a_fresh_agent_runs_in_plain_pytorch() {
    let dir = tempfile::tempdir().unwrap();
    train(dir.path());
    if run_in_pytorch(dir.path()) {
        check(&dir.path().join("agent"));
    }
}

#[test]
#[ignore = "writes tests/data/aided anew; needs a Python with torch"]
fn write_the_fixture() {
    let dir = tempfile::tempdir().unwrap();
    train(dir.path());
    assert!(run_in_pytorch(dir.path()));
    let agent = dir.path().join("agent");
    // Inputs and logits; the other activations would only take room.
    let golden = fs::read(agent.join("golden.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&golden).unwrap();
    let mut kept = file.tensors();
    kept.retain(|(name, _)| name.contains(".in.") || name.ends_with(".action_logits"));
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    let bytes = safetensors::serialize(kept, None).unwrap();
    fs::write(agent.join("golden.safetensors"), bytes).unwrap();
    fs::create_dir_all(fixture()).unwrap();
    for entry in fs::read_dir(&agent).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, fixture().join(path.file_name().unwrap())).unwrap();
    }
}
