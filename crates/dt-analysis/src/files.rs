//! What the commands write and read again, on disk.
//!
//! A command's files go into a folder through an [`Output`]: all of them or, where one of their
//! places is taken, none. Records of others come in through [`read_json`], within a limit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use dt_env::config;
use dt_env::files::{self, read_text, write_file};
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use crate::Error;
use crate::draw::{Figure, render};

/// Largest record of one agent or dataset that is read; an agent of the study has some 2 MB.
pub const MAX_RECORD: u64 = 64 << 20;
/// Largest list of unfinished files that is read.
const MAX_MARK: u64 = 1 << 20;

/// Where a figure was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// NAME.svg, NAME.png, NAME.csv and NAME.json.
    #[serde(serialize_with = "as_texts")]
    pub files: Vec<PathBuf>,
}

/// Paths as they can be read; not every path is UTF-8.
fn as_texts<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.display().to_string()))
}

/// Places of a command's files in a folder.
///
/// What was finished is replaced only by force. While files are written, a list of them lies beside
/// them (`.unfinished-COMMAND`): where a command was killed, the same one may replace what it left.
#[derive(Clone, Debug)]
pub struct Output {
    dir: PathBuf,
    force: bool,
    mark: PathBuf,
    /// Names that a killed command has left, or not.
    unfinished: BTreeSet<String>,
}

impl Output {
    /// The places of a command in a folder, which need not be there yet.
    ///
    /// # Errors
    /// If the folder cannot be one, as a file has its name or that of a folder above it.
    pub fn new(dir: &Path, command: &str, force: bool) -> Result<Self, Error> {
        check_folder(dir)?;
        let mark = dir.join(format!(".unfinished-{command}"));
        let unfinished = match mark.symlink_metadata() {
            Ok(_) => read_text(&mark, MAX_MARK)?
                .lines()
                .map(str::to_owned)
                .collect(),
            Err(_) => BTreeSet::new(),
        };
        Ok(Self {
            dir: dir.to_owned(),
            force,
            mark,
            unfinished,
        })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Refuses to replace any of these files, unless that is asked for.
    ///
    /// # Errors
    /// [`Error::Exists`].
    pub fn check_free<S: AsRef<str>>(
        &self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<(), Error> {
        let is_taken = |name: &str| {
            let path = self.dir.join(name);
            path.symlink_metadata().is_ok() && !self.unfinished.contains(name)
        };
        let mut names = names.into_iter();
        match names.find(|name| !self.force && is_taken(name.as_ref())) {
            Some(name) => Err(Error::Exists(self.dir.join(name.as_ref()))),
            None => Ok(()),
        }
    }

    /// Refuses to replace what begins with one of `starts` in a folder below this one (`""`: this
    /// one), for files whose full names are not known yet; `has` must be part of the name.
    ///
    /// # Errors
    /// [`Error::Exists`], or if the folder cannot be read.
    pub fn check_none_begins(
        &self,
        folder: &str,
        starts: &[&str],
        has: &[String],
    ) -> Result<(), Error> {
        let dir = self.dir.join(folder);
        if self.force || !dir.is_dir() {
            return Ok(());
        }
        let within = |name: &str| match folder {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        let names = files::list(&dir)?;
        let names = names.iter().filter_map(|path| path.file_name()?.to_str());
        self.check_free(
            names
                .filter(|name| starts.iter().any(|start| name.starts_with(start)))
                .filter(|name| has.is_empty() || has.iter().any(|part| name.contains(part)))
                .map(within),
        )
    }

    /// Writes figures into a folder below this one (`""`: this one), then other files, in order, so
    /// that what says that all is done comes last. Nothing is written if a place is taken.
    ///
    /// # Errors
    /// If a place is taken (without force), a figure cannot be drawn or a file not written.
    pub fn write(
        &self,
        (folder, figures): (&str, &[Figure]),
        others: &[(String, Vec<u8>)],
    ) -> Result<Vec<Written>, Error> {
        self.write_drawn((folder, drawn(figures)?), others)
    }

    /// The same of figures that are drawn already.
    ///
    /// # Errors
    /// As of [`Output::write`].
    pub fn write_drawn(
        &self,
        (folder, drawn): (&str, Vec<Drawn>),
        others: &[(String, Vec<u8>)],
    ) -> Result<Vec<Written>, Error> {
        let within = |name: &str| Path::new(folder).join(name).display().to_string();
        let named = drawn.iter().flat_map(|drawn| &drawn.files);
        let mut all: Vec<(String, &[u8])> = named
            .map(|(name, bytes)| (within(name), bytes.as_slice()))
            .collect();
        all.extend((others.iter()).map(|(name, bytes)| (name.clone(), bytes.as_slice())));
        self.write_bytes(&all)?;
        let path = |name: &String| self.dir.join(within(name));
        let written = drawn.into_iter().map(|drawn| Written {
            name: drawn.figure.name,
            title: drawn.figure.title,
            files: drawn.files.iter().map(|(name, _)| path(name)).collect(),
        });
        Ok(written.collect())
    }

    fn write_bytes(&self, all: &[(String, &[u8])]) -> Result<(), Error> {
        self.check_free(all.iter().map(|(name, _)| name))?;
        let folders: BTreeSet<PathBuf> = (all.iter())
            .filter_map(|(name, _)| Some(self.dir.join(name).parent()?.to_owned()))
            .chain([self.dir.clone()])
            .collect();
        for dir in &folders {
            fs::create_dir_all(dir).map_err(Error::io(dir))?;
        }
        let mut marked = self.unfinished.clone();
        marked.extend(all.iter().map(|(name, _)| name.clone()));
        let lines: Vec<String> = marked.into_iter().collect();
        write_file(&self.mark, lines.join("\n").as_bytes())?;
        for (name, bytes) in all {
            write_file(&self.dir.join(name), bytes)?;
        }
        fs::remove_file(&self.mark).map_err(Error::io(&self.mark))
    }
}

/// Refuses a folder that cannot be made, as something else has its name or that of one above it.
///
/// # Errors
/// [`Error::Corrupt`].
pub fn check_folder(dir: &Path) -> Result<(), Error> {
    let there = dir.ancestors().find(|dir| dir.symlink_metadata().is_ok());
    match there.filter(|there| !there.is_dir()) {
        Some(file) => Err(Error::corrupt(
            file,
            &"is no folder, so nothing can be written into it; give another --out",
        )),
        None => Ok(()),
    }
}

/// A figure with its files.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The figure, under the name of its files.
    pub figure: Figure,
    /// Names and bytes, the picture as SVG first.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Draws figures, one core each, as pictures take longer than their numbers; those of one name are
/// told apart.
///
/// # Errors
/// If one cannot be drawn.
pub fn drawn(figures: &[Figure]) -> Result<Vec<Drawn>, Error> {
    let figures = named_apart(figures.to_vec());
    let rendered: Vec<_> = figures.par_iter().map(render).collect();
    let pairs = figures.into_iter().zip(rendered).map(|(figure, contents)| {
        let files = contents.map_err(|source| Error::Draw {
            figure: figure.name.clone(),
            source,
        })?;
        Ok(Drawn { figure, files })
    });
    pairs.collect()
}

/// Gives the second figure of a name one that ends in `-2`, and so on; names that differ in case
/// alone are one where the disk says so.
pub fn named_apart(mut figures: Vec<Figure>) -> Vec<Figure> {
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    for figure in &mut figures {
        let name = figure.name.clone();
        loop {
            let times = used.entry(figure.name.to_lowercase()).or_default();
            *times += 1;
            match *times {
                1 => break,
                n => figure.name = format!("{name}-{n}"),
            }
        }
    }
    figures
}

/// Writes figures into a folder: NAME.svg, NAME.png, NAME.csv and NAME.json of each.
///
/// Nothing is written if one of the files is there already, unless `force` is given. Each file
/// is written whole or not at all.
///
/// # Errors
/// If a file exists (without `force`) or cannot be written.
pub fn write_all(figures: &[Figure], dir: &Path, force: bool) -> Result<Vec<Written>, Error> {
    Output::new(dir, "figures", force)?.write(("", figures), &[])
}

/// Writes one figure; see [`write_all`].
///
/// # Errors
/// As of [`write_all`].
pub fn write(figure: &Figure, dir: &Path, force: bool) -> Result<Written, Error> {
    let mut written = write_all(std::slice::from_ref(figure), dir, force)?;
    Ok(written.remove(0))
}

/// Writes named bytes into a folder; gives their paths. Nothing is written if one of the files is
/// there already, unless `force` is given.
///
/// # Errors
/// If a file exists (without `force`) or cannot be written.
pub fn write_named(
    files: &[(String, Vec<u8>)],
    dir: &Path,
    force: bool,
) -> Result<Vec<PathBuf>, Error> {
    Output::new(dir, "files", force)?.write(("", &[]), files)?;
    Ok(files.iter().map(|(name, _)| dir.join(name)).collect())
}

/// Indented JSON with a line end: the bytes of a file of numbers.
///
/// # Errors
/// If the value has maps whose keys are no text.
pub fn json_bytes(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    Ok((serde_json::to_string_pretty(value)? + "\n").into_bytes())
}

/// Reads a JSON record, whose text may be of any origin.
///
/// # Errors
/// [`Error::Files`] if the file cannot be read or is too large, [`Error::Corrupt`] with the field
/// that is wrong.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    parse_json(path, &read_text(path, MAX_RECORD)?)
}

/// The same of a text; `file` only names it in errors.
///
/// # Errors
/// [`Error::Corrupt`] with the field that is wrong.
pub fn parse_json<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Error> {
    config::parse_json(text).map_err(|message| Error::corrupt(file, &message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_one_name_are_told_apart() {
        let figures = ["a", "A", "a", "a-2"].map(|name| Figure::new(name, "A"));
        let names: Vec<String> = (named_apart(figures.to_vec()).into_iter())
            .map(|f| f.name)
            .collect();
        assert_eq!(names, ["a", "A-2", "a-3", "a-2-2"]);
    }

    #[test]
    fn what_a_killed_command_left_is_replaced_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| (name.to_owned(), b"new".to_vec());
        fs::write(dir.path().join("kept"), "old").unwrap();
        // It was killed after the first of two files.
        fs::write(dir.path().join("a"), "old").unwrap();
        fs::write(dir.path().join(".unfinished-x"), "a\nb").unwrap();
        let output = Output::new(dir.path(), "x", false).unwrap();
        assert!(matches!(output.check_free(["kept"]), Err(Error::Exists(_))));
        let error = output
            .write(("", &[]), &[file("a"), file("kept")])
            .unwrap_err();
        assert!(error.to_string().contains("--force"), "{error}");
        assert!(
            Output::new(dir.path(), "y", false)
                .unwrap()
                .check_free(["a"])
                .is_err()
        );
        output.write(("", &[]), &[file("a"), file("b")]).unwrap();
        assert!(!dir.path().join(".unfinished-x").exists());
        let again = Output::new(dir.path(), "x", false).unwrap();
        assert!(again.check_free(["a"]).is_err(), "now it is finished");
        assert!(again.check_none_begins("", &["k"], &[]).is_err());
        assert!(
            again
                .check_none_begins("", &["k"], &["z".to_owned()])
                .is_ok()
        );
        assert_eq!(fs::read(dir.path().join("kept")).unwrap(), b"old");
    }

    #[test]
    fn a_file_is_no_folder() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("below")] {
            let error = Output::new(&path, "x", true).unwrap_err().to_string();
            assert!(error.contains("no folder"), "{error}");
        }
    }
}
