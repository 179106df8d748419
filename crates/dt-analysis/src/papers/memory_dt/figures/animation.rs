//! Pictures that move: worlds side by side, with words above and below.

use dt_env::render::{Picture, RenderError, encode_timed_gif};
use serde::Serialize;

use crate::Error;
use crate::draw::lettering;

/// Pixels between pictures, around them, and of a strip of words.
const GAP: usize = 14;
const MARGIN: usize = 10;
const STRIP: usize = 26;
/// Size of the words.
const SIZE: f64 = 16.0;

/// A film: frames of one size, and how long each is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Animation {
    /// Name of its files.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// What it shows.
    pub caption: String,
    /// Frames.
    pub frames: Vec<Picture>,
    /// How long each is shown, in milliseconds.
    pub delays_ms: Vec<u16>,
    /// What each shows, for readers who do not see it.
    pub words: Vec<String>,
}

/// What NAME.gif.json holds.
#[derive(Debug, Serialize)]
struct Description<'a> {
    name: &'a str,
    title: &'a str,
    caption: &'a str,
    frames: Vec<FrameDescription<'a>>,
    /// blake3 of the GIF.
    blake3: String,
}

#[derive(Debug, Serialize)]
struct FrameDescription<'a> {
    milliseconds: u16,
    shows: &'a str,
}

impl Animation {
    /// The film as a GIF that repeats without end.
    ///
    /// # Errors
    /// If there are no frames, or they do not fit together.
    pub fn gif(&self) -> Result<Vec<u8>, RenderError> {
        encode_timed_gif(&self.frames, &self.delays_ms)
    }

    /// NAME.gif, and its words as NAME.gif.json: names and bytes.
    ///
    /// # Errors
    /// If the frames do not fit together.
    pub fn files(&self) -> Result<[(String, Vec<u8>); 2], Error> {
        let gif = self.gif().map_err(|source| Error::Animate {
            animation: self.name.clone(),
            source,
        })?;
        let frames = self.delays_ms.iter().zip(&self.words);
        let description = Description {
            name: &self.name,
            title: &self.title,
            caption: &self.caption,
            frames: frames
                .map(|(&milliseconds, shows)| FrameDescription {
                    milliseconds,
                    shows,
                })
                .collect(),
            blake3: blake3::hash(&gif).to_hex().to_string(),
        };
        let json = serde_json::to_string_pretty(&description).expect("words are plain data");
        Ok([
            (format!("{}.gif", self.name), gif),
            (
                format!("{}.gif.json", self.name),
                (json + "\n").into_bytes(),
            ),
        ])
    }
}

/// A picture with words above and below it.
pub(super) struct Captioned {
    pub picture: Picture,
    pub above: String,
    pub below: String,
}

/// Pictures of one size on white, side by side.
pub(super) fn side_by_side(pictures: &[Captioned]) -> Picture {
    let (side, high) = (pictures.iter())
        .map(|p| (p.picture.width, p.picture.height))
        .max()
        .unwrap_or_default();
    let count = pictures.len();
    let width = 2 * MARGIN + count * side + count.saturating_sub(1) * GAP;
    let height = 2 * (STRIP + MARGIN / 2) + high;
    let left = |n: usize| MARGIN + n * (side + GAP);
    let top = STRIP + MARGIN / 2;
    let mut words = Vec::new();
    for (n, picture) in pictures.iter().enumerate() {
        let middle = left(n) as f64 + side as f64 / 2.0;
        let strip = STRIP as f64 / 2.0 + 2.0;
        words.push(((middle, strip), picture.above.as_str(), true));
        let below = height as f64 - strip;
        words.push(((middle, below), picture.below.as_str(), false));
    }
    let mut rgb = lettering((width, height), SIZE, &words);
    // Few greys, so that a GIF holds all colours.
    for value in &mut rgb {
        *value = (*value).saturating_add(8) / 17 * 17;
    }
    for (n, Captioned { picture, .. }) in pictures.iter().enumerate() {
        for (y, line) in picture.rgb.chunks_exact(picture.width * 3).enumerate() {
            let at = ((top + y) * width + left(n)) * 3;
            rgb[at..at + line.len()].copy_from_slice(line);
        }
    }
    Picture { width, height, rgb }
}
