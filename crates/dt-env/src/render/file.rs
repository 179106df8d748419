//! Pictures as PNG and GIF files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use super::{Picture, RenderError};
use crate::shared::files;

/// How long the last frame of an animation stays, in turns of the others.
const LAST_FRAME_TURNS: u16 = 4;

/// The picture as a PNG file.
///
/// # Errors
/// If the encoder refuses the size.
pub fn encode_png(picture: &Picture) -> Result<Vec<u8>, RenderError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, picture.width as u32, picture.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&picture.rgb)?;
    writer.finish()?;
    Ok(out)
}

/// The pictures as an animated GIF that repeats, each shown for `delay_ms` (10 ms steps) and the
/// last one longer.
///
/// Colours are exact as long as a picture has 256 of them or fewer, as pictures of worlds have.
///
/// # Errors
/// [`RenderError::Frames`] if there is none or their sizes differ.
pub fn encode_gif(pictures: &[Picture], delay_ms: u16) -> Result<Vec<u8>, RenderError> {
    let delay = (delay_ms / 10).max(2);
    let mut delays = vec![delay; pictures.len()];
    if let Some(last) = delays.last_mut() {
        *last = delay.saturating_mul(LAST_FRAME_TURNS);
    }
    encode(pictures, &delays)
}

/// The pictures as an animated GIF that repeats, each shown for its own time in milliseconds
/// (10 ms steps); otherwise as [`encode_gif`].
///
/// # Errors
/// [`RenderError::Delays`] if there are not as many times as pictures, and those of
/// [`encode_gif`].
pub fn encode_timed_gif(pictures: &[Picture], delays_ms: &[u16]) -> Result<Vec<u8>, RenderError> {
    if pictures.len() != delays_ms.len() {
        return Err(RenderError::Delays {
            pictures: pictures.len(),
            delays: delays_ms.len(),
        });
    }
    let delays: Vec<u16> = delays_ms.iter().map(|ms| (ms / 10).max(2)).collect();
    encode(pictures, &delays)
}

/// `delays` are in hundredths of a second, one for each picture.
fn encode(pictures: &[Picture], delays: &[u16]) -> Result<Vec<u8>, RenderError> {
    let first = pictures.first().ok_or(RenderError::Frames)?;
    let size = (first.width, first.height);
    if pictures.iter().any(|p| (p.width, p.height) != size) {
        return Err(RenderError::Frames);
    }
    let side = |n: usize| u16::try_from(n).map_err(|_| RenderError::Frames);
    let (width, height) = (side(size.0)?, side(size.1)?);
    let shared = Palette::of(pictures);
    let mut out = Vec::new();
    let global = shared.as_ref().map_or(&[][..], |p| &p.colors);
    let mut encoder = gif::Encoder::new(&mut out, width, height, global)?;
    encoder.set_repeat(gif::Repeat::Infinite)?;
    for (picture, &delay) in pictures.iter().zip(delays) {
        let own = match shared {
            Some(_) => None,
            None => Palette::of(std::slice::from_ref(picture)),
        };
        let mut frame = match (&shared, &own) {
            (Some(palette), _) => palette.frame(picture, width, height, false),
            (None, Some(palette)) => palette.frame(picture, width, height, true),
            (None, None) => gif::Frame::from_rgb_speed(width, height, &picture.rgb, 10),
        };
        frame.delay = delay;
        encoder.write_frame(&frame)?;
    }
    drop(encoder);
    Ok(out)
}

/// Every colour of some pictures, if a GIF can hold them.
struct Palette {
    colors: Vec<u8>,
    index: BTreeMap<[u8; 3], u8>,
}

impl Palette {
    fn of(pictures: &[Picture]) -> Option<Self> {
        let mut index = BTreeMap::new();
        for pixel in pictures.iter().flat_map(|p| p.rgb.as_chunks::<3>().0) {
            index.insert(*pixel, 0);
            if index.len() > 256 {
                return None;
            }
        }
        for (n, slot) in index.values_mut().enumerate() {
            *slot = n as u8;
        }
        let colors = index.keys().flatten().copied().collect();
        Some(Self { colors, index })
    }

    fn frame(&self, picture: &Picture, width: u16, height: u16, local: bool) -> gif::Frame<'_> {
        let pixels = picture.rgb.as_chunks::<3>().0;
        gif::Frame {
            width,
            height,
            palette: local.then(|| self.colors.clone()),
            buffer: Cow::Owned(pixels.iter().map(|p| self.index[p]).collect()),
            ..gif::Frame::default()
        }
    }
}

/// Writes the picture as a PNG file; a file that was there is replaced only by a complete one.
///
/// # Errors
/// If the picture cannot be encoded or the file cannot be written.
pub fn write_png(path: &Path, picture: &Picture) -> Result<(), RenderError> {
    Ok(files::write_file(path, &encode_png(picture)?)?)
}

/// Writes the pictures as an animated GIF ([`encode_gif`]), as carefully as [`write_png`].
///
/// # Errors
/// If the pictures cannot be encoded or the file cannot be written.
pub fn write_gif(path: &Path, pictures: &[Picture], delay_ms: u16) -> Result<(), RenderError> {
    Ok(files::write_file(path, &encode_gif(pictures, delay_ms)?)?)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// A picture whose pixels count up from `start`, with `colors` colours.
    fn ramp(colors: usize) -> Picture {
        let pixels = (0..32 * 32).map(|n| n % colors);
        Picture {
            width: 32,
            height: 32,
            rgb: pixels
                .flat_map(|n| [n as u8, (n / 256) as u8 * 90, 7])
                .collect(),
        }
    }

    fn read_gif(bytes: &[u8]) -> Vec<(Vec<u8>, u16)> {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(bytes).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            let opaque = frame.buffer.as_chunks::<4>().0;
            let rgb = opaque.iter().flat_map(|p| [p[0], p[1], p[2]]).collect();
            frames.push((rgb, frame.delay));
        }
        frames
    }

    #[test]
    fn png_keeps_every_pixel() {
        let picture = ramp(700);
        let bytes = encode_png(&picture).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut rgb).unwrap();
        assert_eq!(rgb, picture.rgb);
    }

    #[test]
    fn gif_keeps_every_pixel_of_worlds() {
        // 256 colours fit one palette; 200 + 200 others need one each.
        let mut shifted = ramp(200);
        shifted
            .rgb
            .iter_mut()
            .skip(2)
            .step_by(3)
            .for_each(|c| *c = 9);
        for pictures in [vec![ramp(256), ramp(3)], vec![ramp(200), shifted]] {
            let frames = read_gif(&encode_gif(&pictures, 250).unwrap());
            assert_eq!(frames.len(), 2);
            for (frame, picture) in frames.iter().zip(&pictures) {
                assert_eq!(frame.0, picture.rgb);
            }
            assert_eq!((frames[0].1, frames[1].1), (25, 100));
        }
    }

    #[test]
    fn each_frame_of_a_timed_gif_has_its_own_time() {
        let pictures = [ramp(3), ramp(4), ramp(5)];
        let bytes = encode_timed_gif(&pictures, &[600, 300, 1800]).unwrap();
        let delays: Vec<u16> = read_gif(&bytes)
            .into_iter()
            .map(|(_, delay)| delay)
            .collect();
        assert_eq!(delays, [60, 30, 180]);
        let error = encode_timed_gif(&pictures, &[600]).unwrap_err();
        assert_eq!(error.to_string(), "an animation of 3 pictures has 1 times");
    }

    #[test]
    fn gif_with_too_many_colours_is_still_written() {
        assert_eq!(read_gif(&encode_gif(&[ramp(700)], 100).unwrap()).len(), 1);
    }

    #[test]
    fn animations_need_pictures_of_one_size() {
        let small = Picture::black(3, 3);
        for pictures in [
            vec![],
            vec![ramp(2), small],
            vec![Picture::black(70_000, 1)],
        ] {
            let error = encode_gif(&pictures, 100).unwrap_err();
            assert!(matches!(error, RenderError::Frames), "{error}");
        }
    }
}
