//! The same recipe and seed give the same bytes.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod common;

use common::{ALL_POLICIES, TINY, files, recipe};
use dt_data::{Dataset, store};

#[test]
fn threads_change_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    let at = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let path = dir.path().join(threads.to_string());
        let made = pool.install(|| Dataset::generate(&recipe(ALL_POLICIES)).unwrap());
        let card = pool.install(|| store::write(&path, made.0.clone(), made.1, false));
        assert_eq!(store::read(&path).unwrap().0, made.0);
        assert_eq!(
            store::content_blake3(made.0),
            card.unwrap().content_blake3,
            "the same without a file"
        );
        files(&path)
    };
    let one = at(1);
    assert_eq!(one, at(2));
    assert_eq!(one, at(5));
}

#[test]
fn a_seed_changes_the_dataset() {
    let mut other = recipe(ALL_POLICIES);
    let (first, _) = Dataset::generate(&other).unwrap();
    other.seed += 1;
    assert_ne!(Dataset::generate(&other).unwrap().0, first);
}

#[test]
fn a_part_does_not_depend_on_the_parts_after_it() {
    let mut shorter = recipe(ALL_POLICIES);
    let (whole, _) = Dataset::generate(&shorter).unwrap();
    shorter.parts.truncate(2);
    let (first, _) = Dataset::generate(&shorter).unwrap();
    assert_eq!(whole.episodes[..first.episodes.len()], first.episodes);
    assert_eq!(whole.actions[..first.rows()], first.actions);
}

/// Moves when a generator, a rule, a demonstrator or the layout on disk does. If that was meant,
/// say so in the changelog ("Numbers changed"): every agent trained on such data moves with it.
#[test]
fn the_digests_are_those_of_this_version() {
    let dir = tempfile::tempdir().unwrap();
    let digest = |text: &str, name: &str| {
        let (data, card) = Dataset::generate(&recipe(text)).unwrap();
        let card = store::write(&dir.path().join(name), data, card, false).unwrap();
        card.content_blake3
    };
    assert_eq!(
        digest(TINY, "tiny"),
        "1a24992ab6af6aa2fa326a34ca84a4109e7b4ad8076896f9b1e7d96e6034ce29"
    );
    assert_eq!(
        digest(ALL_POLICIES, "all"),
        "14a6bb96393f5e6839510f3e376bd0472e23873a1c6214444ac27a5a549639f4"
    );
}
