//! What all questions about agents have in common.

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use dt_analysis::Error;
use dt_analysis::draw::Figure;
use dt_analysis::figures::published::Published;
use dt_analysis::figures::{About, Answer, Group, slug};
use dt_analysis::files::{Output, Written, check_folder, json_bytes};
use dt_analysis::papers::memory_dt::first_form::find_study;
use dt_analysis::papers::memory_dt::published::PostNumbers;
use dt_analysis::prompts::Study;
use dt_analysis::subject::Subject;
use dt_env::shell::refuse_or_force;
use dt_train::device::DeviceSpec;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Longest name of an agent, in bytes: it is a part of its files' names.
const MAX_NAME: usize = 150;

/// Agents, study and output.
#[derive(clap::Args)]
pub struct Question {
    /// Run directories, checkpoints in them, or imported agents
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Folder for results; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Prompts, edits and items that are asked about
    #[arg(long, value_name = "FILE", default_value = "studies/memory-post.ron")]
    pub study: PathBuf,
    /// Where to compute: cpu, libtorch or libtorch:cuda:N
    #[arg(long, default_value_t = DeviceSpec::Cpu)]
    pub device: DeviceSpec,
    /// Replace results that are there [default: refuse, and write nothing]
    #[arg(long)]
    pub force: bool,
    /// Print the results as one JSON object [default: the path of each file]
    #[arg(long)]
    pub json: bool,
}

/// What was asked and what came out on each agent.
pub struct Answers<T> {
    /// The prompts of the study.
    pub set: PromptSet,
    /// The agents, in the order given.
    pub subjects: Vec<Subject>,
    /// What was found on each.
    pub records: Vec<T>,
}

/// Where a command writes: `COMMAND.json`, and figures whose names begin so.
pub struct Places {
    /// The command.
    pub command: &'static str,
    /// Beginnings of its figures' names.
    pub figures: &'static [&'static str],
}

impl Places {
    /// Name of the file of numbers, written last.
    pub fn numbers(&self) -> String {
        format!("{}.json", self.command)
    }
}

impl Question {
    /// Loads every agent, so that a bad one is named before anything is computed.
    pub fn load(&self) -> Result<(Study, Vec<Subject>)> {
        let study = find_study(&self.study)?;
        let subjects = load_subjects(&self.runs, &study, self.device)?;
        Ok((study, subjects))
    }

    /// Where a command's files go; refuses to replace any of these.
    pub fn output(&self, command: &str, names: &[&str]) -> Result<Output> {
        let output = Output::new(&self.out, command, self.force)?;
        output.check_free(names)?;
        Ok(output)
    }

    /// Asks every agent one question, if there is place for the answers.
    pub fn ask<T>(
        &self,
        places: &Places,
        question: impl Fn(&Experiment) -> Result<T, Error>,
    ) -> Result<Answers<T>> {
        let output = self.output(places.command, &[&places.numbers()])?;
        let (study, subjects) = self.load()?;
        let kinds: Vec<String> = subjects.iter().map(|s| part_of_name(s.kind())).collect();
        output.check_none_begins("", places.figures, &kinds)?;
        ask(&study, subjects, question)
    }
}

/// How a figure's name has that of an agent's kind.
fn part_of_name(kind: &str) -> String {
    format!(".{}.", slug(kind))
}

/// Asks every agent one question.
pub fn ask<T>(
    study: &Study,
    subjects: Vec<Subject>,
    question: impl Fn(&Experiment) -> Result<T, Error>,
) -> Result<Answers<T>> {
    let set = PromptSet::new(study)?;
    let bar = progress(subjects.len());
    let mut records = Vec::new();
    for subject in &subjects {
        bar.set_message(subject.name.clone());
        let answer = question(&Experiment::new(subject, &set));
        records.push(answer.map_err(|error| of_agent(subject, error))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Answers {
        set,
        subjects,
        records,
    })
}

/// An error that says of which agent it is.
pub fn of_agent(subject: &Subject, error: Error) -> Error {
    match error {
        Error::Question(message) if !message.contains(&subject.name) => {
            Error::Question(format!("{}: {message}", subject.name))
        }
        other => other,
    }
}

/// Numbers to draw beside an agent's, if the study is the one that they were published on.
pub fn published(study: &Study) -> Option<Published> {
    (*study == Study::memory_post()).then(|| PostNumbers::read().beside())
}

/// Loads every agent once.
pub fn load_subjects(runs: &[PathBuf], study: &Study, device: DeviceSpec) -> Result<Vec<Subject>> {
    let subjects: Vec<Subject> = runs
        .iter()
        .map(|run| Ok(Subject::load(run, study, device)?))
        .collect::<Result<_>>()?;
    let mut names: BTreeMap<String, (&str, &Path)> = BTreeMap::new();
    for (subject, run) in subjects.iter().zip(runs) {
        let name = subject.name.as_str();
        if name.len() > MAX_NAME {
            bail!(
                "{}: agent.json: field `name` has more than {MAX_NAME} bytes; give it a shorter one",
                run.display()
            );
        }
        match names.insert(file_name(name).to_lowercase(), (name, run)) {
            Some((before, other)) if before == name => bail!(
                "{} and {} are both `{name}`; give each agent once",
                other.display(),
                run.display()
            ),
            Some((before, _)) => bail!(
                "agents `{before}` and `{name}` would be kept in one file; give one another name"
            ),
            None => {}
        }
    }
    Ok(subjects)
}

/// An agent's name as that of a file: nothing in it names a folder.
pub fn file_name(agent: &str) -> String {
    let plain = |c: char| match c {
        '/' | '\\' | ':' => '.',
        c => c,
    };
    format!("{}.json", agent.chars().map(plain).collect::<String>())
}

impl<T> Answers<T> {
    /// Records by kind of agent, in the order in which kinds first appear.
    pub fn by_kind(&self) -> Vec<Group<'_, T>> {
        let mut kinds: Vec<Group<T>> = Vec::new();
        for (subject, record) in self.subjects.iter().zip(&self.records) {
            let answer = Answer {
                seed: subject.agent.record.seed,
                record,
            };
            match kinds.iter_mut().find(|group| group.name == subject.kind()) {
                Some(group) => group.agents.push(answer),
                None => kinds.push(Group {
                    name: subject.kind(),
                    agents: vec![answer],
                }),
            }
        }
        kinds
    }

    /// The records by the agents' names.
    pub fn keyed(&self) -> BTreeMap<&str, &T> {
        let subjects = self.subjects.iter().zip(&self.records);
        subjects.map(|(s, r)| (s.name.as_str(), r)).collect()
    }
}

/// A bar over agents, on standard error if that is a terminal.
pub fn progress(agents: usize) -> ProgressBar {
    ProgressBar::new(agents as u64).with_style(
        ProgressStyle::with_template("{pos}/{len} agents {wide_bar} {msg}")
            .expect("the template is valid"),
    )
}

/// Writes the figures and the numbers as `COMMAND.json`, and lists them.
pub fn write<T: Serialize>(
    question: &Question,
    answers: &Answers<T>,
    places: &Places,
    draw: impl Fn(&Group<T>, About) -> Vec<Figure>,
    out: &mut impl Write,
) -> Result<()> {
    let published = published(&answers.set.study);
    let about = About {
        study: &answers.set.study,
        published: published.as_ref(),
    };
    let figures: Vec<Figure> = answers
        .by_kind()
        .iter()
        .flat_map(|group| draw(group, about))
        .collect();
    write_figures(question, places, &figures, &answers.keyed(), out)
}

/// Writes figures and numbers as `COMMAND.json`, and lists them.
pub fn write_figures(
    question: &Question,
    places: &Places,
    figures: &[Figure],
    numbers: &impl Serialize,
    out: &mut impl Write,
) -> Result<()> {
    debug_assert!(
        (figures.iter()).all(|f| places.figures.iter().any(|start| f.name.starts_with(start))),
        "places of all figures are looked at before anything is computed"
    );
    let written = write_files(question, places, figures, numbers)?;
    if question.json {
        super::write_json(out, numbers)?;
    } else {
        list(out, &question.out.join(places.numbers()), &written)?;
    }
    Ok(())
}

/// Writes figures and numbers as `COMMAND.json`.
pub fn write_files(
    question: &Question,
    places: &Places,
    figures: &[Figure],
    numbers: &impl Serialize,
) -> Result<Vec<Written>> {
    let output = question.output(places.command, &[])?;
    let numbers = (places.numbers(), json_bytes(numbers)?);
    Ok(output.write(("", figures), &[numbers])?)
}

/// Prints the path of a file of numbers and of each picture.
pub fn list(out: &mut impl Write, numbers: &Path, figures: &[Written]) -> Result<()> {
    writeln!(out, "{}", numbers.display())?;
    for figure in figures {
        writeln!(out, "{}", figure.files[0].display())?;
    }
    Ok(())
}

/// Refuses to write a file to a place that is taken, unless that is asked for, or that is none.
pub fn check_file(path: &Path, force: bool) -> Result<()> {
    refuse_or_force(path, force)?;
    if path.is_dir() {
        bail!("{} is a folder; give a file's name", path.display());
    }
    check_folder(path.parent().unwrap_or(path))?;
    Ok(())
}

/// Makes the folder of a file.
pub fn create_parent(file: &Path) -> Result<()> {
    if let Some(dir) = file.parent() {
        std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    }
    Ok(())
}
