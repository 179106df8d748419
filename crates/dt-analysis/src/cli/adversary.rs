//! `dt-analysis adversary`

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use dt_analysis::questions::adversary::{
    AdversaryRecord, BeamRecord, Mode, RankedEdit, beam_search, search,
};
use dt_analysis::subject::exposure::Exposure;
use serde::Serialize;

use super::Outcome;
use super::question::{Places, Question, of_agent, write_figures};

/// Search for observations that turn an agent's choice.
///
/// Tries the two objects of the study's main factor, singly and in pairs, in every cell of a frame
/// of all prompts. Edits are chosen on the prompts with one value of another factor and judged on
/// the rest; cells that tell a factor, and the agent's own, do not count. Beside it, a beam search
/// replaces up to three objects, in the first frame and in any frame before the decision. Writes
/// adversary.json.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  dt-analysis adversary runs/memory-dt/seed-0 --out adversary\n  \
    dt-analysis adversary runs/* --frame decision --mode valid --out adversary"
)]
pub struct Args {
    #[command(flatten)]
    question: Question,
    /// Frame that is edited, by its name in the study [default: the study's site]
    #[arg(long, value_name = "NAME")]
    frame: Option<String>,
    /// How objects are put into cells: replacing, adding or valid
    #[arg(long, value_name = "MODE", default_value_t = Mode::Replacing)]
    mode: Mode,
}

/// What was found on an agent.
#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    record: AdversaryRecord,
    /// Up to three placements in the first frame.
    beam_start: BeamRecord,
    /// Up to three placements in any frame before the decision.
    beam_earlier: BeamRecord,
}

const PLACES: Places = Places {
    command: "adversary",
    figures: &[],
};

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let question = &args.question;
    question.output(PLACES.command, &[&PLACES.numbers()])?;
    let (study, subjects) = question.load()?;
    // What the searches ask for at their end is asked for first.
    study.main_factor()?;
    let all = PromptSet::new(&study)?;
    let [start, decision] =
        ["start", "decision"].map(|moment| study.moment(moment).expect("a study has both"));
    let earlier: Vec<usize> = (start..decision).collect();
    let frame = args.frame.as_ref().unwrap_or(&study.site);
    study.frame(frame)?;
    let mut found: BTreeMap<&str, Found> = BTreeMap::new();
    for subject in &subjects {
        let experiment = Experiment::new(subject, &all);
        let ask = || {
            let exposure = Exposure::of(&subject.agent, &study)?;
            Ok(Found {
                record: search(&experiment, &exposure, (frame, args.mode))?.0,
                beam_start: beam_search(&experiment, &[start])?,
                beam_earlier: beam_search(&experiment, &earlier)?,
            })
        };
        let one = ask().map_err(|error| of_agent(subject, error))?;
        if !question.json {
            write_summary(out, &subject.name, &one.record)?;
            write_beam(out, "the first frame", &one.beam_start)?;
            write_beam(out, "any frame before the decision", &one.beam_earlier)?;
        }
        found.insert(&subject.name, one);
    }
    write_figures(question, &PLACES, &[], &found, out)?;
    Ok(Outcome::Done)
}

fn write_beam(out: &mut impl Write, frames: &str, record: &BeamRecord) -> Result<()> {
    writeln!(
        out,
        "  beam over {frames}: {} edits tried in every prompt",
        record.tried
    )?;
    for edit in &record.best {
        let placements: Vec<String> = (edit.placements.iter())
            .map(|(step, placement)| match step {
                0 => placement.to_string(),
                step => format!("{placement} in frame {step}"),
            })
            .collect();
        writeln!(
            out,
            "    {:<50} {:>7.2} {:>9.2} {:>7} {:>9}",
            placements.join(", "),
            edit.worst_chosen,
            edit.worst_held_out,
            edit.flips[0],
            edit.flips[1]
        )?;
    }
    Ok(())
}

fn write_summary(out: &mut impl Write, name: &str, record: &AdversaryRecord) -> Result<()> {
    writeln!(
        out,
        "{name}: {} edits of `{}` ({}), each in {} prompts",
        record.tried,
        record.moment,
        record.mode,
        record.facets.len()
    )?;
    let half = record.chosen_on.iter().filter(|c| **c).count();
    writeln!(
        out,
        "  {:<34} {:>9} {:>9} {:>9} {:>9} {:>8}",
        "edit", "worst", "held out", "turned", "held out", "frames"
    )?;
    let mut line = |edit: &RankedEdit| {
        writeln!(
            out,
            "  {:<34} {:>9.2} {:>9.2} {:>7}/{half} {:>7}/{} {:>8}",
            edit.edit,
            edit.worst_chosen,
            edit.worst_held_out,
            edit.flips[0],
            edit.flips[1],
            record.facets.len() - half,
            edit.frames
        )
    };
    record.best.iter().take(5).try_for_each(&mut line)?;
    record.best_single.iter().try_for_each(&mut line)?;
    if let Some(hand_picked) = &record.hand_picked {
        line(&hand_picked.edit)?;
        let ranks: Vec<String> = hand_picked
            .ranks
            .iter()
            .map(|r| r.at_least.to_string())
            .collect();
        writeln!(
            out,
            "  pairs at least as strong as the study's double complement, by prompt: {} of {}",
            ranks.join(", "),
            hand_picked.ranks[0].of
        )?;
    }
    if let Some(random) = &record.against_random {
        writeln!(
            out,
            "  held-out prompts turned: {:.0} % by the best pair, {:.0} % by {} random pairs",
            100.0 * random.chosen,
            100.0 * random.random,
            random.pairs
        )?;
    }
    for (latent, second) in record.latent.iter().zip(&record.latent_second) {
        let share = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{x:.2}"));
        writeln!(
            out,
            "  {:<34} NIE {}, NDE {}; along the second component {}",
            latent.edit,
            share(latent.nie),
            share(latent.nde),
            share(second.nie)
        )?;
    }
    for edited in &record.behaviour {
        writeln!(
            out,
            "  {:<34} ends as at the other value in {} of {} episodes, at neither in {}",
            edited.edit,
            edited.turned,
            edited.reached.len(),
            edited.broken
        )?;
    }
    Ok(())
}
