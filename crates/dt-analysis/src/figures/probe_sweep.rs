//! A sweep as a picture.

use super::slug;
use crate::draw::{
    Axis, ColorMap, Estimate, Figure, HeatMap, Mark, Marker, Numbers, Panel, Points, Style, palette,
};
use crate::questions::probing::{Concept, ProbeRecord, ProbeSweepRecord, Token};

/// Name of the files of an agent's figure.
pub fn sweep_figure_name(agent: &str, seed: Option<u64>) -> String {
    let title = ProbeSweepRecord::title_of(agent, seed);
    format!("probe.{}", slug(&title.replace(',', "")))
}

/// Worst-case accuracy of every concept at every site, dots where a swap changes the turn.
pub fn sweep_figure(record: &ProbeSweepRecord) -> Figure {
    let mut figure = Figure::new(
        sweep_figure_name(&record.agent, record.seed),
        format!("What can be read, and what is used: {}", record.title()),
    );
    let accuracy = Scale {
        label: "accuracy",
        low: 0.5,
        decimals: 2,
    };
    let explained = Scale {
        label: "R²",
        low: 0.0,
        decimals: 1,
    };
    let row = |name: &str, concept: Concept, value: Value| Row {
        name: name.to_owned(),
        concept,
        value,
    };
    let (mut worst, mut plain, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for &concept in &record.config.concepts {
        let title = record.titles[&concept].as_str();
        if concept.is_number() {
            numbers.push(row(
                &format!("{title}, left out"),
                concept,
                ProbeRecord::worst_case,
            ));
            numbers.push(row(&format!("{title}, new prefixes"), concept, plain_test));
        } else {
            worst.push(row(title, concept, ProbeRecord::worst_case));
            plain.push(row(title, concept, plain_test));
        }
    }
    for (title, rows, scale) in [
        (
            "On the left-out condition that is read worst",
            worst,
            &accuracy,
        ),
        (
            "On new token prefixes of known conditions",
            plain,
            &accuracy,
        ),
        ("Numbers", numbers, &explained),
    ] {
        if !rows.is_empty() {
            figure.panels.push(panel(record, title, &rows, scale));
        }
    }
    let data = &record.data;
    figure.n.insert("agents".to_owned(), 1);
    figure.n.insert("walks".to_owned(), data.walks);
    for (token, count) in &data.prefixes {
        figure.n.insert(format!("{token} prefixes"), *count);
    }
    figure.caption = format!(
        "Linear probes of state tokens at the state's embedding and in the residual stream before, \
         within and after each block. First panel: each judged on the {} that it was fitted \
         without; the lowest of these. Accuracies of 0.5 (guessing) and below have the darkest \
         colour: a probe of a product that has learnt one of its factors is wrong wherever the \
         other is reversed. Second panel: probes of the same kind where nothing was left out. Third \
         panel: numbers in both ways; below 0 the mean would do better. Dots: mirroring the \
         activation at the probe's boundary changes the choice in at least three quarters of the \
         prompts, and few random directions of that length do. Grey: not asked there, or nothing \
         to be left out.",
        left_out(record)
    );
    figure
}

/// What conditions are left out by: `instruction, return-to-go, pose or time`.
fn left_out(record: &ProbeSweepRecord) -> String {
    let single = |c: &&Concept| c.letters().is_some() && !c.is_interaction();
    let factors = record.config.concepts.iter().filter(single);
    // Titles begin with the factor's letter.
    let names = factors.filter_map(|c| Some(record.titles[c].split_once(' ')?.1));
    let names: Vec<&str> = names.chain(["pose"]).collect();
    format!("{} or time", names.join(", "))
}

type Value = fn(&ProbeRecord) -> Option<f64>;

fn plain_test(probe: &ProbeRecord) -> Option<f64> {
    probe.reading.as_ref()?.split?.headline()
}

/// One row of a heat map.
struct Row {
    name: String,
    concept: Concept,
    value: Value,
}

/// What colours stand for: values from `low` to 1.
struct Scale {
    label: &'static str,
    low: f64,
    decimals: usize,
}

fn panel(record: &ProbeSweepRecord, title: &str, rows: &[Row], scale: &Scale) -> Panel {
    let points = record.points();
    let tokens: &[Token] = &record.config.tokens;
    let columns: Vec<(Token, &str)> = (tokens.iter())
        .flat_map(|&token| points.iter().map(move |&point| (token, point)))
        .collect();
    let names = columns.iter().map(|(_, point)| short_point(point));
    let mut x = Axis::categories("", names).every(1);
    for (n, token) in tokens.iter().enumerate() {
        let first = n * points.len();
        x = x.group(token.name(), first, first + points.len() - 1);
    }
    let y = Axis::categories("", rows.iter().map(|row| row.name.clone())).reversed();
    let mut panel = Panel::new(title, x, y);
    let (mut values, mut used) = (Vec::new(), Vec::new());
    for (j, row) in rows.iter().enumerate() {
        let cells = columns
            .iter()
            .map(|(token, point)| record.probe(point, *token, row.concept));
        let cells: Vec<Option<&ProbeRecord>> = cells.collect();
        values.push(cells.iter().map(|cell| (row.value)((*cell)?)).collect());
        let is_used = |cell: Option<&ProbeRecord>| cell.is_some_and(ProbeRecord::is_used);
        // In a corner, clear of the numbers.
        used.extend(
            (0..cells.len())
                .filter(|&i| is_used(cells[i]))
                .map(|i| Estimate {
                    x: i as f64 + 0.34,
                    y: j as f64 - 0.32,
                    interval: None,
                }),
        );
    }
    panel.push(Mark::Heat(HeatMap {
        series: scale.label.to_owned(),
        rows: values,
        map: ColorMap::Sequential {
            low: scale.low,
            high: 1.0,
        },
        bar: Some(scale.label.to_owned()),
        numbers: Some(Numbers::Decimals(scale.decimals)),
    }));
    if !used.is_empty() {
        panel.push(Mark::Points(Points {
            series: "a swap changes the choice".to_owned(),
            legend: Some("a swap along the probe's direction changes the choice".to_owned()),
            points: used,
            style: Style {
                color: palette::VERMILION,
                marker: Marker::Disc,
                ..Style::nth(0)
            },
            size: 3.0,
            offset: 0.0,
        }));
    }
    panel
}

/// `0 pre` for `blocks.0.hook_resid_pre`, `embed` for `hook_state_embed`.
pub(crate) fn short_point(point: &str) -> String {
    match point.strip_prefix("blocks.") {
        Some(rest) => rest.replace(".hook_resid_", " "),
        None => point.replace("hook_state_", ""),
    }
}
