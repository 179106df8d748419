//! Figures of what datasets and runs left on disk, before any question is asked of an agent.

mod calibration;
mod dataset;
mod evaluation;
mod files;
mod outcomes;
mod provenance;
mod seeds;
mod sound;
mod training;

use std::path::PathBuf;

use crate::Error;
use crate::draw::Figure;
use crate::files::named_apart;

pub use files::{DatasetSource, RunGroup, RunSource, Source};

/// All figures of some dataset and run directories.
///
/// Runs of one agent (the same name and definition) share their figures: a line for each seed,
/// and the median.
///
/// # Errors
/// If a path is neither a dataset nor a run, or one of its files is damaged.
pub fn figures(paths: &[PathBuf]) -> Result<Vec<Figure>, Error> {
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut groups: Vec<RunGroup> = Vec::new();
    let mut figures = Vec::new();
    for path in paths {
        let canonical = path.canonicalize().map_err(Error::io(path))?;
        if seen.contains(&canonical) {
            continue;
        }
        seen.push(canonical);
        match Source::open(path)? {
            Source::Dataset(data) => {
                figures.push(of_dataset(&data));
            }
            Source::Run(run) => match groups.iter_mut().find(|g| g.accepts(&run)) {
                Some(group) => group.push(*run),
                None => groups.push(RunGroup::new(*run)),
            },
        }
    }
    figures.extend(groups.iter().map(of_runs));
    // Those of a second dataset or agent of a name get names that end in `-2`, and so on.
    Ok(named_apart(figures.into_iter().flatten().collect()))
}

/// The figures of a dataset.
pub fn of_dataset(data: &DatasetSource) -> Vec<Figure> {
    let mut figures = dataset::episodes(data);
    figures.push(dataset::actions(data));
    figures.extend(dataset::exposure(data));
    figures.push(provenance::shares(data));
    figures
}

/// The figures of the runs of one agent; those of records that a run does not have are left out.
pub fn of_runs(group: &RunGroup) -> Vec<Figure> {
    [
        training::curves(group),
        training::outcomes(group),
        evaluation::shares(group),
        calibration::achieved(group),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A name as part of a file's name.
fn file_stem(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '-'
        }
    };
    name.trim_start_matches('.').chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_leave_the_folder() {
        assert_eq!(file_stem("../my data"), "-my-data");
        assert_eq!(file_stem("memory-dt_1.5"), "memory-dt_1.5");
    }
}
