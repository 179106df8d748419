//! Signals that ask a program to end.

use std::io;

/// Calls `act` with the number of each signal that asks the program to end: Ctrl-C, and that of
/// `kill`. That of a terminal which is closed counts too, unless the program was started so that it
/// is ignored (`nohup`).
///
/// # Errors
/// If the system refuses, or this was called before.
#[cfg(unix)]
pub fn on_end(mut act: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = vec![SIGINT, SIGTERM];
    // Where it cannot be told whether it is ignored, it is left as it is, which respects `nohup`.
    if is_ignored(SIGHUP) == Some(false) {
        signals.push(SIGHUP);
    }
    let mut signals = signal_hook::iterator::Signals::new(signals)?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(&mut act))?;
    Ok(())
}

/// The same for Ctrl-C alone.
#[cfg(not(unix))]
pub fn on_end(mut act: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(move || act(2)).map_err(io::Error::other)
}

/// Whether a signal was ignored when the program was started; none where the system does not tell.
#[cfg(unix)]
fn is_ignored(signal: i32) -> Option<bool> {
    // A mask, the first signal its lowest bit.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    Some(mask >> (signal - 1) & 1 == 1)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_which_signals_are_ignored() {
        use signal_hook::consts::{SIGPIPE, SIGTERM};
        // Rust's start-up ignores it, as writing to a closed pipe is an error like any other.
        assert_eq!(is_ignored(SIGPIPE), Some(true));
        assert_eq!(is_ignored(SIGTERM), Some(false));
    }
}
