//! From marks to shapes.

use super::bars::Bars;
use super::layout::Place;
use super::mark::{Band, GuideAt, Line, Points};
use super::palette::Color;
use super::panel::Panel;
use super::scene::{Point, Rect, Scene, clip};
use super::theme::{GUIDE, INK, LINE, MARKER, PAPER};

/// The runs of points that the scales have places for.
fn runs(panel: &Panel, place: &Place, points: &[(f64, f64)]) -> Vec<Vec<Point>> {
    points
        .split(|&p| place.point(panel, p).is_none())
        .map(|run| run.iter().filter_map(|&p| place.point(panel, p)).collect())
        .collect()
}

pub(super) fn line(scene: &mut Scene, panel: &Panel, place: &Place, line: &Line) {
    let Line {
        style,
        width,
        opacity,
        ..
    } = line;
    for run in runs(panel, place, &line.points) {
        for part in clip(&run, &place.plot) {
            scene.dashed(&part, style.dash.pattern(), style.color, *width, *opacity);
        }
        // A lone point would be no line at all.
        if line.markers || run.len() == 1 {
            for &at in run.iter().filter(|&&at| place.holds(at)) {
                scene.marker(
                    style.marker,
                    at,
                    MARKER * (width / LINE).min(1.0),
                    style.color,
                    PAPER,
                );
            }
        }
    }
}

pub(super) fn band(scene: &mut Scene, panel: &Panel, place: &Place, band: &Band) {
    let edge = |which: fn(&(f64, f64, f64)) -> f64| -> Vec<Point> {
        let points = band.points.iter().map(|p| (p.0, which(p)));
        points.filter_map(|p| place.point(panel, p)).collect()
    };
    let within = |(x, y): Point| {
        let plot = &place.plot;
        (
            x.clamp(plot.x, plot.right()),
            y.clamp(plot.y, plot.bottom()),
        )
    };
    let (low, high) = (edge(|p| p.1), edge(|p| p.2));
    if low.len() < 2 || high.len() < 2 {
        return;
    }
    let around = high.iter().chain(low.iter().rev()).copied().map(within);
    scene.polygon(around.collect(), band.color, band.opacity);
    // Stacked areas part in grey print as well.
    if band.opacity == 1.0 && band.points.iter().any(|p| p.1 > 0.0) {
        for part in clip(&low, &place.plot) {
            scene.path(part, PAPER, 1.0, 1.0);
        }
    }
}

/// An error bar with caps.
fn interval(scene: &mut Scene, plot: &Rect, x: f64, ends: (f64, f64), color: Color) {
    let (low, high) = (
        ends.0.clamp(plot.y, plot.bottom()),
        ends.1.clamp(plot.y, plot.bottom()),
    );
    let cap = MARKER * 0.8;
    scene.segment((x, low), (x, high), color, 1.2);
    for y in [low, high] {
        scene.segment((x - cap, y), (x + cap, y), color, 1.2);
    }
}

pub(super) fn points(scene: &mut Scene, panel: &Panel, place: &Place, points: &Points) {
    for point in &points.points {
        let Some((x, y)) = place.point(panel, (point.x + points.offset, point.y)) else {
            continue;
        };
        if let Some((low, high)) = point.interval
            && let (Some(low), Some(high)) = (place.up(panel, low), place.up(panel, high))
        {
            interval(scene, &place.plot, x, (low, high), points.style.color);
        }
        if place.holds((x, y)) {
            scene.marker(
                points.style.marker,
                (x, y),
                points.size,
                points.style.color,
                PAPER,
            );
        }
    }
}

pub(super) fn bars(scene: &mut Scene, panel: &Panel, place: &Place, bars: &Bars) {
    for bar in &bars.bars {
        let middle = bar.x + bars.offset;
        let sides = [middle - bars.width / 2.0, middle + bars.width / 2.0];
        let [Some(a), Some(b)] = sides.map(|x| place.across(panel, x)) else {
            continue;
        };
        let ends = [bar.base, bar.base + bar.value].map(|y| place.up(panel, y));
        let [Some(base), Some(top)] = ends else {
            continue;
        };
        let within = |y: f64| y.clamp(place.plot.y, place.plot.bottom());
        // Neighbours stay apart by a hair.
        let (left, right) = (a.min(b) + 0.5, a.max(b) - 0.5);
        let rect = Rect {
            x: left,
            y: within(top.min(base)),
            width: (right - left).max(0.5),
            height: within(top.max(base)) - within(top.min(base)),
        };
        if rect.height > 0.0 {
            scene.rect(rect, bars.color);
        }
        if bar.base > 0.0 && rect.height > 2.0 {
            scene.segment((rect.x, base), (rect.right(), base), PAPER, 0.8);
        }
        if let Some((low, high)) = bar.interval
            && let (Some(low), Some(high)) = (
                place.up(panel, bar.base + low),
                place.up(panel, bar.base + high),
            )
        {
            interval(
                scene,
                &place.plot,
                f64::midpoint(left, right),
                (low, high),
                INK,
            );
        }
    }
}

pub(super) fn guide(scene: &mut Scene, panel: &Panel, place: &Place, at: GuideAt) {
    let plot = &place.plot;
    let ends = match at {
        GuideAt::Y(y) => place
            .up(panel, y)
            .map(|y| ((plot.x, y.round()), (plot.right(), y.round()))),
        GuideAt::X(x) => place
            .across(panel, x)
            .map(|x| ((x.round(), plot.bottom()), (x.round(), plot.y))),
        GuideAt::Identity => {
            let (low, high) = place.x.ends();
            match (
                place.point(panel, (low, low)),
                place.point(panel, (high, high)),
            ) {
                (Some(from), Some(to)) => Some((from, to)),
                _ => None,
            }
        }
    };
    if let Some((from, to)) = ends {
        for part in clip(&[from, to], plot) {
            scene.dashed(&part, at.dash().pattern(), GUIDE, LINE * 0.75, 1.0);
        }
    }
}
