//! Names that others have given, as they may be shown.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

/// A text that does nothing but be read: control characters, which a terminal would obey, and those
/// that turn the direction of writing around, are escaped as `\u{1b}`. Line ends and tabs are, too.
///
/// ```
/// assert_eq!(dt_env::text::plain("a key\u{1b}[31m"), "a key\\u{1b}[31m");
/// ```
pub fn plain(text: &str) -> Cow<'_, str> {
    escaped(text, is_active)
}

/// The same for text of several lines: their ends stay, and so do tabs.
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_active(c) && c != '\n' && c != '\t')
}

/// Says something on standard error, as [`crate::note!`] does.
pub fn say(message: fmt::Arguments) {
    let text = message.to_string();
    // Nobody may be there to read it, which stops no work.
    let _: io::Result<()> = writeln!(io::stderr(), "{}", plain_lines(&text));
}

/// Says something on standard error, formatted as `println!` does; where standard error is closed,
/// nothing happens, and names in it do nothing but be read ([`crate::text::plain`]).
#[macro_export]
macro_rules! note {
    ($($part:tt)*) => { $crate::text::say(format_args!($($part)*)) };
}

fn escaped(text: &str, hide: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hide) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if hide(c) {
            write!(escaped, "{}", c.escape_default()).expect("a string takes all");
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

fn is_active(c: char) -> bool {
    // U+202A..U+202E and U+2066..U+2069 embed and override the direction of what follows.
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_acts_is_escaped() {
        for quiet in ["", "runs/µ-agent", "a \"b\" \\ '", "clé"] {
            assert!(matches!(plain(quiet), Cow::Borrowed(text) if text == quiet));
        }
        assert_eq!(plain("a\nb\tc\u{7f}"), "a\\nb\\tc\\u{7f}");
        assert_eq!(plain("\u{9b}31m\u{202e}"), "\\u{9b}31m\\u{202e}");
        assert_eq!(plain_lines("a\nb\u{7}"), "a\nb\\u{7}");
    }
}
