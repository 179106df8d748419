//! The forward pass and its gradients against PyTorch's.

#![allow(clippy::unwrap_used)] // a test may panic

use std::path::{Path, PathBuf};

use dt_train::checkpoint::{import_pytorch, load_agent, save_agent};
use dt_train::device::DeviceSpec;
use dt_train::parity::{ParityRow, parity};

fn print(rows: &[ParityRow]) {
    for row in rows {
        eprintln!("{:<44}{:.2e}", row.name, row.difference);
    }
}

#[test]
fn a_small_gated_agent_has_pytorchs_activations_and_gradients() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parity");
    let agent = load_agent(&dir, &DeviceSpec::Cpu.open().unwrap()).unwrap();
    let rows = parity(&agent.model, &dir.join("golden.safetensors"), 1e-5).unwrap();
    print(&rows);
    assert!(rows.iter().all(|r| r.ok));
    assert!(rows.len() > 60, "{} tensors", rows.len());
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
    let agent = load_agent(dir.path(), &DeviceSpec::Cpu.open().unwrap()).unwrap();
    let rows = parity(
        &agent.model,
        &given.join("golden_forward.safetensors"),
        1e-4,
    )
    .unwrap();
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
