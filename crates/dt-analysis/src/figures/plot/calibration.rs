//! Achieved against asked return.

use dt_data::Outcome;
use dt_train::evaluate::calibrate::CalibrationRecord;

use super::evaluation::{GREEDY, SAMPLED};
use super::file_stem;
use super::files::RunGroup;
use super::outcomes;
use super::seeds::{SeedLine, push_lines, sentence};
use crate::draw::{
    Axis, Color, Estimate, Figure, Guide, GuideAt, Line, Mark, Panel, Points, SourceFile,
    stacked_areas, theme,
};

/// One run's shares of an outcome, by asked return.
type Shares = Vec<(f64, [f64; 3])>;
/// How they are read from a record.
type SharesOf = fn(&CalibrationRecord) -> Shares;

fn sampled_shares(record: &CalibrationRecord) -> Shares {
    let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
    let shares = record.sampled.iter().map(|r| {
        let counts = [r.success, r.wrong_target, r.truncated];
        (r.rtg, counts.map(|count| share(count, r.episodes)))
    });
    shares.collect()
}

fn greedy_shares(record: &CalibrationRecord) -> Shares {
    let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
    let shares = record.exact.iter().flatten().map(|r| {
        let counts = [r.success, r.wrong_target, r.truncated];
        (r.rtg, counts.map(|count| share(count, r.of)))
    });
    shares.collect()
}

/// Achieved return, and shares of outcomes, against asked return.
pub(super) fn achieved(group: &RunGroup) -> Option<Figure> {
    let runs: Vec<(&str, &CalibrationRecord, &SourceFile)> = (group.runs.iter())
        .filter_map(|run| {
            let (record, file) = run.calibration.as_ref()?;
            Some((run.label.as_str(), record, file))
        })
        .collect();
    let first = runs.first()?.1;
    let mut figure = Figure::new(
        format!("{}-calibration", file_stem(group.name())),
        format!("Achieved against asked return of {}", group.name()),
    );
    figure.columns = 3;
    figure.panel_height = 185.0;
    figure.panels.push(returns(&runs));
    let ways: [(&str, SharesOf); 2] = [
        ("Outcomes, sampled", sampled_shares),
        ("Outcomes, greedy", greedy_shares),
    ];
    for (title, shares) in ways {
        let all: Vec<Shares> = runs.iter().map(|(_, record, _)| shares(record)).collect();
        figure.panels.extend(areas(title, &all));
    }
    let (episodes, temperature) = first
        .sampled
        .first()
        .map_or((0, 1.0), |r| (r.episodes, r.temperature));
    figure.caption = format!(
        "{} in {}, asked for returns from {} to {}. a, Mean return, sampled at temperature \
         {temperature} ({episodes} episodes for each value and seed{}) and greedy over every \
         distinct start; on the dashed line an agent gets what it is asked for. b, c, Shares of \
         outcomes{}. {}",
        group.name(),
        first.env,
        first.sampled.first().map_or(0.0, |r| r.rtg),
        first.sampled.last().map_or(0.0, |r| r.rtg),
        match runs.len() {
            1 => "; error bars, 95 % intervals by the standard error",
            _ => "",
        },
        match runs.len() {
            1 => "",
            _ => ", means over seeds",
        },
        sentence(runs.len())
    );
    figure.n.insert("seeds".to_owned(), runs.len());
    figure.n.insert(
        "sampled episodes for each value and seed".to_owned(),
        episodes,
    );
    figure.sources = runs.iter().map(|(_, _, file)| (*file).clone()).collect();
    Some(figure)
}

fn returns(runs: &[(&str, &CalibrationRecord, &SourceFile)]) -> Panel {
    let asked = || {
        runs.iter()
            .flat_map(|(_, record, _)| &record.sampled)
            .map(|r| r.rtg)
    };
    let low = asked().fold(0.0, f64::min);
    let high = asked().fold(1.0, f64::max);
    // The same range on both axes: the identity is the diagonal.
    let air = 0.03 * (high - low);
    let axis = |label| Axis::range(label, low - air, high + air);
    let mut panel = Panel::new("Return", axis("asked return"), axis("achieved mean return"));
    panel.push(Mark::Guide(Guide::new(
        "achieved = asked",
        GuideAt::Identity,
    )));
    let line = |of: &dyn Fn(&CalibrationRecord) -> Vec<(f64, f64)>| -> Vec<SeedLine> {
        let seeds = runs
            .iter()
            .map(|(label, record, _)| ((*label).to_owned(), of(record)));
        seeds.filter(|(_, points)| !points.is_empty()).collect()
    };
    let sampled = line(&|record| {
        record
            .sampled
            .iter()
            .map(|r| (r.rtg, r.mean_return))
            .collect()
    });
    let greedy = line(&|record| {
        let exact = record.exact.iter().flatten();
        exact.map(|r| (r.rtg, r.mean_return)).collect()
    });
    if let [(_, record, _)] = runs {
        let estimates = record.sampled.iter().map(|r| Estimate {
            x: r.rtg,
            y: r.mean_return,
            interval: r.return_ci95.map(|[low, high]| (low, high)),
        });
        let points = Points {
            series: "sampled".to_owned(),
            legend: None,
            points: estimates.collect(),
            style: SAMPLED,
            size: theme::MARKER,
            offset: 0.0,
        };
        if let [(_, line)] = &sampled[..] {
            let mut through = Line::new("sampled", line.clone(), SAMPLED).with_markers();
            through.width = theme::THIN_LINE;
            panel.push(Mark::Line(through));
            panel.push(Mark::Points(points));
        }
    } else {
        push_lines(
            &mut panel,
            "sampled",
            Some("sampled"),
            &sampled,
            SAMPLED,
            true,
        );
    }
    if !greedy.is_empty() {
        push_lines(&mut panel, "greedy", Some("greedy"), &greedy, GREEDY, true);
    }
    panel
}

/// Stacked shares, means over the runs, at the asked returns that all of them have.
fn areas(title: &str, runs: &[Shares]) -> Option<Panel> {
    let (first, others) = runs.split_first()?;
    let mut rows: Shares = Vec::new();
    for (rtg, shares) in first {
        let mut sum = *shares;
        let mut count = 1.0;
        for other in others {
            let Some((_, more)) = other.iter().find(|(x, _)| x == rtg) else {
                break;
            };
            for (total, part) in sum.iter_mut().zip(more) {
                *total += part;
            }
            count += 1.0;
        }
        if count == runs.len() as f64 {
            rows.push((*rtg, sum.map(|total| total / count)));
        }
    }
    if rows.is_empty() {
        return None;
    }
    let xs: Vec<f64> = rows.iter().map(|(rtg, _)| *rtg).collect();
    let series: Vec<(String, Color, Vec<f64>)> = (outcomes::OF_AGENTS.into_iter().enumerate())
        .map(|(n, outcome): (usize, Outcome)| {
            let values = rows.iter().map(|(_, shares)| shares[n]).collect();
            (outcomes::label(outcome), outcomes::fill(outcome), values)
        })
        .collect();
    let mut panel = Panel::new(
        title,
        Axis::linear("asked return"),
        Axis::range("share of episodes", 0.0, 1.0),
    );
    for band in stacked_areas(&xs, &series) {
        panel.push(Mark::Band(band));
    }
    Some(panel)
}
