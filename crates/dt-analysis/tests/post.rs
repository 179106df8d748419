//! The post's figures that need no agent: all files, and what the tables say of them.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::fs;
use std::path::PathBuf;

use dt_analysis::Error;
use dt_analysis::draw::Figure;
use dt_analysis::files::{write_all, write_named};
use dt_analysis::papers::memory_dt::figures as post;

#[test]
fn all_figures_are_written() {
    let temporary = tempfile::tempdir().unwrap();
    // To look at them: FIGURES=DIR cargo test --workspace --test post
    let kept = std::env::var_os("FIGURES").map(PathBuf::from);
    let dir = kept.as_deref().unwrap_or(temporary.path());
    let written = write_all(&post::figures(), dir, true).unwrap();
    let names: Vec<&str> = written.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "fig-01-start",
            "fig-02-tokens",
            "fig-03-views",
            "fig-04-concepts",
            "fig-08-references",
            "fig-14-adversary",
            "fig-16-edits"
        ]
    );
    for name in names {
        for end in ["svg", "png", "csv", "json"] {
            let path = dir.join(format!("{name}.{end}"));
            assert!(
                fs::metadata(&path).unwrap().len() > 100,
                "{}",
                path.display()
            );
        }
    }
    for (animation, frames) in post::animations().iter().zip([7, 5]) {
        let paths = write_named(&animation.files().unwrap(), dir, true).unwrap();
        let [gif, words] = [&paths[0], &paths[1]];
        let bytes = fs::read(gif).unwrap();
        assert!(bytes.starts_with(b"GIF89a"));
        // The extension that says: again and again.
        assert!(
            bytes
                .windows(16)
                .any(|w| w == b"NETSCAPE2.0\x03\x01\x00\x00\x00")
        );
        let words: serde_json::Value = serde_json::from_slice(&fs::read(words).unwrap()).unwrap();
        assert_eq!(words["frames"].as_array().unwrap().len(), frames);
        assert_eq!(words["frames"][0]["milliseconds"], 600);
        assert_eq!(words["frames"][frames - 1]["milliseconds"], 1800);
        assert_eq!(words["blake3"], blake3::hash(&bytes).to_hex().as_str());
    }
    if let Some(dir) = kept {
        for animation in post::animations() {
            for (n, frame) in animation.frames.iter().enumerate() {
                let path = dir.join(format!("{}-{n}.png", animation.name));
                dt_env::render::write_png(&path, frame).unwrap();
            }
        }
    }
}

#[test]
fn animations_overwrite_nothing_by_accident() {
    let dir = tempfile::tempdir().unwrap();
    let animation = &post::animations()[1];
    write_named(&animation.files().unwrap(), dir.path(), false).unwrap();
    let error = write_named(&animation.files().unwrap(), dir.path(), false).unwrap_err();
    assert!(matches!(error, Error::Exists(_)), "{error}");
    write_named(&animation.files().unwrap(), dir.path(), true).unwrap();
    let mut broken = animation.clone();
    broken.delays_ms.pop();
    let error = broken.files().unwrap_err().to_string();
    assert_eq!(
        error,
        "fig-15-prompts: an animation of 5 pictures has 4 times"
    );
}

/// Cells of a figure's table: panel title, x, y, what is said of them, and their tile.
fn cells(figure: &Figure) -> Vec<(String, String, String)> {
    let csv = figure.csv();
    let tile = |line: &str| {
        let (panel, rest) = line.split_once(",tile,")?;
        let (place, tile) = rest.split_once(",,,,")?;
        Some((panel.to_owned(), place.to_owned(), tile.to_owned()))
    };
    csv.lines().filter_map(tile).collect()
}

fn remarked(figure: &Figure) -> Vec<String> {
    let cells = cells(figure).into_iter();
    let told = cells.filter(|(_, _, tile)| !tile.starts_with(','));
    told.map(|(panel, place, tile)| {
        let place: Vec<&str> = place.rsplitn(3, ',').collect();
        let letter = panel.split(',').next().unwrap();
        format!("{letter} ({},{}) {tile}", place[1], place[0])
    })
    .collect()
}

#[test]
fn tables_tell_where_everything_is() {
    let figures = post::figures();
    let named = |name: &str| figures.iter().find(|f| f.name == name).unwrap();
    assert_eq!(cells(named("fig-01-start")).len(), 4 * 49);
    assert_eq!(
        remarked(named("fig-03-views")),
        [
            "a (1,2) \"left target (1,2)\",key,green,0",
            "a (5,2) \"right target (5,2)\",ball,green,0",
            "a (2,6) \"instruction (2,6)\",key,green,0",
            "b (1,6) \"left target (1,6)\",key,green,0",
            "b (5,6) \"right target (5,6)\",ball,green,0",
            "c (4,2) \"instruction (4,2)\",key,green,0",
        ]
    );
    assert_eq!(
        remarked(named("fig-08-references")),
        [
            "a (2,6) marked,ball,green,0",
            "b (1,6) marked,key,green,0",
            "c (4,2) marked,ball,green,0",
            "d (1,5) marked,ball,green,0",
            "e (0,5) marked,ball,green,0",
            "f (3,4) marked,key,green,0",
        ]
    );
    // Added objects keep the colour of what was there, which is number 0, red.
    assert_eq!(
        remarked(named("fig-16-edits")),
        [
            "b (0,5) added,ball,red,0",
            "c (4,2) added,ball,red,0",
            "d (4,2) added,ball,red,0",
            "d (0,5) added,ball,red,0",
            "e (2,6) added,ball,green,0",
        ]
    );
    let early = cells(named("fig-08-references"));
    let at = |letter: &str, place: &str| {
        let here = early.iter().find(|(panel, cell, _)| {
            panel.starts_with(&format!("{letter},")) && cell.ends_with(place)
        });
        here.unwrap().2.clone()
    };
    assert_eq!(at("d", ",5,4"), ",key,green,0");
    assert_eq!(at("e", ",4,4"), ",key,green,0");
}
