//! From shapes to SVG and to pixels, both through plotters.
//!
//! plotters counts in whole units; a unit is a twentieth of a CSS pixel, so that curves are
//! smooth. The one drawing routine serves its SVG backend and our [`raster`](super::raster).

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color as _, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle,
};

use super::palette::Color;
use super::pen;
use super::raster::{Pixels, Raster};
use super::scene::{Anchor, Point, Scene, Shape, Text};
use super::text;
use super::theme::{FONT_FAMILY, PNG_SCALE};

/// plotters' units in a CSS pixel.
pub(super) const UNITS: f64 = 20.0;

/// Highest picture, in CSS pixels; a record with thousands of panels must not fill the memory.
const MAX_HEIGHT: f64 = 10_000.0;

/// plotters writes a font's size divided by this.
const SVG_SIZE: f64 = 1.24;
/// plotters places text by its top, and puts the baseline so many ems below.
pub(super) const TOP_TO_BASELINE: f64 = 0.76;

/// A picture could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("drawing: {0}")]
pub struct DrawError(String);

impl DrawError {
    pub(super) fn new(cause: &impl ToString) -> Self {
        Self(cause.to_string())
    }
}

fn size(scene: &Scene) -> (u32, u32) {
    let units = |length: f64| (length * UNITS).round() as u32;
    (units(scene.width), units(scene.height))
}

/// The picture as SVG. `title` and `description` are for readers who do not see it.
pub(super) fn to_svg(scene: &Scene, title: &str, description: &str) -> Result<String, DrawError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size(scene)).into_drawing_area();
        paint(scene, &area)?;
        area.present().map_err(|e| DrawError::new(&e))?;
    }
    let body = svg.split_once('\n').map_or("", |(_, body)| body);
    let (width, height) = size(scene);
    // plotters' first line, with sizes in CSS pixels and words for screen readers.
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {width} {height}\" stroke-linejoin=\"round\">\n\
         <title>{}</title>\n<desc>{}</desc>\n{}",
        scene.width,
        scene.height,
        escape(title),
        escape(description),
        on_one_line(body)
    ))
}

/// plotters puts line ends around the words of a text, which some readers show as spaces, and
/// writes defaults, a third of a heat map's size.
fn on_one_line(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut in_text = false;
    for line in body.lines() {
        in_text = (in_text || line.starts_with("<text")) && line != "</text>";
        if line.starts_with('<') {
            let line = line.replace(" opacity=\"1\"", "");
            out.push_str(&line.replace(" stroke=\"none\"", ""));
        } else {
            out.push_str(line);
        }
        if !in_text {
            out.push('\n');
        }
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The picture as PNG, [`PNG_SCALE`] pixels for each CSS pixel.
pub(super) fn to_png(scene: &Scene) -> Result<Vec<u8>, DrawError> {
    if scene.height > MAX_HEIGHT {
        let height = scene.height;
        return Err(DrawError(format!(
            "would be {height} pixels high, more than {MAX_HEIGHT}"
        )));
    }
    let (size, scale) = (size(scene), PNG_SCALE / UNITS);
    let mut pixels = Pixels::new(size, scale);
    {
        let area = Raster::new(size, scale, &mut pixels).into_drawing_area();
        paint(scene, &area)?;
        area.present().map_err(|e| DrawError::new(&e))?;
    }
    pixels.to_png()
}

/// White pixels with words, three bytes each: the place of a text's middle, its words, and
/// whether they are bold.
pub(crate) fn lettering(
    (width, height): (usize, usize),
    size: f64,
    texts: &[((f64, f64), &str, bool)],
) -> Vec<u8> {
    let mut scene = Scene {
        width: width as f64,
        height: height as f64,
        ..Scene::default()
    };
    for &(at, words, bold) in texts {
        let look = pen::Look {
            bold,
            ..pen::Look::plain(size)
        };
        pen::words(&mut scene, at, words, look);
    }
    let units = self::size(&scene);
    let mut pixels = Pixels::new(units, 1.0 / UNITS);
    let area = Raster::new(units, 1.0 / UNITS, &mut pixels).into_drawing_area();
    paint(&scene, &area).expect("pixels in memory take every shape");
    drop(area);
    pixels.into_rgb()
}

fn paint<DB: DrawingBackend>(
    scene: &Scene,
    area: &DrawingArea<DB, Shift>,
) -> Result<(), DrawError> {
    text::register();
    area.fill(&RGBColor(255, 255, 255))
        .map_err(|e| DrawError::new(&e))?;
    for shape in &scene.shapes {
        match shape {
            Shape::Path {
                points,
                color,
                width,
                opacity,
            } => {
                let style = ShapeStyle {
                    color: rgb(*color).mix(*opacity),
                    filled: false,
                    stroke_width: (width * UNITS).round() as u32,
                };
                area.draw(&PathElement::new(all_units(points), style))
            }
            Shape::Polygon {
                points,
                color,
                opacity,
            } => area.draw(&Polygon::new(
                all_units(points),
                rgb(*color).mix(*opacity).filled(),
            )),
            Shape::Rect { rect, color } => area.draw(&Rectangle::new(
                [
                    units((rect.x, rect.y)),
                    units((rect.right(), rect.bottom())),
                ],
                rgb(*color).filled(),
            )),
            Shape::Disc {
                centre,
                radius,
                color,
                opacity,
            } => area.draw(&Circle::new(
                units(*centre),
                (radius * UNITS).round() as i32,
                rgb(*color).mix(*opacity).filled(),
            )),
            Shape::Text(text) => draw_text(text, area),
        }
        .map_err(|e| DrawError::new(&e))?;
    }
    Ok(())
}

fn draw_text<DB: DrawingBackend>(
    text: &Text,
    area: &DrawingArea<DB, Shift>,
) -> Result<(), plotters::drawing::DrawingAreaErrorKind<DB::ErrorType>> {
    let em = text.size * UNITS;
    let style = if text.bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    let mut font = FontDesc::new(FontFamily::Name(FONT_FAMILY), em * SVG_SIZE, style);
    let rise = TOP_TO_BASELINE * text.size;
    let (mut x, mut y) = text.at;
    if text.upright {
        font = font.transform(FontTransform::Rotate270);
        x -= rise;
    } else {
        y -= rise;
    }
    let h_pos = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let style = TextStyle {
        pos: Pos::new(h_pos, VPos::Top),
        ..font.color(&rgb(text.color))
    };
    area.draw_text(&text.text, &style, units((x, y)))
}

fn rgb(color: Color) -> RGBColor {
    RGBColor(color.r, color.g, color.b)
}

fn units((x, y): Point) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn all_units(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().map(|&p| units(p)).collect()
}
