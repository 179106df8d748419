//! Playing in the terminal: a [`Session`] takes keys, [`screen::draw`] shows it.

mod screen;
mod session;
mod sprite;
mod terminal;

use std::io;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use dt_env::{Action, Env};

use session::{Session, Tally};
use terminal::Terminal;

/// How long a key is waited for before signals are looked for.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Act(Action),
    Again,
    Next,
    Quit,
}

/// Plays until the user quits; returns how the episodes ended.
pub fn play(env: Env, seed: u64) -> io::Result<Tally> {
    let mut session = Session::new(env, seed);

    let mut terminal = Terminal::open()?;
    loop {
        let (width, height) = crossterm::terminal::size()?;
        terminal.show(&screen::draw(&session, width as usize, height as usize))?;
        terminal.obey_signals();
        while !event::poll(PATIENCE)? {
            terminal.obey_signals();
        }
        let request = match event::read()? {
            Event::Key(key) => request(key),
            _ => None, // a resize, most likely: draw again
        };
        match request {
            Some(Request::Act(action)) => session.act(action),
            Some(Request::Again) => session.again(),
            Some(Request::Next) => session.next(),
            Some(Request::Quit) => return Ok(session.tally()),
            None => {}
        }
    }
}

fn request(key: KeyEvent) -> Option<Request> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        // Raw mode brings ctrl-c here instead of ending the program.
        return matches!(key.code, KeyCode::Char('c' | 'd')).then_some(Request::Quit);
    }
    Some(match key.code {
        KeyCode::Left => Request::Act(Action::Left),
        KeyCode::Right => Request::Act(Action::Right),
        KeyCode::Up => Request::Act(Action::Forward),
        KeyCode::Char('p') => Request::Act(Action::Pickup),
        KeyCode::Char('d') => Request::Act(Action::Drop),
        KeyCode::Char('t' | ' ') => Request::Act(Action::Toggle),
        KeyCode::Enter => Request::Act(Action::Done),
        KeyCode::Char('r') => Request::Again,
        KeyCode::Char('n') => Request::Next,
        KeyCode::Char('q') | KeyCode::Esc => Request::Quit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_c_quits_and_plain_c_does_nothing() {
        let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(request(control_c), Some(Request::Quit));
        assert_eq!(request(KeyEvent::from(KeyCode::Char('c'))), None);
    }

    #[test]
    fn every_action_has_a_key() {
        use KeyCode::{Char, Enter, Left, Right, Up};
        let keys = [Left, Right, Up, Char('p'), Char('d'), Char('t'), Enter];
        for (key, action) in keys.into_iter().zip(Action::ALL) {
            assert_eq!(request(KeyEvent::from(key)), Some(Request::Act(action)));
        }
    }
}
