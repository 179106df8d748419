//! A figure's four files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dt_train::checkpoint::write_atomic;
use rayon::prelude::*;
use serde::Serialize;

use super::draw::draw;
use super::figure::{Figure, SourceFile};
use super::mark::Mark;
use super::paint::{to_png, to_svg};
use crate::Error;

/// What NAME.json holds.
#[derive(Debug, Serialize)]
struct Description<'a> {
    name: &'a str,
    title: &'a str,
    caption: &'a str,
    panels: Vec<PanelDescription<'a>>,
    n: &'a BTreeMap<String, usize>,
    sources: &'a [SourceFile],
    /// blake3 of the files beside this one, by ending.
    blake3: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct PanelDescription<'a> {
    panel: String,
    title: &'a str,
    x: &'a str,
    y: &'a str,
    /// What colours stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<&'a str>,
    /// Cells whose colour is that of the scale's end, as their value lies beyond it.
    #[serde(skip_serializing_if = "Option::is_none")]
    clipped_cells: Option<usize>,
}

/// Where a figure was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// NAME.svg, NAME.png, NAME.csv and NAME.json.
    pub files: Vec<PathBuf>,
}

/// Endings of a figure's files; the description last, as it vouches for the others.
const ENDINGS: [&str; 4] = ["svg", "png", "csv", "json"];

/// Draws a figure: the contents of its files in the order of their endings.
fn render(figure: &Figure) -> Result<[Vec<u8>; 4], Error> {
    let scene = draw(figure);
    let failed = |source| Error::Draw {
        figure: figure.name.clone(),
        source,
    };
    let svg = to_svg(&scene, &figure.title, &figure.caption).map_err(failed)?;
    let png = to_png(&scene).map_err(failed)?;
    let csv = figure.csv();
    let contents = [svg.into_bytes(), png, csv.into_bytes()];
    let hash = |bytes: &Vec<u8>| blake3::hash(bytes).to_hex().to_string();
    let panels = figure.panels.iter().enumerate().map(|(n, panel)| {
        let heat = panel.marks.iter().find_map(|mark| match mark {
            Mark::Heat(heat) => Some(heat),
            _ => None,
        });
        PanelDescription {
            panel: Figure::letter(n),
            title: &panel.title,
            x: &panel.x.label,
            y: &panel.y.label,
            color: heat.map(|heat| heat.series.as_str()),
            clipped_cells: heat.map(super::HeatMap::clipped),
        }
    });
    let description = Description {
        name: &figure.name,
        title: &figure.title,
        caption: &figure.caption,
        panels: panels.collect(),
        n: &figure.n,
        sources: &figure.sources,
        blake3: ENDINGS.into_iter().zip(contents.iter().map(hash)).collect(),
    };
    let json = serde_json::to_string_pretty(&description).expect("a description is plain data");
    let [svg, png, csv] = contents;
    Ok([svg, png, csv, (json + "\n").into_bytes()])
}

/// Writes figures into a folder: NAME.svg, NAME.png, NAME.csv and NAME.json of each.
///
/// Nothing is written if one of the files is there already, unless `force` is given. Each file
/// is written whole or not at all.
///
/// # Errors
/// If a file exists (without `force`) or cannot be written.
pub fn write_all(figures: &[Figure], dir: &Path, force: bool) -> Result<Vec<Written>, Error> {
    let files = |figure: &Figure| ENDINGS.map(|end| dir.join(format!("{}.{end}", figure.name)));
    let taken = figures.iter().flat_map(files).find(|path| path.exists());
    if let Some(path) = taken.filter(|_| !force) {
        return Err(Error::Exists(path));
    }
    fs::create_dir_all(dir).map_err(Error::io(dir))?;
    // Pictures take longer than their numbers: one core each.
    let rendered: Vec<_> = figures.par_iter().map(render).collect();
    figures
        .iter()
        .zip(rendered)
        .map(|(figure, contents)| {
            let files = files(figure);
            for (path, bytes) in files.iter().zip(contents?) {
                write_atomic(path, &bytes)?;
            }
            Ok(Written {
                name: figure.name.clone(),
                title: figure.title.clone(),
                files: files.to_vec(),
            })
        })
        .collect()
}

/// Writes one figure; see [`write_all`].
///
/// # Errors
/// As of [`write_all`].
pub fn write(figure: &Figure, dir: &Path, force: bool) -> Result<Written, Error> {
    let mut written = write_all(std::slice::from_ref(figure), dir, force)?;
    Ok(written.remove(0))
}
