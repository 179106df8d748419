//! Cells of a heat map, its colour bar, and the agent on a grid of its view.

use super::color_map::{ColorMap, Shade};
use super::draw::{frame, label};
use super::layout::{BAR_GAPS, LABEL_GAP, Place, bar_ticks};
use super::mark::{HeatMap, Mark};
use super::palette::{Color, MISSING, VERMILION, ZERO};
use super::panel::Panel;
use super::scene::{Anchor, Rect, Scene, Text};
use super::text;
use super::theme::{AXIS_WIDTH, CELL_SIZE, COLOR_BAR, GUIDE, INK, LABEL_SIZE, PAPER, TICK_SIZE};

/// Steps of a colour bar.
const STEPS: usize = 128;
/// Swatches below a colour bar: their side, and the space from one to the next.
const SWATCH: (f64, f64) = (10.0, 16.0);

fn color_of(shade: Shade) -> Color {
    match shade {
        Shade::Missing => MISSING,
        Shade::Zero => ZERO,
        Shade::Of(color) => color,
    }
}

/// The cell at a column and a row.
fn cell(panel: &Panel, place: &Place, (x, y): (f64, f64)) -> Option<Rect> {
    let sides = [x - 0.5, x + 0.5].map(|x| place.across(panel, x));
    let ends = [y - 0.5, y + 0.5].map(|y| place.up(panel, y));
    let ([Some(a), Some(b)], [Some(c), Some(d)]) = (sides, ends) else {
        return None;
    };
    Some(Rect {
        x: a.min(b),
        y: c.min(d),
        width: (b - a).abs(),
        height: (d - c).abs(),
    })
}

/// Side from which cells are apart; smaller ones touch, as gaps would blend into their colours.
const APART: f64 = 10.0;

/// The part of a cell that has its colour. Cells that touch reach below the next ones to the
/// right and below, so that no seams show.
fn filled(cell: &Rect, plot: &Rect) -> Rect {
    if cell.width.min(cell.height) >= APART {
        return cell.grown(-0.5);
    }
    let beyond = 1.0;
    Rect {
        width: (cell.width + beyond).min(plot.right() - cell.x),
        height: (cell.height + beyond).min(plot.bottom() - cell.y),
        ..*cell
    }
}

pub(super) fn draw(scene: &mut Scene, panel: &Panel, place: &Place, heat: &HeatMap) {
    let has_agent = |x: f64, y: f64| {
        let here = |mark: &Mark| matches!(mark, Mark::Agent(ax, ay) if *ax == x && *ay == y);
        panel.marks.iter().any(here)
    };
    for (j, row) in heat.rows.iter().enumerate() {
        for (i, &value) in row.iter().enumerate() {
            let at = (i as f64, j as f64);
            let Some(rect) = cell(panel, place, at) else {
                continue;
            };
            let color = color_of(heat.map.shade(value));
            scene.rect(filled(&rect, &place.plot), color);
            let written = heat.numbers.zip(value).map(|(how, value)| how.write(value));
            let size = CELL_SIZE.min(rect.height * 0.5);
            let fits = |text: &String| text::width(text, size, false) < rect.width - 2.0;
            if let Some(number) = written.filter(fits) {
                // The agent takes the lower half of its cell.
                let lift = if has_agent(at.0, at.1) { 0.22 } else { 0.0 };
                let middle = rect.y + rect.height * (0.5 - lift);
                let at = (
                    rect.x + rect.width / 2.0,
                    middle + size * text::CAP_HEIGHT / 2.0,
                );
                scene.text(Text {
                    color: if color.lightness() < 0.62 { PAPER } else { INK },
                    ..label(at, &number, size, Anchor::Middle)
                });
            }
        }
    }
    frame(scene, &place.plot);
    if let Some(bar) = &heat.bar {
        draw_bar(scene, place, heat, bar);
    }
}

/// The colour bar to the right, with swatches for zero and missing cells where there are any.
fn draw_bar(scene: &mut Scene, place: &Place, heat: &HeatMap, bar: &str) {
    let plot = place.plot;
    let cells = || heat.rows.iter().flatten();
    let mut swatches: Vec<(Color, &str)> = Vec::new();
    if cells().any(|&v| heat.map.shade(v) == Shade::Zero) {
        swatches.push((ZERO, "0"));
    }
    if cells().any(|&v| heat.map.shade(v) == Shade::Missing) {
        swatches.push((MISSING, "missing"));
    }
    let taken = swatches.len() as f64 * SWATCH.1 + if swatches.is_empty() { 0.0 } else { 3.0 };
    let area = Rect {
        x: plot.right() + BAR_GAPS.0,
        y: plot.y,
        width: COLOR_BAR,
        height: plot.height - taken,
    };
    for n in 0..STEPS {
        // Each step reaches to the top and is covered by the next, so that no seams show.
        let step = Rect {
            height: area.height * (STEPS - n) as f64 / STEPS as f64,
            ..area
        };
        scene.rect(step, heat.map.at((n as f64 + 0.5) / STEPS as f64));
    }
    frame(scene, &area);
    let words = area.right() + BAR_GAPS.1;
    let mut widest = 0.0_f64;
    let half = TICK_SIZE * text::CAP_HEIGHT / 2.0;
    for tick in bar_labels(heat.map, area.height) {
        let Some(share) = heat.map.scale().position(tick.value) else {
            continue;
        };
        let y = area.bottom() - share * area.height;
        scene.segment(
            (area.right(), y),
            (area.right() + 2.5, y),
            GUIDE,
            AXIS_WIDTH,
        );
        widest = widest.max(text::width(&tick.label, TICK_SIZE, false));
        scene.text(label(
            (words, y + half),
            &tick.label,
            TICK_SIZE,
            Anchor::Start,
        ));
    }
    for (n, (color, name)) in swatches.iter().enumerate() {
        let side = Rect {
            x: area.x,
            y: plot.bottom() - (swatches.len() - n) as f64 * SWATCH.1 + SWATCH.1 - SWATCH.0,
            width: SWATCH.0,
            height: SWATCH.0,
        };
        scene.rect(side, *color);
        frame(scene, &side);
        let at = (words, side.y + SWATCH.0 / 2.0 + half);
        scene.text(label(at, name, TICK_SIZE, Anchor::Start));
    }
    let at = (
        words + widest + LABEL_GAP + LABEL_SIZE * 0.75,
        area.y + area.height / 2.0,
    );
    scene.text(Text {
        upright: true,
        ..label(at, bar, LABEL_SIZE, Anchor::Middle)
    });
}

fn bar_labels(map: ColorMap, height: f64) -> Vec<super::scale::Tick> {
    map.ticks(bar_ticks(height))
}

/// A triangle that looks up the picture, as the agent looks along its view.
pub(super) fn draw_agent(scene: &mut Scene, panel: &Panel, place: &Place, at: (f64, f64)) {
    let Some(rect) = cell(panel, place, at) else {
        return;
    };
    let (x, y) = (rect.x + rect.width / 2.0, rect.y + rect.height * 0.7);
    let size = rect.height.min(rect.width) * 0.2;
    let triangle = |r: f64| {
        vec![
            (x, y - r),
            (x + r * 0.9, y + r * 0.75),
            (x - r * 0.9, y + r * 0.75),
        ]
    };
    scene.polygon(triangle(size + 2.0), PAPER, 1.0);
    scene.polygon(triangle(size), VERMILION, 1.0);
}
