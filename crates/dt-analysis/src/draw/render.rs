//! A figure's four files, as bytes; nothing here touches a disk.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compose::compose;
use super::error::DrawError;
use super::figure::{Figure, SourceFile};
use super::png::to_png;
use super::svg::to_svg;

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

/// Endings of a figure's files; the description last, as it vouches for the others.
const ENDINGS: [&str; 4] = ["svg", "png", "csv", "json"];

/// Names of a figure's files: NAME.svg, NAME.png, NAME.csv and NAME.json.
pub fn file_names(figure: &Figure) -> [String; 4] {
    ENDINGS.map(|end| format!("{}.{end}", figure.name))
}

/// The picture alone, as SVG.
///
/// # Errors
/// If it cannot be encoded.
pub fn render_svg(figure: &Figure) -> Result<String, DrawError> {
    to_svg(&compose(figure), &figure.title, &figure.caption)
}

/// Draws a figure: the names of its files and their bytes, in the order of [`file_names`].
///
/// # Errors
/// If the picture is too high for a PNG, or cannot be encoded.
pub fn render(figure: &Figure) -> Result<Vec<(String, Vec<u8>)>, DrawError> {
    let scene = compose(figure);
    let svg = to_svg(&scene, &figure.title, &figure.caption)?;
    let png = to_png(&scene)?;
    let csv = figure.csv();
    let contents = [svg.into_bytes(), png, csv.into_bytes()];
    let hash = |bytes: &Vec<u8>| blake3::hash(bytes).to_hex().to_string();
    let panels = figure.panels.iter().enumerate().map(|(n, panel)| {
        let colors = panel.colors();
        PanelDescription {
            panel: Figure::letter(n),
            title: &panel.title,
            x: &panel.x.label,
            y: &panel.y.label,
            color: colors.map(|colors| colors.series),
            clipped_cells: colors.map(|colors| colors.clipped),
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
    let contents = [svg, png, csv, (json + "\n").into_bytes()];
    Ok(file_names(figure).into_iter().zip(contents).collect())
}
