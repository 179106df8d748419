//! The terminal in raw mode, given back whatever happens.

use std::io::{self, Write};
use std::panic;
#[cfg(unix)]
use std::sync::Arc;
#[cfg(unix)]
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(unix)]
use std::{thread, time::Duration};

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
    #[cfg(unix)]
    signal: Arc<AtomicUsize>,
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
        #[cfg(unix)]
        let signal = noted_signals()?;
        OPEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        // From here on, an error drops the guard.
        let mut terminal = Self {
            out: io::stdout(),
            #[cfg(unix)]
            signal,
        };
        execute!(terminal.out, EnterAlternateScreen, Hide)?;
        Ok(terminal)
    }

    /// Ends the program if a signal has come that does, after giving the terminal back: whoever waits
    /// for it learns by which one.
    pub fn obey_signals(&self) {
        #[cfg(unix)]
        let signal = self.signal.load(Ordering::SeqCst);
        #[cfg(unix)]
        if signal != 0 {
            restore();
            // Where it does not end us, the keys still do.
            let _: io::Result<()> = signal_hook::low_level::emulate_default_handler(signal as i32);
        }
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

/// How long a signal waits to be obeyed between two keys.
#[cfg(unix)]
const GRACE: Duration = Duration::from_millis(500);

/// Where the signals that end a program are noted as they come: 0, or the last one.
///
/// Standard output is locked by who draws, so that it is there that they are obeyed; but where the
/// terminal is gone, waiting for its keys never ends, and the program is ended from here.
#[cfg(unix)]
fn noted_signals() -> io::Result<Arc<AtomicUsize>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

    let noted = Arc::new(AtomicUsize::new(0));
    let ends = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];
    let mut signals = signal_hook::iterator::Signals::new(ends)?;
    let note = noted.clone();
    let watch = move || {
        for signal in signals.forever() {
            note.store(signal as usize, Ordering::SeqCst);
            thread::sleep(GRACE);
            let _: io::Result<()> = disable_raw_mode();
            let _: io::Result<()> = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    thread::Builder::new().spawn(watch)?;
    Ok(noted)
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
