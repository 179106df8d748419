//! What all questions about agents have in common.

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use dt_analysis::draw::Figure;
use dt_analysis::figures::published::Published;
use dt_analysis::figures::{About, Answer, Group};
use dt_analysis::files::{Written, write_all};
use dt_analysis::papers::memory_dt::published::PostNumbers;
use dt_analysis::prompts::Study;
use dt_analysis::subject::Subject;
use dt_train::checkpoint::write_atomic;
use dt_train::device::DeviceSpec;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

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

impl Question {
    /// Loads every agent, so that a bad one is named before anything is computed.
    pub fn load(&self) -> Result<(Study, Vec<Subject>)> {
        let study = Study::find(&self.study)?;
        let subjects = load_subjects(&self.runs, &study, self.device)?;
        Ok((study, subjects))
    }

    /// Refuses to replace a file.
    pub fn check_free(&self, name: &str) -> Result<PathBuf> {
        check_free(self.out.join(name), self.force)
    }

    /// Asks every agent one question.
    pub fn ask<T>(
        &self,
        question: impl Fn(&Experiment) -> Result<T, dt_analysis::Error>,
    ) -> Result<Answers<T>> {
        let (study, subjects) = self.load()?;
        let set = PromptSet::new(&study)?;
        let bar = progress(subjects.len());
        let mut records = Vec::new();
        for subject in &subjects {
            bar.set_message(subject.name.clone());
            records.push(question(&Experiment::new(subject, &set))?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(Answers {
            set,
            subjects,
            records,
        })
    }
}

/// Numbers to draw beside an agent's, if the study is the one that they were published on.
pub fn published(study: &Study) -> Option<Published> {
    (*study == Study::memory_post()).then(|| PostNumbers::read().beside())
}

/// Refuses to replace a file, unless that is asked for.
pub fn check_free(path: PathBuf, force: bool) -> Result<PathBuf> {
    if path.exists() && !force {
        bail!(
            "{} exists already; use --force to replace it, or another --out",
            path.display()
        );
    }
    Ok(path)
}

/// Loads every agent once.
pub fn load_subjects(runs: &[PathBuf], study: &Study, device: DeviceSpec) -> Result<Vec<Subject>> {
    let subjects: Vec<Subject> = runs
        .iter()
        .map(|run| Ok(Subject::load(run, study, device)?))
        .collect::<Result<_>>()?;
    let mut names = BTreeMap::new();
    for (subject, run) in subjects.iter().zip(runs) {
        if let Some(before) = names.insert(&subject.name, run) {
            bail!(
                "{} and {} are both `{}`; give each agent once",
                before.display(),
                run.display(),
                subject.name
            );
        }
    }
    Ok(subjects)
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

/// Writes the numbers as `NAME.json` and the figures, and lists them.
pub fn write<T: Serialize>(
    question: &Question,
    answers: &Answers<T>,
    name: &str,
    draw: impl Fn(&Group<T>, About) -> Vec<Figure>,
    out: &mut impl Write,
) -> Result<()> {
    let path = question.check_free(&format!("{name}.json"))?;
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
    let written = write_all(&figures, &question.out, question.force)?;
    let value = answers.keyed();
    write_json_file(&path, &value)?;
    if question.json {
        super::write_json(out, &value)?;
    } else {
        list(out, &path, &written)?;
    }
    Ok(())
}

/// Prints the path of a file of numbers and of each picture.
pub fn list(out: &mut impl Write, numbers: &Path, figures: &[Written]) -> Result<()> {
    writeln!(out, "{}", numbers.display())?;
    for figure in figures {
        writeln!(out, "{}", figure.files[0].display())?;
    }
    Ok(())
}

/// Writes a value as indented JSON.
pub fn write_json_file(path: &Path, value: &impl Serialize) -> Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let text = serde_json::to_string_pretty(value)? + "\n";
    Ok(write_atomic(path, text.as_bytes())?)
}
