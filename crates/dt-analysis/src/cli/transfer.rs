//! `dt-analysis transfer`

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::io::Write;

use anyhow::{Result, bail};
use dt_analysis::questions::adversary::{Mode, search};
use dt_analysis::questions::transfer::{Chosen, kinship, transfer};
use dt_analysis::subject::exposure::Exposure;

use super::Outcome;
use super::question::{Places, Question, of_agent, progress, write_files};

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

const PLACES: Places = Places {
    command: "transfer",
    figures: &[],
};

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let question = &args.question;
    question.output(PLACES.command, &[&PLACES.numbers()])?;
    if question.runs.len() < 2 {
        bail!("transfer is from one agent to another; give two runs or more");
    }
    let (study, subjects) = question.load()?;
    study.main_factor()?;
    let all = PromptSet::new(&study)?;
    let bar = progress(subjects.len());
    let mut chosen = Vec::new();
    for subject in &subjects {
        bar.set_message(subject.name.clone());
        let ask = || {
            let exposure = Exposure::of(&subject.agent, &study)?;
            let frame = (study.site.as_str(), Mode::Replacing);
            let (record, table) = search(&Experiment::new(subject, &all), &exposure, frame)?;
            Chosen::of(&subject.name, &record, &table, &all, &exposure)
        };
        chosen.push(ask().map_err(|error| of_agent(subject, error))?);
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
    write_files(question, &PLACES, &[], &records)?;
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
    let path = question.out.join(PLACES.numbers());
    writeln!(out, "{}", path.display())?;
    Ok(Outcome::Done)
}
