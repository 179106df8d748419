//! The forward pass and its gradients against PyTorch's.

#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::path::{Path, PathBuf};

use common::{run, stderr};
use dt_train::checkpoint::{load_agent, save_agent};
use dt_train::device::DeviceSpec;
use dt_train::formats::golden::{ParityRow, parity};
use dt_train::formats::pytorch_2023::import_pytorch;

/// Every device that this program and machine have.
fn devices() -> Vec<DeviceSpec> {
    [
        DeviceSpec::Cpu,
        DeviceSpec::Libtorch,
        DeviceSpec::LibtorchCuda(0),
    ]
    .into_iter()
    .filter(|device| device.open().is_ok())
    .inspect(|device| eprintln!("on {device}"))
    .collect()
}

fn print(rows: &[ParityRow]) {
    for row in rows {
        eprintln!("{:<44}{:.2e}", row.name, row.difference);
    }
}

#[test]
fn a_small_gated_agent_has_pytorchs_activations_and_gradients() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parity");
    for device in devices() {
        let agent = load_agent(&dir, &device.open().unwrap()).unwrap();
        let rows = parity(&agent.model, &dir.join("golden.safetensors"), 1e-5).unwrap();
        print(&rows);
        assert!(rows.iter().all(|r| r.ok));
        assert!(rows.len() > 70, "{} tensors", rows.len());
        assert!(
            rows.iter()
                .any(|r| r.name == "w5.grad.transformer.blocks.0.mlp.W_gate")
        );
        // The check can fail: another agent's weights do not pass.
        let mut other = agent.model.clone();
        let mut params = other.params().to_vec();
        params[1] = params[1].clone() * 1.01;
        other.set_params(params);
        let rows = parity(&other, &dir.join("golden.safetensors"), 1e-5).unwrap();
        assert!(rows.iter().any(|r| !r.ok));
    }
}

#[test]
fn the_published_agent_computes_what_pytorch_computes() {
    let given = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference");
    if !given.exists() {
        eprintln!("skipped: the published weights are not here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (record, values, _) = import_pytorch(&given.join("MemoryGatedMLP.pt"), None).unwrap();
    save_agent(dir.path(), &record, &values).unwrap();
    let golden = given.join("golden_forward.safetensors");
    for device in devices() {
        let agent = load_agent(dir.path(), &device.open().unwrap()).unwrap();
        let rows = parity(&agent.model, &golden, 1e-4).unwrap();
        print(&rows);
        assert!(rows.iter().all(|r| r.ok));
        for name in [
            "u5.out.action_logits",
            "u1.out.action_logits",
            "w9.out.attn_pattern.1",
        ] {
            assert!(rows.iter().any(|r| r.name == name), "{name}");
        }
    }
}

#[test]
fn recordings_that_do_not_fit_are_refused() {
    use safetensors::tensor::{Dtype, SafeTensors, TensorView};
    type Tensors = Vec<(String, Dtype, Vec<usize>, Vec<u8>)>;
    type Change = fn(&mut Tensors);
    fn named<'a>(t: &'a mut Tensors, name: &str) -> &'a mut (String, Dtype, Vec<usize>, Vec<u8>) {
        t.iter_mut().find(|t| t.0 == name).unwrap()
    }

    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parity");
    let dir = tempfile::tempdir().unwrap();
    let golden = dir.path().join("golden.safetensors");
    let bytes = std::fs::read(data.join("golden.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let sound: Tensors = file
        .tensors()
        .into_iter()
        .map(|(name, view)| {
            (
                name,
                view.dtype(),
                view.shape().to_vec(),
                view.data().to_vec(),
            )
        })
        .collect();
    // Exit code, and what is said on either stream.
    let changes: [(Change, i32, &str); 9] = [
        (|_| (), 0, "0 above"),
        (
            |t| named(t, "w5.out.hook_embed").3[..4].copy_from_slice(&f32::NAN.to_le_bytes()),
            1,
            "NaN",
        ),
        (|t| named(t, "w5.out.hook_embed").3[3] ^= 0x80, 1, "1 above"),
        (|t| t.retain(|t| t.0 != "w5.in.rtg"), 2, "w5.in.rtg"),
        (
            |t| named(t, "w5.out.hook_embed").0 = "w5.out.hook_embde".to_owned(),
            2,
            "`hook_embde` is no hook point",
        ),
        (
            |t| named(t, "w5.out.blocks.1.hook_mlp_out").0 = "w5.out.mlp_out.2".to_owned(),
            2,
            "2 blocks",
        ),
        (
            |t| named(t, "w5.out.hook_embed").2.swap(1, 2),
            2,
            "shape [3, 16, 14]",
        ),
        (
            |t| named(t, "w5.in.timesteps").3[..4].copy_from_slice(&99_i32.to_le_bytes()),
            2,
            "time 99",
        ),
        (
            |t| named(t, "w5.in.actions").3[..4].copy_from_slice(&(-1_i32).to_le_bytes()),
            2,
            "action 4294967295",
        ),
    ];
    for (change, code, said) in changes {
        let mut tensors = sound.clone();
        change(&mut tensors);
        let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
            (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
        });
        std::fs::write(&golden, safetensors::serialize(views, None).unwrap()).unwrap();
        let args = ["parity", data.to_str().unwrap(), "golden.safetensors"];
        let output = run(dir.path(), &args);
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{said}: {text}");
        assert!(text.contains(said), "`{said}` is not in: {text}");
    }
    std::fs::write(&golden, &bytes[..bytes.len() / 2]).unwrap();
    let output = run(
        dir.path(),
        &["parity", data.to_str().unwrap(), "golden.safetensors"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("not a safetensors file"));
}
