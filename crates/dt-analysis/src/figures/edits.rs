//! Figures 17 to 19: edits of the first frame, projections and direct interventions.

use super::Group;
use crate::dossier::reproduce::AgentResults;
use crate::draw::palette::{BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION};
use crate::draw::{
    Axis, Bar, Bars, Dash, Estimate, Figure, Guide, GuideAt, Line, Mark, Marker, Panel, Points,
    Share, Style,
};
use crate::papers::memory_dt::published::PostNumbers;

const COLORS: [crate::draw::Color; 5] = [BLUE, ORANGE, GREEN, PURPLE, VERMILION];

/// What is written of one agent in eight facets, by return-to-go.
fn by_return(agent: &AgentResults) -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    for facet in &agent.effects.facets {
        let (layout, rtg) = facet
            .rsplit_once(", ")
            .expect("facets end with a return-to-go");
        let _ = layout;
        match out.iter_mut().find(|(r, _)| r == rtg) {
            Some((_, facets)) => facets.push(facet.clone()),
            None => out.push((rtg.to_owned(), vec![facet.clone()])),
        }
    }
    out
}

fn layout(facet: &str) -> &str {
    facet.rsplit_once(", ").map_or(facet, |(layout, _)| layout)
}

/// Bars of the restored logit difference, by facet and edit, with agents and the post as points.
fn bars(
    group: Group,
    edits: &[String],
    value: impl Fn(&AgentResults, &str, &str) -> Option<f64>,
    post: impl Fn(&str, &str) -> Option<f64>,
) -> Vec<Panel> {
    by_return(group.first())
        .into_iter()
        .map(|(rtg, facets)| {
            let mut panel = Panel::new(
                format!("Return-to-go {rtg}"),
                Axis::categories("instruction, left-right", facets.iter().map(|f| layout(f))),
                Axis::linear("restored logit difference"),
            );
            for (n, edit) in edits.iter().enumerate() {
                let mut series =
                    Bars::new(edit.clone(), &[], COLORS[n]).side_by_side(n, edits.len());
                let (mut agents, mut published) = (Vec::new(), Vec::new());
                for (x, facet) in facets.iter().enumerate() {
                    let x = x as f64;
                    let Some((mean, values)) = group.over(|a| value(a, facet, edit)) else {
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
                    published.extend(post(facet, edit).map(dot));
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
                if !published.is_empty() {
                    let style = Style::new(BLACK, Marker::Diamond, Dash::Solid);
                    panel.push(points("MemoryDT", published, style, 3.2));
                }
            }
            panel.push(Mark::Guide(Guide::new(
                "as the flipped instruction",
                GuideAt::Y(1.0),
            )));
            panel
        })
        .collect()
}

pub(super) fn restored(group: Group, post: &PostNumbers) -> Figure {
    let mut figure = group.figure(
        "fig-17-restored",
        format!("Decoys in the first frame: {}", group.name),
    );
    let edits: Vec<String> = group
        .first()
        .effects
        .edits
        .iter()
        .filter(|e| e.contains("Complement"))
        .cloned()
        .collect();
    figure.panels = bars(
        group,
        &edits,
        |agent, facet, edit| {
            agent
                .restored_logit_diff
                .get(facet)?
                .get(edit)
                .copied()
                .flatten()
        },
        |facet, edit| post.restored_aligned.get(facet)?.get(edit).copied(),
    );
    figure.share_y = Share::All;
    figure.caption = "Share of the instruction's flip that each edit of the first frame makes: \
        (LD of the edit − LD of the original) / (LD with the flipped instruction − LD of the \
        original), LD = logit(left) − logit(right) at the corridor's end. Diamonds: MemoryDT, \
        recomputed from the post's Figure 18, whose actions were aligned."
        .to_owned();
    figure
}

pub(super) fn targets(group: Group, post: &PostNumbers) -> Figure {
    let mut figure = group.figure(
        "fig-a1-targets",
        format!("Which sight of the targets matters: {}", group.name),
    );
    let of = |agent: &AgentResults| {
        let groups = &agent.effects.groups;
        groups.iter().find(|g| g.name == "targets").cloned()
    };
    let first = of(group.first());
    let edits: Vec<String> = (first.iter())
        .flat_map(|g| g.edits.iter().skip(1).filter(|e| **e != g.flipped))
        .cloned()
        .collect();
    figure.panels = bars(
        group,
        &edits,
        |agent, facet, edit| of(agent)?.effects.get(facet)?.get(edit)?.restored,
        |facet, edit| post.target_complements.get(facet)?.get(edit).copied(),
    );
    figure.share_y = Share::All;
    figure.caption = "Share of the flip of both targets that their exchange in the first frame \
        alone (S5) or in the last frame alone (S9) makes. Diamonds: MemoryDT, an unpublished \
        figure of the original's notebooks."
        .to_owned();
    figure
}

pub(super) fn projections(group: Group, post: &PostNumbers) -> Figure {
    let mut figure = group.figure(
        "fig-18-projections",
        format!(
            "Projection on the instruction component against the answer: {}",
            group.one()
        ),
    );
    let first = group.first();
    for facet in &first.effects.facets {
        let mut panel = Panel::new(
            facet.clone(),
            Axis::linear("projection on PC1"),
            Axis::linear("logit difference"),
        );
        panel.push(Mark::Guide(Guide::new("no preference", GuideAt::Y(0.0))));
        for (n, edit) in first.effects.edits.iter().enumerate() {
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
            if let Some(&(x, y)) = post.projections.get(facet).and_then(|f| f.get(edit)) {
                let pale = Style {
                    color: style.color.mix(crate::draw::Color::new(255, 255, 255), 0.6),
                    ..style
                };
                panel.push(points("MemoryDT: ", x, y, pale, None, 3.2));
            }
            let point = first.projection_vs_logit_diff[facet][edit];
            panel.push(points(
                "",
                point.projection,
                point.logit_diff,
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
    figure.caption = "Projection of the first frame's state token, before position embeddings, on \
        the first component of the instruction items, against the logit difference left − right, \
        for the original prompt and its four edits. Pale: MemoryDT, read off the post's Figure 18."
        .to_owned();
    figure
}

pub(super) fn interventions(group: Group, post: &PostNumbers) -> Figure {
    let mut figure = group.figure(
        "fig-19-interventions",
        format!("Setting the instruction's coefficient: {}", group.name),
    );
    for (rtg, facets) in by_return(group.first()) {
        let mut panel = Panel::new(
            format!("Return-to-go {rtg}"),
            Axis::linear("coefficient of the instruction component"),
            Axis::linear("logit difference"),
        );
        panel.push(Mark::Guide(Guide::new("no preference", GuideAt::Y(0.0))));
        for (n, facet) in facets.iter().enumerate() {
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
                .map(|a| of(&a.direct_intervention[facet]))
                .collect();
            if curves.len() > 1 {
                for (agent, curve) in group.agents.iter().zip(&curves) {
                    let series = format!("{}, seed {}", layout(facet), agent.seed.unwrap_or(0));
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
                Line::new(layout(facet), mean, style).with_markers(),
            ));
            if let Some(curve) = post.direct_intervention.get(facet) {
                panel.push(Mark::Points(Points {
                    series: format!("MemoryDT: {}", layout(facet)),
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
    figure.caption =
        "Logit difference left − right after the coefficient of the first instruction \
        component is set at the first frame's state token (residual stream before the first block, \
        positions included). Lines: mean over agents; pale points: MemoryDT, read off the post's \
        Figure 19."
            .to_owned();
    figure
}
