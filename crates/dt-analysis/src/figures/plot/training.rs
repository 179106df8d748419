//! Training curves.

use dt_env::Action;
use dt_train::evaluate::EvaluationLine;
use dt_train::run::{MetricLine, StepRecord};

use super::file_stem;
use super::files::{RunGroup, RunSource};
use super::outcomes;
use super::seeds::{SeedLine, push_lines, sentence};
use crate::draw::{Axis, Figure, Guide, GuideAt, Mark, Panel, Share, SourceFile, Style};

fn steps(run: &RunSource) -> impl Iterator<Item = &StepRecord> {
    let lines = run.metrics.iter().flat_map(|(lines, _)| lines);
    lines.filter_map(|line| match line {
        MetricLine::Step(record) => Some(record),
        MetricLine::Evaluation { .. } | MetricLine::HeldOut { .. } => None,
    })
}

fn evaluations(run: &RunSource) -> impl Iterator<Item = (u64, &[EvaluationLine])> {
    let lines = run.metrics.iter().flat_map(|(lines, _)| lines);
    lines.filter_map(|line| match line {
        MetricLine::Step(_) | MetricLine::HeldOut { .. } => None,
        MetricLine::Evaluation { step, exact } => Some((*step, exact.as_slice())),
    })
}

fn sources(runs: &[&RunSource]) -> Vec<SourceFile> {
    let files = runs.iter().filter_map(|run| run.metrics.as_ref());
    files.map(|(_, file)| file.clone()).collect()
}

/// A quantity of a step.
type ValueOf = fn(&StepRecord) -> f64;

/// One line per run of a quantity of the optimiser's steps.
fn lines(runs: &[&RunSource], of: ValueOf) -> Vec<SeedLine> {
    let line = |run: &&RunSource| {
        let points = steps(run).map(|record| (record.step as f64, of(record)));
        (run.label.clone(), points.collect())
    };
    runs.iter().map(line).collect()
}

/// Loss, gradient norm and learning rate against steps.
pub(super) fn curves(group: &RunGroup) -> Option<Figure> {
    let runs: Vec<&RunSource> = group
        .runs
        .iter()
        .filter(|r| steps(r).next().is_some())
        .collect();
    if runs.is_empty() {
        return None;
    }
    let mut figure = Figure::new(
        format!("{}-training", file_stem(group.name())),
        format!("Training of {}", group.name()),
    );
    figure.columns = 3;
    let quantities: [(&str, &str, &str, ValueOf); 3] = [
        ("Loss", "loss", "loss (nats per action)", |r| r.loss),
        ("Gradient", "gradient norm", "global gradient norm", |r| {
            r.grad_norm
        }),
        ("Learning rate", "learning rate", "learning rate", |r| {
            r.learning_rate
        }),
    ];
    for (title, series, label, of) in quantities {
        let lines = lines(&runs, of);
        let values: Vec<f64> = lines.iter().flat_map(|l| l.1.iter().map(|p| p.1)).collect();
        // A schedule is drawn as it is defined, on a linear axis.
        let y = match title {
            "Learning rate" => Axis::from_zero(label),
            _ => Axis::magnitude(label, &values),
        };
        let mut panel = Panel::new(title, Axis::from_zero("optimiser step"), y);
        if title == "Loss" {
            let chance = (Action::COUNT as f64).ln();
            panel.push(Mark::Guide(Guide::new(
                "all actions equally likely",
                GuideAt::Y(chance),
            )));
        }
        push_lines(&mut panel, series, None, &lines, Style::nth(0), false);
        figure.panels.push(panel);
    }
    figure.caption = format!(
        "Training of {}. a, Mean negative log-likelihood of the demonstrated actions; dashed, \
         the loss of a uniform guess over {} actions. b, Global norm of the gradient before \
         clipping. c, Learning rate. Points are means over the steps between two lines of the \
         log (a) or values of its last step (b, c). {}",
        group.name(),
        Action::COUNT,
        sentence(runs.len())
    );
    figure.n.insert("seeds".to_owned(), runs.len());
    figure.sources = sources(&runs);
    Some(figure)
}

/// Shares of outcomes of the exact evaluations against steps, a panel for each asked return.
pub(super) fn outcomes(group: &RunGroup) -> Option<Figure> {
    let runs: Vec<&RunSource> = group
        .runs
        .iter()
        .filter(|r| evaluations(r).next().is_some())
        .collect();
    let mut asked: Vec<f64> = Vec::new();
    for (_, exact) in runs.iter().flat_map(|run| evaluations(run)) {
        for line in exact {
            if !asked.contains(&line.rtg) {
                asked.push(line.rtg);
            }
        }
    }
    let starts = runs
        .first()
        .and_then(|run| evaluations(run).next())?
        .1
        .first()?
        .of;
    let mut figure = Figure::new(
        format!("{}-training-outcomes", file_stem(group.name())),
        format!("Outcomes during training of {}", group.name()),
    );
    figure.columns = asked.len().min(3);
    figure.share_y = Share::All;
    figure.panel_height = 185.0;
    let memory = group.is_memory();
    for rtg in asked {
        let mut panel = Panel::new(
            format!("Asked return {rtg}"),
            Axis::from_zero("optimiser step"),
            Axis::range("share of starts", -0.02, 1.02),
        );
        if memory {
            panel.push(Mark::Guide(outcomes::without_cue()));
        }
        for outcome in outcomes::OF_AGENTS {
            let share = |line: &EvaluationLine| {
                let count = match outcome {
                    dt_data::Outcome::Success => line.success,
                    dt_data::Outcome::Failure(_) => line.wrong_target,
                    _ => line.truncated,
                };
                count as f64 / line.of.max(1) as f64
            };
            let lines: Vec<SeedLine> = runs
                .iter()
                .map(|run| {
                    let at = |(step, exact): (u64, &[EvaluationLine])| {
                        let line = exact.iter().find(|line| line.rtg == rtg)?;
                        Some((step as f64, share(line)))
                    };
                    (run.label.clone(), evaluations(run).filter_map(at).collect())
                })
                .collect();
            let label = outcomes::label(outcome);
            let style = outcomes::style(outcome);
            push_lines(&mut panel, &label, Some(&label), &lines, style, true);
        }
        figure.panels.push(panel);
    }
    figure.caption = format!(
        "Exact evaluation of {} during training: greedy episodes from each of the {starts} \
         distinct starts, one panel for each return that is asked for; the share of them that \
         ends in success, at the wrong target, or at the step limit.{} {}",
        group.name(),
        if memory { outcomes::WITHOUT_CUE } else { "" },
        sentence(runs.len())
    );
    figure.n.insert("seeds".to_owned(), runs.len());
    figure.n.insert("starts".to_owned(), starts);
    figure.sources = sources(&runs);
    Some(figure)
}
