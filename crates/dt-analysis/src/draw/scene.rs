//! A picture as a list of shapes, before any file format.

use std::borrow::Cow;

use super::palette::{Color, Marker};
use super::text::readable;

/// Which part of a text lies at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end, or the lower one where it reads upwards.
    Start,
    /// Its middle.
    Middle,
    /// Its right end, or the upper one.
    End,
}

/// A place in CSS pixels, y downwards.
pub(super) type Point = (f64, f64);

/// A part of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub fn middle(&self) -> Point {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Its corners, clockwise from the top left one.
    pub fn corners(&self) -> Vec<Point> {
        vec![
            (self.x, self.y),
            (self.right(), self.y),
            (self.right(), self.bottom()),
            (self.x, self.bottom()),
        ]
    }

    /// Grown by so much on every side.
    pub fn grown(&self, by: f64) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
        }
    }
}

/// A line of text; `at` is a place on its baseline.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub at: Point,
    pub text: String,
    pub size: f64,
    pub bold: bool,
    pub color: Color,
    pub anchor: Anchor,
    /// Reads upwards.
    pub upright: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// Stroked, unbroken.
    Path {
        points: Vec<Point>,
        color: Color,
        width: f64,
        opacity: f64,
    },
    /// Filled.
    Polygon {
        points: Vec<Point>,
        color: Color,
        opacity: f64,
    },
    /// Filled.
    Rect {
        rect: Rect,
        color: Color,
    },
    /// Filled.
    Disc {
        centre: Point,
        radius: f64,
        color: Color,
        opacity: f64,
    },
    Text(Text),
}

/// Longest path with dashes, in pixels.
const LONGEST_DASHED: f64 = 1e6;

/// Shapes in the order in which they cover each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scene {
    pub width: f64,
    pub height: f64,
    pub shapes: Vec<Shape>,
}

impl Scene {
    pub fn rect(&mut self, rect: Rect, color: Color) {
        self.shapes.push(Shape::Rect { rect, color });
    }

    pub fn polygon(&mut self, points: Vec<Point>, color: Color, opacity: f64) {
        self.shapes.push(Shape::Polygon {
            points,
            color,
            opacity,
        });
    }

    pub fn path(&mut self, points: Vec<Point>, color: Color, width: f64, opacity: f64) {
        if points.len() > 1 {
            self.shapes.push(Shape::Path {
                points,
                color,
                width,
                opacity,
            });
        }
    }

    pub fn segment(&mut self, from: Point, to: Point, color: Color, width: f64) {
        self.path(vec![from, to], color, width, 1.0);
    }

    /// A path in strokes and gaps of the given lengths.
    pub fn dashed(
        &mut self,
        points: &[Point],
        pattern: &[f64],
        color: Color,
        width: f64,
        opacity: f64,
    ) {
        // What lies so far away that it has millions of strokes is not seen, and drawn in one.
        let length = |pair: &[Point]| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
        let long: f64 = points.windows(2).map(length).sum();
        if pattern.is_empty() || long.is_nan() || long > LONGEST_DASHED {
            return self.path(points.to_vec(), color, width, opacity);
        }
        for stroke in dashes(points, pattern) {
            self.path(stroke, color, width, opacity);
        }
    }

    pub fn text(&mut self, mut text: Text) {
        if let Cow::Owned(readable) = readable(&text.text) {
            text.text = readable;
        }
        if !text.text.is_empty() {
            self.shapes.push(Shape::Text(text));
        }
    }

    /// A marker; `r` is half its size.
    pub fn marker(&mut self, marker: Marker, at: Point, r: f64, color: Color, paper: Color) {
        self.faint_marker(marker, at, r, (color, paper), 1.0);
    }

    /// A marker that shows what is below it; `colors` are its own and that within a ring.
    pub fn faint_marker(
        &mut self,
        marker: Marker,
        (x, y): Point,
        r: f64,
        colors: (Color, Color),
        opacity: f64,
    ) {
        let (color, paper) = colors;
        let shapes = match marker {
            Marker::Disc => {
                return self.faint_disc((x, y), 1.08 * r, color, opacity);
            }
            Marker::Ring => {
                self.faint_disc((x, y), r + 0.3, color, opacity);
                return self.faint_disc((x, y), (r - 1.3).max(0.5), paper, opacity);
            }
            Marker::Square => {
                let s = 0.84 * r;
                vec![
                    (x - s, y - s),
                    (x + s, y - s),
                    (x + s, y + s),
                    (x - s, y + s),
                ]
            }
            Marker::Diamond => {
                let s = 1.25 * r;
                vec![(x, y - s), (x + s, y), (x, y + s), (x - s, y)]
            }
            Marker::Triangle => {
                vec![
                    (x, y - 1.2 * r),
                    (x + 1.15 * r, y + 0.85 * r),
                    (x - 1.15 * r, y + 0.85 * r),
                ]
            }
            Marker::TriangleDown => {
                vec![
                    (x, y + 1.2 * r),
                    (x + 1.15 * r, y - 0.85 * r),
                    (x - 1.15 * r, y - 0.85 * r),
                ]
            }
        };
        self.polygon(shapes, color, opacity);
    }

    pub fn disc(&mut self, centre: Point, radius: f64, color: Color) {
        self.faint_disc(centre, radius, color, 1.0);
    }

    fn faint_disc(&mut self, centre: Point, radius: f64, color: Color, opacity: f64) {
        self.shapes.push(Shape::Disc {
            centre,
            radius,
            color,
            opacity,
        });
    }
}

/// Strokes of a dashed path.
fn dashes(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    let mut strokes = Vec::new();
    let (mut phase, mut left) = (0, pattern[0]);
    let mut stroke: Vec<Point> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        let mut walked = 0.0;
        while length - walked > left {
            walked += left;
            let t = walked / length;
            let at = (x0 + (x1 - x0) * t, y0 + (y1 - y0) * t);
            if phase % 2 == 0 {
                stroke.push(at);
                strokes.push(std::mem::take(&mut stroke));
            } else {
                stroke = vec![at];
            }
            phase = (phase + 1) % pattern.len();
            left = pattern[phase];
        }
        left -= length - walked;
        if phase % 2 == 0 {
            stroke.push((x1, y1));
        }
    }
    if stroke.len() > 1 {
        strokes.push(stroke);
    }
    strokes
}

/// The parts of a path that lie within a rectangle.
pub(super) fn clip(points: &[Point], to: &Rect) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut joins = false;
    for pair in points.windows(2) {
        match clip_segment(pair[0], pair[1], to) {
            None => joins = false,
            Some((from, until)) => {
                match parts.last_mut() {
                    Some(part) if joins => part.push(until),
                    _ => parts.push(vec![from, until]),
                }
                joins = until == pair[1];
            }
        }
    }
    parts
}

/// The part of a segment within a rectangle (Liang and Barsky, 1984).
fn clip_segment(from: Point, to: Point, rect: &Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (p, q) in [
        (-dx, from.0 - rect.x),
        (dx, rect.right() - from.0),
        (-dy, from.1 - rect.y),
        (dy, rect.bottom() - from.1),
    ] {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            enter = enter.max(q / p);
        } else {
            leave = leave.min(q / p);
        }
    }
    if enter > leave {
        return None;
    }
    let at = |t: f64| (from.0 + dx * t, from.1 + dy * t);
    let start = if enter == 0.0 { from } else { at(enter) };
    let end = if leave == 1.0 { to } else { at(leave) };
    Some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_keep_their_rhythm_around_corners() {
        let corner = [(0.0, 0.0), (3.0, 0.0), (3.0, 10.0)];
        let strokes = dashes(&corner, &[4.0, 2.0]);
        assert_eq!(strokes[0], [(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)]);
        assert_eq!(strokes[1], [(3.0, 3.0), (3.0, 7.0)]);
        assert_eq!(strokes[2], [(3.0, 9.0), (3.0, 10.0)]);
        assert!(dashes(&[], &[4.0, 2.0]).is_empty());
    }

    #[test]
    fn clipping_splits_and_shortens() {
        let rect = Rect {
            x: 0.0,
            y: 0.0,
            width: 10.0,
            height: 10.0,
        };
        let path = [
            (-5.0, 5.0),
            (5.0, 5.0),
            (5.0, 20.0),
            (8.0, 20.0),
            (8.0, 5.0),
        ];
        let parts = clip(&path, &rect);
        assert_eq!(parts[0], [(0.0, 5.0), (5.0, 5.0), (5.0, 10.0)]);
        assert_eq!(parts[1], [(8.0, 10.0), (8.0, 5.0)]);
        assert!(clip(&[(20.0, 20.0), (30.0, 20.0)], &rect).is_empty());
    }
}
