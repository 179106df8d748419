//! The cells of a view, as MiniGrid draws them but for print: white floor, grey walls, hatched
//! where nothing is seen.

use dt_env::{Object, Tile};

use super::objects::{object, print};
use super::{Spot, View};
use crate::draw::palette::{BLACK, Color, Dash, MISSING, ORANGE, VERMILION};
use crate::draw::pen::{self, Look, frame};
use crate::draw::scene::{Point, Rect, Scene, clip};
use crate::draw::theme::{ADDED, INK, PAPER, TICK_SIZE};

const WALL: Color = Color::new(0x92, 0x92, 0x92);
const UNSEEN: Color = Color::new(0xf1, 0xf1, 0xf1);
const HATCH: Color = Color::new(0xc9, 0xc9, 0xc9);
/// Lines between cells.
const SEAM: Color = Color::new(0xd8, 0xd8, 0xd8);
/// From one line of the hatch to the next.
const HATCH_STEP: f64 = 4.5;

/// The cell at a column and a row of a view that fills `plot`.
fn cell(plot: &Rect, side: usize, (x, y): (f64, f64)) -> Rect {
    let (width, height) = (plot.width / side as f64, plot.height / side as f64);
    Rect {
        x: plot.x + x * width,
        y: plot.y + y * height,
        width,
        height,
    }
}

/// A view that fills a square.
pub(super) fn draw(scene: &mut Scene, plot: &Rect, view: &View) {
    let side = view.side();
    let cells = || (0..side).flat_map(|x| (0..side).map(move |y| (x, y)));
    let rect = |(x, y): (usize, usize)| cell(plot, side, (x as f64, y as f64));
    for at in cells() {
        ground(
            scene,
            &rect(at),
            Tile::from_encoding(view.bytes(at.0, at.1)),
        );
    }
    for n in 1..side {
        let (x, y) = (rect((n, 0)).x, rect((0, n)).y);
        scene.segment((x, plot.y), (x, plot.bottom()), SEAM, 0.7);
        scene.segment((plot.x, y), (plot.right(), y), SEAM, 0.7);
    }
    for at in cells() {
        let spot = view.spot(at.0, at.1);
        let color = spot.filter(|spot| spot.added).map(|_| ADDED);
        match Tile::from_encoding(view.bytes(at.0, at.1)) {
            Some(tile) => object(scene, &rect(at), tile, color),
            None => pen::words(scene, rect(at).middle(), "?", Look::plain(TICK_SIZE)),
        }
    }
    viewer(scene, &rect((side / 2, side - 1)));
    if view.faded > 0.0 {
        for at in cells().filter(|&(x, y)| view.spot(x, y).is_none()) {
            scene.polygon(rect(at).corners(), PAPER, view.faded);
        }
    }
    frame(scene, plot);
    for spot in &view.spots {
        mark(scene, &rect(spot.cell), spot);
    }
    // Tags cover the frames of other spots.
    for spot in &view.spots {
        if let Some((words, (x, y))) = &spot.tag {
            let middle = cell(plot, side, (*x, *y)).middle();
            tag(scene, &rect(spot.cell), middle, words, spot.color);
        }
    }
}

/// What an object stands on.
fn ground(scene: &mut Scene, rect: &Rect, tile: Option<Tile>) {
    let color = match tile {
        None => MISSING,
        Some(tile) => match tile.object() {
            Object::Unseen => UNSEEN,
            Object::Wall => WALL,
            Object::Floor => print(tile).mix(PAPER, 0.7),
            Object::Goal => print(tile).mix(PAPER, 0.25),
            Object::Lava => ORANGE,
            _ => PAPER,
        },
    };
    scene.rect(*rect, color);
    if tile.is_some_and(|tile| tile.object() == Object::Unseen) {
        hatch(scene, rect);
    }
}

/// Lines that climb to the right; those of neighbours meet.
fn hatch(scene: &mut Scene, rect: &Rect) {
    let first = ((rect.x + rect.y) / HATCH_STEP).ceil() as i64;
    let last = ((rect.right() + rect.bottom()) / HATCH_STEP).floor() as i64;
    for n in first..=last {
        let sum = n as f64 * HATCH_STEP;
        let ends = [(sum - rect.bottom(), rect.bottom()), (sum - rect.y, rect.y)];
        for part in clip(&ends, rect) {
            scene.path(part, HATCH, 0.7, 1.0);
        }
    }
}

/// A triangle that looks up the picture.
fn viewer(scene: &mut Scene, rect: &Rect) {
    let triangle = |grown: f64| {
        let ends = [
            (0.5, 0.14 - grown * 2.0),
            (0.81 + grown * 1.4, 0.87 + grown),
            (0.19 - grown * 1.4, 0.87 + grown),
        ];
        let brush = |(x, y): Point| (rect.x + x * rect.width, rect.y + y * rect.height);
        ends.map(brush).to_vec()
    };
    let edge = (0.8 / rect.width).clamp(0.0, 0.05);
    scene.polygon(triangle(edge), VERMILION.mix(BLACK, 0.5), 1.0);
    scene.polygon(triangle(0.0), VERMILION, 1.0);
}

/// The frame of a cell that stands out, around its edge.
fn mark(scene: &mut Scene, rect: &Rect, spot: &Spot) {
    let outline = pen::rounded(&rect.grown(0.5), 2.0);
    // Paper on both sides of the line keeps it apart from walls and hatches.
    scene.path(outline.clone(), PAPER, 4.2, 1.0);
    let dash: &[f64] = if spot.added { &[3.6, 2.0] } else { &[] };
    scene.dashed(&outline, dash, spot.color, 2.0, 1.0);
}

/// Words on paper, and a line to their cell.
fn tag(scene: &mut Scene, cell: &Rect, middle: Point, words: &str, color: Color) {
    let look = Look::plain(TICK_SIZE);
    let area = pen::area(middle, words, look);
    let area = Rect {
        x: area.x - 4.0,
        y: area.y - 2.5,
        width: area.width + 8.0,
        height: area.height + 5.0,
    };
    let from = pen::exit(&cell.grown(1.5), middle);
    let to = pen::exit(&area, cell.middle());
    scene.segment(from, to, PAPER, 3.4);
    scene.segment(from, to, color, 1.4);
    pen::block(scene, &area, 3.0, (PAPER, color), Dash::Solid, 1.0);
    pen::words(scene, middle, words, Look { color: INK, ..look });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::scene::Shape;

    const PLOT: Rect = Rect {
        x: 10.0,
        y: 20.0,
        width: 90.0,
        height: 90.0,
    };

    /// A view of three by three cells with one tile at column 2, row 0.
    fn view(tile: [u8; 3]) -> View {
        let mut bytes = [1, 0, 0].repeat(9);
        bytes[2 * 9..][..3].copy_from_slice(&tile);
        View::new("v", bytes)
    }

    fn drawn(view: &View) -> Vec<Shape> {
        let mut scene = Scene::default();
        draw(&mut scene, &PLOT, view);
        scene.shapes
    }

    fn discs(shapes: &[Shape]) -> Vec<(Point, Color)> {
        let discs = shapes.iter().filter_map(|shape| match shape {
            Shape::Disc { centre, color, .. } => Some((*centre, *color)),
            _ => None,
        });
        discs.collect()
    }

    #[test]
    fn objects_lie_in_their_cells_in_their_colours() {
        let ball = discs(&drawn(&view([6, 1, 0])));
        assert_eq!(ball.len(), 2, "an edge and the ball");
        assert_eq!(ball[1], ((85.0, 35.0), Color::new(0, 204, 0)));
        let added = discs(&drawn(&view([6, 1, 0]).with(Spot::added((2, 0)))));
        assert_eq!(added[1].1, ADDED);
    }

    #[test]
    fn every_tile_is_drawn_apart() {
        let mut looks: Vec<Vec<Shape>> = Vec::new();
        for object in 0..10 {
            let states = if object == 4 { 3 } else { 1 };
            for state in 0..states {
                looks.push(drawn(&view([object, 2, state])));
            }
        }
        looks.push(drawn(&view([99, 0, 0])));
        for (n, a) in looks.iter().enumerate() {
            for b in &looks[..n] {
                assert_ne!(a, b);
            }
        }
    }

    #[test]
    fn unseen_cells_are_hatched_within_their_edges() {
        let shapes = drawn(&view([0, 0, 0]));
        let lines = shapes.iter().filter_map(|shape| match shape {
            Shape::Path { points, color, .. } if *color == HATCH => Some(points),
            _ => None,
        });
        let mut count = 0;
        for (x, y) in lines.flatten() {
            count += 1;
            assert!((69.999..=100.001).contains(x) && (19.999..=50.001).contains(y));
        }
        assert!(count > 10, "{count}");
    }

    #[test]
    fn tags_are_tied_to_their_cells() {
        let spot = Spot::framed((2, 0), ADDED).tagged("here", (0.0, 2.0));
        let shapes = drawn(&view([5, 1, 0]).with(spot));
        let leader = shapes.iter().find_map(|shape| match shape {
            Shape::Path { points, color, .. } if *color == ADDED && points.len() == 2 => {
                Some(points)
            }
            _ => None,
        });
        let [from, to] = leader.unwrap()[..] else {
            panic!("a segment")
        };
        assert!(from.0 < 70.0 && from.1 > 50.0, "{from:?}");
        assert!(to.0 > 25.0 && to.1 < 95.0, "{to:?}");
        let faded = drawn(&view([5, 1, 0]).faded(0.5));
        let veils = faded
            .iter()
            .filter(|s| matches!(s, Shape::Polygon { opacity, .. } if *opacity == 0.5));
        assert_eq!(veils.count(), 9);
    }
}
