//! From a diagram to shapes.

use super::palette::Dash;
use super::pen::{self, Look};
use super::scene::{Anchor, Point, Rect, Scene, Text};
use super::sketch::{Part, Sketch};
use super::text;
use super::theme::{INK, LABEL_SIZE};
use super::tiles;

pub(super) fn draw(scene: &mut Scene, plot: &Rect, sketch: &Sketch) {
    let scale = plot.width / sketch.size.0;
    let point = |(x, y): Point| (plot.x + x * scale, plot.y + y * scale);
    for part in &sketch.parts {
        match part {
            Part::Block(block) => {
                let (x, y) = point(block.corner);
                let rect = Rect {
                    x,
                    y,
                    width: block.size.0 * scale,
                    height: block.size.1 * scale,
                };
                let colors = (block.fill, block.line);
                pen::block(scene, &rect, 4.0, colors, block.dash, 1.2);
                let look = Look {
                    bold: block.bold,
                    ..Look::plain(LABEL_SIZE)
                };
                pen::words(scene, rect.middle(), &block.words, look);
            }
            Part::Link(link) => {
                let path: Vec<Point> = link.path.iter().copied().map(point).collect();
                if link.head {
                    pen::arrow(scene, &path, link.color, link.width, link.dash);
                } else {
                    scene.dashed(&path, link.dash.pattern(), link.color, link.width, 1.0);
                }
            }
            Part::Words(words) => {
                let look = Look {
                    size: words.size,
                    bold: words.bold,
                    color: words.color,
                    anchor: words.anchor,
                };
                pen::words(scene, point(words.at), &words.text, look);
            }
            Part::Bracket(bracket) => draw_bracket(
                scene,
                point(bracket.from),
                point(bracket.to),
                bracket.depth * scale,
                &bracket.words,
            ),
            Part::View(view, corner, side) => {
                let (x, y) = point(*corner);
                let plot = Rect {
                    x,
                    y,
                    width: side * scale,
                    height: side * scale,
                };
                tiles::draw(scene, &plot, view);
            }
        }
    }
}

/// A bracket with its words beyond its back; see [`Bracket`](super::sketch::Bracket).
pub(super) fn draw_bracket(scene: &mut Scene, from: Point, to: Point, depth: f64, words: &str) {
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
    let (_, height) = pen::extent(words, LABEL_SIZE, false);
    let beyond = -depth.signum() * (height / 2.0 + 3.0);
    if level {
        let look = Look::plain(LABEL_SIZE);
        pen::words(scene, (middle.0, middle.1 + beyond), words, look);
    } else {
        // Words beside an upright bracket read upwards.
        scene.text(Text {
            at: (
                middle.0 + beyond + LABEL_SIZE * text::CAP_HEIGHT / 2.0,
                middle.1,
            ),
            text: words.replace('\n', " "),
            size: LABEL_SIZE,
            bold: false,
            color: INK,
            anchor: Anchor::Middle,
            upright: true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::scene::Shape;
    use crate::draw::sketch::{Block, Bracket, Link, Words};

    #[test]
    fn diagrams_fill_their_panel() {
        let mut sketch = Sketch::new("d", (100.0, 50.0));
        sketch.push(Block::new((0.0, 0.0), (100.0, 50.0), "all"));
        sketch.push(Link::arrow([(0.0, 0.0), (100.0, 50.0)]));
        sketch.push(Words::new((50.0, 25.0), "x"));
        sketch.push(Bracket::new((0.0, 10.0), (50.0, 10.0), 5.0, "half"));
        let plot = Rect {
            x: 10.0,
            y: 10.0,
            width: 200.0,
            height: 100.0,
        };
        let mut scene = Scene::default();
        draw(&mut scene, &plot, &sketch);
        let reached = |goal: Point| {
            scene.shapes.iter().any(|shape| match shape {
                Shape::Path { points, .. } | Shape::Polygon { points, .. } => points
                    .iter()
                    .any(|p| (p.0 - goal.0).hypot(p.1 - goal.1) < 1e-6),
                _ => false,
            })
        };
        assert!(reached((210.0, 110.0)), "the arrow's point");
        assert!(reached((110.0, 40.0)), "the bracket's foot");
        assert!(reached((210.0, 14.0)), "the box's corner is round");
    }
}
