//! What all questions about agents have in common.

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use dt_analysis::dossier::reproduce::{AgentResults, reproduce};
use dt_analysis::draw::Figure;
use dt_analysis::figures::Group;
use dt_analysis::files::{Written, write_all};
use dt_analysis::papers::memory_dt::claims::Claims;
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
    /// Rules by which claims are judged
    #[arg(long, value_name = "FILE", default_value = "studies/claims.ron")]
    pub claims: PathBuf,
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

/// What was asked and what came out.
pub struct Answers {
    /// The study.
    pub study: Study,
    /// The rules.
    pub claims: Claims,
    /// Hash of their file.
    pub claims_hash: String,
    /// The agents, in the order given.
    pub subjects: Vec<Subject>,
    /// Their results.
    pub results: Vec<AgentResults>,
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
        let path = self.out.join(name);
        if path.exists() && !self.force {
            bail!(
                "{} exists already; use --force to replace it, or another --out",
                path.display()
            );
        }
        Ok(path)
    }

    /// Asks every agent everything.
    pub fn ask(&self) -> Result<Answers> {
        let (claims, claims_hash) = Claims::find(&self.claims)?;
        let (study, subjects) = self.load()?;
        let set = PromptSet::new(&study)?;
        let bar = progress(subjects.len());
        let mut results = Vec::new();
        for subject in &subjects {
            bar.set_message(subject.name.clone());
            results.push(reproduce(&Experiment::new(subject, &set), &claims)?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(Answers {
            study,
            claims,
            claims_hash,
            subjects,
            results,
        })
    }
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

impl Answers {
    /// Results by kind of agent, in the order in which kinds first appear.
    pub fn by_kind(&self) -> Vec<(String, Vec<&AgentResults>)> {
        let mut kinds: Vec<(String, Vec<&AgentResults>)> = Vec::new();
        for result in &self.results {
            match kinds.iter_mut().find(|(name, _)| *name == result.agent) {
                Some((_, agents)) => agents.push(result),
                None => kinds.push((result.agent.clone(), vec![result])),
            }
        }
        kinds
    }

    /// One value for each agent, by its name.
    pub fn keyed<'a, T>(&'a self, value: impl Fn(&'a AgentResults) -> T) -> BTreeMap<&'a str, T> {
        let subjects = self.subjects.iter().zip(&self.results);
        subjects.map(|(s, r)| (s.name.as_str(), value(r))).collect()
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
pub fn write(
    question: &Question,
    answers: &Answers,
    name: &str,
    value: &impl Serialize,
    draw: impl Fn(Group) -> Vec<Figure>,
    out: &mut impl Write,
) -> Result<()> {
    let path = question.check_free(&format!("{name}.json"))?;
    let kinds = answers.by_kind();
    let figures: Vec<Figure> = kinds
        .iter()
        .flat_map(|(name, agents)| draw(Group { name, agents }))
        .collect();
    let written = write_all(&figures, &question.out, question.force)?;
    write_json_file(&path, value)?;
    if question.json {
        super::write_json(out, value)?;
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
