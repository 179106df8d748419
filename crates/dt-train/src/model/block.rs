//! One pre-norm block.

use crate::burn::prelude::*;

use super::hooks::{HookPoint, Hooks};
use super::transformer::Model;

impl Model {
    /// `x + attention(norm(x))`, then `x + mlp(norm(x))`.
    ///
    /// # Shapes
    /// - `resid`: `[agents, windows * seq, d_model]`
    /// - output: the same, or `[agents, windows * timesteps, d_model]` with `states_only`
    pub(super) fn block(
        &self,
        layer: usize,
        resid: Tensor<3>,
        seq: usize,
        states_only: bool,
        hooks: &mut dyn Hooks,
    ) -> Tensor<3> {
        let index = &self.index.blocks[layer];
        let (ln1, ln2) = (index.ln1, index.ln2);
        let resid = self.visit(HookPoint::ResidPre(layer), resid, seq, hooks);
        let normalised = self.layer_norm_hooked(
            resid.clone(),
            ln1,
            HookPoint::Ln1Normalized(layer),
            seq,
            hooks,
        );
        let attn_out = self.attention(layer, &normalised, seq, states_only, hooks);
        let attn_out = self.visit(HookPoint::AttnOut(layer), attn_out, seq, hooks);
        let resid = if states_only {
            self.state_rows(resid, seq)
        } else {
            resid
        };
        let resid = resid + attn_out;
        let resid = self.visit(HookPoint::ResidMid(layer), resid, seq, hooks);
        let normalised = self.layer_norm_hooked(
            resid.clone(),
            ln2,
            HookPoint::Ln2Normalized(layer),
            seq,
            hooks,
        );
        let mlp_out = self.mlp(layer, normalised, seq, hooks);
        let mlp_out = self.visit(HookPoint::MlpOut(layer), mlp_out, seq, hooks);
        self.visit(HookPoint::ResidPost(layer), resid + mlp_out, seq, hooks)
    }
}
