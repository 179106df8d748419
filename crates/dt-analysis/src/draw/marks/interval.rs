//! Error bars, of whatever mark has intervals.

use crate::draw::palette::Color;
use crate::draw::scene::{Rect, Scene};
use crate::draw::theme::MARKER;

/// A value and the ends of its interval; the value alone, thrice, where there is none.
pub(super) fn ends(value: f64, interval: Option<(f64, f64)>) -> [f64; 3] {
    let (low, high) = interval.unwrap_or((value, value));
    [value, low, high]
}

/// An error bar with caps at heights of the scene, cut off where the plot ends.
pub(super) fn draw(scene: &mut Scene, plot: &Rect, x: f64, ends: (f64, f64), color: Color) {
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
