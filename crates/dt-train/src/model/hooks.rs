//! Named places in the forward pass, and the trait by which they are read or replaced.
//!
//! Names follow TransformerLens. One forward pass serves all uses: it asks [`Hooks::wants`] at
//! each place and hands over the tensor only where the answer is yes.

use std::fmt;
use std::str::FromStr;

use crate::burn::prelude::*;

/// A place in the forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the strings below say which is which
pub enum HookPoint {
    /// State embeddings before the time embedding, `[batch, step, d_model]`.
    StateEmbed,
    /// Return-to-go embeddings before the time embedding, `[batch, step, d_model]`.
    ReturnToGoEmbed,
    /// Action embeddings before the time embedding, `[batch, step, d_model]`.
    ActionEmbed,
    /// Tokens before position embeddings, `[batch, seq, d_model]`.
    Embed,
    /// Position embeddings, `[batch, seq, d_model]`.
    PosEmbed,
    ResidPre(usize),
    Ln1Normalized(usize),
    Q(usize),
    K(usize),
    V(usize),
    AttnScores(usize),
    Pattern(usize),
    Z(usize),
    AttnOut(usize),
    ResidMid(usize),
    Ln2Normalized(usize),
    MlpPre(usize),
    MlpPost(usize),
    MlpOut(usize),
    ResidPost(usize),
    LnFinalNormalized,
}

impl HookPoint {
    /// Every point of a model with `n_layers` blocks, in the order of the forward pass.
    pub fn all(n_layers: usize) -> Vec<Self> {
        let mut out = vec![
            Self::StateEmbed,
            Self::ReturnToGoEmbed,
            Self::ActionEmbed,
            Self::Embed,
            Self::PosEmbed,
        ];
        for layer in 0..n_layers {
            out.extend(BLOCK_POINTS.map(|(_, make)| make(layer)));
        }
        out.push(Self::LnFinalNormalized);
        out
    }
}

type MakePoint = fn(usize) -> HookPoint;

const BLOCK_POINTS: [(&str, MakePoint); 15] = [
    ("hook_resid_pre", HookPoint::ResidPre),
    ("ln1.hook_normalized", HookPoint::Ln1Normalized),
    ("attn.hook_q", HookPoint::Q),
    ("attn.hook_k", HookPoint::K),
    ("attn.hook_v", HookPoint::V),
    ("attn.hook_attn_scores", HookPoint::AttnScores),
    ("attn.hook_pattern", HookPoint::Pattern),
    ("attn.hook_z", HookPoint::Z),
    ("hook_attn_out", HookPoint::AttnOut),
    ("hook_resid_mid", HookPoint::ResidMid),
    ("ln2.hook_normalized", HookPoint::Ln2Normalized),
    ("mlp.hook_pre", HookPoint::MlpPre),
    ("mlp.hook_post", HookPoint::MlpPost),
    ("hook_mlp_out", HookPoint::MlpOut),
    ("hook_resid_post", HookPoint::ResidPost),
];

const SINGLE_POINTS: [(&str, HookPoint); 6] = [
    ("hook_state_embed", HookPoint::StateEmbed),
    ("hook_rtg_embed", HookPoint::ReturnToGoEmbed),
    ("hook_action_embed", HookPoint::ActionEmbed),
    ("hook_embed", HookPoint::Embed),
    ("hook_pos_embed", HookPoint::PosEmbed),
    ("ln_final.hook_normalized", HookPoint::LnFinalNormalized),
];

impl fmt::Display for HookPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = SINGLE_POINTS.iter().find(|(_, p)| p == self) {
            return f.write_str(name);
        }
        let (Self::ResidPre(layer)
        | Self::Ln1Normalized(layer)
        | Self::Q(layer)
        | Self::K(layer)
        | Self::V(layer)
        | Self::AttnScores(layer)
        | Self::Pattern(layer)
        | Self::Z(layer)
        | Self::AttnOut(layer)
        | Self::ResidMid(layer)
        | Self::Ln2Normalized(layer)
        | Self::MlpPre(layer)
        | Self::MlpPost(layer)
        | Self::MlpOut(layer)
        | Self::ResidPost(layer)) = *self
        else {
            unreachable!("single points are listed above");
        };
        let (name, _) = BLOCK_POINTS
            .iter()
            .find(|(_, make)| make(layer) == *self)
            .expect("every block point is listed");
        write!(f, "blocks.{layer}.{name}")
    }
}

/// A name that is not a hook point.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no hook point `{name}`; did you mean {}?", .nearest.join(" or "))]
pub struct UnknownHookPoint {
    /// What was asked for.
    pub name: String,
    /// The names most like it.
    pub nearest: Vec<String>,
}

impl FromStr for HookPoint {
    type Err = UnknownHookPoint;

    fn from_str(name: &str) -> Result<Self, UnknownHookPoint> {
        if let Some((_, point)) = SINGLE_POINTS.iter().find(|(n, _)| *n == name) {
            return Ok(*point);
        }
        let parts = name
            .strip_prefix("blocks.")
            .and_then(|rest| rest.split_once('.'));
        let layer = parts.and_then(|(layer, _)| layer.parse::<usize>().ok());
        if let (Some(layer), Some((_, rest))) = (layer, parts)
            && let Some((_, make)) = BLOCK_POINTS.iter().find(|(n, _)| *n == rest)
        {
            return Ok(make(layer));
        }
        let mut known: Vec<String> = Self::all(layer.map_or(1, |l| l.min(99) + 1))
            .iter()
            .map(ToString::to_string)
            .collect();
        known.sort_by_key(|k| edit_distance(k, name));
        known.truncate(3);
        Err(UnknownHookPoint {
            name: name.to_owned(),
            nearest: known,
        })
    }
}

/// Levenshtein's distance, over bytes.
fn edit_distance(a: &str, b: &str) -> usize {
    let b = b.as_bytes();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Reads or replaces activations while a forward pass runs.
pub trait Hooks {
    /// Whether the pass shall hand over the tensor at this point. Paths that skip a point are
    /// taken only where the answer is no.
    fn wants(&self, point: HookPoint) -> bool;

    /// Reads or replaces a tensor `[batch, seq, features]`.
    fn rank3(&mut self, _point: HookPoint, tensor: Tensor<3>) -> Tensor<3> {
        tensor
    }

    /// Reads or replaces a tensor `[batch, seq, head, d_head]` (q, k, v, z) or
    /// `[batch, head, query, key]` (scores, pattern).
    fn rank4(&mut self, _point: HookPoint, tensor: Tensor<4>) -> Tensor<4> {
        tensor
    }
}

impl<H: Hooks + ?Sized> Hooks for &mut H {
    fn wants(&self, point: HookPoint) -> bool {
        (**self).wants(point)
    }

    fn rank3(&mut self, point: HookPoint, tensor: Tensor<3>) -> Tensor<3> {
        (**self).rank3(point, tensor)
    }

    fn rank4(&mut self, point: HookPoint, tensor: Tensor<4>) -> Tensor<4> {
        (**self).rank4(point, tensor)
    }
}

/// Wants nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn wants(&self, _point: HookPoint) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for point in HookPoint::all(3) {
            assert_eq!(point.to_string().parse(), Ok(point));
        }
        assert_eq!(
            HookPoint::ResidPost(1).to_string(),
            "blocks.1.hook_resid_post"
        );
    }

    #[test]
    fn a_typo_is_answered_with_the_nearest_names() {
        let error = "blocks.0.hook_resid_pst".parse::<HookPoint>().unwrap_err();
        assert_eq!(error.nearest[0], "blocks.0.hook_resid_post");
    }
}
