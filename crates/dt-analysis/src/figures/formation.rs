//! How the feature that a study is about forms during an agent's training.

use crate::draw::palette::{BLACK, BLUE, VERMILION};
use crate::draw::{Axis, Dash, Figure, Line, Mark, Marker, Panel, Share, Style};
use crate::prompts::{Item, Study};
use crate::questions::formation::FormationRecord;

/// What the agent does, what the edit of two cells does, and where the feature is, by step.
pub fn formation_figure(agent: &str, record: &FormationRecord, study: &Study) -> Figure {
    let direction = study.item_sets.first();
    let set = direction.map_or("first", |set| &set.name);
    let mut figure = Figure::new(
        format!("formation.{}", super::slug(agent)),
        format!("How the {set} feature forms: {agent}"),
    );
    figure.share_x = Share::All;
    let xs: Vec<f64> = record.points.iter().map(|p| p.step as f64).collect();
    let line = |name: &str, values: Vec<f64>, style| {
        let points = xs.iter().copied().zip(values).collect();
        Mark::Line(Line::new(name, points, style))
    };
    let solid = |color| Style::new(color, Marker::Disc, Dash::Solid);
    let mut behaviour = Panel::new(
        "What the agent does",
        Axis::linear("step"),
        Axis::range("share", -0.1, 1.1),
    );
    let asked = record.points.iter().map(|p| p.as_asked).collect();
    behaviour.push(line("does as asked", asked, solid(BLACK)));
    let double: Vec<f64> = record
        .points
        .iter()
        // Before the task is solved the denominator is noise.
        .map(|p| match p.as_asked > 0.9 {
            true => p.double_complement.unwrap_or(f64::NAN),
            false => f64::NAN,
        })
        .collect();
    if double.iter().any(|share| share.is_finite()) {
        behaviour.push(line(
            "restored by the edit of two cells",
            double,
            solid(VERMILION),
        ));
    }
    let component = record.points.iter().map(|p| p.component).collect();
    let dashed = Style::new(BLUE, Marker::Disc, Dash::Dashed);
    behaviour.push(line("variance of the first component", component, dashed));
    figure.panels.push(behaviour);
    let mut cells = Panel::new(
        "Where the feature is",
        Axis::linear("step"),
        Axis::range("cosine with the final direction", -1.0, 1.0),
    );
    // The objects of the direction: a cell's two items share a colour.
    let items: Vec<Item> = record.points[0].alignment.keys().copied().collect();
    let object = direction.map(|set| set.objects.0);
    let first = items.iter().filter(|i| Some(i.object) == object);
    for (n, item) in first.enumerate() {
        let values =
            |item: &Item| -> Vec<f64> { record.points.iter().map(|p| p.alignment[item]).collect() };
        let style = Style {
            dash: Dash::Solid,
            ..Style::nth(n)
        };
        cells.push(line(&item.to_string(), values(item), style));
        let others = items
            .iter()
            .filter(|i| i.cell == item.cell && i.object != item.object);
        for other in others {
            let points = xs.iter().copied().zip(values(other)).collect();
            let mut line = Line::new(other.to_string(), points, style).legend(None);
            line.style.dash = Dash::Dotted;
            cells.push(Mark::Line(line));
        }
    }
    figure.panels.push(cells);
    let [one, other] = direction.map_or(["", ""], |s| [s.objects.0.name(), s.objects.1.name()]);
    figure.caption = format!(
        "Above: share of greedy episodes, over all layouts and returns-to-go, that do as asked (of \
         prompts, in a world that cannot be failed); pooled restored logit difference of the edit \
         of two cells, where the study has one, once the task is solved; share of variance of the \
         {set} items' first component. Below: cosine of each item's movement since step 0 with the \
         final {set} direction; {one} items solid, {other} items reversed and dotted, in the \
         colour of their cell."
    );
    figure
        .n
        .insert("checkpoints".to_owned(), record.points.len());
    figure
}
