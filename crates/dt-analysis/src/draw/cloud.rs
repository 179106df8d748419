//! From clouds of points, samples and trees to shapes.

use super::density::{Density, median, spread};
use super::layout::Place;
use super::panel::Panel;
use super::pen;
use super::scatter::Scatter;
use super::scene::{Point, Scene, clip};
use super::theme::{GUIDE, INK, PAPER, TREE};
use super::tree::Tree;
use super::violin::Violin;

/// Widths of an arrow from the origin, and of the density's outline.
const SHAFT: f64 = 1.2;
const OUTLINE: f64 = 1.1;

/// Where each point of a scatter is drawn; none for those that have no place within the plot.
pub(super) fn places(panel: &Panel, place: &Place, scatter: &Scatter) -> Vec<Option<Point>> {
    let along = scatter.places();
    (scatter.points.iter().zip(along))
        .map(|(point, x)| place.point(panel, (x, point.y)))
        .map(|at| at.filter(|&at| place.holds(at)))
        .collect()
}

pub(super) fn scatter(scene: &mut Scene, panel: &Panel, place: &Place, scatter: &Scatter) {
    let style = scatter.style;
    let origin = place.point(panel, (0.0, 0.0));
    for at in places(panel, place, scatter).into_iter().flatten() {
        match origin {
            Some(origin) if scatter.arrows => {
                for part in clip(&[origin, at], &place.plot) {
                    pen::arrow(scene, &part, style.color, SHAFT, style.dash);
                }
            }
            _ => scene.faint_marker(
                style.marker,
                at,
                scatter.size,
                (style.color, PAPER),
                scatter.opacity,
            ),
        }
    }
}

pub(super) fn violin(scene: &mut Scene, panel: &Panel, place: &Place, violin: &Violin) {
    let lies = panel.lies();
    let names = if lies { &panel.y } else { &panel.x };
    // Lying violins have their density above their points, upright ones to the right.
    let beyond = if names.reversed { -1.0 } else { 1.0 };
    let at = |value: f64, aside: f64| {
        let name = violin.at + aside * beyond * violin.width;
        let point = if lies { (value, name) } else { (name, value) };
        place.point(panel, point)
    };
    let values = violin.values();
    if let Some(density) = Density::of(&values) {
        let peak = density.peak();
        // The density's middle, and half its width, in widths of the violin.
        let (middle, half) = (0.48, 0.5);
        let edge = |side: f64| {
            let places = density.curve.iter();
            places.filter_map(move |&(v, d)| at(v, middle + side * half * d / peak))
        };
        let mut outline: Vec<Point> = edge(-1.0).collect();
        let mut back: Vec<Point> = edge(1.0).collect();
        back.reverse();
        outline.extend(back);
        if let Some(&first) = outline.first() {
            scene.polygon(outline.clone(), violin.color.mix(PAPER, 0.72), 1.0);
            outline.push(first);
            scene.path(outline, violin.color, OUTLINE, 1.0);
        }
        let tick = median(&values).and_then(|m| {
            let share = density_share(&density, m) / peak;
            let end = |side: f64| at(m, middle + side * (half * share).max(0.12));
            Some((end(-1.0)?, end(1.0)?))
        });
        if let Some((from, to)) = tick {
            scene.segment(from, to, INK, 2.0);
        }
    }
    for (value, aside) in values.iter().zip(spread(&values)) {
        let point = at(*value, -0.52 + 0.36 * aside);
        if let Some(point) = point.filter(|&p| place.holds(p)) {
            let style = super::Marker::Disc;
            scene.faint_marker(style, point, 1.7, (violin.color, PAPER), 0.75);
        }
    }
}

/// The density at a value within the sample.
fn density_share(density: &Density, value: f64) -> f64 {
    let distance = |p: &&(f64, f64)| (p.0 - value).abs();
    let nearest = density
        .curve
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.map_or(0.0, |p| p.1)
}

/// A tree above the plot, its highest fork at the top.
pub(super) fn tree(scene: &mut Scene, panel: &Panel, place: &Place, tree: &Tree) {
    let forks = tree.forks();
    let top = forks.iter().map(|fork| fork.height).fold(0.0, f64::max);
    let foot = place.plot.y - 2.0;
    let at = |x: f64, height: f64| {
        let share = if top > 0.0 { height / top } else { 0.0 };
        Some((place.across(panel, x)?, foot - share * (TREE - 4.0)))
    };
    for fork in &forks {
        let path = [
            at(fork.left.0, fork.left.1),
            at(fork.left.0, fork.height),
            at(fork.right.0, fork.height),
            at(fork.right.0, fork.right.1),
        ];
        let path: Vec<Point> = path.into_iter().flatten().collect();
        scene.path(path, GUIDE, 0.7, 1.0);
    }
}
