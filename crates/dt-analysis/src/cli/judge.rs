//! `dt-analysis judge`

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use dt_analysis::files::{MAX_RECORD, Output, json_bytes, read_json};
use dt_analysis::papers::memory_dt::claims::{Claims, Judgement, judge};
use dt_analysis::papers::memory_dt::evidence::Evidence;
use dt_analysis::questions::transfer::TransferRecord;
use dt_env::files::{list, read_text};
use rayon::prelude::*;

use super::verdicts::{self, Judged};
use super::{Outcome, write_json};

/// Apply the claims to what reproduce or study kept of agents; nothing is measured.
///
/// Takes milliseconds, so that a threshold can be tried: copy studies/claims.ron, change it, judge
/// again. With --out it writes claims.json (verdicts for each kind of agent) and claims.csv (every
/// finding on every agent), as reproduce and study do. Agents of one name are seeds of one kind.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis judge study --claims stricter.ron")]
pub struct Args {
    /// Folder that reproduce or study wrote, or one file of its evidence/ or agents/
    #[arg(value_name = "DIR")]
    kept: PathBuf,
    /// Rules by which claims are judged
    #[arg(long, value_name = "FILE", default_value = "studies/claims.ron")]
    claims: PathBuf,
    /// Folder for claims.json and claims.csv; made if it is not there [default: write nothing]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace results that are there [default: refuse, and write nothing]
    #[arg(long)]
    force: bool,
    /// Print verdicts and findings as one JSON object [default: a table]
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let (claims, _) = Claims::find(&args.claims)?;
    /// In the order in which they are written: the verdicts say that all is done.
    const FILES: [&str; 2] = ["claims.csv", "claims.json"];
    let output = (args.out.as_ref()).map(|dir| Output::new(dir, "judge", args.force));
    let output = output.transpose()?;
    if let Some(output) = &output {
        output.check_free(FILES.iter().rev())?;
    }
    let kept = Kept::read(&args.kept)?;
    let judgements: Vec<Judgement> = (kept.evidence.par_iter())
        .map(|evidence| judge(evidence, &claims, kept.transfers.as_deref()))
        .collect::<Result<_, _>>()?;
    let agents: Vec<Judged> = (kept.evidence.iter().zip(&judgements))
        .map(|(evidence, judgement)| Judged {
            name: &evidence.agent.name,
            kind: &evidence.agent.kind,
            findings: &judgement.findings,
        })
        .collect();
    let summaries = verdicts::summaries(&claims, &agents)?;
    if let Some(output) = &output {
        let bytes = [verdicts::csv(&agents).into_bytes(), json_bytes(&summaries)?];
        let files: Vec<_> = FILES.map(str::to_owned).into_iter().zip(bytes).collect();
        output.write(("", &[]), &files)?;
    }
    if args.json {
        let by_agent: BTreeMap<&str, &Judgement> = (agents.iter().zip(&judgements))
            .map(|(agent, judgement)| (agent.name, judgement))
            .collect();
        let all = serde_json::json!({ "kinds": summaries, "agents": by_agent });
        write_json(out, &all)?;
    } else {
        verdicts::print(out, &claims, &agents, &summaries)?;
        writeln!(out)?;
        verdicts::print_each(out, &agents)?;
        if let Some(output) = &output {
            for name in FILES.iter().rev() {
                writeln!(out, "{}", output.dir().join(name).display())?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// What is kept of some agents.
struct Kept {
    evidence: Vec<Evidence>,
    transfers: Option<Vec<TransferRecord>>,
}

impl Kept {
    /// Reads a folder's evidence, or one file of it.
    fn read(path: &Path) -> Result<Self> {
        let (files, folder) = match path.is_dir() {
            true => (files_in(path)?, Some(path)),
            // DIR/agents/NAME.json
            false => (vec![path.to_owned()], path.parent().and_then(Path::parent)),
        };
        let read: Vec<Evidence> = (files.par_iter())
            .map(|file| {
                let text = read_text(file, MAX_RECORD)?;
                Ok(Evidence::parse(file, &text)?)
            })
            .collect::<Result<_>>()?;
        let mut evidence: Vec<(Evidence, PathBuf)> = Vec::new();
        for (one, file) in read.into_iter().zip(files) {
            let before = evidence
                .iter()
                .find(|(e, _)| e.agent.name == one.agent.name);
            match before {
                // A study and a reproduction may share a folder.
                Some((other, _)) if other.about == one.about => {}
                Some((_, first)) => bail!(
                    "{} and {} are both evidence about `{}`, with other weights or studies; \
                     remove one",
                    first.display(),
                    file.display(),
                    one.agent.name
                ),
                None => evidence.push((one, file)),
            }
        }
        if let Some(((first, a), (other, b))) = different_studies(&evidence) {
            bail!(
                "{} is of study `{}` and {} of another, `{}`; judge them apart",
                a.display(),
                first.study.name,
                b.display(),
                other.study.name
            );
        }
        Ok(Self {
            evidence: evidence.into_iter().map(|(e, _)| e).collect(),
            transfers: folder.map(transfers).transpose()?.flatten(),
        })
    }
}

type File = (Evidence, PathBuf);

/// Two that were asked different studies.
fn different_studies(evidence: &[File]) -> Option<(&File, &File)> {
    let first = evidence.first()?;
    let other = evidence.iter().find(|(e, _)| e.study != first.0.study)?;
    Some((first, other))
}

/// Every file of a folder's evidence/ and agents/, in order.
fn files_in(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["evidence", "agents"].map(|name| dir.join(name)) {
        if !folder.is_dir() {
            continue;
        }
        let json = |path: &PathBuf| path.extension().is_some_and(|e| e == "json");
        files.extend(list(&folder)?.into_iter().filter(json));
    }
    if files.is_empty() {
        bail!(
            "{} holds no evidence about agents (no evidence/NAME.json, no agents/NAME.json); \
             `dt-analysis reproduce RUN --out {0}` measures some",
            dir.display()
        );
    }
    files.sort_unstable();
    Ok(files)
}

/// What a study tried from agent to agent, if it is there.
fn transfers(dir: &Path) -> Result<Option<Vec<TransferRecord>>> {
    let path = dir.join("transfer.json");
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let records: Vec<TransferRecord> = read_json(&path)?;
    let problem = |(n, record): (usize, &TransferRecord)| Some((n, record.problem()?));
    match records.iter().enumerate().find_map(problem) {
        Some((n, problem)) => bail!("{}: [{n}]: {problem}", path.display()),
        None => Ok(Some(records)),
    }
}
