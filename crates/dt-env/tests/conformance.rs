//! Episodes and layouts recorded with Python's MiniGrid (`scripts/fixtures/make_traces.py`) against ours.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use dt_env::EnvSpec;
use dt_env::golden::{FileReport, GoldenError, Verdict, conform, conform_file};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// Recorded worlds whose tasks are no rules of this engine: fetching one object of several.
const PARTIAL: [&str; 1] = ["MiniGrid-Fetch-8x8-N3-v0"];

/// Name of the world that a file was recorded in: what comes before options and extension.
fn world(file: &str) -> &str {
    file.split("__")
        .next()
        .unwrap()
        .trim_end_matches(".jsonl.gz")
}

#[test]
fn every_recorded_file_has_its_verdict() {
    let reports = conform(&data()).unwrap();
    assert!(reports.len() >= 15, "{} recordings", reports.len());
    let from_seed = reports.iter().filter(|report| report.from_seed).count();
    assert!(from_seed >= 8, "{from_seed} recordings of built-in worlds");
    for FileReport {
        file,
        episodes,
        steps,
        from_seed,
        verdict,
    } in &reports
    {
        let partial = PARTIAL.contains(&world(file));
        let expected = match partial {
            true => Verdict::Partial,
            false => Verdict::Pass,
        };
        assert_eq!(*verdict, expected, "{file}");
        // A built-in world is laid out by its own rules, any other from the recorded cells.
        let built_in = EnvSpec::builtin(world(file)).is_some() || file == SEED_TABLE;
        assert_eq!(*from_seed, built_in, "{file}");
        let enough = if file.ends_with(".gz") { 4 } else { 200 };
        assert!(*episodes >= enough, "{file}: {episodes} episodes");
        assert!(
            *steps >= 80 || !file.ends_with(".gz"),
            "{file}: {steps} steps"
        );
    }
}

/// The larger set of recordings, which is not part of the repository.
#[test]
fn the_large_set_agrees_where_it_is_at_hand() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/minigrid");
    if !dir.is_dir() {
        eprintln!("skipped: {} is not there", dir.display());
        return;
    }
    let mut partial = 0;
    let reports = conform(&dir).unwrap();
    for report in &reports {
        let built_in = EnvSpec::builtin(world(&report.file)).is_some() || report.file == SEED_TABLE;
        match &report.verdict {
            Verdict::Pass => {}
            Verdict::Partial if !built_in => partial += 1,
            verdict => panic!("{}: {verdict:?}", report.file),
        }
        assert_eq!(report.from_seed, built_in, "{}", report.file);
    }
    eprintln!("{} files, {partial} of them partial", reports.len());
}

/// What seeds lay out in each memory world.
const SEED_TABLE: &str = "memory_seeds.json";
const SMALL: &str = "MiniGrid-MemoryS7-v0.jsonl.gz";

/// The text of a recording.
fn unpacked(file: &str) -> String {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(data().join(file)).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn check_bytes(bytes: &[u8]) -> Result<Verdict, GoldenError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("changed.jsonl.gz");
    fs::write(&path, bytes).unwrap();
    conform_file(&path).map(|report| report.verdict)
}

fn check_text(text: &str) -> Result<Verdict, GoldenError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    check_bytes(&encoder.finish().unwrap())
}

/// Changes one field of the first episode.
fn check_with(
    field: &str,
    change: impl FnOnce(&mut serde_json::Value),
) -> Result<Verdict, GoldenError> {
    let text = unpacked(SMALL);
    let mut episode: serde_json::Value =
        serde_json::from_str(text.lines().next().unwrap()).unwrap();
    change(
        episode
            .get_mut(field)
            .unwrap_or_else(|| panic!("no field {field}")),
    );
    check_text(&format!("{episode}\n"))
}

fn mismatch(result: Result<Verdict, GoldenError>) -> String {
    match result.unwrap() {
        Verdict::Mismatch(detail) => detail,
        other => panic!("not noticed: {other:?}"),
    }
}

fn error(result: Result<Verdict, GoldenError>) -> String {
    result.expect_err("not noticed").to_string()
}

/// Another digit in place of the one at `at`.
fn flip(value: &mut serde_json::Value, at: usize) {
    let mut text = value.as_str().unwrap().to_owned();
    let other = if text.as_bytes()[at] == b'1' {
        "0"
    } else {
        "1"
    };
    text.replace_range(at..=at, other);
    *value = text.into();
}

#[test]
fn an_unchanged_copy_passes() {
    assert_eq!(check_text(&unpacked(SMALL)).unwrap(), Verdict::Pass);
}

#[test]
fn a_flipped_digit_is_a_mismatch_that_says_where() {
    let detail = mismatch(check_with("obs", |v| flip(v, 147 * 2 * 2 + 1)));
    assert!(
        detail.starts_with("episode 1: step 3: observation"),
        "{detail}"
    );
    let detail = mismatch(check_with("obs0", |v| flip(v, 200)));
    assert!(detail.contains("step 0: observation"), "{detail}");
    let detail = mismatch(check_with("grid", |v| flip(v, 60)));
    assert!(detail.contains("step 0: grid"), "{detail}");
    let detail = mismatch(check_with("grid_end", |v| flip(v, 60)));
    assert!(detail.contains("last grid"), "{detail}");
}

#[test]
fn changed_numbers_are_mismatches() {
    let detail = mismatch(check_with("reward", |v| v[0] = 1e-300.into()));
    assert!(detail.contains("step 1: reward"), "{detail}");
    let detail = mismatch(check_with("term", |v| v[1] = 1.into()));
    assert!(detail.contains("step 2: terminated"), "{detail}");
    let detail = mismatch(check_with("pose", |v| v[0][2] = 9.into()));
    assert!(detail.contains("step 1: pose"), "{detail}");
    let detail = mismatch(check_with("max_steps", |v| *v = u32::MAX.into()));
    assert!(detail.contains("max_steps"), "{detail}");
    let detail = mismatch(check_with("task", |v| v["success_pos"][0] = 255.into()));
    assert!(detail.contains("success cell"), "{detail}");
    let detail = mismatch(check_with("rng", |v| v["uinteger"] = 7.into()));
    assert!(detail.contains("generator"), "{detail}");
}

#[test]
fn impossible_traces_are_errors_that_name_the_field() {
    let long = "0".repeat(100_000);
    let huge = serde_json::Value::from(u64::MAX);
    let cases: [(&str, serde_json::Value, &str); 14] = [
        ("obs", "00".into(), "`obs`: length 2"),
        ("grid", long.into(), "`grid`: length 100000"),
        ("obs0", "zz".repeat(147).into(), "`obs0`: not hexadecimal"),
        ("obs0", "é".repeat(147).into(), "`obs0`: not hexadecimal"),
        ("reward", serde_json::json!([]), "`reward`: length 0"),
        ("actions", serde_json::json!([300]), "300"),
        ("w", huge.clone(), "w 18446744073709551615"),
        ("h", 0.into(), "h 0"),
        ("view", huge.clone(), "view 18446744073709551615"),
        ("resets", 4_000_000_000_u32.into(), "resets"),
        ("resets", huge.clone(), "18446744073709551615"),
        ("max_steps", 0.into(), "max_steps"),
        ("agent_pos", serde_json::json!([7, 0]), "`agent_pos`"),
        ("seed", "-1".into(), "`seed`"),
    ];
    for (field, value, expected) in cases {
        let message = error(check_with(field, |v| *v = value));
        assert!(message.contains(expected), "{field}: {message}");
        assert!(message.contains("line 1"), "{field}: {message}");
    }
    let message = error(check_with("delta", |v| {
        v[0] = serde_json::json!([[200, 0, 1, 0, 0]]);
    }));
    assert!(message.contains("delta[0]"), "{message}");
}

#[test]
fn an_absurd_seed_is_answered_soon() {
    // Any number of digits is a seed to numpy; here it must not take for ever, nor panic.
    let result = check_with("seed", |v| *v = "9".repeat(3000).into());
    assert!(!matches!(result, Ok(Verdict::Pass)));
}

#[test]
fn a_cut_off_file_is_an_error_wherever_it_is_cut() {
    let whole = fs::read(data().join(SMALL)).unwrap();
    for length in (0..whole.len())
        .step_by(97)
        .chain([whole.len() - 1])
        .skip(1)
    {
        let message = error(check_bytes(&whole[..length]));
        assert!(message.contains("changed.jsonl.gz"), "{length}: {message}");
    }
}

#[test]
fn random_damage_never_panics() {
    let whole = fs::read(data().join(SMALL)).unwrap();
    for n in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[n] ^= 1 << (n % 8);
        // Most damage breaks the checksum; some of the header means nothing. No answer is wrong.
        let _: Result<Verdict, GoldenError> = check_bytes(&bytes);
    }
    assert!(error(check_bytes(b"not gzip")).contains("line 1"));
    assert!(error(check_text("{}\n")).contains("missing field"));
    assert!(error(check_text(&"[".repeat(200_000))).contains("line 1"));
}

#[test]
fn folders_without_traces_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    assert!(
        conform(dir.path())
            .unwrap_err()
            .to_string()
            .contains("no trace files")
    );
    let missing = dir.path().join("missing");
    assert!(
        conform(&missing)
            .unwrap_err()
            .to_string()
            .contains("missing")
    );
}

/// Changes the text of the seed table.
fn check_table(change: impl FnOnce(&str) -> String) -> Result<Verdict, GoldenError> {
    let text = fs::read_to_string(data().join("memory_seeds.json")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("memory_seeds.json");
    fs::write(&path, change(&text)).unwrap();
    conform_file(&path).map(|report| report.verdict)
}

#[test]
fn a_wrong_row_of_the_seed_table_is_named() {
    let detail = mismatch(check_table(|text| text.replacen("\"ball\"", "\"key\"", 1)));
    assert!(detail.contains("seed 0"), "{detail}");
    let message = error(check_table(|text| {
        text.replacen("MiniGrid-MemoryS9-v0", "Nowhere", 1)
    }));
    assert!(message.contains("Nowhere"), "{message}");
    assert!(check_table(|text| text[..text.len() / 2].to_owned()).is_err());
    assert!(check_table(|text| text.replacen("[5,4]", "[500,4]", 1)).is_err());
}
