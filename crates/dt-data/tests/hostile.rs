//! Damaged and hostile files give errors that name the file, and never a panic.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt8Array, UInt32Array};
use arrow_buffer::Buffer;
use arrow_ipc::reader::FileReader;
use arrow_ipc::root_as_footer;
use arrow_ipc::writer::FileWriter;
use common::{TINY, files, write};
use dt_data::{DataError, Dataset, Recipe, store};
use proptest::prelude::*;

/// Bytes of MiniGrid's observation.
const OBSERVATION: usize = 147;

fn tiny() -> [Vec<u8>; 2] {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny");
    write(TINY, &path);
    let mut files = files(&path).into_iter();
    [files.next().unwrap(), files.next().unwrap()]
}

fn decode([steps, episodes]: &[Vec<u8>; 2]) -> Result<Dataset, DataError> {
    let (steps, episodes) = (Buffer::from(&steps[..]), Buffer::from(&episodes[..]));
    store::decode_dataset(Path::new("d"), &steps, &episodes, OBSERVATION)
}

fn message(files: &[Vec<u8>; 2]) -> String {
    decode(files).unwrap_err().to_string()
}

#[test]
fn every_truncation_is_refused() {
    let whole = tiny();
    decode(&whole).unwrap();
    for (which, name) in ["steps.arrow", "episodes.arrow"].iter().enumerate() {
        for length in 0..whole[which].len() {
            let mut files = whole.clone();
            files[which].truncate(length);
            let message = message(&files);
            assert!(message.contains(name), "{length}: {message}");
        }
    }
}

#[test]
fn every_flipped_byte_is_survived() {
    let whole = tiny();
    for which in 0..2 {
        for at in 0..whole[which].len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut files = whole.clone();
                files[which][at] ^= flip;
                // Some bytes carry data, or nothing: an answer is all that is asked for.
                let _ = decode(&files);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn overwritten_words_are_survived(
        which in 0..2_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>(), 0..3_u32), 1..5),
    ) {
        let mut files = tiny_once().clone();
        for (at, value, kind) in edits {
            let file = &mut files[which];
            // Offsets and lengths are aligned words: small, huge and negative ones.
            let word = at.index(file.len() / 8) * 8;
            let value = match kind {
                0 => value,
                1 => value % 4096,
                _ => u64::MAX - value % 64,
            };
            file[word..word + 8].copy_from_slice(&value.to_le_bytes());
        }
        let _ = decode(&files);
    }

    #[test]
    fn noise_is_refused(steps: Vec<u8>, episodes: Vec<u8>) {
        prop_assert!(decode(&[steps, episodes]).is_err());
    }
}

fn tiny_once() -> &'static [Vec<u8>; 2] {
    static FILES: std::sync::OnceLock<[Vec<u8>; 2]> = std::sync::OnceLock::new();
    FILES.get_or_init(tiny)
}

/// The batch of a file, with some columns changed, as a file again.
fn rewritten(file: &[u8], change: impl Fn(&str, ArrayRef) -> ArrayRef) -> Vec<u8> {
    let reader = FileReader::try_new(std::io::Cursor::new(file), None).unwrap();
    let schema = reader.schema();
    let mut writer = FileWriter::try_new(Vec::new(), &schema).unwrap();
    for batch in reader {
        let batch = batch.unwrap();
        let columns = schema.fields().iter().zip(batch.columns());
        let columns = columns
            .map(|(field, column)| change(field.name(), column.clone()))
            .collect();
        let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
        writer.write(&batch).unwrap();
    }
    writer.into_inner().unwrap()
}

fn changed_u32(array: &ArrayRef, change: impl Fn(usize, u32) -> u32) -> ArrayRef {
    let array: &UInt32Array = array.as_any().downcast_ref().unwrap();
    let values = array.values().iter().enumerate();
    Arc::new(UInt32Array::from_iter_values(
        values.map(|(n, &v)| change(n, v)),
    ))
}

#[test]
fn well_formed_nonsense_is_named() {
    let [steps, episodes] = tiny();
    let with = |column: &str, change: &dyn Fn(usize, u32) -> u32| {
        let edit = |name: &str, array: ArrayRef| {
            if name == column {
                changed_u32(&array, change)
            } else {
                array
            }
        };
        [steps.clone(), rewritten(&episodes, edit)]
    };
    decode(&with("length", &|_, v| v)).unwrap();
    for (files, expected) in [
        (with("length", &|_, _| u32::MAX), "episode 0 does not fit"),
        (
            with("length", &|_, v| v - 1),
            "episode 0 has an impossible action",
        ),
        (with("length", &|_, _| 0), "episode 0 does not fit"),
        (with("episode", &|n, v| v + n as u32), "row 1: is not"),
    ] {
        let message = message(&files);
        assert!(message.contains(expected), "{message}");
    }

    let action = |value: u8| {
        let edit = |name: &str, array: ArrayRef| -> ArrayRef {
            let old: Option<&UInt8Array> = array.as_any().downcast_ref();
            match old {
                Some(old) if name == "action" => {
                    Arc::new(old.iter().map(|a| a.map(|_| value)).collect::<UInt8Array>())
                }
                _ => array,
            }
        };
        message(&[rewritten(&steps, edit), episodes.clone()])
    };
    assert!(action(7).contains("episode 0 has an impossible action"));
    assert!(action(255).contains("episode 0 has an impossible action"));
}

#[test]
fn files_in_each_others_place_are_refused() {
    let [steps, episodes] = tiny();
    let swapped = message(&[episodes.clone(), steps.clone()]);
    assert!(swapped.contains("columns are") && swapped.contains("expected"));
    let (steps, episodes) = (Buffer::from_vec(steps), Buffer::from_vec(episodes));
    for wrong in [0, 27, 146, usize::MAX] {
        let error = store::decode_dataset(Path::new("d"), &steps, &episodes, wrong).unwrap_err();
        assert!(error.to_string().contains("observation"), "{error}");
    }
}

/// A footer may list one block a million times; what it points to must not be copied as often.
#[test]
fn a_block_that_is_listed_twice_is_refused() {
    let [steps, episodes] = tiny();
    let mut reader = FileReader::try_new(std::io::Cursor::new(steps), None).unwrap();
    let mut writer = FileWriter::try_new(Vec::new(), &reader.schema()).unwrap();
    let batch = reader.next().unwrap().unwrap();
    writer.write(&batch.slice(0, 20)).unwrap();
    writer
        .write(&batch.slice(20, batch.num_rows() - 20))
        .unwrap();
    let mut steps = writer.into_inner().unwrap();
    decode(&[steps.clone(), episodes.clone()]).unwrap();

    let trailer = steps.len() - 10;
    let footer_len = u32::from_le_bytes(steps[trailer..trailer + 4].try_into().unwrap());
    let footer = trailer - footer_len as usize..trailer;
    let blocks = root_as_footer(&steps[footer.clone()]).unwrap();
    let blocks = blocks.recordBatches().unwrap();
    let [first, second] = [blocks.get(0).0, blocks.get(1).0];
    let found = steps[footer.clone()].windows(24).position(|w| w == second);
    let at = footer.start + found.unwrap();
    steps[at..at + 24].copy_from_slice(&first);
    let message = message(&[steps, episodes]);
    assert!(message.contains("blocks overlap"), "{message}");
}

/// Decodes an input of the fuzz target `dataset`: a length, one file of that length, the other.
fn decode_fuzz_input(input: &[u8]) -> Result<Dataset, DataError> {
    let (length, files) = input.split_first_chunk().unwrap_or((&[0; 2], &[]));
    let length = usize::from(u16::from_le_bytes(*length)).min(files.len());
    let (steps, episodes) = files.split_at(length);
    let (steps, episodes) = (Buffer::from(steps), Buffer::from(episodes));
    store::decode_dataset(Path::new("d"), &steps, &episodes, 27)
}

fn corpus(target: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("../../tests/fuzz/corpus").join(target)
}

/// arrow panics on it: the offsets of a text column, in a buffer that ends within one of them.
#[test]
fn offsets_cut_in_two_are_refused() {
    let input = fs::read(corpus("dataset").join("offsets-cut-in-two")).unwrap();
    let message = decode_fuzz_input(&input).unwrap_err().to_string();
    assert!(message.contains("within a value"), "{message}");
}

#[test]
fn the_fuzzers_inputs_are_survived() {
    let mut good = 0;
    for entry in fs::read_dir(corpus("dataset")).unwrap() {
        let input = fs::read(entry.unwrap().path()).unwrap();
        good += usize::from(decode_fuzz_input(&input).is_ok());
    }
    assert!(good > 0, "some of them are datasets");
    for entry in fs::read_dir(corpus("recipe")).unwrap() {
        let text = String::from_utf8_lossy(&fs::read(entry.unwrap().path()).unwrap()).into_owned();
        let _ = Recipe::parse("fuzz.ron", &text);
    }
}

#[test]
fn a_changed_file_is_noticed_by_its_hash() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny");
    write(TINY, &path);
    let file = path.join("steps.arrow");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let message = store::read(&path).unwrap_err().to_string();
    assert!(message.contains("blake3"), "{message}");
    fs::remove_file(&file).unwrap();
    let message = store::read(&path).unwrap_err().to_string();
    assert!(message.contains("steps.arrow"), "{message}");
}

#[test]
fn a_card_is_not_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny");
    write(TINY, &path);
    let card = path.join("card.json");
    let good = fs::read_to_string(&card).unwrap();
    for (from, to, expected) in [
        ("\"format\": 1", "\"format\": 2", "format 2"),
        ("\"view_size\": 7", "\"view_size\": 200", "view_size"),
        ("\"view_size\": 7", "\"view_size\": 0", "view_size"),
        ("\"size\": 7", "\"size\": 255", "size"),
        ("\"name\": \"tiny\"", "\"name\": \"../x\"", "name"),
        ("\"window\": 9", "\"window\": 0", "window"),
        ("\"episodes\": ", "\"episodes\": 1", "episodes"),
        ("{", "", "card.json"),
    ] {
        assert!(good.contains(from), "{from}");
        fs::write(&card, good.replacen(from, to, 1)).unwrap();
        let message = store::read(&path).unwrap_err().to_string();
        assert!(message.contains(expected), "{to}: {message}");
    }
    fs::write(&card, good).unwrap();
    store::read(&path).unwrap();
}

/// What the arrays say of an outcome agrees with the rewards, and with what the card counts.
#[test]
fn a_relabelled_outcome_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny");
    write(TINY, &path);
    let relabelled = |from: &'static str, to: &'static str| {
        let episodes = fs::read(path.join("episodes.arrow")).unwrap();
        rewritten(&episodes, |name: &str, array: ArrayRef| -> ArrayRef {
            let old: Option<&StringArray> = array.as_any().downcast_ref();
            match old {
                Some(old) if name == "outcome" => {
                    let new = old
                        .iter()
                        .map(|o| o.map(|o| if o == from { to } else { o }));
                    Arc::new(new.collect::<StringArray>())
                }
                _ => array,
            }
        })
    };
    let steps = fs::read(path.join("steps.arrow")).unwrap();
    let message = message(&[steps.clone(), relabelled("success", "wrong_target")]);
    assert!(message.contains("episode 0 is `wrong_target`"), "{message}");

    // What the rewards allow, the card knows better; its hash is put right, as an attacker would.
    let changed = relabelled("truncated", "cut");
    let mut hasher = blake3::Hasher::new();
    hasher.update(&steps);
    hasher.update(&changed);
    fs::write(path.join("episodes.arrow"), changed).unwrap();
    let card = path.join("card.json");
    let text = fs::read_to_string(&card).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["content_blake3"] = hasher.finalize().to_hex().to_string().into();
    fs::write(&card, json.to_string()).unwrap();
    let message = store::read(&path).unwrap_err().to_string();
    assert!(message.contains("`outcomes` of card.json"), "{message}");
}
