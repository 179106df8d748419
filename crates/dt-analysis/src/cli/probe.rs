//! `dt-analysis probe`

use dt_analysis::papers::memory_dt::first_form::find_study;
use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use dt_analysis::figures::{sweep_figure, sweep_figure_name};
use dt_analysis::files::{Output, json_bytes};
use dt_analysis::questions::probing::{
    Concept, Given, ProbeRecord, ProbeSweepRecord, ProbeVerdict, Sweep, SweepConfig, Token,
    check_directions, read_directions, sweep_csv, sweep_probes, write_directions,
};
use dt_analysis::subject::Subject;
use dt_train::device::DeviceSpec;
use indicatif::{ProgressBar, ProgressStyle};

use super::Outcome;
use super::question::{check_file, create_parent, list, load_subjects};

/// What can be read from an agent's activations, and whether the agent uses it.
///
/// Fits linear probes of the study's factors, the return-to-go and their products at state tokens,
/// judges each on conditions that it was fitted without, and swaps activations along its
/// direction to see whether the choice changes. Writes probe.json (an object for each agent),
/// probe.csv (one long table) and a figure for each agent.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis probe runs/memory-dt/seed-0 --out probes")]
pub struct Args {
    /// Run directories, checkpoints in them, or imported agents
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Folder for results; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// World and prompts
    #[arg(long, value_name = "FILE", default_value = "studies/memory-post.ron")]
    study: PathBuf,
    /// What to look for: letters of the study's factors (I, T, R; IT, ITR for products),
    /// next_action, facing, column, time [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    concepts: Vec<Concept>,
    /// Where: start, current, decision [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    tokens: Vec<Token>,
    /// Hook points; * stands for anything [default: hook_state_embed and the residual stream]
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    hooks: Vec<String>,
    /// Logistic regression in place of ridge regression; slower
    #[arg(long)]
    logistic: bool,
    /// Folds of the cross-validation that chooses a strength
    #[arg(long, value_name = "N", default_value_t = SweepConfig::default().folds)]
    folds: usize,
    /// Episodes of each of five walkers, whose ways are replayed
    #[arg(long, value_name = "N", default_value_t = SweepConfig::default().episodes)]
    episodes: u32,
    /// Most distinct walks that are kept; each is seen under every combination of factors
    #[arg(long, value_name = "N", default_value_t = SweepConfig::default().walks)]
    walks: usize,
    /// Root of every random stream
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write the probes of the one RUN to this file
    #[arg(long, value_name = "FILE", conflicts_with = "directions")]
    save_directions: Option<PathBuf>,
    /// Try probes from this file in place of fitted ones
    #[arg(long, value_name = "FILE")]
    directions: Option<PathBuf>,
    /// Where to compute: cpu, libtorch or libtorch:cuda:N
    #[arg(long, default_value_t = DeviceSpec::Cpu)]
    device: DeviceSpec,
    /// Replace results that are there [default: refuse, and write nothing]
    #[arg(long)]
    force: bool,
    /// Print the results as one JSON object [default: a table and the path of each file]
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let numbers = args.out.join("probe.json");
    let table = args.out.join("probe.csv");
    let output = Output::new(&args.out, "probe", args.force)?;
    output.check_free(["probe.json", "probe.csv"])?;
    if let Some(path) = &args.save_directions {
        check_file(path, args.force)?;
    }
    if args.save_directions.is_some() && args.runs.len() > 1 {
        bail!(
            "--save-directions takes the probes of one agent, {} were given; give one RUN",
            args.runs.len()
        );
    }
    let study = find_study(&args.study)?;
    let subjects = load_subjects(&args.runs, &study, args.device)?;
    let figures = subjects.iter().flat_map(|subject| {
        let name = sweep_figure_name(subject.kind(), subject.agent.record.seed);
        ["svg", "png", "csv", "json"].map(|end| format!("{name}.{end}"))
    });
    output.check_free(figures)?;
    let given = match &args.directions {
        Some(path) => Some((path.display().to_string(), read_directions(path)?)),
        None => None,
    };
    if let Some((_, directions)) = &given {
        for subject in &subjects {
            check_directions(directions, subject)?;
        }
    }
    let given = given
        .as_ref()
        .map(|(file, directions)| Given { file, directions });
    let sweeps = sweep_all(&subjects, &PromptSet::new(&study)?, &args.config(), given)?;

    let records: Vec<&ProbeSweepRecord> = sweeps.iter().map(|s| &s.record).collect();
    let figures: Vec<_> = records.iter().map(|r| sweep_figure(r)).collect();
    if let (Some(path), [sweep]) = (&args.save_directions, &sweeps[..]) {
        create_parent(path)?;
        write_directions(path, &sweep.directions)?;
    }
    let keyed: BTreeMap<&str, &ProbeSweepRecord> = (subjects.iter())
        .map(|s| s.name.as_str())
        .zip(records.iter().copied())
        .collect();
    let others = [
        ("probe.csv".to_owned(), sweep_csv(&records).into_bytes()),
        ("probe.json".to_owned(), json_bytes(&keyed)?),
    ];
    let written = output.write(("", &figures), &others)?;
    if args.json {
        super::write_json(out, &keyed)?;
    } else {
        for record in &records {
            print_sweep(out, record)?;
        }
        writeln!(out, "{}", table.display())?;
        list(out, &numbers, &written)?;
    }
    Ok(Outcome::Done)
}

fn sweep_all(
    subjects: &[Subject],
    set: &PromptSet,
    config: &SweepConfig,
    given: Option<Given>,
) -> Result<Vec<Sweep>> {
    let bar = ProgressBar::new(subjects.len() as u64).with_style(
        ProgressStyle::with_template("{pos}/{len} agents {wide_bar} {msg}")
            .expect("the template is valid"),
    );
    let mut sweeps = Vec::new();
    for subject in subjects {
        bar.set_message(subject.name.clone());
        sweeps.push(sweep_probes(&Experiment::new(subject, set), config, given)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(sweeps)
}

impl Args {
    fn config(&self) -> SweepConfig {
        let default = SweepConfig::default();
        let chosen = |all: Vec<Token>| match self.tokens.is_empty() {
            true => all,
            false => self.tokens.clone(),
        };
        SweepConfig {
            concepts: self.concepts.clone(),
            tokens: chosen(default.tokens),
            hooks: self.hooks.clone(),
            logistic: self.logistic,
            folds: self.folds,
            episodes: self.episodes,
            walks: self.walks,
            seed: self.seed,
            ..SweepConfig::default()
        }
    }
}

/// Two decimals; an explained variance far below zero says no more than that.
fn written(value: f64) -> String {
    match value < -9.0 {
        true => "<-9".to_owned(),
        false => format!("{value:.2}"),
    }
}

/// A table for each token: worst cases, and flips of a swap.
fn print_sweep(out: &mut impl Write, record: &ProbeSweepRecord) -> Result<()> {
    let data = &record.data;
    writeln!(
        out,
        "{}: {} distinct walks (of {} frames), each under {} combinations",
        record.title(),
        data.walks,
        data.frames_walked,
        data.combinations
    )?;
    let points = record.points();
    let short = |point: &str| {
        let place = point.replace("blocks.", "").replace(".hook_resid_", ".");
        place.replace("hook_state_", "")
    };
    for &token in &record.config.tokens {
        writeln!(
            out,
            "\n{token}: {} distinct token prefixes, {} of them for testing; worst case, and \
             prompts that a swap flips",
            data.prefixes[&token], data.test_prefixes[&token]
        )?;
        write!(out, "  {:<18}", "")?;
        for point in &points {
            write!(out, " {:>10}", short(point))?;
        }
        writeln!(out)?;
        for concept in &record.config.concepts {
            write!(out, "  {:<18}", record.titles[concept])?;
            for point in &points {
                let probe = record.probe(point, token, *concept);
                let value = probe.and_then(ProbeRecord::worst_case);
                let value = value.map_or("–".to_owned(), written);
                let flips = probe.and_then(|p| p.swap.as_ref());
                let flips = flips.map_or(String::new(), |s| format!(" {}/{}", s.flips, s.of));
                let used = probe.is_some_and(|p| p.verdict == Some(ProbeVerdict::Represented));
                let mark = if used { "*" } else { " " };
                write!(out, " {value:>5}{flips:>4}{mark}")?;
            }
            writeln!(out)?;
        }
    }
    writeln!(
        out,
        "\n* represented: every left-out condition is read, and a swap changes the choice"
    )?;
    match record.absent_by_construction_ok {
        Some(true) => writeln!(
            out,
            "products are absent from single observations, as they must be"
        )?,
        Some(false) => writeln!(
            out,
            "BUG: products are read where they cannot be: {}",
            record.absent_by_construction_broken.join("; ")
        )?,
        None => {}
    }
    writeln!(out)?;
    Ok(())
}
