//! Figures of patching, paths, attribution and the study's factors.

use std::collections::BTreeMap;

use super::{About, Group};
use crate::draw::{Axis, ColorMap, Figure, HeatMap, Mark, Numbers, Panel};
use crate::maths::walsh::{name, subsets};
use crate::questions::attribution::Attribution;
use crate::questions::patching::{PatchMap, PatchingRecord, PathRecord};
use crate::questions::walsh::WalshSite;

type Rows = Vec<Vec<Option<f64>>>;

fn heat(
    title: &str,
    (x, columns): (&str, &[String]),
    (y, rows): (&str, &[String]),
    values: Rows,
    bar: Option<&str>,
    numbers: Option<Numbers>,
) -> Panel {
    let mut panel = Panel::new(
        title,
        Axis::categories(x, columns.to_vec()),
        Axis::categories(y, rows.to_vec()),
    );
    let largest = values
        .iter()
        .flatten()
        .flatten()
        .fold(1.0_f64, |m, v| m.max(v.abs()));
    panel.push(Mark::Heat(HeatMap {
        series: "share".to_owned(),
        rows: values,
        map: ColorMap::Signed { limit: largest },
        bar: bar.map(str::to_owned),
        numbers,
    }));
    panel
}

/// Gives every heat map of a figure the widest of their ranges, so that colours compare.
fn share_colors(figure: &mut Figure) {
    let mut maps: Vec<&mut ColorMap> = figure
        .panels
        .iter_mut()
        .flat_map(|panel| &mut panel.marks)
        .filter_map(|mark| match mark {
            Mark::Heat(heat) => Some(&mut heat.map),
            _ => None,
        })
        .collect();
    let limit = |map: &ColorMap| match map {
        ColorMap::Signed { limit } => *limit,
        _ => 0.0,
    };
    let widest = maps.iter().map(|map| limit(map)).fold(0.0, f64::max);
    for map in &mut maps {
        **map = ColorMap::Signed { limit: widest };
    }
}

/// A panel with the mean of a patching map over facets and agents.
fn mean_panel(
    group: &Group<PatchingRecord>,
    kind: &str,
    title: &str,
    (x, y): (&str, &str),
    numbers: Option<Numbers>,
) -> Panel {
    let map = mean_map(group, kind);
    let (columns, rows) = ((x, &*map.columns), (y, &*map.rows));
    heat(
        title,
        columns,
        rows,
        map.restored,
        Some("restored"),
        numbers,
    )
}

/// Mean of a map over facets and agents; cells that are missing everywhere stay missing.
fn mean_map(group: &Group<PatchingRecord>, kind: &str) -> PatchMap {
    let maps: Vec<&PatchMap> = group
        .agents
        .iter()
        .flat_map(|a| a.record.maps[kind].values())
        .collect();
    let mut mean = maps[0].clone();
    for (r, row) in mean.restored.iter_mut().enumerate() {
        for (c, cell) in row.iter_mut().enumerate() {
            let values: Vec<f64> = maps.iter().filter_map(|m| m.restored[r][c]).collect();
            *cell = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        }
    }
    mean
}

/// What the flip changes: the axis of the main factor.
fn flipped(about: About) -> String {
    about.study.flipped().flip.join(" and ")
}

pub(super) fn residual(group: &Group<PatchingRecord>, about: About) -> Figure {
    let mut figure = group.figure(
        "fig-b1-patching-residual",
        format!("Where the {} is carried: {}", flipped(about), group.one()),
    );
    for facet in &group.first().facets {
        let facet = facet.to_string();
        let map = &group.first().maps["resid_pre"][&facet];
        figure.panels.push(heat(
            &facet,
            ("token", &map.columns),
            ("", &map.rows),
            map.restored.clone(),
            (figure.panels.len() % 2 == 1).then_some("restored"),
            None,
        ));
    }
    share_colors(&mut figure);
    figure.columns = 2;
    figure.share_x = crate::draw::Share::All;
    figure.caption = format!(
        "Residual stream before each block, clean (original) copied into corrupted (`{}`) one token \
         at a time; 1 brings the clean answer back. R, s and a are return-to-go, state and action \
         of a step; s0 is the first frame, s{} the decision.",
        about.study.flipped().name,
        about.study.walk.len()
    );
    figure
}

pub(super) fn outputs(group: &Group<PatchingRecord>) -> Figure {
    let mut figure = group.figure(
        "fig-b2-patching-outputs",
        format!("Outputs of attention and MLPs: {}", group.name),
    );
    for (kind, title) in [("attn_out", "Attention output"), ("mlp_out", "MLP output")] {
        let numbers = Some(Numbers::Decimals(2));
        let panel = mean_panel(group, kind, title, ("token", ""), numbers);
        figure.panels.push(panel);
    }
    share_colors(&mut figure);
    figure.caption = "Output of each block's attention and MLP, clean copied into corrupted one \
        token at a time; mean over prompts and agents."
        .to_owned();
    figure
}

pub(super) fn heads(group: &Group<PatchingRecord>) -> Figure {
    let mut figure = group.figure(
        "fig-b3-patching-heads",
        format!("Parts of each head: {}", group.name),
    );
    for kind in ["q", "k", "v", "pattern", "z"] {
        let numbers = Some(Numbers::Decimals(2));
        figure
            .panels
            .push(mean_panel(group, kind, kind, ("", ""), numbers));
    }
    share_colors(&mut figure);
    figure.columns = 3;
    figure.caption = "Query, key, value, attention pattern and output of each head, clean copied \
        into corrupted at all tokens; mean over prompts and agents."
        .to_owned();
    figure
}

pub(super) fn heads_by_token(group: &Group<PatchingRecord>) -> Figure {
    let mut figure = group.figure(
        "fig-b4-patching-heads-by-token",
        format!("Heads by token: {}", group.name),
    );
    for kind in ["v by token", "z by token"] {
        let panel = mean_panel(group, kind, kind, ("token", "layer.head"), None);
        figure.panels.push(panel);
    }
    share_colors(&mut figure);
    figure.columns = 2;
    figure.caption = "Value and output of each head, clean copied into corrupted one token at a \
        time; mean over prompts and agents. Queries, keys and patterns are in the table of numbers."
        .to_owned();
    figure
}

pub(super) fn paths(group: &Group<PathRecord>, about: About) -> Figure {
    let mut figure = group.figure(
        "fig-b5-paths",
        format!("Paths of the {}: {}", flipped(about), group.one()),
    );
    let paths = group.first();
    figure.panels = vec![heat(
        "",
        ("receiver", &paths.receivers),
        ("sender", &paths.senders),
        paths.lost.clone(),
        Some("share of the clean answer lost"),
        None,
    )];
    figure.caption = "Path patching: the sender's output is that of the corrupted run, all other \
        heads and MLPs are held at clean, and what arrives at the receiver is written into a clean \
        run; mean over the prompts. Grey: no such path."
        .to_owned();
    figure
}

pub(super) fn attribution(group: &Group<Vec<Attribution>>, about: About) -> Figure {
    let mut figure = group.figure(
        "fig-b6-attribution",
        format!("What adds to the logit difference: {}", group.one()),
    );
    let all = group.first();
    let parts: Vec<String> = all[0].parts.iter().map(|(name, _)| name.clone()).collect();
    let facets: Vec<String> = all.iter().map(|a| a.facet.to_string()).collect();
    let rows = all
        .iter()
        .map(|a| a.parts.iter().map(|(_, v)| Some(*v)).collect())
        .collect();
    let mut panel = heat("", ("", &parts), ("", &facets), rows, Some("logits"), None);
    panel.y = panel.y.reversed();
    figure.panels = vec![panel];
    figure.caption = format!(
        "Direct logit attribution at the decision: what each component adds to {}, the final layer \
         norm's deviation held fixed. The parts of a row sum to its logit difference.",
        about.study.contrast.formula()
    );
    figure
}

pub(super) fn walsh(group: &Group<Vec<WalshSite>>, about: About) -> Figure {
    let mut figure = group.figure(
        "fig-b7-bits",
        format!("The study's factors at the decision: {}", group.name),
    );
    let letters: Vec<String> = about
        .study
        .letters()
        .into_iter()
        .map(String::from)
        .collect();
    let names: Vec<String> = (subsets(letters.len()).iter().skip(1))
        .map(|subset| name(subset, &letters))
        .collect();
    let sites: Vec<String> = group
        .first()
        .iter()
        .map(|s| s.point.replace("hook_", ""))
        .collect();
    let mean = |of: &dyn Fn(&WalshSite, &str) -> f64| -> Rows {
        (0..sites.len())
            .map(|n| {
                let value = |name: &String| {
                    group
                        .over(|sites| Some(of(&sites[n], name)))
                        .map(|(mean, _)| mean)
                };
                names.iter().map(value).collect()
            })
            .collect()
    };
    let lookup = |map: &BTreeMap<String, f64>, name: &str| map.get(name).copied().unwrap_or(0.0);
    let columns = ("component", &*names);
    figure.panels = vec![
        heat(
            "Share of the variance over prompts",
            columns,
            ("", &sites),
            mean(&|site, name| lookup(&site.variance, name)),
            None,
            Some(Numbers::Decimals(2)),
        ),
        heat(
            "Share of prompts that flip when it alone is reversed",
            columns,
            ("", &sites),
            mean(&|site, name| site.flips[name] as f64 / site.of as f64),
            Some("share"),
            Some(Numbers::Decimals(2)),
        ),
    ];
    figure.columns = 2;
    let named = names.iter().filter_map(|letters| {
        let name = about.study.name_of(letters)?;
        Some(format!("{letters} {name}"))
    });
    figure.caption = format!(
        "Walsh decomposition of the residual stream at the decision token over the {} prompts: the \
         study's factors and their products ({}); mean over agents.",
        group.first()[0].of,
        named.collect::<Vec<_>>().join(", ")
    );
    figure
}
