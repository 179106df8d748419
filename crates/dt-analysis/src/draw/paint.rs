//! From shapes to plotters' elements, the same for every backend.
//!
//! plotters counts in whole units; a unit is a twentieth of a CSS pixel, so that curves are
//! smooth.

use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color as _, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle,
};

use super::error::DrawError;
use super::palette::Color;
use super::scene::{Anchor, Point, Scene, Shape, Text};
use super::text;
use super::theme::FONT_FAMILY;

/// plotters' units in a CSS pixel.
pub(super) const UNITS: f64 = 20.0;

/// plotters writes a font's size divided by this.
const SVG_SIZE: f64 = 1.24;
/// plotters places text by its top, and puts the baseline so many ems below.
pub(super) const TOP_TO_BASELINE: f64 = 0.76;

/// Width and height in units.
pub(super) fn size(scene: &Scene) -> (u32, u32) {
    let units = |length: f64| (length * UNITS).round() as u32;
    (units(scene.width), units(scene.height))
}

/// Draws all shapes on a backend of plotters.
pub(super) fn paint<DB: DrawingBackend>(
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
