//! What agents do at the end of training.

use dt_data::Outcome;
use dt_train::evaluate::{EvaluationRecord, wilson};

use super::file_stem;
use super::files::RunGroup;
use super::outcomes;
use crate::draw::palette::{BLACK, SKY, VERMILION};
use crate::draw::{
    Axis, Bar, Bars, Color, Dash, Estimate, Figure, Mark, Marker, Panel, Points, Share, SourceFile,
    Style,
};
use crate::maths::stats::median;

/// Colours of greedy and sampled episodes, which no outcome has.
pub(super) const GREEDY: Style = Style::new(BLACK, Marker::Disc, Dash::Solid);
/// See [`GREEDY`].
pub(super) const SAMPLED: Style = Style::new(VERMILION, Marker::Square, Dash::Dashed);

/// A way to choose actions: greedy, or sampled at a temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Choice {
    Greedy,
    Sampled(f64),
}

impl Choice {
    fn name(self) -> String {
        match self {
            Self::Greedy => "greedy, every start".to_owned(),
            Self::Sampled(temperature) => format!("sampled, T = {temperature}"),
        }
    }

    fn color(self, n: usize) -> Color {
        match (self, n) {
            (Self::Greedy, _) => Color::new(0x4d, 0x4d, 0x4d),
            (Self::Sampled(_), 0 | 1) => SAMPLED.color,
            _ => SKY,
        }
    }
}

/// Episodes of an outcome, and of all, in one run.
fn counts(
    record: &EvaluationRecord,
    rtg: f64,
    choice: Choice,
    outcome: Outcome,
) -> Option<(usize, usize)> {
    let pick = |success, wrong, truncated| match outcome {
        Outcome::Success => success,
        Outcome::Failure(_) => wrong,
        _ => truncated,
    };
    match choice {
        Choice::Greedy => {
            let exact = record.exact.as_ref()?;
            let r = exact.iter().find(|r| r.rtg == rtg)?;
            Some((pick(r.success, r.wrong_target, r.truncated), r.of))
        }
        Choice::Sampled(temperature) => {
            let asked = |r: &&_| asked_for(r, rtg, temperature);
            let r = record.sampled.iter().find(asked)?;
            Some((pick(r.success, r.wrong_target, r.truncated), r.episodes))
        }
    }
}

fn asked_for(r: &dt_train::evaluate::SampledRecord, rtg: f64, temperature: f64) -> bool {
    r.rtg == rtg && r.temperature == temperature
}

/// One run's evaluation.
type Evaluated<'a> = (&'a str, &'a EvaluationRecord, &'a SourceFile);

/// Asked returns, each with the ways in which actions were chosen, in the order of the records.
fn asked(runs: &[Evaluated<'_>]) -> Vec<(f64, Vec<Choice>)> {
    let mut asked: Vec<(f64, Vec<Choice>)> = Vec::new();
    for (_, record, _) in runs {
        let exact = record.exact.iter().flatten();
        let exact = exact.map(|r| (r.rtg, Choice::Greedy));
        let sampled = record.sampled.iter();
        let sampled = sampled.map(|r| (r.rtg, Choice::Sampled(r.temperature)));
        for (rtg, choice) in exact.chain(sampled) {
            match asked.iter_mut().find(|(known, _)| *known == rtg) {
                None => asked.push((rtg, vec![choice])),
                Some((_, choices)) if !choices.contains(&choice) => choices.push(choice),
                Some(_) => {}
            }
        }
    }
    asked
}

/// Shares of outcomes, a panel for each asked return.
pub(super) fn shares(group: &RunGroup) -> Option<Figure> {
    let runs: Vec<Evaluated<'_>> = (group.runs.iter())
        .filter_map(|run| {
            let (record, file) = run.evaluation.as_ref()?;
            Some((run.label.as_str(), record, file))
        })
        .collect();
    let asked = asked(&runs);
    if asked.is_empty() {
        return None;
    }
    let mut figure = Figure::new(
        format!("{}-evaluation", file_stem(group.name())),
        format!("Evaluation of {}", group.name()),
    );
    figure.columns = asked.len().min(3);
    figure.share_y = Share::All;
    figure.panel_height = 185.0;
    let memory = group.is_memory();
    for (rtg, choices) in asked {
        let mut panel = Panel::new(
            format!("Asked return {rtg}"),
            Axis::categories("", outcomes::OF_AGENTS.map(outcomes::label)),
            Axis::range("share of episodes", 0.0, 1.04),
        );
        if memory {
            panel.push(Mark::Guide(outcomes::without_cue()));
        }
        let mut seeds = Vec::new();
        for (n, &choice) in choices.iter().enumerate() {
            let (bars, points) = bars(&runs, rtg, choice, (n, choices.len()));
            panel.push(Mark::Bars(bars));
            seeds.extend(points.into_iter().map(Mark::Points));
        }
        if runs.len() > 1 {
            panel.marks.append(&mut seeds);
        }
        figure.panels.push(panel);
    }
    figure.caption = caption(group.name(), &runs, memory);
    figure.n.insert("seeds".to_owned(), runs.len());
    figure.sources = runs.iter().map(|(_, _, file)| (*file).clone()).collect();
    Some(figure)
}

/// Bars of one way to choose actions (the median of several seeds), and a point for each seed.
fn bars(
    runs: &[Evaluated<'_>],
    rtg: f64,
    choice: Choice,
    (n, of): (usize, usize),
) -> (Bars, Vec<Points>) {
    let bars = Bars::new(choice.name(), &[], choice.color(n));
    let mut bars = bars.side_by_side(n, of);
    let mut seeds: Vec<Points> = (runs.iter().enumerate())
        .map(|(k, (label, _, _))| {
            let spread = (k as f64 + 0.5) / runs.len() as f64 - 0.5;
            Points {
                series: format!("{}, {label}", choice.name()),
                legend: Some("one seed".to_owned()),
                points: Vec::new(),
                style: Style::new(BLACK, Marker::Ring, Dash::Solid),
                size: 2.6,
                offset: bars.offset + spread * bars.width * 0.7,
            }
        })
        .collect();
    for (place, outcome) in outcomes::OF_AGENTS.into_iter().enumerate() {
        let mut shares = Vec::new();
        let mut interval = None;
        for ((_, record, _), points) in runs.iter().zip(&mut seeds) {
            let Some((count, of)) = counts(record, rtg, choice, outcome) else {
                continue;
            };
            let share = count as f64 / of.max(1) as f64;
            shares.push(share);
            points.points.push(Estimate {
                x: place as f64,
                y: share,
                interval: None,
            });
            if let (Choice::Sampled(_), 1) = (choice, runs.len()) {
                interval = Some(wilson(count, of).into());
            }
        }
        if let Ok(value) = median(&shares) {
            bars.bars.push(Bar {
                x: place as f64,
                base: 0.0,
                value,
                interval,
            });
        }
    }
    (bars, seeds)
}

fn caption(name: &str, runs: &[Evaluated<'_>], memory: bool) -> String {
    let first = runs[0].1;
    let starts = first.exact.iter().flatten().map(|r| r.of).next();
    let episodes: Vec<usize> = first.sampled.iter().map(|r| r.episodes).collect();
    let mut text = format!(
        "Outcomes of {name} after training in {}, one panel for each return that is asked for.",
        first.env
    );
    if let Some(starts) = starts {
        text += &format!(
            " Greedy: one episode from each of the {starts} distinct starts, which leaves nothing \
             to chance."
        );
    }
    if let (Some(least), Some(most)) = (episodes.iter().min(), episodes.iter().max()) {
        let count = if least == most {
            most.to_string()
        } else {
            format!("{least} to {most}")
        };
        text += &format!(" Sampled: {count} episodes.");
    }
    if memory {
        text += outcomes::WITHOUT_CUE;
    }
    text + &match runs.len() {
        1 => " Error bars: Wilson's 95 % intervals. One seed.".to_owned(),
        n => format!(" Bars: medians of {n} seeds; rings: the seeds."),
    }
}
