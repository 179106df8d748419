//! Agents from PyTorch files: the published ones where they are given, and hostile ones.

#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::torch_file::{Configs, Entry, Member, archive, tiny, tiny_of, torch_file};
use common::{contents, run, stderr};
use dt_train::checkpoint::{Agent, load_agent, read_tensors};
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

/// A file of a pickle alone, which claims to have so many bytes.
fn pickle_file(pickle: &[u8], claimed: u32) -> Vec<u8> {
    let member = Member::new("a/data.pkl", pickle.to_vec());
    archive(&[Member { claimed, ..member }])
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
        fs::write(&file, pickle_file(pickle, pickle.len() as u32)).unwrap();
        refused(
            dir.path(),
            &file,
            &["hostile.pt", "`os.system`", "nothing of it was run"],
        );
    }
    let newer = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x8c\x04true\x85R.";
    let instance = b"(X\x04\0\0\0trueiposix\nsystem\n.";
    for pickle in [&newer[..], instance] {
        fs::write(&file, pickle_file(pickle, pickle.len() as u32)).unwrap();
        refused(dir.path(), &file, &["`posix.system`"]);
    }
    assert!(!dir.path().join("harmed").exists());
}

#[test]
fn damaged_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.pt");
    let whole = pickle_file(b"\x80\x02}.", 4);
    // Two tables of contents at one place, counted from the file's start or from the archive's: what
    // is checked must be what is read.
    let harm = b"\x80\x02cos\nsystem\n0}.";
    let (other, harmful) = (
        pickle_file(b"\x80\x02N0N0N0N0N0N0}.", 16),
        pickle_file(harm, harm.len() as u32),
    );
    assert_eq!(other.len(), harmful.len());
    let two_tables = [&other[..other.len() - 22], &harmful].concat();
    for (bytes, parts) in [
        (two_tables, &["table of contents"][..]),
        (b"not a zip at all".to_vec(), &["torch.save"]),
        (whole[..whole.len() - 8].to_vec(), &["cut short"]),
        (pickle_file(b"\x80\x02}.", u32::MAX), &["4294967295 bytes"]),
        (
            pickle_file(b"\x80\x02X\xff\xff\xff\x7fa.", 9),
            &["cut short", "2147483647"],
        ),
        (pickle_file(b"\x80\x02}", 3), &["cut short"]),
        // What some readers skip and others do not: bytes before the archive, bytes behind it, and a
        // comment that is said to be there.
        (
            [&b"PK\x03\x04 before"[..], &whole].concat(),
            &["table of contents"],
        ),
        ([&whole[..], b"after"].concat(), &["table of contents"]),
        (
            [&whole[..whole.len() - 2], b"\xff\xff"].concat(),
            &["table of contents"],
        ),
        (whole, &["model_state_dict"]),
    ] {
        fs::write(&file, bytes).unwrap();
        refused(dir.path(), &file, &[&["bad.pt"], parts].concat());
    }
    refused(dir.path(), Path::new("absent.pt"), &["absent.pt"]);
}

#[test]
fn a_sound_file_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tiny.pt");
    fs::write(&file, torch_file(&tiny(), &Configs::default())).unwrap();
    let agent = import(dir.path(), &file);
    assert_eq!(agent.record.name, "tiny");
    assert_eq!(agent.record.world_id(), "Tiny-v0");
    let tensors = read_tensors(&dir.path().join("agent/agent.safetensors")).unwrap();
    let theirs = tiny();
    assert_eq!(tensors.len(), theirs.len() - 2);
    for tensor in tensors {
        let same = theirs.iter().find(|e| e.name == tensor.name).unwrap();
        assert_eq!(tensor.values, same.values, "{}", tensor.name);
    }
    let args = ["import", "tiny.pt", "--out", "agent"];
    let again = run(dir.path(), &args);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("--force"));
    let forced = run(dir.path(), &[&args[..], &["--force"]].concat());
    let text = stderr(&forced);
    assert!(forced.status.success(), "{text}");
    assert!(text.contains("left out") && text.contains("state_predictor.bias"));
    // --force replaces an agent, and nothing that is not one.
    fs::write(dir.path().join("agent/thesis.txt"), "words").unwrap();
    let kept = run(dir.path(), &[&args[..], &["--force"]].concat());
    assert_eq!(kept.status.code(), Some(2));
    assert!(stderr(&kept).contains("thesis.txt, which is no part of an imported agent"));
    assert!(dir.path().join("agent/thesis.txt").exists());
}

/// Values of an imported file's tensors, by name.
fn values_of(dir: &Path, entries: &[Entry], configs: &Configs) -> BTreeMap<String, Vec<f32>> {
    let file = dir.join("other.pt");
    fs::write(&file, torch_file(entries, configs)).unwrap();
    let _ = fs::remove_dir_all(dir.join("agent"));
    import(dir, &file);
    let tensors = read_tensors(&dir.join("agent/agent.safetensors")).unwrap();
    tensors.into_iter().map(|t| (t.name, t.values)).collect()
}

#[test]
fn weights_are_read_under_wrappers_in_16_bits_and_shared() {
    let dir = tempfile::tempdir().unwrap();
    let plain = values_of(dir.path(), &tiny(), &Configs::default());
    for wrapper in ["module.", "_orig_mod.", "module._orig_mod."] {
        let mut wrapped = tiny();
        for entry in &mut wrapped {
            entry.name.insert_str(0, wrapper);
        }
        let found = values_of(dir.path(), &wrapped, &Configs::default());
        assert!(found == plain, "{wrapper}");
    }
    // Multiples of 1/64 up to 8 are themselves in 16 bits.
    let mut halves = tiny();
    for entry in &mut halves {
        entry.half = entry.values.iter().all(|v| v.abs() <= 8.0);
    }
    assert!(halves.iter().filter(|e| e.half).count() > 10);
    assert!(values_of(dir.path(), &halves, &Configs::default()) == plain);
    // Four blocks that are one, whose weights are there once: they declare more than the file has.
    let mut tied = tiny_of(4, 2000, 3, 7);
    let of_block = |n: usize, name: &str| name.contains(&format!("blocks.{n}."));
    for n in 0..tied.len() {
        let first = tied[n].name.replace(".blocks.1.", ".blocks.0.");
        let first = first
            .replace(".blocks.2.", ".blocks.0.")
            .replace(".blocks.3.", ".blocks.0.");
        if first != tied[n].name {
            tied[n].shares = tied.iter().position(|entry| entry.name == first);
            assert!(tied[n].shares.is_some());
        }
    }
    let found = values_of(dir.path(), &tied, &Configs::of(4, 2000, 3, "Tiny-v0"));
    for (name, values) in found.iter().filter(|(name, _)| of_block(3, name)) {
        assert_eq!(
            &found[&name.replace("blocks.3.", "blocks.0.")],
            values,
            "{name}"
        );
    }
}

#[test]
fn an_agent_fits_its_world_or_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("actions.pt");
    let world = "MiniGrid-MemoryS7-v0";
    let configs = Configs::of(1, 3, 7, world);
    fs::write(&file, torch_file(&tiny_of(1, 3, 7, 10), &configs)).unwrap();
    refused(
        dir.path(),
        &file,
        &["`sizes.n_actions`", "10", world, "7 actions"],
    );
    // Fewer are sound.
    fs::write(&file, torch_file(&tiny_of(1, 3, 7, 3), &configs)).unwrap();
    assert_eq!(import(dir.path(), &file).record.sizes.n_actions, 3);
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.pt");
    // tiny() begins with the state embedding, [4, 180].
    type Change = fn(&mut Vec<Entry>);
    let changes: [(Change, &[&str]); 12] = [
        (|e| e[0].shape[0] = 5, &["shape [5, 180]", "720"]),
        (|e| e[0].stride[0] = 181, &["stride [181, 1]", "720"]),
        (|e| e[0].offset = 1, &["offset 1", "721"]),
        // What the pickle claims about the storage, the archive does not hold.
        (
            |e| (e[0].offset, e[0].declared) = (1, 721),
            &["state_embedding.weight", "721 elements"],
        ),
        (
            |e| (e[0].shape, e[0].declared) = (vec![1 << 20, 180], u32::MAX),
            &["declares 75", "bytes of weights"],
        ),
        // A view that shows one number a billion times.
        (
            |e| (e[0].shape, e[0].stride) = (vec![1 << 22, 180], vec![0, 0]),
            &["bad.pt", "bytes"],
        ),
        (|e| e[1].shape = vec![4, 8], &["action_embedding", "[4, 8]"]),
        (
            |e| (e[1].shape, e[1].stride) = (vec![32], vec![1]),
            &["action_embedding", "two axes"],
        ),
        (
            |e| e[3].values[2] = f32::NAN,
            &["time_embedding", "not finite"],
        ),
        (|e| drop(e.remove(2)), &["reward_embedding", "missing"]),
        (
            |e| e.push(Entry::new("adapter.weight", &[1], vec![0.0])),
            &["`adapter.weight` does not belong"],
        ),
        (
            |e| e[0].declared = u32::MAX,
            &[], // harmless: no more is read than the tensor needs
        ),
    ];
    for (change, parts) in changes {
        let mut entries = tiny();
        change(&mut entries);
        fs::write(&file, torch_file(&entries, &Configs::default())).unwrap();
        if parts.is_empty() {
            import(dir.path(), &file);
            continue;
        }
        refused(dir.path(), &file, &[&["bad.pt"], parts].concat());
    }
}

#[test]
fn configurations_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.pt");
    for (from, to, parts) in [
        ("decision_t", "clone_t", &["clone_transformer"][..]),
        (
            "\"n_layers\": 1",
            "\"n_layers\": 2",
            &["blocks.1", "missing"],
        ),
        (
            "\"n_layers\": 1",
            "\"n_layers\": 1000000000",
            &["n_layers", "1 to 64"],
        ),
        ("\"n_layers\": 1, ", "", &["model_config", "n_layers"]),
        ("\"gelu\"", "\"swish\"", &["activation_fn", "swish"]),
        ("\"grid\"", "\"vit\"", &["state_embedding_type", "vit"]),
        ("null", "\"RMS\"", &["layer_norm", "RMS"]),
        ("null", "\"LN\"", &["ln1.w", "missing"]),
        ("\"n_ctx\": 5", "\"n_ctx\": 6", &["n_ctx", "3 T - 1"]),
        ("\"view_size\": 3", "\"view_size\": 5", &["view of 5 x 5"]),
        ("\"view_size\": 3", "\"view_size\": 0", &["view_size"]),
        (
            "Tiny-v0",
            "MiniGrid-MemoryS7FixedStart-v0",
            &["view_size", "has 7"],
        ),
        ("{\"env_id\"", "{{\"env_id\"", &["environment_config"]),
    ] {
        let mut configs = Configs::default();
        for text in [
            &mut configs.offline,
            &mut configs.environment,
            &mut configs.model,
        ] {
            *text = text.replacen(from, to, 1);
        }
        fs::write(&file, torch_file(&tiny(), &configs)).unwrap();
        refused(dir.path(), &file, &[&["bad.pt"], parts].concat());
    }
}

#[test]
fn compressed_members_are_refused_unread() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bomb.pt");
    let small = Member::new("a/data.pkl", b"\x80\x02}.".to_vec());
    let bomb = Member {
        claimed: u32::MAX,
        method: 8,
        ..Member::new("a/data/0", vec![0x4b, 4, 0])
    };
    fs::write(&file, archive(&[small, bomb])).unwrap();
    refused(dir.path(), &file, &["bomb.pt", "`a/data/0` is compressed"]);
    let twice = [b"\x80\x02}.", b"\x80\x02].".as_slice()];
    let twice = twice.map(|pickle| Member::new("a/data.pkl", pickle.to_vec()));
    fs::write(&file, archive(&twice)).unwrap();
    refused(dir.path(), &file, &["more than one data.pkl"]);
}

#[test]
fn a_state_dict_holds_tensors_only() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.pt");
    for (value, parts) in [
        (&b"K\x05"[..], &["`lr` is not a tensor"][..]),
        (b"}", &["`lr` is not a tensor"]),
        (b"ctorch\nFloatStorage\n", &["`torch.FloatStorage`"]),
        (
            b"ccollections\nOrderedDict\n",
            &["`collections.OrderedDict`"],
        ),
        (b"c__main__\nAgent\n)\x81", &["`__main__.Agent`"]),
        (b"\x82\x01", &["instruction 0x82"]),
        (b"C\x01a", &["instruction 0x43"]),
    ] {
        let before = b"\x80\x02}X\x10\0\0\0model_state_dict}X\x02\0\0\0lr";
        let pickle = [before, value, b"ss."].concat();
        fs::write(&file, pickle_file(&pickle, pickle.len() as u32)).unwrap();
        refused(dir.path(), &file, parts);
    }
}
