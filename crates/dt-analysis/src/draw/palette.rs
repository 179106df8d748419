//! Colours that survive colour blindness and grey print.
//!
//! Categories: Okabe and Ito's, each with a marker and a dash of its own. Magnitudes: viridis.
//! Signed values: blue to brown, white at 0. Missing values: grey, as zero is white.

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
}

impl Color {
    /// A colour by its components.
    pub const fn new(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b }
    }

    /// The colour a share `t` of the way to another.
    pub fn mix(self, other: Self, t: f64) -> Self {
        let part = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * t).round() as u8;
        Self::new(
            part(self.r, other.r),
            part(self.g, other.g),
            part(self.b, other.b),
        )
    }

    /// Lightness as grey print shows it, from 0 to 1 (CIE L*).
    pub fn lightness(self) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        let y = 0.2126 * linear(self.r) + 0.7152 * linear(self.g) + 0.0722 * linear(self.b);
        if y > 0.008_856 {
            1.16 * y.cbrt() - 0.16
        } else {
            9.033 * y
        }
    }
}

/// Blue.
pub const BLUE: Color = Color::new(0x00, 0x72, 0xb2);
/// Vermilion.
pub const VERMILION: Color = Color::new(0xd5, 0x5e, 0x00);
/// Bluish green.
pub const GREEN: Color = Color::new(0x00, 0x9e, 0x73);
/// Reddish purple.
pub const PURPLE: Color = Color::new(0xcc, 0x79, 0xa7);
/// Orange.
pub const ORANGE: Color = Color::new(0xe6, 0x9f, 0x00);
/// Sky blue.
pub const SKY: Color = Color::new(0x56, 0xb4, 0xe9);
/// Black.
pub const BLACK: Color = Color::new(0x00, 0x00, 0x00);
/// Yellow; the last, as it is faint on white.
pub const YELLOW: Color = Color::new(0xf0, 0xe4, 0x42);

/// Cells of which nothing is known.
pub const MISSING: Color = Color::new(0xb8, 0xb8, 0xb8);
/// Cells that hold 0 where the scale is logarithmic.
pub const ZERO: Color = Color::new(0xf7, 0xf7, 0xf7);

/// Shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// Disc.
    Disc,
    /// Square.
    Square,
    /// Triangle, point up.
    Triangle,
    /// Square on its corner.
    Diamond,
    /// Ring.
    Ring,
    /// Triangle, point down.
    TriangleDown,
}

/// Rhythm of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// Long dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Dash, dot.
    DashDot,
}

impl Dash {
    /// Lengths of strokes and gaps in turn; none for an unbroken line.
    pub(super) fn pattern(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[6.0, 3.5],
            Self::Dotted => &[1.8, 2.4],
            Self::DashDot => &[7.0, 2.5, 1.8, 2.5],
        }
    }
}

/// What tells a series from the others, in colour and without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colour.
    pub color: Color,
    /// Marker.
    pub marker: Marker,
    /// Dash.
    pub dash: Dash,
}

impl Style {
    /// A style by its parts.
    pub const fn new(color: Color, marker: Marker, dash: Dash) -> Self {
        Self {
            color,
            marker,
            dash,
        }
    }

    /// Style of the `n`th series; they repeat after eight colours, with other dashes.
    pub fn nth(n: usize) -> Self {
        let style = CYCLE[n % CYCLE.len()];
        match n / CYCLE.len() % 2 {
            0 => style,
            _ => Self {
                dash: match style.dash {
                    Dash::Solid => Dash::DashDot,
                    _ => Dash::Solid,
                },
                ..style
            },
        }
    }
}

/// Neighbours differ in lightness as well as in hue.
const CYCLE: [Style; 8] = [
    Style::new(BLUE, Marker::Disc, Dash::Solid),
    Style::new(ORANGE, Marker::Square, Dash::Dashed),
    Style::new(GREEN, Marker::Triangle, Dash::Dotted),
    Style::new(PURPLE, Marker::Diamond, Dash::DashDot),
    Style::new(VERMILION, Marker::Ring, Dash::Solid),
    Style::new(SKY, Marker::TriangleDown, Dash::Dashed),
    Style::new(BLACK, Marker::Disc, Dash::Dotted),
    Style::new(YELLOW, Marker::Square, Dash::DashDot),
];

/// Ten equal steps of matplotlib's viridis.
const VIRIDIS: [Color; 11] = [
    Color::new(0x44, 0x01, 0x54),
    Color::new(0x48, 0x24, 0x75),
    Color::new(0x41, 0x44, 0x87),
    Color::new(0x35, 0x5f, 0x8d),
    Color::new(0x2a, 0x78, 0x8e),
    Color::new(0x21, 0x91, 0x8c),
    Color::new(0x22, 0xa8, 0x84),
    Color::new(0x44, 0xbf, 0x70),
    Color::new(0x7a, 0xd1, 0x51),
    Color::new(0xbd, 0xdf, 0x26),
    Color::new(0xfd, 0xe7, 0x25),
];

/// From -1 to 1, equally light on both sides of white.
const DIVERGING: [Color; 7] = [
    Color::new(0x07, 0x3b, 0x6c),
    Color::new(0x1f, 0x83, 0xba),
    Color::new(0xa3, 0xcd, 0xe7),
    Color::new(0xff, 0xff, 0xff),
    Color::new(0xf3, 0xbf, 0x9a),
    Color::new(0xcc, 0x6a, 0x22),
    Color::new(0x6e, 0x26, 0x00),
];

fn along(stops: &[Color], t: f64) -> Color {
    let at = t.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let from = (at as usize).min(stops.len() - 2);
    stops[from].mix(stops[from + 1], at - from as f64)
}

/// Viridis at `t` from 0 to 1.
pub fn sequential(t: f64) -> Color {
    along(&VIRIDIS, t)
}

/// The signed map at `t` from -1 to 1; white at 0.
pub fn diverging(t: f64) -> Color {
    along(&DIVERGING, f64::midpoint(t, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_map_is_symmetric_about_white() {
        assert_eq!(diverging(0.0), Color::new(255, 255, 255));
        let mut last = 1.0;
        for n in 1..=20 {
            let t = f64::from(n) / 20.0;
            let (minus, plus) = (diverging(-t).lightness(), diverging(t).lightness());
            assert!((minus - plus).abs() < 0.05, "{t}: {minus} {plus}");
            assert!(plus < last, "{t}: darker away from 0");
            last = plus;
        }
        assert_eq!(diverging(-5.0), diverging(-1.0));
    }

    #[test]
    fn viridis_grows_lighter_throughout() {
        let mut last = 0.0;
        for n in 0..=50 {
            let lightness = sequential(f64::from(n) / 50.0).lightness();
            assert!(lightness > last, "{n}");
            last = lightness;
        }
    }

    #[test]
    fn lightness_has_known_ends() {
        assert!(BLACK.lightness().abs() < 1e-9);
        assert!((Color::new(255, 255, 255).lightness() - 1.0).abs() < 1e-3);
        assert!((Color::new(119, 119, 119).lightness() - 0.5).abs() < 0.01);
    }

    #[test]
    fn series_never_look_alike() {
        for a in 0..16 {
            for b in 0..a {
                assert_ne!(Style::nth(a), Style::nth(b), "{a} {b}");
            }
        }
    }
}
