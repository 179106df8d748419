//! What the probes of several agents say together.

use crate::draw::{Axis, ColorMap, Figure, HeatMap, Mark, Numbers, Panel};
use crate::figures::short_point;
use crate::papers::memory_dt::dossier::agent_study::AgentStudy;
use crate::papers::memory_dt::dossier::reproduce::Group;
use crate::questions::probing::{Concept, ProbeRecord, ProbeVerdict};

/// How well each concept is read at each site where it is hardest, and in how many agents it is
/// represented there.
pub(super) fn represented(group: &Group, members: &[&AgentStudy]) -> Figure {
    let mut figure = group.figure(
        "represented",
        format!("What is read, and what is represented: {}", group.name),
    );
    let first = &members[0].probes;
    let concepts: Vec<Concept> = (first.config.concepts.iter().copied())
        .filter(|c| !c.is_number())
        .collect();
    for (title, label, value) in [
        (
            "Accuracy on the left-out condition that is read worst, mean over agents",
            "accuracy",
            ProbeRecord::worst_case as Value,
        ),
        (
            "Share of agents in which it is represented",
            "share of agents",
            |probe| {
                Some(f64::from(u8::from(
                    probe.verdict? == ProbeVerdict::Represented,
                )))
            },
        ),
    ] {
        figure
            .panels
            .push(panel(members, &concepts, title, label, value));
    }
    figure.caption = format!(
        "Linear probes of state tokens, {} walks under {} combinations each. First panel: each probe \
         judged on the instruction, target order, return-to-go, pose or time that it was fitted \
         without, the lowest of these; 0.5 is guessing. Second panel: agents in which every left-out \
         condition is read better than by guessing, and mirroring the activation at the probe's \
         boundary changes the turn in at least three quarters of the prompts, as few random \
         directions of that length do. Grey: not asked there, or nothing to be left out.",
        first.data.walks, first.data.combinations
    );
    figure
}

type Value = fn(&ProbeRecord) -> Option<f64>;

fn panel(
    members: &[&AgentStudy],
    concepts: &[Concept],
    title: &str,
    label: &str,
    value: Value,
) -> Panel {
    let first = &members[0].probes;
    let points = first.points();
    let tokens = &first.config.tokens;
    let names = tokens
        .iter()
        .flat_map(|_| points.iter().map(|p| short_point(p)));
    let mut x = Axis::categories("", names).every(1);
    for (n, token) in tokens.iter().enumerate() {
        let from = n * points.len();
        x = x.group(token.name(), from, from + points.len() - 1);
    }
    let y = Axis::categories("", concepts.iter().map(|c| first.titles[c].clone())).reversed();
    let mut panel = Panel::new(title, x, y);
    let mean = |token, point: &str, concept| {
        let of = |m: &&AgentStudy| m.probes.probe(point, token, concept).and_then(value);
        let values: Vec<f64> = members.iter().filter_map(of).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let row = |concept: &Concept| -> Vec<Option<f64>> {
        let sites = tokens
            .iter()
            .flat_map(|&token| points.iter().map(move |p| (token, *p)));
        sites
            .map(|(token, point)| mean(token, point, *concept))
            .collect()
    };
    panel.push(Mark::Heat(HeatMap {
        series: label.to_owned(),
        rows: concepts.iter().map(row).collect(),
        map: ColorMap::sequential_over(if label == "accuracy" {
            [0.5, 1.0]
        } else {
            [0.0, 1.0]
        }),
        bar: Some(label.to_owned()),
        numbers: Some(Numbers::Decimals(2)),
    }));
    panel
}
