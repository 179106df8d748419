//! The same definition and seed give the same bytes, on any number of threads.

use crate::support::{Lab, Program, assert_same_run, contents, run_contents};

fn train(lab: &Lab, out: &str, more: &[&str]) {
    let args = [&["train", "tiny.ron", "--quiet", "--out", out], more].concat();
    lab.succeed(Program::Train, &args);
}

#[test]
fn threads_change_no_byte_of_a_run_or_its_data() {
    let lab = Lab::with_training(40, "keep_steps: [0, 10], keep_every: 20,");
    train(&lab, "one", &["--threads", "1", "--datasets", "d1"]);
    train(&lab, "two", &["--threads", "2", "--datasets", "d2"]);
    train(&lab, "five", &["--threads", "5", "--datasets", "d5"]);
    assert_same_run(&lab.at("one"), &lab.at("two"));
    assert_same_run(&lab.at("one"), &lab.at("five"));
    assert_eq!(contents(&lab.at("d1")), contents(&lab.at("d2")));
    assert_eq!(contents(&lab.at("d1")), contents(&lab.at("d5")));
    let files = run_contents(&lab.at("one"));
    for name in [
        "agent.safetensors",
        "checkpoints/step-000000/agent.safetensors",
        "checkpoints/step-000010/agent.safetensors",
        "checkpoints/step-000020/agent.safetensors",
        "checkpoints/step-000040/training.safetensors",
        "metrics.jsonl",
        "eval.json",
    ] {
        assert!(files.contains_key(name), "{name} is missing");
    }
    // And the comparison can fail: another seed gives other bytes.
    train(&lab, "other", &["--seed", "1", "--datasets", "d1"]);
    let other = run_contents(&lab.at("other"));
    assert_ne!(files["agent.safetensors"], other["agent.safetensors"]);
    assert_ne!(files["metrics.jsonl"], other["metrics.jsonl"]);
}

#[test]
fn threads_change_no_byte_of_a_dataset() {
    let lab = Lab::new();
    let make = |out: &str, more: &[&str]| {
        let args = [&["generate", "tiny-data.ron", "--out", out], more].concat();
        lab.succeed(Program::Data, &args);
        contents(&lab.at(out))
    };
    let one = make("one", &["--threads", "1"]);
    assert_eq!(one, make("two", &["--threads", "2"]));
    assert_eq!(one, make("five", &["--threads", "5"]));
    assert_ne!(one, make("other", &["--seed", "7"]));
}

#[test]
fn threads_change_no_byte_of_an_answer() {
    let lab = Lab::trained();
    let ask = |out: &str, threads: &str| {
        let mut command = lab.command(Program::Analysis, &["geometry", "run", "--out", out]);
        let output = command.env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        contents(&lab.at(out))
    };
    let one = ask("one", "1");
    assert!(!one.is_empty());
    let five = ask("five", "5");
    let names: Vec<&String> = one.keys().collect();
    assert_eq!(names, five.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(bytes == &five[name], "{name} differs");
    }
}

/// On a processor that has AVX2 and FMA as this one has, but not what is newer, and on one without
/// them, which says so.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn processors_of_one_word_change_no_byte() {
    let word = |lab: &Lab, out: &str| {
        let record = lab.json(&format!("{out}/run.json"));
        record["processor"].as_str().unwrap().to_owned()
    };
    let lab = Lab::with_training(3, "keep_steps: [0, 1],");
    // As wide as the default agent: wider vectors are used where matrices are large enough.
    let narrow = "d_model: 16, d_mlp: 16";
    let text = lab.read("tiny.ron");
    assert!(text.contains(narrow));
    lab.write("tiny.ron", text.replace(narrow, "d_model: 128, d_mlp: 256"));
    train(&lab, "native", &["--threads", "1"]);
    let emulated = |processor: &str| {
        let args = [
            "train",
            "tiny.ron",
            "--quiet",
            "--threads",
            "1",
            "--out",
            processor,
        ];
        let plain = lab.command(Program::Train, &args);
        let mut command = std::process::Command::new("qemu-x86_64");
        command.args(["-cpu", processor]).arg(plain.get_program());
        command.args(plain.get_args()).current_dir(lab.path());
        command
            .output()
            .map(|output| assert!(output.status.success(), "{output:?}"))
    };
    if emulated("Haswell").is_err() {
        eprintln!("skipped: qemu-x86_64, which emulates another processor, is not here");
        return;
    }
    if word(&lab, "native") == word(&lab, "Haswell") {
        assert_same_run(&lab.at("native"), &lab.at("Haswell"));
    }
    emulated("Nehalem").unwrap();
    assert_eq!(word(&lab, "Nehalem"), "x86_64");
    let [new, old] = ["Haswell", "Nehalem"].map(|run| run_contents(&lab.at(run)));
    assert_ne!(
        new["metrics.jsonl"], old["metrics.jsonl"],
        "else one word would do"
    );
}
