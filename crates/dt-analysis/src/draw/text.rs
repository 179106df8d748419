//! The bundled font: widths of text, and its outlines.

use std::borrow::Cow;
use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, PxScaleFont, ScaleFont};
use dt_env::text::plain_lines;

const REGULAR: &[u8] = include_bytes!("../../fonts/Arimo-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/Arimo-Bold.ttf");

static FONTS: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    [REGULAR, BOLD].map(|bytes| FontRef::try_from_slice(bytes).expect("the bundled font is valid"))
});

/// Share of the em that digits and capitals are high.
pub(super) const CAP_HEIGHT: f64 = 0.716;

/// The font at a size in pixels per em (ab_glyph's own scale is the height of a line).
pub(super) fn font(size: f64, bold: bool) -> PxScaleFont<&'static FontRef<'static>> {
    let font = &FONTS[usize::from(bold)];
    let per_em = font.height_unscaled() / font.units_per_em().unwrap_or(2048.0);
    font.as_scaled(PxScale::from(size as f32 * per_em))
}

/// A text as it can be drawn: XML has no place for control characters, whoever gave the name that
/// they stand in, nor for U+FFFE and U+FFFF.
pub(super) fn readable(text: &str) -> Cow<'_, str> {
    match plain_lines(text) {
        text if text.contains(['\u{fffe}', '\u{ffff}']) => {
            Cow::Owned(text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
        }
        text => text,
    }
}

/// Width of a line of text at `size` pixels per em.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let font = font(size, bold);
    let advance = |c| f64::from(font.h_advance(font.glyph_id(c)));
    text.chars().map(advance).sum()
}

/// Greedily breaks text into lines no wider than `limit`, at spaces; line ends in it are kept.
pub(super) fn wrap(text: &str, size: f64, bold: bool, limit: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let longer = match line.as_str() {
                "" => word.to_owned(),
                _ => format!("{line} {word}"),
            };
            if !line.is_empty() && width(&longer, size, bold) > limit {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            } else {
                line = longer;
            }
        }
        lines.push(line);
    }
    lines
}

/// Hands the fonts to plotters, which then needs none of the system's.
pub(super) fn register() {
    use plotters::style::{FontStyle, register_font};
    static ONCE: LazyLock<()> = LazyLock::new(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            let registered = register_font(super::theme::FONT_FAMILY, style, bytes);
            assert!(registered.is_ok(), "the bundled font is valid");
        }
    });
    LazyLock::force(&ONCE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_arial() {
        // Advance widths of Arial in 1/1000 em: digits 556, i 222, W 944.
        for (text, em) in [("0", 0.556), ("i", 0.222), ("W", 0.944), ("00", 1.112)] {
            assert!(
                (width(text, 100.0, false) - 100.0 * em).abs() < 0.2,
                "{text}"
            );
        }
        assert!(width("label", 10.0, true) > width("label", 10.0, false));
    }

    #[test]
    fn every_sign_in_use_has_a_glyph() {
        for bold in [false, true] {
            let font = font(10.0, bold);
            for c in "−×→≤≥±σΔΣ·–—…’°≈αβ⁻⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄∞√".chars()
            {
                assert_ne!(font.glyph_id(c).0, 0, "{c}");
            }
        }
    }

    #[test]
    fn lines_break_at_spaces() {
        let wide = width("wrong target", 10.0, false);
        assert_eq!(
            wrap("wrong target", 10.0, false, wide + 1.0),
            ["wrong target"]
        );
        assert_eq!(
            wrap("wrong target", 10.0, false, wide - 1.0),
            ["wrong", "target"]
        );
        assert_eq!(wrap("a\nb", 10.0, false, 99.0), ["a", "b"]);
    }
}
