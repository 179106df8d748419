//! Where panels, their labels and the legend go.

use super::axis::Axis;
use super::figure::{Figure, Share};
use super::marks::Extent;
use super::panel::Panel;
use super::place::Place;
use super::scale::{Scale, Tick};
use super::scene::Rect;
use super::text;
use super::theme::{COLOR_BAR, GAP, LABEL_SIZE, LETTER_SIZE, MARGIN, TICK, TICK_SIZE, TITLE_SIZE};

/// Height of a line of tick labels, titles or a legend.
pub(super) const LINE_HEIGHT: f64 = 1.25;
/// Between ticks and their labels.
pub(super) const TICK_GAP: f64 = 3.0;
/// Between tick labels and the axis label.
pub(super) const LABEL_GAP: f64 = 5.0;
/// Between a heat map and its colour bar, and between the bar and its labels.
pub(super) const BAR_GAPS: (f64, f64) = (10.0, 4.0);
/// Between tick labels and the brackets of groups, and the length of the brackets' feet.
pub(super) const GROUP_GAP: f64 = 3.0;
pub(super) const GROUP_FEET: f64 = 3.0;
/// From one tick label to the next one below it, at least.
const LABEL_STEP: f64 = TICK_SIZE * 1.15;

/// A figure's panels in their places, and the height that they take.
pub(super) struct Layout {
    pub places: Vec<Place>,
    pub height: f64,
}

/// Ticks along a length, as many as its labels leave room for.
fn fitting_ticks(
    length: f64,
    apart: f64,
    ticks: impl Fn(usize) -> Vec<Tick>,
    wide: bool,
) -> Vec<Tick> {
    let most = ((length / apart) as usize).clamp(2, 7);
    let size = |tick: &Tick| match wide {
        true => text::width(&tick.label, TICK_SIZE, false) + 10.0,
        false => TICK_SIZE * 1.6,
    };
    (2..=most)
        .rev()
        .map(&ticks)
        .find(|ticks| ticks.iter().map(size).sum::<f64>() <= length + 20.0)
        .unwrap_or_else(|| ticks(2))
}

pub(super) fn layout(figure: &Figure) -> Layout {
    let columns = figure.columns.clamp(1, figure.panels.len().max(1));
    let rows = figure.panels.len().div_ceil(columns);
    let (xs, ys) = scales(figure, columns);
    let shown = |n: usize| {
        let last = figure.share_x == Share::Own || n + columns >= figure.panels.len();
        let first = figure.share_y == Share::Own || n.is_multiple_of(columns);
        let panel = &figure.panels[n];
        (last && !panel.x.hidden, first && !panel.y.hidden)
    };

    // Widths first: labels of the y axes and colour bars take theirs, panels share the rest.
    let y_ticks: Vec<Vec<Tick>> = (figure.panels.iter().zip(&ys))
        .map(|(panel, &scale)| {
            let ticks = |count| panel.y.ticks(scale, count);
            let ticks = fitting_ticks(figure.panel_height, 38.0, ticks, false);
            each_of(ticks, panel.y.every.unwrap_or(1))
        })
        .collect();
    let of_column = |column: usize, side: &dyn Fn(usize) -> f64| {
        let members = (column..figure.panels.len()).step_by(columns);
        members.map(side).fold(0.0, f64::max)
    };
    let left = |n: usize| left_of(&figure.panels[n], &y_ticks[n], shown(n).1);
    let right = |n: usize| right_of(&figure.panels[n], figure.panel_height);
    let lefts: Vec<f64> = (0..columns).map(|c| of_column(c, &left)).collect();
    let rights: Vec<f64> = (0..columns).map(|c| of_column(c, &right)).collect();
    let labels: f64 = lefts.iter().chain(&rights).sum();
    let gaps = 2.0 * MARGIN + GAP * (columns - 1) as f64;
    let plot_width = ((figure.width - labels - gaps) / columns as f64)
        .floor()
        .max(40.0);

    let mut places: Vec<Place> = Vec::new();
    let mut top = MARGIN;
    for row in 0..rows {
        let members: Vec<usize> =
            (row * columns..((row + 1) * columns).min(figure.panels.len())).collect();
        let first = places.len();
        let mut edge = MARGIN;
        for &n in &members {
            let column = n % columns;
            let x = (edge + lefts[column]).round();
            places.push(place(
                figure,
                n,
                (xs[n], ys[n]),
                y_ticks[n].clone(),
                Rect {
                    x,
                    y: 0.0,
                    width: plot_width,
                    height: plot_height(&figure.panels[n], plot_width, figure.panel_height),
                },
                edge,
                shown(n),
            ));
            edge = x + plot_width + rights[column] + GAP;
        }
        let of_row = &mut places[first..];
        let titles = of_row.iter().map(|p| p.title.len()).max().unwrap_or(0);
        let lettered = of_row.iter().any(|p| p.letter.is_some());
        let above = of_row.iter().map(|p| p.head).fold(0.0, f64::max);
        let head = above
            + match titles.max(usize::from(lettered)) {
                0 => TICK_SIZE / 2.0,
                lines => lines as f64 * TITLE_SIZE * LINE_HEIGHT + 7.0,
            };
        let plot = of_row.iter().map(|p| p.plot.height).fold(0.0, f64::max);
        for place in &mut *of_row {
            place.plot.y = (top + head).round();
            // Titles of a row stand on one line.
            place.head = above;
        }
        let foot = (of_row.iter().zip(&members))
            .map(|(place, &n)| below(place, &figure.panels[n]) + place.plot.height - plot)
            .fold(0.0, f64::max);
        top = (top + head).round() + plot + foot + if row + 1 < rows { GAP * 0.8 } else { 0.0 };
    }
    Layout {
        places,
        height: top,
    }
}

/// Scales of every panel, made one where axes are shared.
fn scales(figure: &Figure, columns: usize) -> (Vec<Scale>, Vec<Scale>) {
    let extents: Vec<Extent> = figure.panels.iter().map(Panel::extent).collect();
    let of = |n: usize| {
        let panel = &figure.panels[n];
        let together = |with: &dyn Fn(usize) -> bool, own: fn(&Extent) -> &Vec<f64>| {
            let members = (0..extents.len()).filter(|&m| m == n || with(m));
            members
                .flat_map(|m| own(&extents[m]).clone())
                .collect::<Vec<f64>>()
        };
        let xs = together(
            &|m| figure.share_x.covers(m % columns == n % columns),
            |e| &e.0,
        );
        let ys = together(
            &|m| figure.share_y.covers(m / columns == n / columns),
            |e| &e.1,
        );
        let (x_air, y_air) = panel.room().air();
        (panel.x.scale(xs, x_air), panel.y.scale(ys, y_air))
    };
    (0..figure.panels.len()).map(of).unzip()
}

/// Each `step`th tick, or none.
fn each_of(ticks: Vec<Tick>, step: usize) -> Vec<Tick> {
    match step {
        0 => Vec::new(),
        step => ticks.into_iter().step_by(step).collect(),
    }
}

/// How many names of an axis each written one stands for, so that labels `least` high do not
/// touch; `slot` is the place of one name.
fn label_step(axis: &Axis, slot: f64, least: f64) -> usize {
    match axis.every.unwrap_or(1) {
        0 => 0,
        step => step * (least / (slot * step as f64).max(1e-9)).ceil().max(1.0) as usize,
    }
}

/// What the brackets of an axis's groups take.
pub(super) fn groups_size(axis: &Axis) -> f64 {
    if axis.groups.is_empty() {
        0.0
    } else {
        GROUP_GAP + GROUP_FEET + LABEL_SIZE * LINE_HEIGHT
    }
}

fn left_of(panel: &Panel, ticks: &[Tick], shown: bool) -> f64 {
    if panel.y.hidden {
        return 0.0;
    }
    if !shown {
        return TICK;
    }
    let widest = ticks
        .iter()
        .map(|tick| text::width(&tick.label, TICK_SIZE, false))
        .fold(0.0, f64::max);
    let label = match panel.y.label.as_str() {
        "" => 0.0,
        _ => LABEL_SIZE + LABEL_GAP,
    };
    (label + groups_size(&panel.y) + widest + TICK + TICK_GAP).ceil()
}

fn right_of(panel: &Panel, height: f64) -> f64 {
    let Some((map, _)) = panel.color_bar() else {
        return if panel.x.hidden { 0.0 } else { 6.0 };
    };
    let widest = map
        .ticks(bar_ticks(height))
        .iter()
        .map(|tick| text::width(&tick.label, TICK_SIZE, false))
        // Room for the word beside the swatch of missing cells.
        .fold(text::width("missing", TICK_SIZE, false), f64::max);
    (BAR_GAPS.0 + COLOR_BAR + BAR_GAPS.1 + widest + LABEL_GAP + LABEL_SIZE).ceil()
}

/// Number of ticks of a colour bar.
pub(super) fn bar_ticks(height: f64) -> usize {
    ((height / 34.0) as usize).clamp(2, 6)
}

fn plot_height(panel: &Panel, width: f64, height: f64) -> f64 {
    match (panel.cells(), panel.size()) {
        (Some((columns, rows)), _) => (width / columns as f64 * rows as f64).round(),
        (None, Some((across, down))) => (width / across * down).round(),
        (None, None) => height.round(),
    }
}

fn place(
    figure: &Figure,
    n: usize,
    (x, y): (Scale, Scale),
    y_ticks: Vec<Tick>,
    plot: Rect,
    edge: f64,
    (x_shown, y_shown): (bool, bool),
) -> Place {
    let panel = &figure.panels[n];
    let x_ticks = fitting_ticks(plot.width, 48.0, |count| panel.x.ticks(x, count), true);
    let y_ticks = match panel.y.is_named() {
        true => {
            let slot = plot.height / panel.y.ticks(y, 1).len().max(1) as f64;
            // The caller took each `every`th already.
            let step = label_step(&panel.y, slot, LABEL_STEP);
            each_of(y_ticks, step / panel.y.every.unwrap_or(1).max(1))
        }
        false => y_ticks,
    };
    let labels = XLabels::new(&panel.x, x_ticks, plot.width);
    let letter = (figure.panels.len() > 1).then(|| Figure::letter(n));
    let after_letter = letter.as_ref().map_or(0.0, |letter| {
        edge + text::width(letter, LETTER_SIZE, true) + 5.0
    });
    let title_x = plot.x.max(after_letter);
    let title = match panel.title.as_str() {
        "" => Vec::new(),
        title => text::wrap(title, TITLE_SIZE, true, plot.right() + 6.0 - title_x),
    };
    Place {
        plot,
        x,
        y,
        x_labels: labels.lines,
        x_ticks: labels.ticks,
        y_ticks,
        x_upright: labels.upright,
        x_shown,
        y_shown,
        head: panel.head(),
        letter,
        letter_x: edge,
        title,
        title_x,
    }
}

/// Ticks of an x axis, and how their labels are written.
struct XLabels {
    ticks: Vec<Tick>,
    lines: Vec<Vec<String>>,
    upright: bool,
}

impl XLabels {
    fn new(axis: &Axis, ticks: Vec<Tick>, width: f64) -> Self {
        if !axis.is_named() {
            let lines = ticks.iter().map(|tick| vec![tick.label.clone()]).collect();
            return Self {
                ticks,
                lines,
                upright: false,
            };
        }
        let name = width / ticks.len().max(1) as f64;
        let every = axis.every.unwrap_or(1);
        let slot = name * every.max(1) as f64 - 4.0;
        let ticks = each_of(ticks, every);
        let lines: Vec<Vec<String>> = (ticks.iter())
            .map(|tick| text::wrap(&tick.label, TICK_SIZE, false, slot))
            .collect();
        let too_wide = |line: &String| text::width(line, TICK_SIZE, false) > slot + 2.0;
        if !lines.iter().flatten().any(too_wide) {
            return Self {
                ticks,
                lines,
                upright: false,
            };
        }
        // Upright, and fewer where even so they would touch.
        let step = label_step(axis, name, LABEL_STEP);
        let ticks = each_of(ticks, step / every.max(1));
        let lines = ticks.iter().map(|t| vec![t.label.replace('\n', " ")]);
        Self {
            lines: lines.collect(),
            ticks,
            upright: true,
        }
    }
}

/// Height of the x axis's labels.
pub(super) fn x_labels_height(place: &Place) -> f64 {
    if place.x_upright {
        let widths = place.x_labels.iter().flatten();
        return widths
            .map(|line| text::width(line, TICK_SIZE, false))
            .fold(0.0, f64::max);
    }
    let lines = place.x_labels.iter().map(Vec::len).max().unwrap_or(0);
    lines as f64 * TICK_SIZE * LINE_HEIGHT
}

/// What a panel's x axis takes below it.
fn below(place: &Place, panel: &Panel) -> f64 {
    if panel.x.hidden {
        return 0.0;
    }
    if !place.x_shown {
        return TICK;
    }
    let label = match panel.x.label.as_str() {
        "" => 0.0,
        _ => LABEL_SIZE * LINE_HEIGHT + LABEL_GAP - 2.0,
    };
    TICK + TICK_GAP + x_labels_height(place) + groups_size(&panel.x) + label
}
