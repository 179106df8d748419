//! Pictures of what lies in a cell: one for each object of the tile alphabet, whichever world it
//! is of.

use dt_env::{DoorState, Object, Tile};

use crate::draw::palette::{BLACK, Color};
use crate::draw::scene::{Point, Rect, Scene};
use crate::draw::theme::PAPER;

/// A tile's colour, a little darker than on a screen.
pub(super) fn print(tile: Tile) -> Color {
    let [r, g, b] = tile.color().rgb();
    Color::new(r, g, b).mix(BLACK, 0.2)
}

/// Shapes within a cell of side 1.
struct Brush<'a> {
    scene: &'a mut Scene,
    cell: Rect,
}

impl Brush<'_> {
    fn point(&self, (x, y): Point) -> Point {
        (
            self.cell.x + x * self.cell.width,
            self.cell.y + y * self.cell.height,
        )
    }

    /// Left, right, top, bottom.
    fn bar(&mut self, [x0, x1, y0, y1]: [f64; 4], color: Color) {
        let ((left, top), (right, bottom)) = (self.point((x0, y0)), self.point((x1, y1)));
        let rect = Rect {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        };
        self.scene.rect(rect, color);
    }

    fn disc(&mut self, centre: Point, radius: f64, color: Color) {
        let centre = self.point(centre);
        self.scene.disc(centre, radius * self.cell.width, color);
    }
}

/// What lies in a cell, with a dark edge that tells light colours from paper.
pub(super) fn object(scene: &mut Scene, rect: &Rect, tile: Tile, other_color: Option<Color>) {
    let color = other_color.unwrap_or_else(|| print(tile));
    let edge = color.mix(BLACK, 0.5);
    // The edge's share of the cell.
    let e = (0.8 / rect.width).clamp(0.0, 0.05);
    let mut brush = Brush { scene, cell: *rect };
    match tile.object() {
        Object::Key => {
            let bars = [
                [0.50, 0.63, 0.31, 0.88],
                [0.38, 0.51, 0.59, 0.66],
                [0.38, 0.51, 0.81, 0.88],
            ];
            for [x0, x1, y0, y1] in bars {
                brush.bar([x0 - e, x1 + e, y0 - e, y1 + e], edge);
            }
            brush.disc((0.56, 0.28), 0.19 + e, edge);
            for bar in bars {
                brush.bar(bar, color);
            }
            brush.disc((0.56, 0.28), 0.19, color);
            brush.disc((0.56, 0.28), 0.075 + e, edge);
            brush.disc((0.56, 0.28), 0.075, PAPER);
        }
        Object::Ball => {
            brush.disc((0.5, 0.5), 0.31 + e, edge);
            brush.disc((0.5, 0.5), 0.31, color);
        }
        Object::Box => {
            brush.bar([0.12 - e, 0.88 + e, 0.12 - e, 0.88 + e], edge);
            brush.bar([0.12, 0.88, 0.12, 0.88], color);
            brush.bar([0.21, 0.79, 0.21, 0.79], PAPER);
            brush.bar([0.21, 0.79, 0.46, 0.54], color);
        }
        Object::Door => door(&mut brush, tile.state(), (color, edge)),
        Object::Lava => waves(&mut brush),
        _ => {}
    }
}

fn door(brush: &mut Brush<'_>, state: u8, (color, edge): (Color, Color)) {
    if state == DoorState::Open as u8 {
        brush.bar([0.86, 1.0, 0.0, 1.0], edge);
        brush.bar([0.90, 0.97, 0.04, 0.96], color);
        return;
    }
    let locked = state == DoorState::Locked as u8;
    brush.bar([0.0, 1.0, 0.0, 1.0], edge);
    brush.bar([0.05, 0.95, 0.05, 0.95], color);
    let pane = if locked { color.mix(BLACK, 0.3) } else { PAPER };
    brush.bar([0.14, 0.86, 0.14, 0.86], pane);
    if locked {
        brush.bar([0.52, 0.76, 0.48, 0.57], color);
    } else {
        brush.disc((0.73, 0.5), 0.08, color);
    }
}

/// Lava's three zigzags.
fn waves(brush: &mut Brush<'_>) {
    for wave in 0..3 {
        let low = 0.3 + 0.2 * f64::from(wave);
        let zigzag = (0..5).map(|n| (0.1 + 0.2 * f64::from(n), low + 0.1 * f64::from(n % 2)));
        let path = zigzag.map(|p| brush.point(p)).collect();
        brush.scene.path(path, BLACK, 1.0, 1.0);
    }
}
