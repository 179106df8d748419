//! The whole model and its one forward pass.

use std::sync::Arc;

use crate::burn::prelude::*;

use super::config::{ModelConfig, ReturnToGoInput};
use super::hooks::{HookPoint, Hooks};
use super::input::TokenBatch;
use super::norm::{LN_EPS, normalise};
use super::params::{ParamIndex, ParamSpec, WorldSizes, param_specs, upload};
use crate::device::is_host;
use crate::model::kernels;

/// What the aids need to know about the data; neutral for agents that use none.
#[derive(Clone, Debug, PartialEq)]
pub struct InputStatistics {
    /// Mean number of times each vocabulary item is present in a frame.
    pub item_frequency: Vec<f32>,
    /// Mean return-to-go of the dataset's steps.
    pub rtg_mean: f64,
    /// Its standard deviation.
    pub rtg_std: f64,
}

impl InputStatistics {
    /// Statistics that change nothing.
    pub fn neutral(sizes: &WorldSizes) -> Self {
        Self {
            item_frequency: vec![0.0; sizes.vocabulary()],
            rtg_mean: 0.0,
            rtg_std: 1.0,
        }
    }
}

/// A decision transformer on a device.
///
/// Parameters are plain tensors `[agents, rows, cols]` that share their storage between clones;
/// [`Self::tracked`] gives a copy whose gradients can be read.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) config: ModelConfig,
    pub(crate) sizes: WorldSizes,
    pub(crate) specs: Arc<Vec<ParamSpec>>,
    pub(crate) index: Arc<ParamIndex>,
    pub(crate) params: Vec<Tensor<3>>,
    /// `[1, 1, vocabulary]`, where observations are centred.
    pub(crate) item_frequency: Option<Tensor<3>>,
    /// Return-to-go is embedded as `scale * rtg + shift`.
    pub(crate) rtg_affine: (f64, f64),
    /// Whether the device's memory is the host's, so that fused kernels can be used.
    pub(crate) host: bool,
}

impl Model {
    /// A model with the given parameter values, in the order of [`param_specs`] and in memory
    /// order; values of several agents follow each other.
    ///
    /// # Panics
    /// If a parameter has too few or too many values.
    pub fn new(
        config: ModelConfig,
        sizes: WorldSizes,
        statistics: &InputStatistics,
        values: Vec<Vec<f32>>,
        device: &Device,
    ) -> Self {
        let (specs, index) = param_specs(&config, &sizes);
        assert_eq!(specs.len(), values.len(), "one list of values a parameter");
        let params = specs
            .iter()
            .zip(values)
            .map(|(spec, values)| upload(spec, values, device))
            .collect();
        let item_frequency = config.centre_observations.then(|| {
            let frequency = statistics.item_frequency.clone();
            let shape = [1, 1, frequency.len()];
            Tensor::from_data(TensorData::new(frequency, shape), device)
        });
        let rtg_affine = match config.return_to_go {
            ReturnToGoInput::Raw => (1.0, 0.0),
            ReturnToGoInput::Standardised(scale) => {
                let scale = scale / statistics.rtg_std.max(1e-6);
                (scale, -scale * statistics.rtg_mean)
            }
        };
        Self {
            config,
            sizes,
            specs: specs.into(),
            index: index.into(),
            params,
            item_frequency,
            rtg_affine,
            host: is_host(device),
        }
    }

    /// Shape and options.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Sizes given by the world.
    pub fn sizes(&self) -> &WorldSizes {
        &self.sizes
    }

    /// The parameters' names, shapes and groups, in order.
    pub fn specs(&self) -> &[ParamSpec] {
        &self.specs
    }

    /// The parameters, in order, each `[agents, rows, cols]`.
    pub fn params(&self) -> &[Tensor<3>] {
        &self.params
    }

    /// Replaces the parameters.
    ///
    /// # Panics
    /// If their number differs.
    pub fn set_params(&mut self, params: Vec<Tensor<3>>) {
        assert_eq!(params.len(), self.params.len());
        self.params = params;
    }

    /// Number of agents in this model.
    pub fn agents(&self) -> usize {
        self.params[0].dims()[0]
    }

    /// Number of values of one agent's parameters.
    pub fn parameter_count(&self) -> usize {
        self.specs.iter().map(ParamSpec::len).sum()
    }

    /// A copy whose parameters are fresh leaves of autodiff graphs; storage is shared. Copies in
    /// different threads have nothing in common that could make one wait for another.
    #[must_use]
    pub fn tracked(&self) -> Self {
        let mut copy = self.clone();
        for param in &mut copy.params {
            *param = param.clone().autodiff().require_grad();
        }
        copy
    }

    /// One agent of several, as a model of its own; storage is shared.
    #[must_use]
    pub fn agent(&self, agent: usize) -> Self {
        let mut copy = self.clone();
        for param in &mut copy.params {
            *param = param.clone().narrow(0, agent, 1);
        }
        copy
    }

    pub(crate) fn param(&self, index: usize) -> Tensor<3> {
        self.params[index].clone()
    }

    /// Action logits at every state token.
    ///
    /// Where `hooks` wants nothing, the last block computes only what state tokens need, and
    /// fused kernels are used where the device allows.
    ///
    /// # Shapes
    /// - output: `[agents, windows * timesteps, n_actions]`
    ///
    /// # Panics
    /// If an index of the batch is out of range ([`TokenBatch::check`] tells), or if hooks are
    /// used with several agents.
    pub fn forward(&self, batch: &Arc<TokenBatch>, hooks: &mut dyn Hooks) -> Tensor<3> {
        let seq = batch.seq();
        let mut resid = self.embed(batch, hooks);
        let last = self.config.n_layers - 1;
        let skip = !HookPoint::all(self.config.n_layers)
            .iter()
            .any(|&point| is_of_last_block(point, last) && hooks.wants(point));
        let mut states_only = false;
        for layer in 0..self.config.n_layers {
            states_only = layer == last && skip;
            resid = self.block(layer, resid, seq, states_only, hooks);
        }
        let norm = self.index.ln_final;
        let normalised = if hooks.wants(HookPoint::LnFinalNormalized) {
            self.layer_norm_hooked(resid, norm, HookPoint::LnFinalNormalized, seq, hooks)
        } else {
            self.layer_norm(resid, norm)
        };
        let at_states = if states_only {
            normalised
        } else {
            self.state_rows(normalised, seq)
        };
        let [weight, bias] = self.index.head;
        at_states.matmul(self.param(weight)) + self.param(bias)
    }

    /// The state tokens' rows of `[agents, windows * seq, d]`.
    pub(crate) fn state_rows(&self, x: Tensor<3>, seq: usize) -> Tensor<3> {
        if self.host {
            return kernels::state_rows(x, seq);
        }
        let [agents, rows, d] = x.dims();
        let windows = agents * rows / seq;
        let steps = seq.div_ceil(3);
        let tokens: Vec<i32> = (0..steps as i32).map(|t| 3 * t + 1).collect();
        let index = Tensor::<1, Int>::from_data(TensorData::new(tokens, [steps]), &x.device());
        x.reshape([windows, seq, d])
            .select(1, index)
            .reshape([agents, windows / agents * steps, d])
    }

    /// The configured normalisation over the last axis.
    pub(crate) fn layer_norm(&self, x: Tensor<3>, params: Option<[usize; 2]>) -> Tensor<3> {
        match params {
            Some([gain, bias]) if self.host => {
                kernels::layer_norm(x, self.param(gain), self.param(bias), LN_EPS)
            }
            Some([gain, bias]) => normalise(x) * self.param(gain) + self.param(bias),
            None if self.config.layer_norm == super::LayerNorm::LNPre => normalise(x),
            None => x,
        }
    }

    /// The same, with the normalised (and scaled) tensor handed to hooks.
    pub(crate) fn layer_norm_hooked(
        &self,
        x: Tensor<3>,
        params: Option<[usize; 2]>,
        point: HookPoint,
        seq: usize,
        hooks: &mut dyn Hooks,
    ) -> Tensor<3> {
        let normalised = self.layer_norm(x, params);
        self.visit(point, normalised, seq, hooks)
    }

    /// Hands `[1, batch * seq, d]` to hooks as `[batch, seq, d]`, if they want it.
    pub(crate) fn visit(
        &self,
        point: HookPoint,
        x: Tensor<3>,
        seq: usize,
        hooks: &mut dyn Hooks,
    ) -> Tensor<3> {
        if !hooks.wants(point) {
            return x;
        }
        let dims @ [agents, rows, d] = x.dims();
        assert_eq!(agents, 1, "hooks see one agent at a time");
        hooks
            .rank3(point, x.reshape([rows / seq, seq, d]))
            .reshape(dims)
    }
}

/// Whether a reduced last block would skip this point.
fn is_of_last_block(point: HookPoint, last: usize) -> bool {
    use HookPoint as P;
    match point {
        P::StateEmbed | P::ReturnToGoEmbed | P::ActionEmbed | P::Embed | P::PosEmbed => false,
        P::ResidPre(_) => false, // handed over before the block is reduced
        P::LnFinalNormalized => true,
        P::Ln1Normalized(layer)
        | P::Q(layer)
        | P::K(layer)
        | P::V(layer)
        | P::AttnScores(layer)
        | P::Pattern(layer)
        | P::Z(layer)
        | P::AttnOut(layer)
        | P::ResidMid(layer)
        | P::Ln2Normalized(layer)
        | P::MlpPre(layer)
        | P::MlpPost(layer)
        | P::MlpOut(layer)
        | P::ResidPost(layer) => layer == last,
    }
}
