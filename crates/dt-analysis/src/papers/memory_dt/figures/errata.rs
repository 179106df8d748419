//! Figure 20, as published and as it should be.

use crate::draw::palette::{BLACK, BLUE, GREEN, ORANGE};
use crate::draw::{
    Axis, Bars, Dash, Estimate, Figure, Guide, GuideAt, Mark, Marker, Panel, Points, Share, Style,
};
use crate::papers::memory_dt::errata::{ErrataRecord, Restored};
use crate::papers::memory_dt::published::PostNumbers;

/// Bars with both defects under the published numbers, and the correct bars.
pub fn errata_figure(record: &ErrataRecord, post: &PostNumbers) -> Figure {
    let mut figure = Figure::new("fig-20-errata", "Figure 20 as published, and corrected");
    let facets: Vec<&String> = record.correct.keys().collect();
    let edits = [
        "Complement (0,5)",
        "Complement (4,2)",
        "Complement (0,5), (4,2)",
    ];
    let panel = |title: &str, restored: &Restored, published: bool| {
        let mut panel = Panel::new(
            title,
            Axis::categories(
                "instruction, left-right, return-to-go",
                facets.iter().copied(),
            ),
            Axis::linear("restored logit difference"),
        );
        for (n, edit) in edits.iter().enumerate() {
            let values: Vec<(f64, f64)> = facets
                .iter()
                .enumerate()
                .filter_map(|(x, facet)| Some((x as f64, restored[*facet][*edit]?)))
                .collect();
            let bars =
                Bars::new(*edit, &values, [BLUE, ORANGE, GREEN][n]).side_by_side(n, edits.len());
            let offset = bars.offset;
            panel.push(Mark::Bars(bars));
            if published {
                panel.push(Mark::Points(Points {
                    series: format!("published: {edit}"),
                    legend: Some("as published".to_owned()),
                    points: facets
                        .iter()
                        .enumerate()
                        .map(|(x, facet)| Estimate {
                            x: x as f64,
                            y: post.gated_published[*facet][*edit],
                            interval: None,
                        })
                        .collect(),
                    style: Style::new(BLACK, Marker::Diamond, Dash::Solid),
                    size: 3.2,
                    offset,
                }));
            }
        }
        panel.push(Mark::Guide(Guide::new(
            "as the flipped instruction",
            GuideAt::Y(1.0),
        )));
        panel
    };
    figure.panels = vec![
        panel("With both defects", &record.as_published, true),
        panel("Folding alone wrong", &record.folded, false),
        panel("Actions alone misaligned", &record.misaligned, false),
        panel("What the agent computes", &record.correct, false),
    ];
    figure.columns = 2;
    figure.share_x = Share::All;
    figure.share_y = Share::All;
    figure.panel_height = 150.0;
    figure.caption = format!(
        "{}: restored logit difference of the three complements. With W_gate left out of the layer \
         norm's folding and the actions of a six-step call (which tell the target's side), the bars \
         are the published ones (diamonds); with neither defect they are those at the lower right.",
        record.agent
    );
    figure
}
