//! From shapes to pixels, and to PNG.

use plotters::drawing::IntoDrawingArea;

use super::error::DrawError;
use super::paint::{UNITS, paint, size};
use super::pen;
use super::raster::{Pixels, Raster};
use super::scene::Scene;
use super::theme::PNG_SCALE;

/// Highest picture, in CSS pixels; a record with thousands of panels must not fill the memory.
const MAX_HEIGHT: f64 = 10_000.0;

/// The picture as PNG, [`PNG_SCALE`] pixels for each CSS pixel.
pub(super) fn to_png(scene: &Scene) -> Result<Vec<u8>, DrawError> {
    if scene.height > MAX_HEIGHT {
        let height = scene.height;
        let message = format!("would be {height} pixels high, more than {MAX_HEIGHT}");
        return Err(DrawError::new(&message));
    }
    let (size, scale) = (size(scene), PNG_SCALE / UNITS);
    let mut pixels = Pixels::new(size, scale);
    {
        let area = Raster::new(size, scale, &mut pixels).into_drawing_area();
        paint(scene, &area)?;
        area.present().map_err(|e| DrawError::new(&e))?;
    }
    encode(&pixels)
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
    pixels.rgb
}

/// As a PNG file.
fn encode(pixels: &Pixels) -> Result<Vec<u8>, DrawError> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, pixels.width as u32, pixels.height as u32);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_compression(::png::Compression::High);
    let density = (96.0 * PNG_SCALE / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(::png::PixelDimensions {
        xppu: density,
        yppu: density,
        unit: ::png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(|e| DrawError::new(&e))?;
    writer
        .write_image_data(&pixels.rgb)
        .map_err(|e| DrawError::new(&e))?;
    writer.finish().map_err(|e| DrawError::new(&e))?;
    Ok(bytes)
}
