//! `dt-analysis transfer`

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::io::Write;

use anyhow::{Result, bail};
use dt_analysis::questions::adversary::{Mode, search};
use dt_analysis::questions::transfer::{Chosen, kinship, transfer};
use dt_analysis::subject::exposure::Exposure;

use super::Outcome;
use super::question::{Question, progress, write_json_file};

/// Try the best adversary of each agent on every other.
///
/// The pair of objects in the frame of the study's site is chosen on one agent; random pairs that
/// its data show as often are tried beside it. Writes transfer.json.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis transfer runs/memory-dt/seed-* --out transfer")]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let question = &args.question;
    let path = question.check_free("transfer.json")?;
    let (study, subjects) = question.load()?;
    if subjects.len() < 2 {
        bail!("transfer is from one agent to another; give two runs or more");
    }
    let all = PromptSet::new(&study)?;
    let bar = progress(subjects.len());
    let mut chosen = Vec::new();
    for subject in &subjects {
        bar.set_message(subject.name.clone());
        let exposure = Exposure::of(&subject.agent, &study)?;
        let frame = (study.site.as_str(), Mode::Replacing);
        let (record, table) = search(&Experiment::new(subject, &all), &exposure, frame)?;
        chosen.push(Chosen::of(&subject.name, &record, &table, &all, &exposure)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut records = Vec::new();
    for subject in &subjects {
        let others: Vec<_> = subjects
            .iter()
            .zip(&chosen)
            .filter(|(other, _)| other.name != subject.name)
            .filter_map(|(other, chosen)| Some((chosen.as_ref()?, kinship(other, subject))))
            .collect();
        records.extend(transfer(
            &Experiment::new(subject, &all),
            Mode::Replacing,
            &others,
        )?);
    }
    write_json_file(&path, &records)?;
    if question.json {
        super::write_json(out, &records)?;
        return Ok(Outcome::Done);
    }
    for record in &records {
        writeln!(
            out,
            "{:<28} on {:<28} {:<30} turns {:>4.0} % of prompts, random pairs {:>4.0} %",
            record.chosen_on,
            record.tried_on,
            record.edit,
            100.0 * record.turned,
            100.0 * record.random
        )?;
    }
    writeln!(out, "{}", path.display())?;
    Ok(Outcome::Done)
}
