//! Where a dataset's episodes come from.

use dt_data::{DemonstratorCard, Outcome};

use super::dataset::{demonstrator_name, describe};
use super::files::DatasetSource;
use super::outcomes;
use crate::draw::palette::{BLACK, SKY};
use crate::draw::{Axis, Bars, Color, Figure, Mark, Panel, stack};

/// What a demonstrator has so many of.
type CountOf = fn(&DemonstratorCard) -> usize;

/// Each demonstrator's share of the data, and how its episodes end.
pub(super) fn shares(data: &DatasetSource) -> Figure {
    let card = &data.card;
    let demonstrators = &card.demonstrators;
    let axis = || {
        let names = demonstrators
            .iter()
            .map(|d| demonstrator_name(&d.policy, d.temperature).replace(", ", "\n"));
        Axis::categories("", names)
    };
    let mut figure = describe(data, "provenance", "Where episodes come from");
    figure.columns = 2;
    let mut panel = Panel::new("Share of the data", axis(), Axis::from_zero("share"));
    let total = |of: CountOf| -> f64 { demonstrators.iter().map(of).sum::<usize>().max(1) as f64 };
    let kinds: [(&str, Color, CountOf); 2] = [
        ("episodes", SKY, |d| d.episodes),
        (
            "transitions",
            BLACK.mix(Color::new(255, 255, 255), 0.3),
            |d| d.transitions,
        ),
    ];
    for (n, (name, color, of)) in kinds.into_iter().enumerate() {
        let values: Vec<(f64, f64)> = demonstrators
            .iter()
            .enumerate()
            .map(|(x, d)| (x as f64, of(d) as f64 / total(of)))
            .collect();
        let bars = Bars::new(name, &values, color).side_by_side(n, kinds.len());
        panel.push(Mark::Bars(bars));
    }
    figure.panels.push(panel);

    let mut panel = Panel::new(
        "Outcomes of its episodes",
        axis(),
        Axis::range("share of episodes", 0.0, 1.0),
    );
    let series = Outcome::ALL.map(|outcome| {
        let share = |d: &DemonstratorCard| {
            let count = d.outcomes.get(outcome.name()).copied().unwrap_or(0);
            count as f64 / d.episodes.max(1) as f64
        };
        let values: Vec<(f64, f64)> = demonstrators
            .iter()
            .enumerate()
            .map(|(x, d)| (x as f64, share(d)))
            .collect();
        Bars::new(outcomes::label(outcome), &values, outcomes::fill(outcome))
    });
    let drawn = |bars: &Bars| bars.bars.iter().any(|bar| bar.value > 0.0);
    for bars in stack(series.into_iter().filter(drawn).collect()) {
        panel.push(Mark::Bars(bars));
    }
    figure.panels.push(panel);
    figure.caption = format!(
        "Demonstrators of the dataset {}. a, Their shares of its {} episodes and {} transitions. \
         b, How their episodes end. All episodes are counted; nothing is estimated.",
        card.recipe.name, card.episodes, card.transitions
    );
    figure
}
