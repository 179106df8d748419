//! The picture's edits and the thought's on one pair of axes.

use crate::draw::palette::{BLUE, MISSING as GREY, VERMILION};
use crate::draw::{
    Axis, Dash, Estimate, Figure, Guide, GuideAt, Line, Mark, Marker, Panel, Points, Style,
};
use crate::papers::memory_dt::dossier::agent_study::AgentStudy;
use crate::papers::memory_dt::dossier::reproduce::Group;

/// Restored logit difference against the instruction coefficient: of coefficients that are set, of
/// pairs of objects in the first frame.
pub(super) fn one_site(group: &Group, members: &[&AgentStudy]) -> Figure {
    let mut figure = group.figure(
        "one-site",
        format!(
            "Edits of the frame and of the direction, at one site: {}",
            group.name
        ),
    );
    for (instruction, sign) in [("Key", 1.0), ("Ball", -1.0)] {
        let mut panel = Panel::new(
            format!("The instruction is a {}", instruction.to_lowercase()),
            Axis::range("instruction coefficient", -2.6, 2.6),
            Axis::range("restored logit difference", -0.4, 1.4),
        );
        panel.push(Mark::Guide(Guide::new("unmoved", GuideAt::Y(0.0))));
        panel.push(Mark::Guide(Guide::new(
            "as the flipped instruction",
            GuideAt::Y(1.0),
        )));
        let (mut random, mut best) = (Vec::new(), Vec::new());
        for member in members {
            let site = &member.one_site;
            for f in of_instruction(&site.facets, instruction) {
                for edit in &site.edits {
                    let Some(y) = edit.restored[f] else { continue };
                    let point = Estimate {
                        x: edit.units[f].clamp(-2.6, 2.6),
                        y: y.clamp(-0.4, 1.4),
                        interval: None,
                    };
                    if edit.best {
                        best.push(point);
                    } else {
                        random.push(point);
                    }
                }
            }
        }
        // A page has room for some thousands of points, not for every agent's.
        let step = random.len().div_ceil(MOST);
        let random = random.into_iter().step_by(step.max(1)).collect();
        for (name, points, color, size) in [
            ("other pairs of objects", random, GREY, 1.4),
            ("the best pairs", best, VERMILION, 2.4),
        ] {
            panel.push(Mark::Points(Points {
                series: name.to_owned(),
                legend: Some(name.to_owned()),
                points,
                style: Style::new(color, Marker::Disc, Dash::Solid),
                size,
                offset: 0.0,
            }));
        }
        let blue = Style::new(BLUE, Marker::Disc, Dash::Solid);
        let units = &members[0].one_site.units;
        let curve = |member: &AgentStudy| -> Vec<(f64, f64)> {
            let facets = of_instruction(&member.one_site.facets, instruction);
            let mean = |k: usize| {
                let of_unit = &member.one_site.set[k];
                let values: Vec<f64> = facets.iter().filter_map(|&f| of_unit[f]).collect();
                values.iter().sum::<f64>() / values.len().max(1) as f64
            };
            (units.iter().enumerate())
                .map(|(k, &u)| (u, mean(k)))
                .collect()
        };
        let curves: Vec<Vec<(f64, f64)>> = members.iter().map(|m| curve(m)).collect();
        if members.len() > 1 {
            for (member, points) in members.iter().zip(&curves) {
                let name = format!("set, seed {}", member.results.seed.unwrap_or(0));
                panel.push(Mark::Line(
                    Line::new(name, visible(points), blue)
                        .thin()
                        .legend(Some("one agent")),
                ));
            }
        }
        let mean: Vec<(f64, f64)> = (0..units.len())
            .map(|k| {
                let sum: f64 = curves.iter().map(|c| c[k].1).sum();
                (units[k], sum / curves.len() as f64)
            })
            .collect();
        panel.push(Mark::Line(
            Line::new("coefficient set", visible(&mean), blue).bold(),
        ));
        panel.push(Mark::Guide(Guide::new(
            "original prompts",
            GuideAt::X(sign),
        )));
        figure.panels.push(panel);
    }
    figure.columns = 2;
    figure.panel_height = 240.0;
    figure.caption = "The first frame's state token in the residual stream before the first block: its \
        coefficient along the instruction direction (+1: where frames with a key lie, −1: with a \
        ball), and the share of the instruction's flip that the answer makes. Lines: the coefficient \
        set, the frame left as it is, mean over prompts. Dots: pairs of keys and balls in the frame, \
        a point for each pair, prompt and agent. Dots on the line do what their coefficient says."
        .to_owned();
    figure
}

/// Most points of other pairs in a panel.
const MOST: usize = 2400;

fn of_instruction(facets: &[String], instruction: &str) -> Vec<usize> {
    let of = |facet: &String| {
        facet
            .split_once(", ")
            .is_some_and(|(i, _)| i == instruction)
    };
    (0..facets.len()).filter(|&f| of(&facets[f])).collect()
}

/// The part of a curve that the axes show.
fn visible(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let inside = points.iter().copied().filter(|(x, _)| x.abs() <= 2.6);
    inside.map(|(x, y)| (x, y.clamp(-0.4, 1.4))).collect()
}
