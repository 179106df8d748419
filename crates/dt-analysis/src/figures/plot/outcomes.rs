//! How outcomes look, in every figure.

use dt_data::Outcome;
use dt_env::Failure;

use crate::draw::palette::{BLUE, GREEN, ORANGE, PURPLE};
use crate::draw::{Color, Dash, Guide, GuideAt, Marker, Style, theme};

/// How an episode can end when an agent walks, in the order of figures.
pub(super) const OF_AGENTS: [Outcome; 3] = [
    Outcome::Success,
    Outcome::Failure(Failure::WrongTarget),
    Outcome::Truncated,
];

/// Name in legends.
pub(super) fn label(outcome: Outcome) -> String {
    outcome.name().replace('_', " ")
}

/// Colour, marker and dash.
pub(super) fn style(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Success => Style::new(BLUE, Marker::Disc, Dash::Solid),
        Outcome::Failure(_) => Style::new(ORANGE, Marker::Square, Dash::Dashed),
        Outcome::Truncated => Style::new(PURPLE, Marker::Diamond, Dash::Dotted),
        Outcome::Cut => Style::new(GREEN, Marker::Triangle, Dash::DashDot),
    }
}

/// Colour of areas and bars; in grey print each is lighter than the one below it.
pub(super) fn fill(outcome: Outcome) -> Color {
    match outcome {
        Outcome::Truncated => PURPLE.mix(theme::PAPER, 0.45),
        outcome => style(outcome).color,
    }
}

/// Success in a memory world of an agent that walks to a target whatever the cue says.
pub(super) fn without_cue() -> Guide {
    Guide::new("success without the cue", GuideAt::Y(0.5))
}

/// What a caption says of [`without_cue`].
pub(super) const WITHOUT_CUE: &str =
    " Dashed: success of an agent that walks to a target without using the cue.";
