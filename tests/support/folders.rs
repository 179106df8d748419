//! What lies in a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Content of every file below a folder, by relative path.
pub fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Names in a folder, hidden ones too, in order.
pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Content of a run, without the two files that are allowed to differ.
pub fn run_contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = contents(dir);
    for name in ["run.json", "timing.jsonl"] {
        assert!(found.remove(name).is_some(), "a run has a {name}");
    }
    found
}

/// Asserts that two runs hold the same bytes, and names the first file that differs.
pub fn assert_same_run(a: &Path, b: &Path) {
    let (a, b) = (run_contents(a), run_contents(b));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    for (name, bytes) in &a {
        assert!(bytes == &b[name], "{name} differs");
    }
}
