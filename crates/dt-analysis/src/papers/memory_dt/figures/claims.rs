//! All claims of all agents at a glance.

use crate::draw::palette::{GREEN, VERMILION};
use crate::draw::{Axis, Bars, Color, Figure, Mark, Panel, stack};
use crate::papers::memory_dt::claims::Claims;
use crate::papers::memory_dt::dossier::reproduce::Group;

/// Share of agents that pass each claim, a panel for each kind of agent.
pub fn claims_figure(groups: &[Group], claims: &Claims) -> Figure {
    let mut figure = Figure::new("claims", "Which claims hold for which agents");
    let names: Vec<String> = claims.claims.iter().map(|c| c.id.to_string()).collect();
    for group in groups {
        let mut panel = Panel::new(
            group.counted(),
            Axis::categories("claim", names.clone()),
            Axis::linear("agents"),
        );
        let count = |wanted: Option<bool>| -> Vec<(f64, f64)> {
            claims
                .claims
                .iter()
                .enumerate()
                .map(|(x, claim)| {
                    let of_claim = group.agents.iter().map(|a| a.record).filter(|a| {
                        let found = a.findings.iter().find(|f| f.id == claim.id);
                        found.is_some_and(|f| f.passes == wanted)
                    });
                    (x as f64, of_claim.count() as f64)
                })
                .collect()
        };
        let series = [
            ("passes", Some(true), GREEN),
            ("does not", Some(false), VERMILION),
            ("not judged", None, Color::new(0xd0, 0xd0, 0xd0)),
        ];
        let bars = series.map(|(name, wanted, color)| Bars::new(name, &count(wanted), color));
        for bars in stack(bars.to_vec()) {
            panel.push(Mark::Bars(bars));
        }
        figure.panels.push(panel);
    }
    figure.panel_height = 90.0;
    figure.caption = "Number of agents that pass each of the post's claims, by the rules in \
        studies/claims.ron."
        .to_owned();
    figure
}
