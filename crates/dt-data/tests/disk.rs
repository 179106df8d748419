//! What happens to the disk when something goes wrong: nothing.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{TINY, files, names, recipe, write};
use dt_data::export::{MinariId, write_minari};
use dt_data::{DataError, Dataset, store};
use dt_env::files::FilesError;

#[test]
fn an_existing_dataset_is_replaced_only_by_force() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set");
    write(TINY, &path);
    let before = files(&path);
    let mut other = recipe(TINY);
    other.seed = 1;
    let (data, card) = Dataset::generate(&other).unwrap();
    let refused = store::write(&path, data.clone(), card.clone(), false);
    assert!(matches!(
        refused,
        Err(DataError::Files(FilesError::Exists(_)))
    ));
    assert_eq!(files(&path), before);

    let written = store::write(&path, data.clone(), card, true).unwrap();
    assert_ne!(files(&path), before);
    let (read, card) = store::read(&path).unwrap();
    assert_eq!((read, card), (data, written));
    assert_eq!(names(dir.path()), ["set"], "no debris");
    assert_eq!(names(&path), ["card.json", "episodes.arrow", "steps.arrow"]);
}

#[test]
fn force_spares_what_is_no_dataset() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("home");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("thesis.tex"), "precious").unwrap();
    let (data, card) = Dataset::generate(&recipe(TINY)).unwrap();
    let id: MinariId = "home-v0".parse().unwrap();
    for refused in [
        write_minari(&data, &card, &id, &path, true),
        store::write(&path, data, card, true).map(|_| ()),
    ] {
        assert!(matches!(
            refused,
            Err(DataError::Files(FilesError::NotOurs { .. }))
        ));
    }
    assert_eq!(names(dir.path()), ["home"]);
    assert_eq!(names(&path), ["thesis.tex"]);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    write(TINY, &real);
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let (data, card) = Dataset::generate(&recipe(TINY)).unwrap();
    store::write(&link, data, card, true).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    store::read(&real).unwrap();
    assert_eq!(names(dir.path()), ["link", "real"]);
}

#[test]
fn a_parent_that_is_a_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let (data, card) = Dataset::generate(&recipe(TINY)).unwrap();
    let path = dir.path().join("file/set");
    let message = store::write(&path, data, card, false)
        .unwrap_err()
        .to_string();
    assert!(message.contains("file"), "{message}");
}

/// Runs `script` where `disk` is a file system of its own, mounted with `options`. `None`, and a
/// message, where this machine does not allow that.
fn on_a_disk(disk: &Path, options: &str, script: &str) -> Option<std::process::Output> {
    let (disk, program) = (disk.display(), env!("CARGO_BIN_EXE_dt-data"));
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c"])
        .arg(format!(
            "mount -t tmpfs -o {options} tmpfs '{disk}' || exit 77\n\
             generate() {{ '{program}' generate \"$@\"; }}\ncd '{disk}'\n{script}"
        ))
        .output();
    match output {
        Ok(output) if output.status.code() == Some(77) => {}
        Ok(output) if output.status.code().is_some_and(|code| code != 1) => return Some(output),
        _ => {}
    }
    eprintln!("skipped: this user cannot mount a file system of its own");
    None
}

#[test]
fn a_full_disk_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let recipes = tempfile::tempdir().unwrap();
    let small = recipes.path().join("small.ron");
    let large = recipes.path().join("large.ron");
    fs::write(&small, TINY).unwrap();
    fs::write(&large, TINY.replace("Episodes(2)", "Episodes(20000)")).unwrap();
    let script = format!(
        "generate '{}' --out set > /dev/null 2>&1 || exit 90\n\
         sha256sum set/* > ../before\n\
         generate '{large}' --out set --force\n\
         [ $? -eq 2 ] || exit 91\n\
         sha256sum set/* | cmp - ../before || exit 92\n\
         generate '{large}' --out other\n\
         [ $? -eq 2 ] || exit 93\n\
         ls -A",
        small.display(),
        large = large.display(),
    );
    let disk = dir.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let Some(output) = on_a_disk(&disk, "size=1m", &script) else {
        return;
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(output.stdout, b"set\n", "no debris");
    assert_eq!(stderr.matches("No space left on device").count(), 2);
    assert!(stderr.contains("set/steps.arrow"), "{stderr}");
}

#[test]
fn a_read_only_disk_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let small = dir.path().join("small.ron");
    fs::write(&small, TINY).unwrap();
    let script = format!(
        "generate '{small}' --out set > /dev/null 2>&1 || exit 90\n\
         sha256sum set/* > ../before\n\
         mount -o remount,ro . || exit 77\n\
         generate '{small}' --out set --force\n\
         [ $? -eq 2 ] || exit 91\n\
         sha256sum set/* | cmp - ../before || exit 92\n\
         ls -A",
        small = small.display(),
    );
    let disk = dir.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let Some(output) = on_a_disk(&disk, "size=4m", &script) else {
        return;
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(output.stdout, b"set\n");
    assert!(stderr.contains("Read-only file system"), "{stderr}");
}
