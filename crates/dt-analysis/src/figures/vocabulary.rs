//! Figures 5 to 13: lengths, angles, components and maps of the item vectors.

use dt_env::Object;

use super::Group;
use crate::draw::palette::{BLUE, GREEN, ORANGE, VERMILION};
use crate::draw::{
    Axis, ColorMap, Dash, Figure, Guide, GuideAt, HeatMap, Mark, Marker, Named, Numbers, Panel,
    Scatter, Style, Viewer, Violin,
};
use crate::papers::memory_dt::published::PostNumbers;
use crate::prompts::Item;
use crate::questions::geometry::{FeatureMap, PairClass};

/// Keys and balls in every figure.
const KEY: Style = Style::new(BLUE, Marker::Disc, Dash::Solid);
const BALL: Style = Style::new(ORANGE, Marker::Square, Dash::Dashed);

pub(super) fn norms(group: Group, post: &PostNumbers) -> Figure {
    let ours = &group.first().geometry.norms;
    let mut figure = group.figure(
        "fig-05-norms",
        format!("Lengths of item vectors: {}", group.one()),
    );
    let channels = [
        "unseen", "empty", "wall", "key", "ball", "red", "green", "grey", "open",
    ];
    let panel = |title: String, norms: &std::collections::BTreeMap<String, f64>| {
        let mut panel = Panel::new(
            title,
            Axis::categories("", channels),
            Axis::linear("length of the item vector"),
        );
        for (x, channel) in channels.iter().enumerate() {
            let prefix = format!("{channel}, ");
            let mut points: Vec<Named> = norms
                .iter()
                .filter(|(item, _)| item.starts_with(&prefix))
                .map(|(item, &norm)| Named::new(item.clone(), x as f64, norm))
                .collect();
            // The longest few say most.
            points.sort_by(|a, b| b.y.total_cmp(&a.y));
            for point in points
                .iter_mut()
                .take(1)
                .filter(|_| ["key", "ball"].contains(channel))
            {
                point.labelled = true;
            }
            let style = match *channel {
                "key" => KEY,
                "ball" => BALL,
                _ => Style::new(GREEN, Marker::Disc, Dash::Solid),
            };
            panel.push(Mark::Scatter(
                Scatter::new(*channel, points, style)
                    .strip(0.36)
                    .legend(None),
            ));
        }
        panel
    };
    figure.panels = vec![
        panel(group.one(), ours),
        panel("MemoryDT, as published".to_owned(), &post.norms),
    ];
    figure.panel_height = 210.0;
    figure.caption = "Length of each item's vector, a column of the state embedding, by object, \
        colour or state; one point for each of the 49 cells of the view. The longest key and ball \
        are named. Channels that this world never shows are left out."
        .to_owned();
    figure
}

fn heat(rows: Vec<Vec<Option<f64>>>, bar: Option<&str>, numbers: Option<Numbers>) -> Mark {
    Mark::Heat(HeatMap {
        series: "cosine".to_owned(),
        rows,
        map: ColorMap::Signed { limit: 1.0 },
        bar: bar.map(str::to_owned),
        numbers,
    })
}

pub(super) fn cosines(group: Group) -> Figure {
    let geometry = &group.first().geometry;
    let mut figure = group.figure(
        "fig-06-cosines",
        format!("Cosines between key and ball items: {}", group.one()),
    );
    let names = |items: &[Item]| items.iter().map(ToString::to_string).collect::<Vec<_>>();
    let natural = &geometry.cosines;
    let half = natural.items.len() / 2;
    let axis = || {
        Axis::categories("", names(&natural.items))
            .every(0)
            .group("key", 0, half - 1)
            .group("ball", half, 2 * half - 1)
    };
    let mut first = Panel::new("In order of cells", axis(), axis().reversed());
    first.push(heat(natural.cosine.clone(), None, None));
    let clustered = natural.reordered(&geometry.cluster_order);
    let axis = || Axis::categories("", names(&clustered.items)).every(0);
    let mut second = Panel::new("By single-linkage clusters", axis(), axis().reversed());
    second.push(heat(clustered.cosine, Some("cosine"), None));
    figure.panels = vec![first, second];
    figure.columns = 2;
    figure.caption = "Cosine of every pair of key and ball items: in order of cells (column by \
        column), and ordered by single-linkage clustering of the rows' Euclidean distances. Item \
        vectors are taken as they are; the post's figure rescaled each dimension first."
        .to_owned();
    figure
}

pub(super) fn pairs(group: Group) -> Figure {
    let geometry = &group.first().geometry;
    let mut figure = group.figure(
        "fig-07-pairs",
        format!("Pairs of key and ball items: {}", group.one()),
    );
    let classes = [
        PairClass::SameObject,
        PairClass::SameCell,
        PairClass::Neither,
    ];
    let mut panel = Panel::new(
        "",
        Axis::range("cosine", -1.0, 1.0),
        Axis::categories("", classes.map(PairClass::name)).reversed(),
    );
    for (place, class) in classes.into_iter().enumerate() {
        let sample: Vec<(String, f64)> = geometry
            .pairs
            .iter()
            .filter(|p| p.0 == class)
            .enumerate()
            .map(|(n, p)| (format!("pair {}", n + 1), p.1))
            .collect();
        figure.n.insert(class.name().to_owned(), sample.len());
        let color = [GREEN, VERMILION, BLUE][place];
        panel.push(Mark::Violin(Violin::new(
            class.name(),
            place as f64,
            sample,
            color,
        )));
    }
    panel.push(Mark::Guide(Guide::new("orthogonal", GuideAt::X(0.0))));
    figure.panels = vec![panel];
    figure.panel_height = 230.0;
    figure.caption = format!(
        "Cosines of pairs of key and ball items at the {} cells that show both in at least 200 \
         training frames: density, points and median.",
        group.first().evidence.exposed_cells.len()
    );
    figure
}

pub(super) fn components(group: Group, post: &PostNumbers, set: &str, name: &str) -> Figure {
    let record = &group.first().geometry.pca[&format!("{set}_pca")];
    let mut figure = group.figure(name, format!("The {set} items: {}", group.one()));
    let table = &record.cosines;
    let items: Vec<String> = table.items.iter().map(ToString::to_string).collect();
    let axis = || Axis::categories("", items.clone());
    let mut first = Panel::new("Cosines", axis(), axis().reversed());
    first.push(heat(table.cosine.clone(), None, Some(Numbers::Decimals(2))));
    let percent = |k: usize| {
        100.0
            * record
                .explained_variance_ratio
                .get(k)
                .copied()
                .unwrap_or(0.0)
    };
    let mut second = Panel::new(
        "Scores on the first two components",
        Axis::range(
            format!("PC1 ({:.1} % of the variance)", percent(0)),
            -1.25,
            1.25,
        ),
        Axis::range(format!("PC2 ({:.1} %)", percent(1)), -1.25, 1.25),
    );
    for (object, style) in [(Object::Key, KEY), (Object::Ball, BALL)] {
        let points = record
            .scores
            .iter()
            .filter(|(item, _)| item.object == object)
            .map(|(item, s)| Named::new(item.to_string(), s[0], s.get(1).copied().unwrap_or(0.0)))
            .collect();
        second.push(Mark::Scatter(
            Scatter::new(object.name(), points, style)
                .with_arrows()
                .labelled(|_| true),
        ));
    }
    figure.panels = vec![first, second];
    figure.columns = 2;
    figure.panel_height = 330.0;
    let published = &post.explained_variance[set];
    figure.caption = format!(
        "Cosines between the {set} items, and their scores on the set's principal components \
         (vectors of unit length, centred; shares are of the total variance). MemoryDT as \
         published: {:.2} and {:.2} %.",
        100.0 * published[0],
        100.0 * published[1]
    );
    figure
}

pub(super) fn maps(
    group: Group,
    post: &PostNumbers,
    set: &str,
    component: usize,
    name: &str,
) -> Figure {
    let mut figure = group.figure(
        name,
        format!(
            "Component {component} of the {set} items on the view: {}",
            group.one()
        ),
    );
    let ours: Option<&FeatureMap> = group
        .first()
        .geometry
        .feature_maps
        .iter()
        .find(|m| m.set == set && m.component == component);
    let theirs = &post.feature_maps[&format!("{set} {component}")];
    let panel = |title: &str, rows: &Vec<Vec<f64>>, bar: bool| {
        let cells = || (0..rows.len()).map(|n| n.to_string()).collect::<Vec<_>>();
        let mut panel = Panel::new(
            title,
            Axis::categories("x", cells()),
            Axis::categories("y", cells()).reversed(),
        );
        panel.push(Mark::Heat(HeatMap {
            series: format!("score on component {component}"),
            rows: rows
                .iter()
                .map(|r| r.iter().map(|&v| Some(v)).collect())
                .collect(),
            map: ColorMap::Signed { limit: 1.0 },
            bar: bar.then(|| "score".to_owned()),
            numbers: Some(Numbers::Decimals(2)),
        }));
        panel.push(Viewer::new(rows.len() / 2, rows.len() - 1));
        panel
    };
    if let Some(ours) = ours {
        figure.panels.push(panel("key items", &ours.first, false));
        figure.panels.push(panel("ball items", &ours.second, true));
    }
    figure
        .panels
        .push(panel("key items, MemoryDT", &theirs.0, false));
    figure
        .panels
        .push(panel("ball items, MemoryDT", &theirs.1, true));
    figure.columns = 2;
    figure.caption = format!(
        "Score of every key and ball item, brought to unit length, on component {component} of the \
         {set} items; below, MemoryDT as published (a component's sign is free). The triangle is \
         the agent."
    );
    figure
}
