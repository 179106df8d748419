//! A sweep as a picture.

use super::concept::Concept;
use super::record::ProbeSweepRecord;
use super::site::Token;
use crate::figures::{
    Axis, ColorMap, Estimate, Figure, HeatMap, Mark, Marker, Numbers, Panel, Points, Style, palette,
};

/// Worst-case accuracy of every concept at every site, dots where a swap changes the turn.
pub fn sweep_figure(record: &ProbeSweepRecord) -> Figure {
    let slug: String = record
        .title()
        .chars()
        .filter(|c| *c != ',')
        .map(|c| match c.is_ascii_alphanumeric() {
            true => c.to_ascii_lowercase(),
            false => '-',
        })
        .collect();
    let mut figure = Figure::new(
        format!("probe.{slug}"),
        format!("What can be read, and what is used: {}", record.title()),
    );
    let asked = |numbers: bool| -> Vec<Concept> {
        let concepts = record.config.concepts.iter().copied();
        concepts.filter(|c| c.is_number() == numbers).collect()
    };
    let (classes, numbers) = (asked(false), asked(true));
    if !classes.is_empty() {
        let map = ColorMap::Sequential {
            low: 0.5,
            high: 1.0,
        };
        let title = "Accuracy on the left-out condition that is read worst";
        figure
            .panels
            .push(panel(record, title, &classes, map, "accuracy"));
    }
    if !numbers.is_empty() {
        let map = ColorMap::Sequential {
            low: 0.0,
            high: 1.0,
        };
        let title = "Explained variance, likewise";
        figure
            .panels
            .push(panel(record, title, &numbers, map, "R²"));
    }
    let data = &record.data;
    figure.n.insert("agents".to_owned(), 1);
    figure.n.insert("walks".to_owned(), data.walks);
    for (token, count) in &data.prefixes {
        figure.n.insert(format!("{token} prefixes"), *count);
    }
    figure.caption = "Linear probes of the residual stream at state tokens, each judged on the \
        instruction, target order, return-to-go, pose or time that it was fitted without; the \
        lowest of these. Accuracies of 0.5 (guessing) and below have the darkest colour: a probe \
        of a product that has learnt one of its factors is wrong wherever the other is reversed. \
        Dots: mirroring the activation at the probe's boundary changes the turn in at least three \
        quarters of the prompts, and few random directions of that length do. Grey: not asked \
        there, or nothing left to be left out."
        .to_owned();
    figure
}

fn panel(
    record: &ProbeSweepRecord,
    title: &str,
    concepts: &[Concept],
    map: ColorMap,
    bar: &str,
) -> Panel {
    let points = record.points();
    let tokens: &[Token] = &record.config.tokens;
    let columns: Vec<(Token, &str)> = (tokens.iter())
        .flat_map(|&token| points.iter().map(move |&point| (token, point)))
        .collect();
    let names = columns.iter().map(|(_, point)| short(point));
    let mut x = Axis::categories("", names).every(1);
    for (n, token) in tokens.iter().enumerate() {
        let first = n * points.len();
        x = x.group(token.name(), first, first + points.len() - 1);
    }
    let y = Axis::categories("", concepts.iter().map(|c| c.title())).reversed();
    let mut panel = Panel::new(title, x, y);
    let cell =
        |concept: Concept, (token, point): (Token, &str)| record.probe(point, token, concept);
    let rows = concepts.iter().map(|&concept| {
        let values = columns
            .iter()
            .map(|&column| cell(concept, column)?.worst_case());
        values.collect()
    });
    panel.push(Mark::Heat(HeatMap {
        series: bar.to_owned(),
        rows: rows.collect(),
        map,
        bar: Some(bar.to_owned()),
        numbers: Some(Numbers::Decimals(2)),
    }));
    let mut used = Vec::new();
    for (j, &concept) in concepts.iter().enumerate() {
        for (i, &column) in columns.iter().enumerate() {
            if cell(concept, column).is_some_and(|p| p.is_used()) {
                used.push(Estimate {
                    x: i as f64 + 0.34,
                    y: j as f64 - 0.32,
                    interval: None,
                });
            }
        }
    }
    if !used.is_empty() {
        panel.push(Mark::Points(Points {
            series: "a swap changes the turn".to_owned(),
            legend: Some("a swap along the direction changes the turn".to_owned()),
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
fn short(point: &str) -> String {
    match point.strip_prefix("blocks.") {
        Some(rest) => rest.replace(".hook_resid_", " "),
        None => point.replace("hook_state_", ""),
    }
}
