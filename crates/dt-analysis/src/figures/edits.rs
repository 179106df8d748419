//! Edits of frames, projections on the direction, and direct interventions.

use super::{About, Group};
use crate::draw::palette::{BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION};
use crate::draw::{
    Axis, Bar, Bars, Dash, Estimate, Figure, Guide, GuideAt, Line, Mark, Marker, Panel, Points,
    Share, Style,
};
use crate::prompts::Facet;
use crate::questions::edits::EffectsRecord;

const COLORS: [crate::draw::Color; 5] = [BLUE, ORANGE, GREEN, PURPLE, VERMILION];

/// Facets by the return-to-go that is asked for.
fn by_return(facets: &[Facet]) -> Vec<(f64, Vec<&Facet>)> {
    let mut out: Vec<(f64, Vec<&Facet>)> = Vec::new();
    for facet in facets {
        match out.iter_mut().find(|(rtg, _)| *rtg == facet.rtg) {
            Some((_, facets)) => facets.push(facet),
            None => out.push((facet.rtg, vec![facet])),
        }
    }
    out
}

/// Names of the study's factors: `instruction, order`.
fn factors(about: About) -> String {
    let names: Vec<&str> = about
        .study
        .factors
        .iter()
        .map(|f| f.axis.as_str())
        .collect();
    names.join(", ")
}

/// `logit(left) − logit(right)`.
fn contrast(about: About) -> String {
    about.study.contrast.formula()
}

/// Name of the direction that interventions go along.
fn direction(about: About<'_>) -> &str {
    about
        .study
        .item_sets
        .first()
        .map_or("first", |set| &set.name)
}

/// Bars of the restored logit difference, by facet and edit, with agents and the post as points.
fn bars(
    group: &Group<EffectsRecord>,
    about: About,
    edits: &[String],
    value: impl Fn(&EffectsRecord, &str, &str) -> Option<f64>,
    published: impl Fn(&str, &str) -> Option<f64>,
) -> Vec<Panel> {
    by_return(&group.first().facets)
        .into_iter()
        .map(|(rtg, facets)| {
            let mut panel = Panel::new(
                format!("Return-to-go {rtg:.3}"),
                Axis::categories(factors(about), facets.iter().map(|f| f.layout())),
                Axis::linear("restored logit difference"),
            );
            for (n, edit) in edits.iter().enumerate() {
                let mut series = Bars::new(edit.clone(), &[], COLORS[n % COLORS.len()])
                    .side_by_side(n, edits.len());
                let (mut agents, mut theirs) = (Vec::new(), Vec::new());
                for (x, facet) in facets.iter().enumerate() {
                    let (x, facet) = (x as f64, facet.to_string());
                    let Some((mean, values)) = group.over(|a| value(a, &facet, edit)) else {
                        continue;
                    };
                    series.bars.push(Bar {
                        x,
                        base: 0.0,
                        value: mean,
                        interval: None,
                    });
                    let dot = |y| Estimate {
                        x,
                        y,
                        interval: None,
                    };
                    agents.extend(values.into_iter().map(dot));
                    theirs.extend(published(&facet, edit).map(dot));
                }
                let offset = series.offset;
                panel.push(Mark::Bars(series));
                let points = |name: &str, points, style, size| {
                    Mark::Points(Points {
                        series: format!("{name}: {edit}"),
                        legend: Some(name.to_owned()),
                        points,
                        style,
                        size,
                        offset,
                    })
                };
                if group.agents.len() > 1 {
                    let style = Style::new(BLACK, Marker::Disc, Dash::Solid);
                    panel.push(points("one agent", agents, style, 1.6));
                }
                if let Some(beside) = about.published.filter(|_| !theirs.is_empty()) {
                    let style = Style::new(BLACK, Marker::Diamond, Dash::Solid);
                    panel.push(points(&beside.agent, theirs, style, 3.2));
                }
            }
            panel.push(Mark::Guide(Guide::new("as the flip", GuideAt::Y(1.0))));
            panel
        })
        .collect()
}

/// Edits other than the one that changes nothing and the flip.
fn between(edits: &[String], original: &str, flipped: &str) -> Vec<String> {
    let kept = edits.iter().filter(|e| *e != original && *e != flipped);
    kept.cloned().collect()
}

pub(super) fn restored(group: &Group<EffectsRecord>, about: About) -> Figure {
    let mut figure = group.figure(
        "fig-17-restored",
        format!("Edits of what is seen: {}", group.name),
    );
    let first = group.first();
    let edits = between(&first.edits, &first.original, &first.flipped);
    let restored = |agent: &EffectsRecord, facet: &str, edit: &str| {
        agent.effects.get(facet)?.get(edit)?.restored
    };
    let theirs = |facet: &str, edit: &str| about.published?.restored.get(facet)?.get(edit).copied();
    figure.panels = bars(group, about, &edits, restored, theirs);
    figure.share_y = Share::All;
    figure.caption = format!(
        "Share of the flip (`{}`) that each edit makes: (LD of the edit − LD of the original) / \
         (LD of the flip − LD of the original), LD = {} at the decision.",
        first.flipped,
        contrast(about)
    );
    if let Some(beside) = about.published.filter(|p| !p.restored.is_empty()) {
        figure.caption += &format!(" Diamonds: {}, as published.", beside.agent);
    }
    figure
}

/// A further group of edits, relative to its own flip.
pub(super) fn of_group(group: &Group<EffectsRecord>, about: About, name: &str) -> Figure {
    let mut figure = group.figure(
        &format!("fig-a1-{}", super::slug(name)),
        format!("Edits of the {name}: {}", group.name),
    );
    let of = |agent: &EffectsRecord| agent.groups.iter().find(|g| g.name == name).cloned();
    let Some(first) = of(group.first()) else {
        return figure;
    };
    let edits = between(&first.edits, &first.edits[0], &first.flipped);
    let restored = |agent: &EffectsRecord, facet: &str, edit: &str| {
        of(agent)?.effects.get(facet)?.get(edit)?.restored
    };
    let theirs = |facet: &str, edit: &str| {
        let all = about.published?.groups.get(name)?;
        all.get(facet)?.get(edit).copied()
    };
    figure.panels = bars(group, about, &edits, restored, theirs);
    figure.share_y = Share::All;
    figure.caption = format!(
        "Share of the flip (`{}`) that each edit of the {name} makes.",
        first.flipped
    );
    if let Some(beside) = about.published.filter(|p| p.groups.contains_key(name)) {
        figure.caption += &format!(" Diamonds: {}, as published.", beside.agent);
    }
    figure
}

pub(super) fn projections(group: &Group<EffectsRecord>, about: About) -> Figure {
    let mut figure = group.figure(
        "fig-18-projections",
        format!(
            "Projection on the {} component against the answer: {}",
            direction(about),
            group.one()
        ),
    );
    let first = group.first();
    for facet in &first.facets {
        let facet = &facet.to_string();
        let mut panel = Panel::new(
            facet.clone(),
            Axis::linear("projection on PC1"),
            Axis::linear("logit difference"),
        );
        panel.push(Mark::Guide(Guide::new("no preference", GuideAt::Y(0.0))));
        for (n, edit) in first.edits.iter().enumerate() {
            let style = Style::nth(n);
            let points = |name: &str, x, y, style, legend: Option<&str>, size| {
                Mark::Points(Points {
                    series: format!("{name}{edit}"),
                    legend: legend.map(str::to_owned),
                    points: vec![Estimate {
                        x,
                        y,
                        interval: None,
                    }],
                    style,
                    size,
                    offset: 0.0,
                })
            };
            let theirs = about
                .published
                .and_then(|p| Some((p, *p.projections.get(facet)?.get(edit)?)));
            if let Some((beside, (x, y))) = theirs {
                let name = format!("{}: ", beside.agent);
                let pale = Style {
                    color: style.color.mix(crate::draw::Color::new(255, 255, 255), 0.6),
                    ..style
                };
                panel.push(points(&name, x, y, pale, None, 3.2));
            }
            let effect = &first.effects[facet][edit];
            panel.push(points(
                "",
                effect.projection[0],
                effect.logit_diff,
                style,
                Some(edit),
                4.0,
            ));
        }
        figure.panels.push(panel);
    }
    figure.columns = 4;
    figure.panel_height = 150.0;
    figure.share_x = Share::All;
    figure.share_y = Share::All;
    figure.caption = format!(
        "Projection of the state token of the frame `{}`, before position embeddings, on the first \
         component of the {} items, against {}, for the original prompt and its edits.",
        about.study.site,
        direction(about),
        contrast(about)
    );
    if let Some(beside) = about.published.filter(|p| !p.projections.is_empty()) {
        figure.caption += &format!(" Pale: {}, as published.", beside.agent);
    }
    figure
}

pub(super) fn interventions(group: &Group<EffectsRecord>, about: About) -> Figure {
    let mut figure = group.figure(
        "fig-19-interventions",
        format!(
            "Setting the {} coefficient: {}",
            direction(about),
            group.name
        ),
    );
    for (rtg, facets) in by_return(&group.first().facets) {
        let mut panel = Panel::new(
            format!("Return-to-go {rtg:.3}"),
            Axis::linear(format!("coefficient of the {} component", direction(about))),
            Axis::linear("logit difference"),
        );
        panel.push(Mark::Guide(Guide::new("no preference", GuideAt::Y(0.0))));
        for (n, facet) in facets.iter().enumerate() {
            let (layout, facet) = (facet.layout(), &facet.to_string());
            let style = Style::nth(n);
            let of = |curve: &std::collections::BTreeMap<String, f64>| {
                let mut points: Vec<(f64, f64)> = curve
                    .iter()
                    .filter_map(|(c, &y)| Some((c.parse::<f64>().ok()?, y)))
                    .filter(|p| p.0.abs() <= 2.0)
                    .collect();
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
                points
            };
            let curves: Vec<Vec<(f64, f64)>> = group
                .agents
                .iter()
                .map(|a| of(&a.record.direct_intervention[facet]))
                .collect();
            if curves.len() > 1 {
                for (agent, curve) in group.agents.iter().zip(&curves) {
                    let series = format!("{layout}, seed {}", agent.seed.unwrap_or(0));
                    panel.push(Mark::Line(
                        Line::new(series, curve.clone(), style).thin().legend(None),
                    ));
                }
            }
            let mean: Vec<(f64, f64)> = curves[0]
                .iter()
                .enumerate()
                .map(|(k, p)| {
                    let sum: f64 = curves.iter().map(|c| c[k].1).sum();
                    (p.0, sum / curves.len() as f64)
                })
                .collect();
            panel.push(Mark::Line(
                Line::new(layout.clone(), mean, style).with_markers(),
            ));
            let theirs = about
                .published
                .and_then(|p| Some((p, p.direct_intervention.get(facet)?)));
            if let Some((beside, curve)) = theirs {
                panel.push(Mark::Points(Points {
                    series: format!("{}: {layout}", beside.agent),
                    legend: None,
                    points: of(curve)
                        .into_iter()
                        .map(|(x, y)| Estimate {
                            x,
                            y,
                            interval: None,
                        })
                        .collect(),
                    style: Style {
                        color: style.color.mix(crate::draw::Color::new(255, 255, 255), 0.6),
                        ..style
                    },
                    size: 3.2,
                    offset: 0.0,
                }));
            }
        }
        figure.panels.push(panel);
    }
    figure.columns = 2;
    figure.panel_height = 220.0;
    figure.share_y = Share::All;
    figure.caption = format!(
        "{} after the coefficient of the first {} component is set at the state \
         token of the frame `{}` (residual stream before the first block, positions included). \
         Lines: mean over agents.",
        contrast(about),
        direction(about),
        about.study.site
    );
    if let Some(beside) = about
        .published
        .filter(|p| !p.direct_intervention.is_empty())
    {
        figure.caption += &format!(" Pale points: {}, as published.", beside.agent);
    }
    figure
}
