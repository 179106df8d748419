//! Heat maps: cells, numbers in them, and the colour bar.

use super::{Colors, Drawn, Layer};
use crate::draw::color_map::{ColorMap, Shade};
use crate::draw::compose::label;
use crate::draw::layout::{BAR_GAPS, LABEL_GAP, bar_ticks};
use crate::draw::palette::{Color, MISSING, ZERO};
use crate::draw::panel::Panel;
use crate::draw::pen::frame;
use crate::draw::place::Place;
use crate::draw::scale::{Tick, compact, minus};
use crate::draw::scene::{Anchor, Rect, Scene, Text};
use crate::draw::table::{Cells, Rows, number};
use crate::draw::text;
use crate::draw::theme::{
    AXIS_WIDTH, CELL_SIZE, COLOR_BAR, GUIDE, INK, LABEL_SIZE, PAPER, TICK_SIZE,
};

/// Steps of a colour bar.
const STEPS: usize = 128;
/// Swatches below a colour bar: their side, and the space from one to the next.
const SWATCH: (f64, f64) = (10.0, 16.0);
/// Side from which cells are apart; smaller ones touch, as gaps would blend into their colours.
const APART: f64 = 10.0;

/// A rectangle of values; both axes of its panel are categories.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// What the values are; its place in the table of numbers.
    pub series: String,
    /// Rows of values, in the order of the y axis; `None` is missing.
    pub rows: Vec<Vec<Option<f64>>>,
    /// Colours.
    pub map: ColorMap,
    /// Label of the colour bar; without one there is no bar.
    pub bar: Option<String>,
    /// How numbers are written in the cells; `None` leaves them out.
    pub numbers: Option<Numbers>,
}

/// How numbers are written in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Counts in few characters: 5.2k.
    Compact,
    /// With so many decimals.
    Decimals(usize),
}

impl Numbers {
    fn write(self, value: f64) -> String {
        match self {
            Self::Compact => compact(value),
            Self::Decimals(decimals) => minus(&format!("{value:.decimals$}")),
        }
    }
}

impl HeatMap {
    /// Cells whose value lies beyond the colours' ends.
    pub fn clipped(&self) -> usize {
        let values = self.rows.iter().flatten().flatten();
        values.filter(|&&v| self.map.clips(v)).count()
    }
}

impl Drawn for HeatMap {
    fn layer(&self) -> Layer {
        Layer::BelowAxes
    }

    fn cells(&self) -> Option<(usize, usize)> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        Some((columns.max(1), self.rows.len().max(1)))
    }

    fn colors(&self) -> Option<Colors<'_>> {
        Some(Colors {
            series: &self.series,
            map: self.map,
            bar: self.bar.as_deref(),
            clipped: self.clipped(),
        })
    }

    fn draw(&self, scene: &mut Scene, panel: &Panel, place: &Place) {
        let stood_in = |at: (f64, f64)| {
            let mut marks = panel.marks.iter();
            marks.any(|mark| mark.drawn().stands_in() == Some(at))
        };
        for (j, row) in self.rows.iter().enumerate() {
            for (i, &value) in row.iter().enumerate() {
                let at = (i as f64, j as f64);
                let Some(rect) = place.cell(panel, at) else {
                    continue;
                };
                let color = color_of(self.map.shade(value));
                scene.rect(filled(&rect, &place.plot), color);
                let written = self.numbers.zip(value).map(|(how, value)| how.write(value));
                let size = CELL_SIZE.min(rect.height * 0.5);
                let fits = |text: &String| text::width(text, size, false) < rect.width - 2.0;
                if let Some(number) = written.filter(fits) {
                    // Who looks takes the lower half of a cell.
                    let lift = if stood_in(at) { 0.22 } else { 0.0 };
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
        if let Some(bar) = &self.bar {
            draw_bar(scene, place, self, bar);
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        for (j, row) in self.rows.iter().enumerate() {
            for (i, value) in row.iter().enumerate() {
                let cells = Cells {
                    value: value.map(number).unwrap_or_default(),
                    ..rows.place((i as f64, j as f64))
                };
                rows.push("cell", &self.series, cells);
            }
        }
    }
}

fn color_of(shade: Shade) -> Color {
    match shade {
        Shade::Missing => MISSING,
        Shade::Zero => ZERO,
        Shade::Of(color) => color,
    }
}

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

fn bar_labels(map: ColorMap, height: f64) -> Vec<Tick> {
    map.ticks(bar_ticks(height))
}
