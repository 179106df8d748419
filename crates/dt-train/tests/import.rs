//! Agents from PyTorch files: the published ones where they are given, and hostile ones.

#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{contents, run, stderr};
use dt_train::checkpoint::{Agent, load_agent};
use dt_train::device::DeviceSpec;
use dt_train::evaluate::evaluate_exact;

fn given(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference");
    let path = path.join(name);
    if path.exists() {
        return Some(path.canonicalize().unwrap());
    }
    eprintln!("skipped: {name} is not here");
    None
}

fn import(dir: &Path, file: &Path) -> Agent {
    let output = run(dir, &["import", file.to_str().unwrap(), "--out", "agent"]);
    assert!(output.status.success(), "{}", stderr(&output));
    load_agent(&dir.join("agent"), &DeviceSpec::Cpu.open().unwrap()).unwrap()
}

/// Expects exit code 2, an error that holds all of `parts`, and nothing written.
fn refused(dir: &Path, file: &Path, parts: &[&str]) {
    let before = contents(dir);
    let output = run(dir, &["import", file.to_str().unwrap(), "--out", "refused"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    assert!(!text.contains("panicked"), "{text}");
    assert!(before == contents(dir), "files changed");
}

#[test]
fn the_published_gated_agent_acts_as_recorded() {
    let Some(file) = given("MemoryGatedMLP.pt") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let agent = import(dir.path(), &file);
    let record = &agent.record;
    assert_eq!((record.sizes.max_steps, record.model.n_layers), (1000, 2));
    let env = Arc::new(record.world().unwrap().clone());
    assert_eq!(env.max_steps(), 50);
    let exact = evaluate_exact(&agent.model, &env, &[0.892, 0.0]).unwrap();
    assert_eq!((exact[0].success, exact[1].wrong_target), (4, 4));
    let mut episodes = exact.iter().flat_map(|record| &record.episodes);
    assert!(episodes.all(|episode| episode.steps == 6));
}

#[test]
fn an_agent_of_another_world_is_read_and_cannot_act() {
    let Some(file) = given("ReproduceOriginalPostShort.pt") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let agent = import(dir.path(), &file);
    assert_eq!(agent.record.env, None);
    assert_eq!(agent.model.specs()[0].disk_shape, [128, 147]);
    let output = run(dir.path(), &["eval", "agent"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("MiniGrid-Dynamic-Obstacles-8x8-v0"), "{text}");
    assert!(text.contains("is not available here"), "{text}");
}

#[test]
fn another_kind_of_agent_is_refused() {
    let Some(file) = given("Test-PPO-LSTM_06.pt") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    refused(dir.path(), &file, &["is not a decision transformer"]);
}

/// A zip archive with one stored member, as `torch.save` lays it out.
fn archive(pickle: &[u8], claimed: u32) -> Vec<u8> {
    let name = b"a/data.pkl";
    let sizes = [claimed.to_le_bytes(), claimed.to_le_bytes()].concat();
    let mut out = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    out.extend(&sizes);
    out.extend([name.len() as u8, 0, 0, 0]);
    out.extend(name);
    out.extend(pickle);
    let table = out.len() as u32;
    out.extend(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
    out.extend(&sizes);
    out.extend([name.len() as u8, 0]);
    out.extend([0; 16]); // no extra field, comment, disk or attributes; the header is at 0
    out.extend(name);
    let length = out.len() as u32 - table;
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend(length.to_le_bytes());
    out.extend(table.to_le_bytes());
    out.extend([0; 2]);
    out
}

#[test]
fn files_that_want_more_than_weights_are_refused_unrun() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hostile.pt");
    let command = b"(X\x0c\0\0\0touch harmedtR"; // os.system("touch harmed")
    let command = [&b"cos\nsystem\n"[..], command].concat();
    let beside = [
        b"\x80\x02}(X\x10\0\0\0model_state_dict}X\x01\0\0\0x",
        &command[..],
        b"u.",
    ]
    .concat();
    let inside = [
        b"\x80\x02}X\x10\0\0\0model_state_dict}X\x01\0\0\0x",
        &command[..],
        b"ss.",
    ]
    .concat();
    let thrown_away = [b"\x80\x02", &command[..], b"0}."].concat();
    for pickle in [&beside, &inside, &thrown_away] {
        fs::write(&file, archive(pickle, pickle.len() as u32)).unwrap();
        refused(
            dir.path(),
            &file,
            &["hostile.pt", "`os.system`", "nothing of it was run"],
        );
    }
    let newer = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x8c\x04true\x85R.";
    let instance = b"(X\x04\0\0\0trueiposix\nsystem\n.";
    for pickle in [&newer[..], instance] {
        fs::write(&file, archive(pickle, pickle.len() as u32)).unwrap();
        refused(dir.path(), &file, &["`posix.system`"]);
    }
    assert!(!dir.path().join("harmed").exists());
}

#[test]
fn damaged_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.pt");
    let whole = archive(b"\x80\x02}.", 4);
    for (bytes, parts) in [
        (b"not a zip at all".to_vec(), &["torch.save"][..]),
        (whole[..whole.len() - 8].to_vec(), &["cut short"]),
        (archive(b"\x80\x02}.", u32::MAX), &["4294967295 bytes"]),
        (
            archive(b"\x80\x02X\xff\xff\xff\x7fa.", 9),
            &["cut short", "2147483647"],
        ),
        (archive(b"\x80\x02}", 3), &["cut short"]),
        (whole, &["model_state_dict"]),
    ] {
        fs::write(&file, bytes).unwrap();
        refused(dir.path(), &file, &[&["bad.pt"], parts].concat());
    }
    refused(dir.path(), Path::new("absent.pt"), &["absent.pt"]);
}
