//! Figures of a study: steering against adversaries, the strongest edits, transfer.

use crate::prompts::PromptSet;
use std::collections::BTreeMap;

use super::one_site::one_site;
use super::represented::represented;
use crate::Error;
use crate::draw::palette::{BLACK, BLUE, MISSING as GREY, VERMILION};
use crate::draw::{
    Axis, ColorMap, Dash, Estimate, Figure, Guide, GuideAt, HeatMap, Line, Mark, Marker, Named,
    Numbers, Panel, Points, Scatter, Spot, Style, View,
};
use crate::figures::Answer;
use crate::maths::stats;
use crate::papers::memory_dt::dossier::agent_study::AgentStudy;
use crate::papers::memory_dt::dossier::reproduce::AgentResults;
use crate::papers::memory_dt::dossier::reproduce::Group;
use crate::papers::memory_dt::dossier::table::Row;
use crate::prompts::Study;
use crate::questions::adversary::{Placement, Reached, Told};
use crate::questions::transfer::TransferRecord;

/// A part of a page: heading, sentences, figures.
pub type StudyPart = (String, String, Vec<Figure>);

/// Figures and rows of a study beyond the post's questions.
///
/// # Errors
/// If a prompt cannot be made, or a statistic cannot be had.
pub fn study_parts(
    study: &Study,
    names: &[&str],
    studies: &[AgentStudy],
    transfers: &[TransferRecord],
) -> Result<(Vec<StudyPart>, Vec<Row>), Error> {
    let mut kinds: Vec<(String, Vec<&AgentStudy>)> = Vec::new();
    for one in studies {
        match kinds
            .iter_mut()
            .find(|(name, _)| *name == one.results.agent)
        {
            Some((_, members)) => members.push(one),
            None => kinds.push((one.results.agent.clone(), vec![one])),
        }
    }
    let (mut thought, mut strongest, mut read) = (Vec::new(), Vec::new(), Vec::new());
    for (name, members) in &kinds {
        let members = able(members);
        let answers = members.iter().map(|m| Answer {
            seed: m.results.seed,
            record: &m.results,
        });
        let group = &Group {
            name,
            agents: answers.collect(),
        };
        thought.push(picture_and_thought(group, study, &members)?);
        thought.push(one_site(group, &members));
        strongest.push(strongest_edits(group, study, &members)?);
        read.push(represented(group, &members));
    }
    let mut parts = vec![
        (
            "Edit the picture or edit the thought".to_owned(),
            "The same turn, made in two ways: by objects in the first frame, and by moving the \
             first frame's token along the instruction direction with the frame left as it is."
                .to_owned(),
            thought,
        ),
        (
            "The strongest pairs of objects".to_owned(),
            "Every pair of keys and balls was tried in the first frame. The pairs are ranked by \
             the worst of four prompts, those of one target order; cells of the instruction, of \
             the targets and of the agent do not count."
                .to_owned(),
            strongest,
        ),
    ];
    parts.push((
        "What is read, and what is represented".to_owned(),
        "Linear probes of the task's bits and their products, judged on conditions that they were \
         fitted without; a concept is represented where moving the activation along the probe's \
         direction changes the turn as well."
            .to_owned(),
        read,
    ));
    if !transfers.is_empty() {
        parts.push((
            "From agent to agent".to_owned(),
            "The best pair of each agent, tried on every other.".to_owned(),
            vec![transfer_map(names, transfers)],
        ));
    }
    Ok((parts, studies.iter().flat_map(rows).collect()))
}

/// The agents that do as they are asked in every greedy episode; all of them if none does. Only of
/// these can it be told what turns them.
fn able<'a>(members: &[&'a AgentStudy]) -> Vec<&'a AgentStudy> {
    let asked = |m: &AgentStudy| {
        let middle = |e: &[dt_train::evaluate::ExactRecord]| {
            let returns = e.iter().map(|r| r.rtg);
            f64::midpoint(
                returns.clone().fold(f64::INFINITY, f64::min),
                returns.fold(f64::NEG_INFINITY, f64::max),
            )
        };
        let exact = &m.results.evidence.exact;
        let middle = middle(exact);
        exact.iter().all(|e| match e.rtg > middle {
            true => e.success == e.of,
            false => e.wrong_target == e.of,
        })
    };
    let able: Vec<&AgentStudy> = members.iter().copied().filter(|m| asked(m)).collect();
    if able.is_empty() {
        members.to_vec()
    } else {
        able
    }
}

/// Return-to-go and instruction of a facet: `Key, Key-Ball, 0.892`.
fn parts_of(facet: &str) -> (&str, &str) {
    let rtg = facet.rsplit_once(", ").map_or("", |(_, rtg)| rtg);
    let instruction = facet.split_once(", ").map_or("", |(i, _)| i);
    (rtg, instruction)
}

fn is_key(reached: Reached) -> f64 {
    f64::from(u8::from(reached == Reached::First))
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.into_iter().collect();
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn picture_and_thought(
    group: &Group,
    study: &Study,
    members: &[&AgentStudy],
) -> Result<Figure, Error> {
    let mut figure = group.figure(
        "picture-and-thought",
        format!("Edit the picture or edit the thought: {}", group.name),
    );
    figure.columns = 3;
    let all = PromptSet::new(study)?;
    let facet = &all.scenarios[0];
    let start = study.site_step();
    let double = study.edits.iter().filter(|e| !e.is_original());
    let shown = double.filter(|e| e.changes.len() != 1);
    for edit in std::iter::once(study.original()).chain(shown) {
        let prompt = facet.prompt(study, edit)?;
        let mut view = View::new(edit.name.clone(), prompt.observations[start].clone());
        for cell in all.touched_cells(edit)? {
            view = view.with(Spot::added(cell.into()));
        }
        figure.panels.push(Panel::of_view(edit.name.clone(), view));
    }
    figure.panels.truncate(3);
    let mut returns: Vec<&str> = Vec::new();
    for facet in &members[0].steering.facets {
        let (rtg, _) = parts_of(facet);
        if !returns.contains(&rtg) {
            returns.push(rtg);
        }
    }
    for rtg in returns {
        figure.panels.push(steering_panel(rtg, members));
    }
    figure.panels.push(mediation_panel(group)?);
    figure.caption = "Above: the first frame, with the other object at two cells, and with the \
        other instruction. Below: share of greedy episodes that end at the key, against the \
        coefficient of the first frame's token along the instruction direction (+1: where frames \
        with a key lie, −1: with a ball). Lines: setting the coefficient, each agent and \
        their mean; grey: moving as far in random directions; dots: the strongest pairs of \
        objects of each agent, at the coefficient that they bring about. Right: share of the double \
        complement's effect that its part along the direction has alone (NIE), and that of the \
        rest alone (NDE), a point for each agent. Agents that do not do as they are asked are \
        left out where others do."
        .to_owned();
    Ok(figure)
}

fn steering_panel(rtg: &str, members: &[&AgentStudy]) -> Panel {
    let mut panel = Panel::new(
        format!("Return-to-go {rtg}"),
        Axis::range("instruction coefficient", -3.0, 3.0),
        Axis::range("share that reach the key", -0.04, 1.04),
    );
    let of_rtg = |m: &AgentStudy| -> Vec<usize> {
        let facets = m.steering.facets.iter().enumerate();
        let here = facets.filter(|(_, f)| parts_of(f).0 == rtg);
        here.map(|(n, _)| n).collect()
    };
    let units = &members[0].steering.units;
    let reaches_key = |m: &AgentStudy, k: usize| {
        mean(of_rtg(m).iter().map(|&f| is_key(m.steering.reached[k][f])))
    };
    let blue = Style::new(BLUE, Marker::Disc, Dash::Solid);
    if members.len() > 1 {
        for member in members {
            let points = units.iter().enumerate();
            let points = points.map(|(k, &u)| (u, reaches_key(member, k))).collect();
            let name = format!("coefficient set, seed {}", member.results.seed.unwrap_or(0));
            panel.push(Mark::Line(
                Line::new(name, points, blue)
                    .thin()
                    .legend(Some("one agent")),
            ));
        }
    }
    let (mut line, mut random) = (Vec::new(), Vec::new());
    for (k, &u) in units.iter().enumerate() {
        line.push((u, mean(members.iter().map(|m| reaches_key(m, k)))));
        let at_random = |m: &&AgentStudy| {
            let of = &m.steering.random_at_first[k];
            mean(of_rtg(m).iter().map(|&f| of[f]))
        };
        random.push((u, mean(members.iter().map(at_random))));
    }
    let grey = Style::new(GREY, Marker::Disc, Dash::Dashed);
    panel.push(Mark::Line(Line::new("random directions", random, grey)));
    panel.push(Mark::Line(Line::new("coefficient set", line, blue).bold()));
    let mut dots = Vec::new();
    for member in members {
        for edited in &member.adversaries[0].behaviour {
            for instruction in ["Key", "Ball"] {
                let here: Vec<usize> = of_rtg(member)
                    .into_iter()
                    .filter(|&f| parts_of(&member.steering.facets[f]).1 == instruction)
                    .collect();
                dots.push(Estimate {
                    x: mean(here.iter().map(|&f| edited.units[f])).clamp(-3.0, 3.0),
                    y: mean(here.iter().map(|&f| is_key(edited.reached[f]))),
                    interval: None,
                });
            }
        }
    }
    panel.push(Mark::Points(Points {
        series: "pairs of objects in the frame".to_owned(),
        legend: Some("pairs of objects in the frame".to_owned()),
        points: dots,
        style: Style::new(VERMILION, Marker::Disc, Dash::Solid),
        size: 3.0,
        offset: 0.0,
    }));
    panel
}

fn mediation_panel(group: &Group) -> Result<Panel, Error> {
    let names = ["NIE", "NDE"];
    let mut panel = Panel::new(
        "Along the direction, beside it",
        Axis::categories("", names),
        Axis::linear("share of the effect"),
    );
    for (x, nie) in [true, false].into_iter().enumerate() {
        let value = |a: &AgentResults| {
            let mediation = a.evidence.mediation.as_ref()?;
            if nie { mediation.nie } else { mediation.nde }
        };
        let Some((average, values)) = group.over(value) else {
            continue;
        };
        let x = x as f64;
        let points = values.iter().map(|&v| Named::new(names[x as usize], x, v));
        let style = Style::new(GREY, Marker::Disc, Dash::Solid);
        let mut cloud = Scatter::new("one agent", points.collect(), style);
        cloud.jitter = 0.18;
        cloud.size = 2.2;
        panel.push(Mark::Scatter(cloud));
        let interval = match values.len() {
            0..=2 => None,
            _ => Some(stats::t_interval(&values, stats::CONFIDENCE)?),
        };
        panel.push(Mark::Points(Points {
            series: format!("mean {}", names[x as usize]),
            legend: Some("mean, 95 % interval".to_owned()),
            points: vec![Estimate {
                x,
                y: average,
                interval: interval.map(|i| (i.low, i.high)),
            }],
            style: Style::new(BLACK, Marker::Diamond, Dash::Solid),
            size: 4.0,
            offset: 0.0,
        }));
    }
    panel.push(Mark::Guide(Guide::new("all of it", GuideAt::Y(1.0))));
    Ok(panel)
}

/// The best pairs of a kind of agents, drawn: those that the most agents have among theirs.
fn strongest_edits(group: &Group, study: &Study, members: &[&AgentStudy]) -> Result<Figure, Error> {
    let mut figure = group.figure(
        "strongest-edits",
        format!("The strongest pairs of objects: {}", group.name),
    );
    figure.columns = 3;
    let all = PromptSet::new(study)?;
    let facet = &all.scenarios[0];
    let told = Told::of_facets(&all)?[0];
    let start = study.site_step();
    let frame = &facet.prompt(study, study.original())?.observations[start];
    let view = frame.len().checked_div(3).unwrap_or(0).isqrt();
    let mut found: BTreeMap<&str, (&[Placement], Vec<f64>, usize)> = BTreeMap::new();
    for member in members {
        for edit in member.adversaries[0].best.iter().take(5) {
            let entry = found
                .entry(&edit.edit)
                .or_insert((&edit.placements, Vec::new(), 0));
            entry.1.push(edit.worst_held_out);
            entry.2 += edit.flips[1];
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by(|a, b| {
        let value = |of: &(&[Placement], Vec<f64>, usize)| (of.1.len(), mean(of.1.clone()));
        value(&b.1)
            .partial_cmp(&value(&a.1))
            .expect("finite")
            .then(a.0.cmp(b.0))
    });
    for (name, (placements, held_out, _)) in found.into_iter().take(6) {
        let mut frame = frame.clone();
        for placement in placements {
            let mode = members[0].adversaries[0].mode;
            placement.apply(&mut frame, view, mode, told);
        }
        let mut drawn = View::new(name, frame);
        for placement in placements {
            drawn = drawn.with(Spot::added(placement.cell.into()));
        }
        let title = match members.len() {
            1 => format!("{name}: {:.2}", held_out[0]),
            of => format!(
                "{name}: {:.2}, {} of {of} agents",
                mean(held_out.clone()),
                held_out.len()
            ),
        };
        figure.panels.push(Panel::of_view(title, drawn));
    }
    figure.caption = "First frames of the prompt Key, Key-Ball with the pairs that most agents \
        have among their five best. The number: least restored logit difference over the four \
        prompts that pairs were not chosen on, mean over those agents. “other” is the object that \
        the instruction is not."
        .to_owned();
    Ok(figure)
}

fn transfer_map(names: &[&str], transfers: &[TransferRecord]) -> Figure {
    let mut figure = Figure::new("transfer", "Adversaries from agent to agent");
    figure.n.insert("agents".to_owned(), names.len());
    let value = |from: &str, to: &str| {
        let found = transfers
            .iter()
            .find(|r| r.chosen_on == from && r.tried_on == to);
        found.map(|r| r.turned)
    };
    let mut panel = Panel::new(
        "",
        Axis::categories("tried on", names.iter().copied()),
        Axis::categories("chosen on", names.iter().copied()).reversed(),
    );
    let rows = names
        .iter()
        .map(|from| names.iter().map(|to| value(from, to)).collect());
    panel.push(Mark::Heat(HeatMap {
        series: "turned".to_owned(),
        rows: rows.collect(),
        map: ColorMap::sequential_over([0.0, 1.0]),
        bar: Some("share of prompts turned".to_owned()),
        numbers: (names.len() <= 12).then_some(Numbers::Decimals(1)),
    }));
    figure.panels.push(panel);
    figure.caption = "Share of the eight prompts whose answer the best pair of one agent (row) \
        turns decidedly in another (column)."
        .to_owned();
    figure
}

/// A study's numbers as rows of the long table.
fn rows(one: &AgentStudy) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut push = |facet: &str, edit: &str, metric: &str, value: Option<f64>| {
        rows.push(Row {
            agent: one.results.agent.clone(),
            seed: one.results.seed,
            facet: facet.to_owned(),
            edit: edit.to_owned(),
            metric: metric.to_owned(),
            value,
        });
    };
    for record in &one.adversaries {
        let search = format!("adversary.{}.{}", record.moment, record.mode);
        for edit in &record.best {
            for (facet, restored) in record.facets.iter().zip(&edit.restored) {
                push(facet, &edit.edit, &format!("{search}.restored"), *restored);
            }
            let held_out = Some(edit.worst_held_out);
            push(
                "",
                &edit.edit,
                &format!("{search}.worst_held_out"),
                held_out,
            );
        }
        if let Some(random) = &record.against_random {
            push(
                "",
                "best pair",
                &format!("{search}.turned_held_out"),
                Some(random.chosen),
            );
            push(
                "",
                "random pairs",
                &format!("{search}.turned_held_out"),
                Some(random.random),
            );
        }
        for latent in &record.latent {
            push("", &latent.edit, &format!("{search}.nie"), latent.nie);
            push("", &latent.edit, &format!("{search}.nde"), latent.nde);
        }
        for latent in &record.latent_second {
            push(
                "",
                &latent.edit,
                &format!("{search}.second_component"),
                latent.nie,
            );
        }
    }
    for probe in &one.probes.probes {
        let name = |metric: &str| format!("probe.{}.{}.{metric}", probe.point, probe.token);
        let concept = probe.concept.to_string();
        push("", &concept, &name("worst_case"), probe.worst_case());
        let flips = probe.swap.as_ref().map(|s| s.flips as f64);
        push("", &concept, &name("swap_flips"), flips);
    }
    for search in &one.frames {
        let share = |count: usize, of: usize| Some(count as f64 / of.max(1) as f64);
        push(
            &search.facet,
            "",
            "world_frames.turn",
            share(search.turn, search.frames),
        );
    }
    for search in &one.histories {
        let share = search.wrong as f64 / search.histories.max(1) as f64;
        push(&search.facet, "", "detours.wrong", Some(share));
    }
    for (k, unit) in one.steering.units.iter().enumerate() {
        for (facet, reached) in one.steering.facets.iter().zip(&one.steering.reached[k]) {
            push(
                facet,
                "",
                &format!("steering.{unit}.at_key"),
                Some(is_key(*reached)),
            );
        }
    }
    rows
}
