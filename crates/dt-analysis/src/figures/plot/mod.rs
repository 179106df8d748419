//! Figures of what datasets and runs left on disk, before any question is asked of an agent.

mod calibration;
mod dataset;
mod evaluation;
mod files;
mod outcomes;
mod provenance;
mod seeds;
mod training;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::Error;
use crate::draw::Figure;

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
    Ok(named_apart(figures))
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

/// Gives the figures of the second dataset or agent of a name names that end in `-2`, and so on.
fn named_apart(sets: Vec<Vec<Figure>>) -> Vec<Figure> {
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for mut figure in sets.into_iter().flatten() {
        let times = used.entry(figure.name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            figure.name = format!("{}-{times}", figure.name);
        }
        all.push(figure);
    }
    all
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
    fn figures_of_one_name_are_told_apart() {
        let set = || vec![Figure::new("a", "A")];
        let names: Vec<String> = (named_apart(vec![set(), set(), set()]).into_iter())
            .map(|f| f.name)
            .collect();
        assert_eq!(names, ["a", "a-2", "a-3"]);
    }

    #[test]
    fn names_never_leave_the_folder() {
        assert_eq!(file_stem("../my data"), "-my-data");
        assert_eq!(file_stem("memory-dt_1.5"), "memory-dt_1.5");
    }
}
