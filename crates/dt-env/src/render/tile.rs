//! The picture of one cell.

use std::collections::HashMap;

use super::shape::Shape;
use crate::core::action::Direction;
use crate::core::tile::{Color, DoorState, Object, Tile};

/// Subpixels per pixel and axis.
const SUBPIXELS: usize = 3;
const BLACK: [u8; 3] = [0; 3];
/// Share of white in a highlighted cell.
const HIGHLIGHT: f64 = 0.30;

/// What decides how a cell looks. A box's contents do not, hence the encoding.
type Look = ([u8; 3], Option<Direction>, bool);

/// Draws cells, each distinct one once.
#[derive(Clone, Debug)]
pub(super) struct TileCache {
    side: usize,
    /// Looked up, never walked: its order reaches no output.
    tiles: HashMap<Look, Box<[u8]>>,
}

impl TileCache {
    pub(super) fn new(side: usize) -> Self {
        Self {
            side,
            tiles: HashMap::new(),
        }
    }

    pub(super) fn side(&self) -> usize {
        self.side
    }

    /// RGB bytes of a cell, row by row, with the agent on it if a heading is given.
    pub(super) fn tile(&mut self, tile: Tile, agent: Option<Direction>, seen: bool) -> &[u8] {
        let side = self.side;
        self.tiles
            .entry((tile.encode(), agent, seen))
            .or_insert_with(|| draw(tile, agent, seen, side))
    }
}

/// MiniGrid's `Grid.render_tile`.
fn draw(tile: Tile, agent: Option<Direction>, seen: bool, side: usize) -> Box<[u8]> {
    let mut canvas = Canvas::new(side * SUBPIXELS);
    let line = Color::Grey.rgb();
    canvas.fill(&Shape::Rect([0.0, 0.031, 0.0, 1.0]), line);
    canvas.fill(&Shape::Rect([0.0, 1.0, 0.0, 0.031]), line);
    draw_object(&mut canvas, tile);
    if let Some(direction) = agent {
        canvas.fill(&Shape::Agent(direction as u8), Color::Red.rgb());
    }
    if seen {
        canvas.highlight();
    }
    canvas.downsample()
}

fn draw_object(canvas: &mut Canvas, tile: Tile) {
    let color = tile.color().rgb();
    let mut rect = |sides: [f64; 4], color| canvas.fill(&Shape::Rect(sides), color);
    let whole = [0.0, 1.0, 0.0, 1.0];
    match tile.object() {
        Object::Unseen | Object::Empty | Object::Agent => {}
        Object::Wall | Object::Goal => rect(whole, color),
        Object::Floor => rect([0.031, 1.0, 0.031, 1.0], color.map(|c| c / 2)),
        Object::Lava => {
            rect(whole, [255, 128, 0]);
            draw_waves(canvas);
        }
        Object::Door if tile.state() == DoorState::Open as u8 => {
            rect([0.88, 1.0, 0.0, 1.0], color);
            rect([0.92, 0.96, 0.04, 0.96], BLACK);
        }
        Object::Door if tile.state() == DoorState::Locked as u8 => {
            rect(whole, color);
            rect(
                [0.06, 0.94, 0.06, 0.94],
                color.map(|c| (0.45 * f64::from(c)) as u8),
            );
            rect([0.52, 0.75, 0.50, 0.56], color);
        }
        Object::Door => {
            rect(whole, color);
            rect([0.04, 0.96, 0.04, 0.96], BLACK);
            rect([0.08, 0.92, 0.08, 0.92], color);
            rect([0.12, 0.88, 0.12, 0.88], BLACK);
            canvas.fill(&Shape::Circle(0.75, 0.50, 0.08), color);
        }
        Object::Key => {
            rect([0.50, 0.63, 0.31, 0.88], color);
            rect([0.38, 0.50, 0.59, 0.66], color);
            rect([0.38, 0.50, 0.81, 0.88], color);
            canvas.fill(&Shape::Circle(0.56, 0.28, 0.190), color);
            canvas.fill(&Shape::Circle(0.56, 0.28, 0.064), BLACK);
        }
        Object::Ball => canvas.fill(&Shape::Circle(0.5, 0.5, 0.31), color),
        Object::Box => {
            rect([0.12, 0.88, 0.12, 0.88], color);
            rect([0.18, 0.82, 0.18, 0.82], BLACK);
            rect([0.16, 0.84, 0.47, 0.53], color);
        }
    }
}

/// Lava's three zigzags.
fn draw_waves(canvas: &mut Canvas) {
    for wave in 0..3 {
        let low = 0.3 + 0.2 * f64::from(wave);
        let high = 0.4 + 0.2 * f64::from(wave);
        let points = [(0.1, low), (0.3, high), (0.5, low), (0.7, high), (0.9, low)];
        for ends in points.windows(2) {
            let line = Shape::Line {
                from: ends[0],
                to: ends[1],
                radius: 0.03,
            };
            canvas.fill(&line, BLACK);
        }
    }
}

/// A cell at subpixel resolution.
struct Canvas {
    side: usize,
    subpixels: Vec<[u8; 3]>,
}

impl Canvas {
    fn new(side: usize) -> Self {
        Self {
            side,
            subpixels: vec![BLACK; side * side],
        }
    }

    fn fill(&mut self, shape: &Shape, color: [u8; 3]) {
        let centre = |n: usize| (n as f64 + 0.5) / self.side as f64;
        for (y, row) in self.subpixels.chunks_exact_mut(self.side).enumerate() {
            for (x, subpixel) in row.iter_mut().enumerate() {
                if shape.contains(centre(x), centre(y)) {
                    *subpixel = color;
                }
            }
        }
    }

    /// Blends towards white; fractions are cut off, before the downsampling, as MiniGrid does it.
    fn highlight(&mut self) {
        for channel in self.subpixels.as_flattened_mut() {
            let value = f64::from(*channel);
            *channel = (value + HIGHLIGHT * (255.0 - value)) as u8;
        }
    }

    /// Mean of each pixel's subpixels: first along x, then along y, fractions cut off at the end.
    fn downsample(&self) -> Box<[u8]> {
        let side = self.side / SUBPIXELS;
        let count = SUBPIXELS as f64;
        let mut out = Vec::with_capacity(side * side * 3);
        for y in 0..side {
            for x in 0..side {
                for channel in 0..3 {
                    let row_mean = |dy: usize| {
                        let start = (y * SUBPIXELS + dy) * self.side + x * SUBPIXELS;
                        let row = &self.subpixels[start..start + SUBPIXELS];
                        row.iter().map(|p| f64::from(p[channel])).sum::<f64>() / count
                    };
                    let mean = (0..SUBPIXELS).map(row_mean).sum::<f64>() / count;
                    out.push(mean as u8);
                }
            }
        }
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_is_flat_and_a_highlight_lightens_it() {
        let mut cache = TileCache::new(8);
        assert!(
            cache
                .tile(Tile::WALL, None, false)
                .iter()
                .all(|&c| c == 100)
        );
        assert!(cache.tile(Tile::WALL, None, true).iter().all(|&c| c == 146));
    }

    #[test]
    fn a_box_looks_the_same_whatever_it_holds() {
        let chest = Tile::new(Object::Box, Color::Blue, 0);
        let key = Tile::new(Object::Key, Color::Red, 0);
        let mut cache = TileCache::new(8);
        let empty = cache.tile(chest, None, false).to_vec();
        assert_eq!(
            cache.tile(chest.with_contents(Some(key)), None, false),
            empty
        );
        assert_eq!(cache.tiles.len(), 1, "drawn once");
    }
}
