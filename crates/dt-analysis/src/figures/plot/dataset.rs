//! What a dataset holds: episodes, actions, and what can be seen in it.

use std::collections::BTreeMap;

use dt_data::{Card, Episode, ExposureRow, Outcome};

use super::file_stem;
use super::files::DatasetSource;
use super::outcomes;
use crate::draw::palette::{BLACK, BLUE, GREEN, SKY, VERMILION, YELLOW};
use crate::draw::{
    Axis, Bars, Color, ColorMap, Figure, Guide, GuideAt, HeatMap, Mark, Numbers, Panel, Share,
    Viewer, stack,
};

/// Width of the bins of returns.
const RETURN_BIN: f64 = 0.05;
/// Most bins of lengths.
const LENGTH_BINS: usize = 60;

/// An empty figure of a dataset.
pub(super) fn describe(data: &DatasetSource, name: &str, title: &str) -> Figure {
    let card = &data.card;
    let mut figure = Figure::new(
        format!("dataset-{}-{name}", file_stem(&card.recipe.name)),
        format!("{title}, dataset {}", card.recipe.name),
    );
    figure.n.insert("episodes".to_owned(), card.episodes);
    figure.n.insert("transitions".to_owned(), card.transitions);
    figure.sources.clone_from(&data.files);
    figure
}

/// Name of a demonstrator in figures.
pub(super) fn demonstrator_name(policy: &str, temperature: Option<f64>) -> String {
    let policy = policy.replace('_', " ");
    match temperature {
        Some(t) => format!("{policy}, T = {t}"),
        None => policy,
    }
}

/// Episodes of one kind: lengths and returns with their counts.
struct Kind {
    name: String,
    color: Color,
    lengths: BTreeMap<usize, usize>,
    /// By bin.
    returns: BTreeMap<i64, usize>,
}

impl Kind {
    fn new(name: String, color: Color, episodes: &[&Episode]) -> Self {
        let (mut lengths, mut returns) = (BTreeMap::new(), BTreeMap::new());
        for episode in episodes {
            *lengths.entry(episode.length).or_default() += 1;
            // A hair above, as 0.15 / 0.05 is a hair below 3.
            let bin = (episode.total_return / RETURN_BIN + 1e-9).floor() as i64;
            *returns.entry(bin).or_default() += 1;
        }
        Self {
            name,
            color,
            lengths,
            returns,
        }
    }

    /// All episodes together, as the card counts them.
    fn of_card(card: &Card) -> Self {
        let bin = |edge: &String| {
            let edge: f64 = edge.parse().unwrap_or(0.0);
            (edge / RETURN_BIN).round() as i64
        };
        let returns = card.return_histogram.iter();
        Self {
            name: "all episodes".to_owned(),
            color: BLUE,
            lengths: card.length_histogram.clone(),
            returns: returns.map(|(edge, &count)| (bin(edge), count)).collect(),
        }
    }
}

/// Lengths and returns of episodes: by outcome and by demonstrator, or of all together where
/// only the card is there.
pub(super) fn episodes(data: &DatasetSource) -> Vec<Figure> {
    let Some(episodes) = &data.episodes else {
        let kinds = [Kind::of_card(&data.card)];
        return vec![histograms(
            data,
            "episodes",
            "Lengths and returns",
            &kinds,
            "",
        )];
    };
    let by_outcome: Vec<Kind> = (Outcome::ALL.into_iter())
        .filter_map(|outcome| {
            let members: Vec<&Episode> = episodes.iter().filter(|e| e.outcome == outcome).collect();
            let color = outcomes::fill(outcome);
            (!members.is_empty()).then(|| Kind::new(outcomes::label(outcome), color, &members))
        })
        .collect();
    // Colours that no outcome has come first.
    let colors = [GREEN, SKY, VERMILION, BLACK, YELLOW, BLUE];
    let by_demonstrator: Vec<Kind> = (data.card.demonstrators.iter().enumerate())
        .map(|(n, d)| {
            let members: Vec<&Episode> = episodes
                .iter()
                .filter(|e| e.policy == d.policy && e.temperature == d.temperature)
                .collect();
            let name = demonstrator_name(&d.policy, d.temperature);
            Kind::new(name, colors[n % colors.len()], &members)
        })
        .collect();
    vec![
        histograms(
            data,
            "episodes-by-outcome",
            "Lengths and returns by outcome",
            &by_outcome,
            ", stacked by outcome",
        ),
        histograms(
            data,
            "episodes-by-demonstrator",
            "Lengths and returns by demonstrator",
            &by_demonstrator,
            ", stacked by demonstrator",
        ),
    ]
}

fn histograms(data: &DatasetSource, name: &str, title: &str, kinds: &[Kind], how: &str) -> Figure {
    let card = &data.card;
    let mut figure = describe(data, name, title);
    figure.columns = 2;
    let lengths = || kinds.iter().flat_map(|kind| kind.lengths.keys().copied());
    let span = lengths()
        .max()
        .unwrap_or(0)
        .abs_diff(lengths().min().unwrap_or(0))
        + 1;
    let step = span.div_ceil(LENGTH_BINS).max(1);
    let bars = |kind: &Kind, values: &[(f64, f64)], width: f64| {
        let mut bars = Bars::new(kind.name.clone(), values, kind.color);
        bars.width = width;
        if kinds.len() == 1 {
            bars.legend = None;
        }
        bars
    };
    let mut panel = Panel::new("Length", Axis::linear("steps"), Axis::from_zero("episodes"));
    let by_length = kinds.iter().map(|kind| {
        let mut bins: BTreeMap<usize, usize> = BTreeMap::new();
        for (&length, &count) in &kind.lengths {
            *bins.entry(length / step).or_default() += count;
        }
        let middle = |bin: usize| (bin * step) as f64 + (step - 1) as f64 / 2.0;
        let values: Vec<(f64, f64)> = (bins.into_iter())
            .map(|(bin, count)| (middle(bin), count as f64))
            .collect();
        bars(kind, &values, step as f64)
    });
    panel
        .marks
        .extend(stack(by_length.collect()).into_iter().map(Mark::Bars));
    figure.panels.push(panel);

    let mut panel = Panel::new(
        "Return",
        Axis::linear("return"),
        Axis::from_zero("episodes"),
    );
    let by_return = kinds.iter().map(|kind| {
        // Half a bin on, in hundredths so that the table reads 0.875 and not 0.8750000000000001.
        let middle = |bin: i64| (bin as f64 * 50.0 + 25.0) / 1000.0;
        let values: Vec<(f64, f64)> = (kind.returns.iter())
            .map(|(&bin, &count)| (middle(bin), count as f64))
            .collect();
        bars(kind, &values, RETURN_BIN)
    });
    panel
        .marks
        .extend(stack(by_return.collect()).into_iter().map(Mark::Bars));
    figure.panels.push(panel);
    let bins = match step {
        1 => String::new(),
        _ => format!(" in bins of {step} steps"),
    };
    figure.caption = format!(
        "{} episodes of the dataset {} ({}, at most {} steps){how}. a, Number of actions{bins} \
         (mean {:.2}). b, Undiscounted return in bins of {RETURN_BIN} (mean {:.3}). All episodes \
         are counted; nothing is estimated.",
        card.episodes,
        card.recipe.name,
        card.env.id,
        card.env.max_steps(),
        card.mean_length,
        card.mean_return
    );
    figure
}

/// Shares of the actions.
pub(super) fn actions(data: &DatasetSource) -> Figure {
    let card = &data.card;
    let mut figure = describe(data, "actions", "Actions");
    figure.width = crate::draw::theme::COLUMN_WIDTH;
    let total = card.actions.values().sum::<usize>().max(1) as f64;
    // MiniGrid's order; names that it does not have follow.
    let order = |name: &str| {
        let known = dt_env::Action::ALL.iter().position(|a| a.name() == name);
        known.unwrap_or(usize::MAX)
    };
    let mut actions: Vec<(&String, &usize)> = card.actions.iter().collect();
    actions.sort_by_key(|(name, _)| order(name));
    let names = actions.iter().map(|(name, _)| name.replace('_', " "));
    let mut panel = Panel::new(
        "",
        Axis::categories("", names),
        Axis::from_zero("share of actions"),
    );
    let values: Vec<(f64, f64)> = (actions.iter().enumerate())
        .map(|(x, (_, count))| (x as f64, **count as f64 / total))
        .collect();
    let mut bars = Bars::new("actions", &values, BLUE);
    bars.legend = None;
    panel.push(Mark::Bars(bars));
    panel.push(Mark::Guide(Guide::new(
        "all actions equally often",
        GuideAt::Y(1.0 / actions.len().max(1) as f64),
    )));
    figure.panels.push(panel);
    figure.caption = format!(
        "Shares of the {} actions of the dataset {}. Their entropy is {:.3} nats ({:.3} if all \
         were equally frequent; dashed); given layout, outcome and step it is {:.3} nats.",
        card.transitions,
        card.recipe.name,
        card.action_entropy,
        (actions.len().max(1) as f64).ln(),
        card.conditional_action_entropy
    );
    figure
}

/// A count of the exposure table.
type CountOf = fn(&ExposureRow) -> u64;

/// An item of the exposure table: object, column and row of the view.
fn parse_item(item: &str) -> Option<(&str, usize, usize)> {
    let (object, cell) = item.split_once(", (")?;
    let (x, y) = cell.strip_suffix(')')?.split_once(',')?;
    Some((object, x.trim().parse().ok()?, y.trim().parse().ok()?))
}

/// The objects of an exposure table, in its order.
fn objects(rows: &[ExposureRow]) -> Vec<String> {
    let mut objects: Vec<String> = Vec::new();
    for (object, ..) in rows.iter().filter_map(|row| parse_item(&row.item)) {
        if !objects.iter().any(|known| known == object) {
            objects.push(object.to_owned());
        }
    }
    objects
}

fn view_grid(
    rows: &[ExposureRow],
    view: usize,
    object: &str,
    of: CountOf,
) -> Vec<Vec<Option<f64>>> {
    let mut grid = vec![vec![None; view]; view];
    for row in rows {
        if let Some((name, x, y)) = parse_item(&row.item)
            && name == object
            && let Some(cell) = grid.get_mut(y).and_then(|cells| cells.get_mut(x))
        {
            *cell = Some(of(row) as f64);
        }
    }
    grid
}

/// How often the objects that tell something are seen where, and how often they alone tell it; none
/// for a world without any.
pub(super) fn exposure(data: &DatasetSource) -> Option<Figure> {
    let card = &data.card;
    if card.exposure.iter().all(|row| row.frames == 0) {
        return None;
    }
    let view = usize::from(card.env.view_size);
    let objects = objects(&card.exposure);
    let list = objects.join(" and ");
    let mut figure = describe(data, "exposure", &format!("Where {list} are in view"));
    figure.columns = 2;
    figure.width = 600.0;
    figure.share_x = Share::All;
    figure.share_y = Share::All;
    let quantities: [(&str, &str, CountOf); 2] = [
        ("in view", "frames", |row| row.frames),
        ("alone shows the cue", "windows", |row| {
            row.only_sight_windows
        }),
    ];
    for (what, unit, of) in quantities {
        // One scale for both objects.
        let map = ColorMap::log_over(card.exposure.iter().map(|row| of(row) as f64));
        for (n, object) in objects.iter().enumerate() {
            let names = || (0..view).map(|n| n.to_string());
            let mut panel = Panel::new(
                format!("{} {what}", capitalized(object)),
                Axis::categories("view column (left to right)", names()),
                Axis::categories("view row (far to near)", names()).reversed(),
            );
            panel.push(Mark::Heat(HeatMap {
                series: format!("{unit}, {object}"),
                rows: view_grid(&card.exposure, view, object, of),
                map,
                bar: (n + 1 == objects.len()).then(|| unit.to_owned()),
                numbers: Some(Numbers::Compact),
            }));
            panel.push(Viewer::new(view / 2, view - 1));
            figure.panels.push(panel);
        }
    }
    figure.caption = format!(
        "What the dataset {} shows of {list}, on the grid of the agent's view (triangle: \
         the agent, looking up; its own cell holds what it carries). Above, frames, final \
         observations left out, with the object in that cell. Below, training windows of {} \
         steps in which that cell alone tells the cue. Colours are logarithmic and the same for all \
         objects; 0 has its own. All {} episodes are counted.",
        card.recipe.name, card.window, card.episodes
    );
    Some(figure)
}

/// The word with which a title begins.
fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_as_dt_data_writes_them() {
        assert_eq!(parse_item("key, (2,6)"), Some(("key", 2, 6)));
        for wrong in ["key", "key, (2;6)", "key, (2,6", "key, (-1,2)", ""] {
            assert_eq!(parse_item(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn cells_lie_at_column_and_row() {
        let row = |item: &str, frames| ExposureRow {
            item: item.to_owned(),
            frames,
            episodes: 0,
            only_sight_windows: 0,
        };
        let rows = [
            row("key, (1,0)", 5),
            row("ball, (0,0)", 7),
            row("key, (9,9)", 1),
        ];
        let grid = view_grid(&rows, 2, "key", |r| r.frames);
        assert_eq!(grid, [vec![None, Some(5.0)], vec![None, None]]);
    }

    #[test]
    fn demonstrators_have_readable_names() {
        assert_eq!(
            demonstrator_name("wrong_target", Some(1.0)),
            "wrong target, T = 1"
        );
        assert_eq!(demonstrator_name("uniform", None), "uniform");
    }
}
