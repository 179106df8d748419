//! Where activations are taken.

use std::fmt;
use std::str::FromStr;

use dt_train::model::HookPoint;
use serde::{Deserialize, Serialize};

/// Which state token of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Token {
    /// That of the episode's first frame.
    Start,
    /// That of the current frame, anywhere on the way to the decision, the decision included.
    Corridor,
    /// That of the current frame where the agent must turn, before it turns.
    Decision,
}

/// A hook point at a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// The token.
    pub token: Token,
    /// The hook point: of the residual stream, or of the state's embedding.
    pub point: HookPoint,
}

impl Site {
    /// Whether only one observation (and the time) has come in yet, so that no product of
    /// factors can be there: items of a frame add up, and a
    /// state token does not know the return-to-go before the first attention.
    pub fn is_embedding(self) -> bool {
        matches!(self.point, HookPoint::StateEmbed | HookPoint::ResidPre(0))
    }
}

impl Token {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Start, Self::Corridor, Self::Decision];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Corridor => "corridor",
            Self::Decision => "decision",
        }
    }

    /// The moment of a study's prompts at which its activations are swapped.
    pub(super) fn moment(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Corridor | Self::Decision => "decision",
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Token {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|t| t.name() == text);
        found.ok_or_else(|| format!("no token `{text}`; there are start, corridor, decision"))
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.point, self.token)
    }
}

/// Points that a sweep looks at: the state's embedding and the residual stream, each once (what
/// leaves one block enters the next).
pub fn probed_points(n_layers: usize) -> Vec<HookPoint> {
    let mut points = vec![HookPoint::StateEmbed];
    points.extend(crate::questions::walsh::residual_points(n_layers));
    points
}

/// Whether a point is the state's embedding or a place of the residual stream.
pub(super) fn is_probed(point: HookPoint) -> bool {
    use HookPoint as P;
    matches!(
        point,
        P::StateEmbed | P::ResidPre(_) | P::ResidMid(_) | P::ResidPost(_)
    )
}

/// What to say of another point.
pub(super) fn not_probed(point: HookPoint) -> String {
    format!(
        "`{point}` is no place of the residual stream; probes are for hook_state_embed and \
         blocks.*.hook_resid_pre, mid and post"
    )
}
