//! Shapes that several marks are made of.

use super::palette::{Color, Dash};
use super::scene::{Anchor, Point, Rect, Scene, Text};
use super::text;
use super::theme::{AXIS_WIDTH, GUIDE, INK, LABEL_SIZE, PAPER};

/// Height of a line among several, in sizes of the text.
const LEADING: f64 = 1.22;

/// The outline of a rectangle with round corners, closed.
pub(super) fn rounded(rect: &Rect, radius: f64) -> Vec<Point> {
    let r = radius.min(rect.width / 2.0).min(rect.height / 2.0);
    let centres = [
        (rect.right() - r, rect.y + r),
        (rect.right() - r, rect.bottom() - r),
        (rect.x + r, rect.bottom() - r),
        (rect.x + r, rect.y + r),
    ];
    let mut outline: Vec<Point> = Vec::new();
    for (quarter, (x, y)) in centres.into_iter().enumerate() {
        outline.extend((0..=6).map(|step| {
            let turn = quarter as f64 - 1.0 + f64::from(step) / 6.0;
            let angle = turn * std::f64::consts::FRAC_PI_2;
            (x + r * angle.cos(), y + r * angle.sin())
        }));
    }
    outline.push(outline[0]);
    outline
}

/// A box: paper or colour within, an edge around it.
pub(super) fn block(
    scene: &mut Scene,
    rect: &Rect,
    radius: f64,
    (fill, line): (Color, Color),
    dash: Dash,
    width: f64,
) {
    let outline = rounded(rect, radius);
    scene.polygon(outline[..outline.len() - 1].to_vec(), fill, 1.0);
    scene.dashed(&outline, dash.pattern(), line, width, 1.0);
}

/// An arrow along a path, its point at the last place.
pub(super) fn arrow(scene: &mut Scene, path: &[Point], color: Color, width: f64, dash: Dash) {
    let [.., before, tip] = path else {
        return;
    };
    let (dx, dy) = (tip.0 - before.0, tip.1 - before.1);
    let length = dx.hypot(dy);
    if length < 1e-9 {
        return;
    }
    let (dx, dy) = (dx / length, dy / length);
    // Short arrows have small heads.
    let head = (3.5 + 2.2 * width).min(length * 0.7);
    let half = head * 0.42;
    let neck = (tip.0 - dx * head, tip.1 - dy * head);
    let mut shaft = path.to_vec();
    // A little within the head, so that no gap shows.
    let end = head * 0.8;
    shaft[path.len() - 1] = (tip.0 - dx * end, tip.1 - dy * end);
    scene.dashed(&shaft, dash.pattern(), color, width, 1.0);
    let sides = [
        *tip,
        (neck.0 - dy * half, neck.1 + dx * half),
        (neck.0 + dy * half, neck.1 - dx * half),
    ];
    scene.polygon(sides.to_vec(), color, 1.0);
}

/// How words look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub size: f64,
    pub bold: bool,
    pub color: Color,
    pub anchor: Anchor,
}

impl Look {
    /// Centred, in the colour of axes.
    pub fn plain(size: f64) -> Self {
        Self {
            size,
            bold: false,
            color: INK,
            anchor: Anchor::Middle,
        }
    }
}

/// Width and height that lines of text take.
pub(super) fn extent(words: &str, size: f64, bold: bool) -> (f64, f64) {
    let widths = words.split('\n').map(|line| text::width(line, size, bold));
    let lines = words.split('\n').count() as f64;
    (
        widths.fold(0.0, f64::max),
        size * (LEADING * (lines - 1.0) + 1.0),
    )
}

/// Lines of text whose middle lies at a height.
pub(super) fn words(scene: &mut Scene, (x, y): Point, words: &str, look: Look) {
    let lines = words.split('\n').count() as f64;
    let first = y - look.size * LEADING * (lines - 1.0) / 2.0;
    for (n, line) in words.split('\n').enumerate() {
        let middle = first + look.size * LEADING * n as f64;
        scene.text(Text {
            at: (x, middle + look.size * text::CAP_HEIGHT / 2.0),
            text: line.to_owned(),
            size: look.size,
            bold: look.bold,
            color: look.color,
            anchor: look.anchor,
            upright: false,
        });
    }
}

/// Where words lie.
pub(super) fn area((x, y): Point, words: &str, look: Look) -> Rect {
    let (width, height) = extent(words, look.size, look.bold);
    let left = match look.anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    Rect {
        x: left,
        y: y - height / 2.0,
        width,
        height,
    }
}

/// Paper behind words, that hides most of what is below.
pub(super) fn halo(scene: &mut Scene, area: &Rect) {
    let outline = rounded(&area.grown(1.5), 3.0);
    scene.polygon(outline, PAPER, 0.82);
}

/// Where a line from the middle of a rectangle to a place leaves the rectangle.
pub(super) fn exit(rect: &Rect, to: Point) -> Point {
    let (x, y) = rect.middle();
    let (dx, dy) = (to.0 - x, to.1 - y);
    let share = |half: f64, way: f64| {
        if way == 0.0 {
            f64::INFINITY
        } else {
            half / way.abs()
        }
    };
    let t = share(rect.width / 2.0, dx).min(share(rect.height / 2.0, dy));
    if t.is_finite() {
        (x + dx * t, y + dy * t)
    } else {
        (x, y)
    }
}

/// A bracket with its words beyond its back; see [`Bracket`](super::Bracket).
pub(super) fn bracket(scene: &mut Scene, from: Point, to: Point, depth: f64, name: &str) {
    let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
    let level = (to.0 - from.0).abs() >= (to.1 - from.1).abs();
    let foot = |(x, y): Point| {
        if level {
            (x, y + depth)
        } else {
            (x + depth, y)
        }
    };
    let path = [foot(from), from, to, foot(to)];
    scene.dashed(&path, Dash::Solid.pattern(), INK, 1.0, 1.0);
    let (_, height) = extent(name, LABEL_SIZE, false);
    let beyond = -depth.signum() * (height / 2.0 + 3.0);
    if level {
        let look = Look::plain(LABEL_SIZE);
        words(scene, (middle.0, middle.1 + beyond), name, look);
    } else {
        // Words beside an upright bracket read upwards.
        scene.text(Text {
            at: (
                middle.0 + beyond + LABEL_SIZE * text::CAP_HEIGHT / 2.0,
                middle.1,
            ),
            text: name.replace('\n', " "),
            size: LABEL_SIZE,
            bold: false,
            color: INK,
            anchor: Anchor::Middle,
            upright: true,
        });
    }
}

/// The frame of cells.
pub(super) fn frame(scene: &mut Scene, plot: &Rect) {
    let mut around = plot.corners();
    around.push((plot.x, plot.y));
    scene.path(around, GUIDE, AXIS_WIDTH, 1.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::scene::Shape;

    const RECT: Rect = Rect {
        x: 0.0,
        y: 0.0,
        width: 20.0,
        height: 10.0,
    };

    #[test]
    fn round_corners_stay_within() {
        for radius in [0.0, 3.0, 100.0] {
            let outline = rounded(&RECT, radius);
            assert_eq!(outline.first(), outline.last());
            for (x, y) in outline {
                assert!((-1e-9..=20.0 + 1e-9).contains(&x) && (-1e-9..=10.0 + 1e-9).contains(&y));
            }
        }
    }

    #[test]
    fn lines_leave_through_the_nearest_side() {
        assert_eq!(exit(&RECT, (110.0, 5.0)), (20.0, 5.0));
        assert_eq!(exit(&RECT, (10.0, -95.0)), (10.0, 0.0));
        assert_eq!(exit(&RECT, (10.0, 5.0)), (10.0, 5.0));
        let (x, y) = exit(&RECT, (-90.0, 55.0));
        assert!((x - 0.0).abs() < 1e-9 && (y - 10.0).abs() < 1e-9, "{x} {y}");
    }

    #[test]
    fn an_arrow_ends_at_its_point() {
        let mut scene = Scene::default();
        arrow(
            &mut scene,
            &[(0.0, 0.0), (30.0, 40.0)],
            INK,
            1.0,
            Dash::Solid,
        );
        let [Shape::Path { .. }, Shape::Polygon { points, .. }] = scene.shapes.as_slice() else {
            panic!("{scene:?}")
        };
        assert_eq!(points[0], (30.0, 40.0));
        arrow(&mut scene, &[(1.0, 1.0), (1.0, 1.0)], INK, 1.0, Dash::Solid);
        assert_eq!(scene.shapes.len(), 2, "no arrow leads nowhere");
    }

    #[test]
    fn words_are_centred_upon_their_height() {
        let look = Look::plain(10.0);
        let here = area((50.0, 20.0), "two\nlines", look);
        assert!((here.middle().1 - 20.0).abs() < 1e-9);
        assert!((here.height - 22.2).abs() < 1e-9, "{}", here.height);
        let mut scene = Scene::default();
        words(&mut scene, (50.0, 20.0), "two\nlines", look);
        assert_eq!(scene.shapes.len(), 2);
    }
}
