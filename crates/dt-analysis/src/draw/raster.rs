//! A plotters backend that draws pixels with exact coverage.
//!
//! plotters' own bitmap backend works in whole pixels, loses the side bearings of letters and
//! leaves holes where thick lines turn; this one measures how much of each pixel a shape covers.

use std::convert::Infallible;

use ab_glyph::{Font, ScaleFont, point};
use ab_glyph_rasterizer::{Point as Corner, Rasterizer};
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform,
};

use super::paint::TOP_TO_BASELINE;
use super::text;

/// A picture in memory.
pub(super) struct Pixels {
    pub width: usize,
    pub height: usize,
    /// Three bytes for each pixel, row by row.
    pub rgb: Vec<u8>,
}

/// Draws on a picture in units of `scale` pixels.
pub(super) struct Raster<'a> {
    units: (u32, u32),
    scale: f64,
    pixels: &'a mut Pixels,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;
type Position = (f64, f64);

impl Pixels {
    /// A white picture.
    pub fn new(units: (u32, u32), scale: f64) -> Self {
        let pixels = |length: u32| (f64::from(length) * scale).round().max(1.0) as usize;
        let (width, height) = (pixels(units.0), pixels(units.1));
        Self {
            width,
            height,
            rgb: vec![255; width * height * 3],
        }
    }

    fn blend(&mut self, x: i64, y: i64, color: BackendColor, coverage: f64) {
        let inside = |v: i64, limit: usize| usize::try_from(v).ok().filter(|&v| v < limit);
        let (Some(x), Some(y)) = (inside(x, self.width), inside(y, self.height)) else {
            return;
        };
        let alpha = coverage.clamp(0.0, 1.0) * color.alpha;
        let (r, g, b) = color.rgb;
        let pixel = &mut self.rgb[(y * self.width + x) * 3..][..3];
        for (old, new) in pixel.iter_mut().zip([r, g, b]) {
            let mixed = f64::from(*old) + (f64::from(new) - f64::from(*old)) * alpha;
            *old = mixed.round() as u8;
        }
    }
}

impl<'a> Raster<'a> {
    pub fn new(units: (u32, u32), scale: f64, pixels: &'a mut Pixels) -> Self {
        Self {
            units,
            scale,
            pixels,
        }
    }

    fn position(&self, (x, y): BackendCoord) -> Position {
        (f64::from(x) * self.scale, f64::from(y) * self.scale)
    }

    fn positions(&self, points: impl IntoIterator<Item = BackendCoord>) -> Vec<Position> {
        points.into_iter().map(|p| self.position(p)).collect()
    }

    /// Fills the union of polygons that all turn the same way.
    fn fill(&mut self, polygons: &[Vec<Position>], color: BackendColor) {
        let corners = || polygons.iter().flatten();
        let low = corners().fold((f64::MAX, f64::MAX), |m, p| (m.0.min(p.0), m.1.min(p.1)));
        let high = corners().fold((f64::MIN, f64::MIN), |m, p| (m.0.max(p.0), m.1.max(p.1)));
        // Shapes are clipped to their panel, so none is much larger than the picture.
        let (left, top) = (low.0.floor().max(-1e4), low.1.floor().max(-1e4));
        let width = (high.0.ceil().min(2e4) - left + 1.0).max(0.0) as usize;
        let height = (high.1.ceil().min(2e4) - top + 1.0).max(0.0) as usize;
        if polygons.is_empty() || width * height > 1 << 28 {
            return;
        }
        let mut mask = Rasterizer::new(width, height);
        let corner = |p: &Position| Corner {
            x: (p.0 - left) as f32,
            y: (p.1 - top) as f32,
        };
        for polygon in polygons {
            for (n, from) in polygon.iter().enumerate() {
                let to = &polygon[(n + 1) % polygon.len()];
                mask.draw_line(corner(from), corner(to));
            }
        }
        mask.for_each_pixel_2d(|x, y, coverage| {
            if coverage > 0.002 {
                self.pixels.blend(
                    left as i64 + i64::from(x),
                    top as i64 + i64::from(y),
                    color,
                    f64::from(coverage),
                );
            }
        });
    }
}

/// The same polygon, turning clockwise on the screen.
fn turned(mut polygon: Vec<Position>) -> Vec<Position> {
    let twice_area: f64 = (0..polygon.len())
        .map(|n| {
            let (a, b) = (polygon[n], polygon[(n + 1) % polygon.len()]);
            a.0 * b.1 - b.0 * a.1
        })
        .sum();
    if twice_area < 0.0 {
        polygon.reverse();
    }
    polygon
}

/// Polygons that a stroke of a path covers: a box along each segment, a fan at each turn.
fn stroke(points: &[Position], width: f64) -> Vec<Vec<Position>> {
    let mut path: Vec<Position> = points.to_vec();
    path.dedup();
    let half = width / 2.0;
    let normals: Vec<Position> = path
        .windows(2)
        .map(|pair| {
            let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            let length = dx.hypot(dy);
            (-dy / length * half, dx / length * half)
        })
        .collect();
    let mut polygons = Vec::new();
    for (n, pair) in path.windows(2).enumerate() {
        let ((ax, ay), (bx, by), (nx, ny)) = (pair[0], pair[1], normals[n]);
        polygons.push(turned(vec![
            (ax + nx, ay + ny),
            (bx + nx, by + ny),
            (bx - nx, by - ny),
            (ax - nx, ay - ny),
        ]));
        if let Some(&(mx, my)) = normals.get(n + 1) {
            let turn = nx * my - ny * mx;
            let side = if turn > 0.0 { -1.0 } else { 1.0 };
            let (from, to) = ((ny * side).atan2(nx * side), (my * side).atan2(mx * side));
            let mut sweep = to - from;
            if sweep.abs() > std::f64::consts::PI {
                sweep -= std::f64::consts::TAU * sweep.signum();
            }
            let steps = 1 + (sweep.abs() * 3.0) as usize;
            let mut fan = vec![(bx, by)];
            fan.extend((0..=steps).map(|k| {
                let angle = from + sweep * k as f64 / steps as f64;
                (bx + half * angle.cos(), by + half * angle.sin())
            }));
            polygons.push(turned(fan));
        }
    }
    polygons
}

impl DrawingBackend for Raster<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.units
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        let (x, y) = self.position(point);
        self.pixels.blend(x as i64, y as i64, color, 1.0);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let width = f64::from(style.stroke_width()) * self.scale;
        let polygons = stroke(&self.positions(path), width);
        self.fill(&polygons, style.color());
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let ((x0, y0), (x1, y1)) = (upper_left, bottom_right);
        let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)];
        if fill {
            self.fill_polygon(corners, style)
        } else {
            self.draw_path(corners.into_iter().chain([(x0, y0)]), style)
        }
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let ((x, y), radius) = (self.position(center), f64::from(radius) * self.scale);
        let around: Vec<Position> = (0..=48)
            .map(|n| {
                let angle = std::f64::consts::TAU * f64::from(n % 48) / 48.0;
                (x + radius * angle.cos(), y + radius * angle.sin())
            })
            .collect();
        if fill {
            self.fill(&[turned(around)], style.color());
        } else {
            let width = f64::from(style.stroke_width()) * self.scale;
            self.fill(&stroke(&around, width), style.color());
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Drawn {
        let polygon = turned(self.positions(vert));
        self.fill(&[polygon], style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        pos: BackendCoord,
    ) -> Drawn {
        let bold = matches!(style.style(), FontStyle::Bold);
        // plotters' sizes, as its SVG backend reads them.
        let size = style.size() / 1.24 * self.scale;
        let font = text::font(size, bold);
        let (x, y) = self.position(pos);
        let width = text::width(text, size, bold);
        let mut along = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        };
        let baseline = TOP_TO_BASELINE * size;
        let upright = matches!(style.transform(), FontTransform::Rotate270);
        // Where the text begins, in its own frame, to the fraction of a pixel.
        let (start, height) = if upright { (-y, x) } else { (x, y) };
        for c in text.chars() {
            let mut glyph = font.scaled_glyph(c);
            let advance = f64::from(font.h_advance(glyph.id));
            glyph.position = point((start + along) as f32, (height + baseline) as f32);
            along += advance;
            let Some(outline) = font.font().outline_glyph(glyph) else {
                continue;
            };
            let corner = outline.px_bounds().min;
            let (left, top) = (corner.x as i64, corner.y as i64);
            outline.draw(|gx, gy, coverage| {
                let (gx, gy) = (left + i64::from(gx), top + i64::from(gy));
                let (px, py) = if upright { (gy, -gx - 1) } else { (gx, gy) };
                self.pixels
                    .blend(px, py, style.color(), f64::from(coverage));
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: BackendColor = BackendColor {
        alpha: 1.0,
        rgb: (0, 0, 0),
    };

    struct Pen(u32);

    impl BackendStyle for Pen {
        fn color(&self) -> BackendColor {
            BLACK
        }

        fn stroke_width(&self) -> u32 {
            self.0
        }
    }

    /// A picture after some drawing, 100 by 100 pixels of ten units.
    fn drawn(draw: impl FnOnce(&mut Raster<'_>) -> Drawn) -> Pixels {
        let units = (1000, 1000);
        let mut pixels = Pixels::new(units, 0.1);
        draw(&mut Raster::new(units, 0.1, &mut pixels)).unwrap();
        pixels
    }

    /// Blackness of the whole picture, in pixels.
    fn ink(pixels: &Pixels) -> f64 {
        let red = pixels.rgb.iter().step_by(3);
        red.map(|&v| 1.0 - f64::from(v) / 255.0).sum()
    }

    #[test]
    fn shapes_cover_their_area() {
        let box_ink = ink(&drawn(|r| {
            r.draw_rect((105, 105), (255, 305), &BLACK, true)
        }));
        assert!((box_ink - 15.0 * 20.0).abs() < 1.0, "{box_ink}");
        let disc_ink = ink(&drawn(|r| r.draw_circle((500, 500), 200, &BLACK, true)));
        assert!((disc_ink - 1256.6).abs() < 6.0, "{disc_ink}");
    }

    #[test]
    fn a_turning_stroke_has_no_holes_and_no_beads() {
        // Many short pieces of one straight line are as dark as one piece.
        let pieces: Vec<(i32, i32)> = (0..=80).map(|n| (100 + 10 * n, 500)).collect();
        let straight = ink(&drawn(|r| r.draw_path(pieces, &Pen(25))));
        assert!((straight - 80.0 * 2.5).abs() < 2.0, "{straight}");
        let sharp = [(100, 100), (500, 900), (520, 100)];
        let pixels = drawn(|r| r.draw_path(sharp, &Pen(40)));
        assert_eq!(pixels.rgb[(88 * 100 + 50) * 3], 0, "the turn is filled");
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let pixels = drawn(|r| r.draw_path([(-500, 50), (1500, 50)], &Pen(20)));
        assert!((ink(&pixels) - 200.0).abs() < 0.1);
    }
}
