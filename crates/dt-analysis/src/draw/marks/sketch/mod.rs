//! Diagrams: boxes, arrows and words at free places, without axes.

mod parts;

pub use parts::{Block, Bracket, Link, Words};

use super::Drawn;
use super::view::View;
use crate::draw::panel::Panel;
use crate::draw::pen::{self, Look};
use crate::draw::place::Place;
use crate::draw::scene::{Point, Rect, Scene};
use crate::draw::table::{Cells, Rows, number};
use crate::draw::theme::LABEL_SIZE;

/// A diagram. Its units are CSS pixels where it is as wide as its panel, and grow and shrink with
/// it; sizes of text and lines stay.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// Name in the table.
    pub series: String,
    /// Width and height; places count from the top left corner, downwards.
    pub size: (f64, f64),
    /// Drawn in order.
    pub parts: Vec<Part>,
}

/// A part of a diagram.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A rounded box with words in its middle.
    Block(Block),
    /// A line, with a head where it is an arrow.
    Link(Link),
    /// Words.
    Words(Words),
    /// A bracket along a stretch, with words.
    Bracket(Bracket),
    /// What is seen of a world, at a corner and with the length of its sides.
    View(View, (f64, f64), f64),
}

impl Sketch {
    /// An empty diagram.
    pub fn new(series: impl Into<String>, size: (f64, f64)) -> Self {
        Self {
            series: series.into(),
            size,
            parts: Vec::new(),
        }
    }

    /// Adds a part on top.
    pub fn push(&mut self, part: impl Into<Part>) {
        self.parts.push(part.into());
    }
}

impl Part {
    /// Its row in the table: what it is, where, and its words.
    fn row(&self) -> (&'static str, (f64, f64), &str) {
        match self {
            Self::Block(block) => {
                let ((x, y), (width, height)) = (block.corner, block.size);
                ("block", (x + width / 2.0, y + height / 2.0), &block.words)
            }
            Self::Link(link) => {
                let kind = if link.head { "arrow" } else { "line" };
                (kind, link.path.last().copied().unwrap_or_default(), "")
            }
            Self::Words(words) => ("words", words.at, &words.text),
            Self::Bracket(bracket) => {
                let ((ax, ay), (bx, by)) = (bracket.from, bracket.to);
                let middle = (f64::midpoint(ax, bx), f64::midpoint(ay, by));
                ("bracket", middle, &bracket.words)
            }
            Self::View(view, corner, _) => ("view", *corner, &view.series),
        }
    }
}

impl Drawn for Sketch {
    fn size(&self) -> Option<(f64, f64)> {
        Some(self.size)
    }

    fn draw(&self, scene: &mut Scene, _: &Panel, place: &Place) {
        draw_parts(scene, &place.plot, self);
    }

    fn rows(&self, rows: &mut Rows<'_>) {
        for part in &self.parts {
            if let Part::View(view, ..) = part {
                view.push_rows(rows);
                continue;
            }
            let (kind, (x, y), words) = part.row();
            let cells = Cells {
                x: number(x),
                y: number(y),
                name: words.replace('\n', " "),
                ..Cells::default()
            };
            rows.push(kind, &self.series, cells);
        }
    }
}

fn draw_parts(scene: &mut Scene, plot: &Rect, sketch: &Sketch) {
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
            Part::Bracket(bracket) => pen::bracket(
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
                view.draw_in(scene, &plot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::scene::Shape;

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
        draw_parts(&mut scene, &plot, &sketch);
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
