//! Axes: lines, ticks, their labels, and brackets along names.

use super::axis::Axis;
use super::compose::label;
use super::layout::{
    GROUP_FEET, GROUP_GAP, LABEL_GAP, LINE_HEIGHT, TICK_GAP, groups_size, x_labels_height,
};
use super::panel::Panel;
use super::pen;
use super::place::Place;
use super::scene::{Anchor, Scene, Text};
use super::text;
use super::theme::{AXIS_WIDTH, GRID, GRID_WIDTH, INK, LABEL_SIZE, TICK, TICK_SIZE};

/// Lines across the plot at the ticks of the axis that has values.
pub(super) fn grid(scene: &mut Scene, panel: &Panel, place: &Place) {
    let plot = place.plot;
    if panel.lies() {
        for tick in &place.x_ticks {
            if let Some(x) = place.across(panel, tick.value).map(f64::round) {
                scene.segment((x, plot.y), (x, plot.bottom()), GRID, GRID_WIDTH);
            }
        }
    } else if !panel.y.hidden {
        for tick in &place.y_ticks {
            if let Some(y) = place.up(panel, tick.value).map(f64::round) {
                scene.segment((plot.x, y), (plot.right(), y), GRID, GRID_WIDTH);
            }
        }
    }
}

/// Both axes; `is_grid` leaves the lines to a frame, as cells have one.
pub(super) fn draw(scene: &mut Scene, panel: &Panel, place: &Place, is_grid: bool) {
    let plot = place.plot;
    let corner = (plot.x, plot.bottom());
    if !is_grid {
        // One path where both are drawn, for a whole corner.
        let mut path = vec![(plot.x, plot.y), corner, (plot.right(), plot.bottom())];
        if panel.x.hidden {
            path.truncate(2);
        }
        if panel.y.hidden {
            path.remove(0);
        }
        scene.path(path, INK, AXIS_WIDTH, 1.0);
    }
    if !panel.x.hidden {
        draw_x(scene, panel, place, is_grid);
    }
    if !panel.y.hidden {
        draw_y(scene, panel, place, is_grid);
    }
}

fn draw_x(scene: &mut Scene, panel: &Panel, place: &Place, is_grid: bool) {
    let plot = place.plot;
    let bottom = plot.bottom();
    let top = bottom + TICK + TICK_GAP;
    for (tick, lines) in place.x_ticks.iter().zip(&place.x_labels) {
        let Some(x) = place.across(panel, tick.value) else {
            continue;
        };
        if !is_grid {
            let x = x.round();
            scene.segment((x, bottom), (x, bottom + TICK), INK, AXIS_WIDTH);
        }
        if !place.x_shown {
            continue;
        }
        for (n, line) in lines.iter().enumerate() {
            let text = if place.x_upright {
                let at = (x + TICK_SIZE * text::CAP_HEIGHT / 2.0, top);
                Text {
                    upright: true,
                    ..label(at, line, TICK_SIZE, Anchor::End)
                }
            } else {
                let y = top + TICK_SIZE * (n as f64 * LINE_HEIGHT + text::CAP_HEIGHT);
                label((x, y), line, TICK_SIZE, Anchor::Middle)
            };
            scene.text(text);
        }
    }
    if !place.x_shown {
        return;
    }
    let below = top + x_labels_height(place);
    for (from, to, name) in stretches(&panel.x, |value| place.across(panel, value)) {
        let y = below + GROUP_GAP + GROUP_FEET;
        pen::bracket(scene, (from, y), (to, y), -GROUP_FEET, name);
    }
    let at = (
        plot.x + plot.width / 2.0,
        below + groups_size(&panel.x) + LABEL_GAP - 2.0 + LABEL_SIZE * text::CAP_HEIGHT,
    );
    scene.text(label(at, &panel.x.label, LABEL_SIZE, Anchor::Middle));
}

fn draw_y(scene: &mut Scene, panel: &Panel, place: &Place, is_grid: bool) {
    let plot = place.plot;
    let mut widest = 0.0_f64;
    for tick in &place.y_ticks {
        let Some(y) = place.up(panel, tick.value) else {
            continue;
        };
        if !is_grid {
            scene.segment(
                (plot.x - TICK, y.round()),
                (plot.x, y.round()),
                INK,
                AXIS_WIDTH,
            );
        }
        if place.y_shown {
            widest = widest.max(text::width(&tick.label, TICK_SIZE, false));
            let at = (
                plot.x - TICK - TICK_GAP,
                y + TICK_SIZE * text::CAP_HEIGHT / 2.0,
            );
            scene.text(label(at, &tick.label, TICK_SIZE, Anchor::End));
        }
    }
    if !place.y_shown {
        return;
    }
    let beside = plot.x - TICK - TICK_GAP - widest;
    for (from, to, name) in stretches(&panel.y, |value| place.up(panel, value)) {
        let x = beside - GROUP_GAP - GROUP_FEET;
        pen::bracket(scene, (x, from), (x, to), GROUP_FEET, name);
    }
    // From the outer ends of the tick labels; descenders point to the panel.
    let at = (
        beside - groups_size(&panel.y) - LABEL_GAP - LABEL_SIZE * 0.1,
        plot.y + plot.height / 2.0,
    );
    scene.text(Text {
        upright: true,
        ..label(at, &panel.y.label, LABEL_SIZE, Anchor::Middle)
    });
}

/// Ends and names of an axis's brackets.
fn stretches(axis: &Axis, at: impl Fn(f64) -> Option<f64>) -> Vec<(f64, f64, &str)> {
    let ends = |first: usize, last: usize| {
        let (a, b) = (at(first as f64 - 0.5)?, at(last as f64 + 0.5)?);
        // Neighbours stay apart.
        Some((a.min(b) + 1.5, a.max(b) - 1.5))
    };
    (axis.groups.iter())
        .filter_map(|group| {
            let (from, to) = ends(group.first, group.last)?;
            Some((from, to, group.name.as_str()))
        })
        .collect()
}
