//! A sweep on this machine: its runs are processes, one after the other or several side by side.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it is looked whether a process has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A process to be: a command, and the file that its output goes to.
pub struct Job {
    /// What is run.
    pub command: Command,
    /// Its standard output and standard error.
    pub log: PathBuf,
}

/// Runs jobs in their order, at most `side_by_side` at a time, and tells how each ended. Once
/// `interrupted` is set no more are begun, and those that go on are waited for: who presses Ctrl-C
/// stops them as well, and each writes a checkpoint.
///
/// # Errors
/// If a log cannot be written or a process cannot be started; those that go on are waited for.
pub fn run_all(
    jobs: Vec<Job>,
    side_by_side: usize,
    interrupted: &AtomicBool,
    mut ended: impl FnMut(usize, ExitStatus),
) -> io::Result<()> {
    let mut waiting = jobs.into_iter().enumerate();
    let mut going: Vec<(usize, Child)> = Vec::new();
    let mut problem = None;
    loop {
        while going.len() < side_by_side.max(1)
            && problem.is_none()
            && !interrupted.load(Ordering::Relaxed)
        {
            let Some((n, job)) = waiting.next() else {
                break;
            };
            match start(job) {
                Ok(child) => going.push((n, child)),
                Err(error) => problem = Some(error),
            }
        }
        if going.is_empty() {
            return problem.map_or(Ok(()), Err);
        }
        let mut still = Vec::new();
        for (n, mut child) in going {
            match child.try_wait()? {
                Some(status) => ended(n, status),
                None => still.push((n, child)),
            }
        }
        going = still;
        std::thread::sleep(LOOK_AGAIN);
    }
}

fn start(mut job: Job) -> io::Result<Child> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", job.log.display()));
    if let Some(folder) = job.log.parent() {
        fs::create_dir_all(folder).map_err(named)?;
    }
    // What a run said before it was stopped stays.
    let log = File::options().create(true).append(true).open(&job.log);
    let log = log.map_err(named)?;
    let errors = log.try_clone().map_err(named)?;
    job.command
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may panic

    use super::*;

    fn job(folder: &std::path::Path, n: usize, script: &str) -> Job {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(folder);
        let log = folder.join(format!("logs/{n}.log"));
        Job { command, log }
    }

    #[test]
    fn every_job_is_run_and_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = (0..5).map(|n| job(folder.path(), n, &format!("echo {n}; exit {n}")));
        let mut codes = vec![None; 5];
        let go_on = AtomicBool::new(false);
        run_all(jobs.collect(), 2, &go_on, |n, status| {
            codes[n] = status.code();
        })
        .unwrap();
        assert_eq!(codes, (0..5).map(Some).collect::<Vec<_>>());
        let log = fs::read_to_string(folder.path().join("logs/3.log")).unwrap();
        assert_eq!(log, "3\n");
    }

    #[test]
    fn no_more_are_begun_once_interrupted() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = (0..3).map(|n| job(folder.path(), n, "true"));
        let stop = AtomicBool::new(false);
        let mut told = Vec::new();
        run_all(jobs.collect(), 1, &stop, |n, _| {
            told.push(n);
            stop.store(true, Ordering::Relaxed);
        })
        .unwrap();
        assert_eq!(told, [0]);
    }
}
