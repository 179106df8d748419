//! The legend below the panels: one entry for each name, in the order of the marks.

use super::figure::Figure;
use super::palette::{Color, Dash, Style};
use super::scene::{Anchor, Rect, Scene, Text};
use super::text;
use super::theme::{GUIDE, INK, LABEL_SIZE, LINE, MARGIN, MARKER, PAPER};

/// Width of the swatch of a line.
const LINE_SWATCH: f64 = 24.0;
/// Width of the others.
const SWATCH: f64 = 14.0;
const AFTER_SWATCH: f64 = 6.0;
const BETWEEN: f64 = 18.0;
const ROW: f64 = 17.0;

/// How a legend shows a mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Swatch {
    /// A line of a width and an opacity, with a marker or without.
    Line(Style, f64, f64, bool),
    Point(Style),
    /// A colour and its opacity.
    Patch(Color, f64),
    Guide(Dash),
}

struct Entry {
    name: String,
    swatch: Swatch,
    width: f64,
}

fn entries(figure: &Figure) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for mark in figure.panels.iter().flat_map(|panel| &panel.marks) {
        if let Some((name, swatch)) = mark.drawn().legend()
            && entries.iter().all(|entry| entry.name != name)
        {
            let width = swatch_width(swatch) + AFTER_SWATCH + text::width(&name, LABEL_SIZE, false);
            entries.push(Entry {
                name,
                swatch,
                width,
            });
        }
    }
    entries
}

/// Entries in rows that are as even as the width allows.
fn rows(entries: Vec<Entry>, limit: f64) -> Vec<Vec<Entry>> {
    let total: f64 = entries.iter().map(|e| e.width + BETWEEN).sum();
    let goal = (total / (total / limit).ceil().max(1.0)).max(limit * 0.5);
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    let mut used = f64::INFINITY;
    for entry in entries {
        let needs = entry.width + BETWEEN;
        let full = used + entry.width > limit || used + needs * 0.5 > goal + BETWEEN;
        match rows.last_mut() {
            Some(row) if !full => {
                used += needs;
                row.push(entry);
            }
            _ => {
                used = needs;
                rows.push(vec![entry]);
            }
        }
    }
    rows
}

/// Draws the legend below `top`; gives the height that it takes.
pub(super) fn draw(scene: &mut Scene, figure: &Figure, top: f64) -> f64 {
    let rows = rows(entries(figure), figure.width - 2.0 * MARGIN);
    if rows.is_empty() {
        return 0.0;
    }
    let before = 8.0;
    let mut y = top + before + ROW / 2.0;
    for row in &rows {
        let width: f64 = row.iter().map(|e| e.width + BETWEEN).sum::<f64>() - BETWEEN;
        let mut x = (figure.width - width) / 2.0;
        for entry in row {
            draw_swatch(scene, entry.swatch, x, y);
            scene.text(Text {
                at: (
                    x + swatch_width(entry.swatch) + AFTER_SWATCH,
                    y + LABEL_SIZE * text::CAP_HEIGHT / 2.0,
                ),
                text: entry.name.clone(),
                size: LABEL_SIZE,
                bold: false,
                color: INK,
                anchor: Anchor::Start,
                upright: false,
            });
            x += entry.width + BETWEEN;
        }
        y += ROW;
    }
    before + ROW * rows.len() as f64
}

fn swatch_width(swatch: Swatch) -> f64 {
    match swatch {
        Swatch::Line(..) | Swatch::Guide(_) => LINE_SWATCH,
        Swatch::Point(_) | Swatch::Patch(..) => SWATCH,
    }
}

fn draw_swatch(scene: &mut Scene, swatch: Swatch, x: f64, y: f64) {
    let width = swatch_width(swatch);
    let across = [(x, y), (x + width, y)];
    let middle = (x + width / 2.0, y);
    match swatch {
        Swatch::Line(style, width, opacity, markers) => {
            scene.dashed(&across, style.dash.pattern(), style.color, width, opacity);
            if markers {
                scene.marker(style.marker, middle, MARKER, style.color, PAPER);
            }
        }
        Swatch::Point(style) => scene.marker(style.marker, middle, MARKER, style.color, PAPER),
        Swatch::Patch(color, opacity) => {
            let patch = Rect {
                x,
                y: y - 5.0,
                width,
                height: 10.0,
            };
            scene.polygon(patch.corners(), color, opacity);
        }
        Swatch::Guide(dash) => scene.dashed(&across, dash.pattern(), GUIDE, LINE * 0.75, 1.0),
    }
}
