//! Lengths, angles, components and maps of the item vectors.

use super::{About, Group};
use crate::draw::palette::{BLUE, GREEN, ORANGE, VERMILION};
use crate::draw::{
    Axis, ColorMap, Dash, Figure, Guide, GuideAt, HeatMap, Mark, Marker, Named, Numbers, Panel,
    Scatter, Style, Viewer, Violin,
};
use crate::prompts::{Item, ItemSet, PromptSet};
use crate::questions::geometry::{GeometryRecord, PairClass, shown_channels};

/// The two objects of a set in every figure.
const FIRST: Style = Style::new(BLUE, Marker::Disc, Dash::Solid);
const SECOND: Style = Style::new(ORANGE, Marker::Square, Dash::Dashed);

/// Name of the components' files by the place of their set: `fig-09`, `fig-12`, then letters.
fn file(n: usize, set: &ItemSet, suffix: &str) -> String {
    let name = super::slug(&set.name);
    match (n, suffix) {
        (0, "") => format!("fig-09-{name}"),
        (0, "-pc1") => format!("fig-10-{name}-pc1"),
        (0, _) => format!("fig-11-{name}{suffix}"),
        (1, "") => format!("fig-12-{name}"),
        (1, _) => format!("fig-13-{name}{suffix}"),
        _ => format!(
            "fig-13{}-{name}{suffix}",
            char::from(b'a' + (n as u8 - 2) % 26)
        ),
    }
}

/// Channels that a figure of lengths shows: those of the study's prompts.
fn channels(about: About) -> Vec<&'static str> {
    let set = PromptSet::new(about.study);
    set.map_or(Vec::new(), |set| shown_channels(&set))
}

pub(super) fn norms(group: &Group<GeometryRecord>, about: About) -> Figure {
    let ours = &group.first().norms;
    let mut figure = group.figure(
        "fig-05-norms",
        format!("Lengths of item vectors: {}", group.one()),
    );
    let channels = channels(about);
    let objects = about.study.item_sets.first().map(|set| set.objects);
    let style_of = |channel: &str| match objects {
        Some((first, _)) if first.name() == channel => Some(FIRST),
        Some((_, second)) if second.name() == channel => Some(SECOND),
        _ => None,
    };
    let panel = |title: String, norms: &std::collections::BTreeMap<String, f64>| {
        let mut panel = Panel::new(
            title,
            Axis::categories("", channels.iter().copied()),
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
                .filter(|_| style_of(channel).is_some())
            {
                point.labelled = true;
            }
            let plain = Style::new(GREEN, Marker::Disc, Dash::Solid);
            let style = style_of(channel).unwrap_or(plain);
            panel.push(Mark::Scatter(
                Scatter::new(*channel, points, style)
                    .strip(0.36)
                    .legend(None),
            ));
        }
        panel
    };
    figure.panels = vec![panel(group.one(), ours)];
    if let Some(theirs) = about.published.filter(|p| !p.norms.is_empty()) {
        let title = format!("{}, as published", theirs.agent);
        figure.panels.push(panel(title, &theirs.norms));
    }
    figure.panel_height = 210.0;
    let longest = match objects {
        Some((a, b)) => format!("The longest {a} and {b} are named. "),
        None => String::new(),
    };
    figure.caption = format!(
        "Length of each item's vector, a column of the state embedding, by object, colour or \
         state; one point for each cell of the view. {longest}Channels that the study's \
         prompts never show are left out."
    );
    figure
}

/// `key and ball`.
fn both(set: &ItemSet) -> String {
    format!("{} and {}", set.objects.0, set.objects.1)
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

pub(super) fn cosines(group: &Group<GeometryRecord>, about: About) -> Figure {
    let geometry = group.first();
    let set = &about.study.item_sets[0];
    let both = both(set);
    let mut figure = group.figure(
        "fig-06-cosines",
        format!("Cosines between {both} items: {}", group.one()),
    );
    let names = |items: &[Item]| items.iter().map(ToString::to_string).collect::<Vec<_>>();
    let natural = &geometry.cosines;
    let half = natural.items.len() / 2;
    let axis = || {
        Axis::categories("", names(&natural.items))
            .every(0)
            .group(set.objects.0.name(), 0, half - 1)
            .group(set.objects.1.name(), half, 2 * half - 1)
    };
    let mut first = Panel::new("In order of cells", axis(), axis().reversed());
    first.push(heat(natural.cosine.clone(), None, None));
    let clustered = natural.reordered(&geometry.cluster_order);
    let axis = || Axis::categories("", names(&clustered.items)).every(0);
    let mut second = Panel::new("By single-linkage clusters", axis(), axis().reversed());
    second.push(heat(clustered.cosine, Some("cosine"), None));
    figure.panels = vec![first, second];
    figure.columns = 2;
    figure.caption = format!(
        "Cosine of every pair of {both} items: in order of cells (column by column), and ordered \
         by single-linkage clustering of the rows' Euclidean distances. Item vectors are taken as \
         they are."
    );
    figure
}

pub(super) fn pairs(group: &Group<GeometryRecord>, about: About) -> Option<Figure> {
    let geometry = group.first();
    let both = both(&about.study.item_sets[0]);
    // Nothing is known of what the agent saw.
    if geometry.pairs.is_empty() {
        return None;
    }
    let mut figure = group.figure(
        "fig-07-pairs",
        format!("Pairs of {both} items: {}", group.one()),
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
        "Cosines of pairs of {both} items at the {} cells that show both often in the training \
         data: density, points and median.",
        geometry.exposed_cells.len()
    );
    Some(figure)
}

pub(super) fn components(
    group: &Group<GeometryRecord>,
    about: About,
    set: &ItemSet,
    n: usize,
) -> Figure {
    let name = &set.name;
    let record = &group.first().pca[&format!("{name}_pca")];
    let title = format!("The {name} items: {}", group.one());
    let mut figure = group.figure(&file(n, set, ""), title);
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
    for (object, style) in [(set.objects.0, FIRST), (set.objects.1, SECOND)] {
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
    figure.caption = format!(
        "Cosines between the {name} items, and their scores on the set's principal components \
         (vectors of unit length, centred; shares are of the total variance)."
    );
    let theirs = about.published.and_then(|p| {
        let shares = p.explained_variance.get(name)?;
        Some((&p.agent, shares.first()?, shares.get(1)?))
    });
    if let Some((agent, first, second)) = theirs {
        figure.caption += &format!(
            " {agent} as published: {:.2} and {:.2} %.",
            100.0 * first,
            100.0 * second
        );
    }
    figure
}

pub(super) fn maps(
    group: &Group<GeometryRecord>,
    about: About,
    (n, set): (usize, &ItemSet),
    component: usize,
) -> Option<Figure> {
    let name = &set.name;
    let ours =
        (group.first().feature_maps.iter()).find(|m| m.set == *name && m.component == component)?;
    let mut figure = group.figure(
        &file(n, set, &format!("-pc{component}")),
        format!(
            "Component {component} of the {name} items on the view: {}",
            group.one()
        ),
    );
    let theirs = about.published.and_then(|p| {
        let maps = p.feature_maps.get(&format!("{name} {component}"))?;
        Some((&p.agent, maps))
    });
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
    let titles = [set.objects.0, set.objects.1].map(|o| format!("{o} items"));
    figure.panels.push(panel(&titles[0], &ours.first, false));
    figure.panels.push(panel(&titles[1], &ours.second, true));
    if let Some((agent, (first, second))) = theirs {
        let title = |n: usize| format!("{}, {agent}", titles[n]);
        figure.panels.push(panel(&title(0), first, false));
        figure.panels.push(panel(&title(1), second, true));
    }
    figure.columns = 2;
    figure.caption = format!(
        "Score of every {} item, brought to unit length, on component {component} of the {name} \
         items (a component's sign is free). The triangle is the agent.",
        both(set)
    );
    if let Some((agent, _)) = theirs {
        figure.caption += &format!(" Below, {agent} as published.");
    }
    Some(figure)
}
