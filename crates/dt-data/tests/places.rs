//! Where `dt-data` writes, and from what it reads: nothing of others' is touched, nothing hangs.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use common::{TINY, names, write};

fn run(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dt-data"));
    command.current_dir(dir).args(args).output().unwrap()
}

/// Standard error of a run that must fail with exit code 2.
fn refused(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn done(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
    said
}

/// A folder with a recipe `t.ron` and its dataset `d` in it.
fn lab() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("t.ron"), TINY).unwrap();
    write(TINY, &dir.path().join("d"));
    dir
}

const EXPORT: [&str; 5] = ["export", "d", "--format", "minari", "--out"];

#[test]
fn nothing_is_written_into_a_dataset() {
    let lab = lab();
    let dir = lab.path();
    done(dir, &[&EXPORT[..], &["root/m-v0"]].concat());
    for place in [
        "d/x-v0",
        "root/m-v0/x-v0",
        "root/m-v0/data/x-v0",
        "root/../d/x-v0",
    ] {
        let said = refused(dir, &[&EXPORT[..], &[place]].concat());
        assert!(said.contains("within the dataset"), "{said}");
        let said = refused(dir, &["generate", "t.ron", "--out", place]);
        assert!(said.contains("within the dataset"), "{said}");
    }
    assert_eq!(names(&dir.join("d")).len(), 3);
}

/// Minari's own list of a root stops at a folder whose name is no id.
#[test]
fn an_export_is_called_what_minari_can_list() {
    let lab = lab();
    let dir = lab.path();
    for place in ["root/my data", "root/m", "root/m-v", "root", "."] {
        let said = refused(dir, &[&EXPORT[..], &[place]].concat());
        assert!(said.contains("-v0"), "{place}: {said}");
    }
    fs::create_dir_all(dir.join("root/m-v0")).unwrap();
    done(dir, &[&EXPORT[..], &["root/m-v0"]].concat());
    // The root itself is no export, with --force neither.
    fs::rename(dir.join("root"), dir.join("root-v1")).unwrap();
    let said = refused(dir, &[&EXPORT[..], &["root-v1", "--force"]].concat());
    assert!(said.contains("data/metadata.json"), "{said}");
    // What is in the making there is hidden, which Minari passes over.
    assert!(dt_env::files::TEMPORARY.starts_with('.'));
}

#[test]
fn what_a_killed_process_left_is_swept() {
    let lab = lab();
    let dir = lab.path();
    let commands: [&[&str]; 2] = [
        &["generate", "t.ron", "--out", "new"],
        &["export", "d", "--format", "minari", "--out", "new-v0"],
    ];
    for command in commands {
        let debris = dir.join(".writing-dead");
        fs::create_dir_all(debris.join("new/data")).unwrap();
        let old = SystemTime::now() - Duration::from_hours(1);
        File::open(&debris).unwrap().set_modified(old).unwrap();
        done(dir, command);
        assert!(!debris.exists(), "{command:?}");
    }
    assert_eq!(names(dir), ["d", "new", "new-v0", "t.ron"]);
}

#[test]
fn places_that_are_no_folders_are_said() {
    let lab = lab();
    let dir = lab.path();
    fs::write(dir.join("file"), "precious").unwrap();
    for place in ["file", "/dev/null", "file/x", "t.ron", ".", "/"] {
        let said = refused(dir, &["generate", "t.ron", "--out", place]);
        let line = said.trim_end();
        assert!(
            line.starts_with("error: ") && !line.contains('\n'),
            "{said}"
        );
        refused(dir, &["generate", "t.ron", "--force", "--out", place]);
    }
    assert_eq!(fs::read(dir.join("file")).unwrap(), b"precious");
    assert_eq!(names(dir), ["d", "file", "t.ron"]);
}

#[test]
fn options_at_their_ends() {
    let lab = lab();
    let dir = lab.path();
    let largest = u64::MAX.to_string();
    done(
        dir,
        &["generate", "t.ron", "--out", "e", "--seed", &largest],
    );
    let beyond = u128::from(u64::MAX) + 1;
    let recipe = ["generate", "t.ron", "--out", "f"];
    for (option, value) in [
        ("--seed", beyond.to_string()),
        ("--seed", "-1".to_owned()),
        ("--seed", "NaN".to_owned()),
        ("--threads", "0".to_owned()),
        ("--threads", largest),
    ] {
        refused(dir, &[&recipe[..], &[option, &value]].concat());
    }
    done(dir, &[&recipe[..], &["--threads", "1024"]].concat());
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let lab = lab();
    let dir = lab.path();
    fs::write(
        dir.join("w.ron"),
        "\u{feff}(id: \"w\", world: Memory((size: 7)))",
    )
    .unwrap();
    let recipe = TINY.replace("MiniGrid-MemoryS7FixedStart-v0", "w.ron");
    fs::write(dir.join("b.ron"), format!("\u{feff}{recipe}")).unwrap();
    done(dir, &["generate", "b.ron", "--out", "b"]);
}

/// A file without content takes no disk, and is not read for the sake of its size.
#[test]
fn sparse_files_are_refused_before_they_are_read() {
    let lab = lab();
    let dir = lab.path();
    for name in ["steps.arrow", "episodes.arrow"] {
        let path = dir.join("d").join(name);
        let good = fs::read(&path).unwrap();
        File::create(&path).unwrap().set_len(3 << 30).unwrap();
        let output = run(dir, &["inspect", "d", "--verify"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(name) && said.contains("fit into"), "{said}");
        fs::write(&path, good).unwrap();
    }
    File::create(dir.join("d/card.json"))
        .unwrap()
        .set_len(3 << 30)
        .unwrap();
    assert!(refused(dir, &["inspect", "d"]).contains("card.json"));
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_waited_for() {
    let lab = lab();
    let dir = lab.path();
    let pipe = |path: &str| {
        let path = dir.join(path);
        let _ = fs::remove_file(&path);
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
    };
    let link = |path: &str| {
        let path = dir.join(path);
        let _ = fs::remove_file(&path);
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    };
    fs::write(
        dir.join("r.ron"),
        TINY.replace("MiniGrid-MemoryS7FixedStart-v0", "w.ron"),
    )
    .unwrap();
    for special in [&pipe as &dyn Fn(&str), &link] {
        special("x.ron");
        refused(dir, &["generate", "x.ron", "--out", "o"]);
        special("w.ron");
        refused(dir, &["generate", "r.ron", "--out", "o"]);
        for name in ["steps.arrow", "episodes.arrow", "card.json"] {
            let path = dir.join("d").join(name);
            let good = fs::read(&path).unwrap();
            special(&format!("d/{name}"));
            assert!(refused(dir, &["inspect", "d", "--verify"]).contains(name));
            fs::remove_file(&path).unwrap();
            fs::write(&path, good).unwrap();
        }
    }
    assert!(!dir.join("o").exists());
}

#[test]
fn names_do_not_talk_to_the_terminal() {
    let lab = lab();
    let dir = lab.path();
    let odd = "\u{1b}[2Jx\u{202e}";
    let mut all = refused(dir, &["generate", &format!("{odd}.ron"), "--out", "o"]);
    all += &refused(dir, &["inspect", odd]);
    all += &refused(dir, &["export", odd, "--format", "minari", "--out", "o-v0"]);
    let card = dir.join("d/card.json");
    let text = fs::read_to_string(&card).unwrap();
    let policy = text.replace("\"policy\": \"planner\"", "\"policy\": \"\\u001b[2J\"");
    assert_ne!(policy, text);
    fs::write(&card, policy).unwrap();
    let output = run(dir, &["inspect", "d"]);
    all += &String::from_utf8(output.stdout).unwrap();
    let is_plain = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
    assert!(all.chars().all(is_plain), "{all:?}");
    assert!(all.contains("\\u{1b}[2J"), "{all}");
}
