//! The terminal in raw mode, given back whatever happens.

use std::io::{self, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::{Color, Print, ResetColor, SetBackgroundColor, SetForegroundColor};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};

use super::screen::{Glyph, Page};

/// Whether there is something to give back. Leaving the alternate screen twice would move the
/// cursor onto a panic's message.
static OPEN: AtomicBool = AtomicBool::new(false);

/// The open terminal; dropping it brings the old screen back.
pub struct Terminal {
    out: io::Stdout,
}

impl Terminal {
    /// Takes the whole screen, and keys as they are pressed.
    pub fn open() -> io::Result<Self> {
        let old_hook = panic::take_hook();
        // A panic's message must not vanish with the alternate screen.
        panic::set_hook(Box::new(move |info| {
            restore();
            old_hook(info);
        }));
        OPEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        // From here on, an error drops the guard.
        let mut terminal = Self { out: io::stdout() };
        execute!(terminal.out, EnterAlternateScreen, Hide)?;
        Ok(terminal)
    }

    /// Shows a page, all at once where the terminal can do that.
    pub fn show(&mut self, page: &Page) -> io::Result<()> {
        queue!(self.out, BeginSynchronizedUpdate)?;
        for (y, row) in page.rows().enumerate() {
            queue!(self.out, MoveTo(0, y as u16), ResetColor)?;
            let mut colors = (None, None);
            for glyph in row {
                self.put(*glyph, &mut colors)?;
            }
        }
        queue!(self.out, ResetColor, EndSynchronizedUpdate)?;
        self.out.flush()
    }

    /// Writes one character; colours are sent only where they change.
    fn put(
        &mut self,
        glyph: Glyph,
        colors: &mut (Option<[u8; 3]>, Option<[u8; 3]>),
    ) -> io::Result<()> {
        let color =
            |rgb: Option<[u8; 3]>| rgb.map_or(Color::Reset, |[r, g, b]| Color::Rgb { r, g, b });
        if glyph.ink != colors.0 {
            queue!(self.out, SetForegroundColor(color(glyph.ink)))?;
        }
        if glyph.ground != colors.1 {
            queue!(self.out, SetBackgroundColor(color(glyph.ground)))?;
        }
        *colors = (glyph.ink, glyph.ground);
        queue!(self.out, Print(glyph.symbol))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Undoes [`Terminal::open`], once.
fn restore() {
    if !OPEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // Nothing can be done about an error here: the terminal may be gone.
    let _: io::Result<()> = disable_raw_mode();
    let _: io::Result<()> = execute!(io::stdout(), ResetColor, Show, LeaveAlternateScreen);
}
