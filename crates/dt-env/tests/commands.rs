//! What `dt-env` does with places, numbers and files that are not as they should be.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dt-env"));
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

fn done(dir: &Path, args: &[&str]) {
    let output = run(dir, args);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
}

const RENDER: [&str; 3] = ["render", "TwoRooms", "--out"];

#[test]
fn pictures_replace_nothing_unasked_and_no_device_ever() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("a.png"), "precious").unwrap();
    fs::create_dir(dir.join("b.png")).unwrap();
    assert!(refused(dir, &[&RENDER[..], &["a.png"]].concat()).contains("--force"));
    for force in [&[][..], &["--force"]] {
        for place in ["b.png", "none/a.png", "a.png/b.png"] {
            let said = refused(dir, &[&RENDER[..], &[place], force].concat());
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
    assert_eq!(fs::read(dir.join("a.png")).unwrap(), b"precious");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/null", dir.join("c.png")).unwrap();
        let said = refused(dir, &[&RENDER[..], &["c.png", "--force"]].concat());
        assert!(said.contains("device"), "{said}");
        std::os::unix::fs::symlink("real.png", dir.join("d.png")).unwrap();
        done(dir, &[&RENDER[..], &["real.png"]].concat());
        done(dir, &[&RENDER[..], &["d.png", "--force"]].concat());
        assert!(dir.join("d.png").is_symlink());
    }
    done(dir, &[&RENDER[..], &["a.png", "--force"]].concat());
}

#[test]
fn options_at_their_ends() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let largest = u64::MAX.to_string();
    done(dir, &[&RENDER[..], &["a.png", "--seed", &largest]].concat());
    for (option, value) in [
        ("--seed", "18446744073709551616"),
        ("--seed", "-1"),
        ("--tile", "0"),
        ("--tile", "129"),
        ("--tile", &largest),
        ("--delay", "0"),
        ("--delay", "19"),
        ("--delay", &largest),
        ("--actions", "18446744073709551616"),
        ("--actions", ""),
    ] {
        refused(dir, &[&RENDER[..], &["b.gif", option, value]].concat());
    }
    let extremes = ["--tile", "4", "--delay", "10000", "--actions", "0,0,6"];
    done(dir, &[&RENDER[..], &["b.gif"], &extremes].concat());
    // Hundreds of large pictures would not fit into memory.
    let many = vec!["left"; 199].join(",");
    let large = ["--tile", "128", "--actions", &many];
    let said = refused(dir, &[&RENDER[..], &["c.gif"], &large].concat());
    assert!(said.contains("--tile"), "{said}");
    done(dir, &[&RENDER[..], &["c.png"], &large].concat());
    for (option, value) in [
        ("--threads", "0"),
        ("--threads", "1025"),
        ("--batch", "0"),
        ("--batch", "1048576"),
        ("--seconds", "NaN"),
        ("--seconds", "inf"),
        ("--seconds", "0"),
        ("--seconds", "1e308"),
    ] {
        refused(dir, &["bench", option, value]);
    }
    refused(dir, &["bench", "--threads", "1024", "--batch", "1024"]);
}

#[test]
fn files_of_others_are_files() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("traces")).unwrap();
    let world = "\u{feff}(id: \"w\", world: Memory((size: 7)))";
    fs::write(dir.join("bom.ron"), world).unwrap();
    done(dir, &["render", "bom.ron", "--out", "a.png"]);
    #[cfg(unix)]
    for name in ["w.ron", "traces/x.jsonl.gz", "traces/memory_seeds.json"] {
        let path = dir.join(name);
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        let args: &[&str] = match name {
            "w.ron" => &["render", "w.ron", "--out", "b.png"],
            _ => &["conform", "traces"],
        };
        let said = refused(dir, args);
        assert!(said.contains(name) && said.contains("pipe"), "{said}");
        fs::remove_file(&path).unwrap();
    }
    let odd = "\u{1b}[2J\u{202e}";
    fs::write(dir.join(format!("traces/{odd}.jsonl.gz")), "x").unwrap();
    let mut said = refused(dir, &["conform", "traces"]);
    said += &refused(dir, &["render", odd, "--out", "b.png"]);
    assert!(
        !said.contains('\u{1b}') && !said.contains('\u{202e}'),
        "{said:?}"
    );
}

/// In a terminal of its own, which util-linux's `script` makes.
#[cfg(target_os = "linux")]
#[test]
fn the_terminal_is_given_back_on_signals() {
    use std::process::Stdio;

    let program = env!("CARGO_BIN_EXE_dt-env");
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let dir = tempfile::tempdir().unwrap();
        let inner = format!(
            "ulimit -c 0; stty -g > before; \
             sh -c 'echo $$ > pid; exec \"{program}\" play TwoRooms'; stty -g > after"
        );
        let child = Command::new("script")
            .args(["-qefc", &inner, "shown"])
            .current_dir(dir.path())
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("skipped: there is no `script` here");
            return;
        };
        let shown = || fs::read(dir.path().join("shown")).unwrap_or_default();
        let has = |text: &str| shown().windows(text.len()).any(|w| w == text.as_bytes());
        let mut drawn = false;
        for _ in 0..600 {
            drawn = has("\u{1b}[?1049h") && has("\u{1b}[?25l");
            if drawn {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert!(drawn, "{}", String::from_utf8_lossy(&shown()));
        let pid = fs::read_to_string(dir.path().join("pid")).unwrap();
        let sent = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(pid.trim())
            .status();
        assert!(sent.unwrap().success());
        let mut ended = false;
        for _ in 0..200 {
            ended = child.try_wait().unwrap().is_some();
            if ended {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        if !ended {
            child.kill().unwrap();
        }
        assert!(ended, "{signal} did not end it");
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(read("before"), read("after"), "{signal}");
        assert!(has("\u{1b}[?1049l") && has("\u{1b}[?25h"), "{signal}");
    }
}
