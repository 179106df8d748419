//! Shape and options of a decision transformer.

use serde::{Deserialize, Serialize};

use super::params::{WorldSizes, param_specs};

/// Most values of a model's parameters: with gradients and moments, 16 bytes each, 8 GiB.
const MAX_VALUES: u64 = 1 << 29;

/// Normalisation before attention, before the MLP and at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LayerNorm {
    /// Layer norm with learned gain and bias.
    #[default]
    LN,
    /// Layer norm without parameters.
    LNPre,
    /// None.
    Off,
}

/// Nonlinearity of the MLP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// `max(x, 0)`.
    #[default]
    Relu,
    /// `x Φ(x)`.
    Gelu,
    /// `x σ(x)`.
    Silu,
    /// GELU by its tanh approximation, as in GPT-2.
    GeluNew,
    /// GELU by the same approximation, in the form TransformerLens calls `gelu_fast`.
    GeluFast,
    /// `x softmax(x)`, then a layer norm with parameters of its own.
    SoluLn,
}

/// How a timestep becomes a vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeEmbedding {
    /// A table with `max_steps + 1` rows.
    #[default]
    Embedding,
    /// A linear map of the timestep.
    Linear,
}

/// How an observation becomes a vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateEmbedding {
    /// A sum of one vector per item: object, colour and state of every cell.
    #[default]
    Grid,
    /// A linear map of the raw bytes, as the dense-observation agents have it.
    Dense,
}

/// What fills a window that is younger than the context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Padding {
    /// Nothing: slot 1 is the window's first frame, and later slots are absent.
    #[default]
    Aligned,
    /// Frames of zeros on the left, with action 7 and time 0, as in the original.
    ZeroFrames,
}

/// What is done to the return-to-go before it is embedded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum ReturnToGoInput {
    /// Nothing.
    #[default]
    Raw,
    /// Mean 0 and this standard deviation over the dataset's steps.
    Standardised(f64),
}

/// Shape and options of a decision transformer. The defaults are the published gated agent's
/// sizes, ungated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Number of blocks.
    pub n_layers: usize,
    /// Attention heads of a block.
    pub n_heads: usize,
    /// Width of the residual stream; a multiple of `n_heads`.
    pub d_model: usize,
    /// Width of the MLP.
    pub d_mlp: usize,
    /// Tokens of the context: `3 T - 1` for `T` timesteps (the last action is absent).
    pub n_ctx: usize,
    /// Normalisation.
    pub layer_norm: LayerNorm,
    /// Whether the MLP multiplies its activation with a second linear map.
    pub gated_mlp: bool,
    /// Nonlinearity of the MLP.
    pub activation: Activation,
    /// How a timestep becomes a vector.
    pub time_embedding: TimeEmbedding,
    /// How an observation becomes a vector.
    pub state_embedding: StateEmbedding,
    /// What fills a young window.
    pub padding: Padding,
    /// Standard deviation of the initial weights and embeddings.
    pub initial_std: f64,
    /// Aid: whether the mean observation's embedding is subtracted from every state token.
    ///
    /// The functions that can be expressed stay the same; the gradient loses the motion that all
    /// items of a frame share. Where exactly one of two items is always present, it pushes their
    /// embeddings apart.
    pub centre_observations: bool,
    /// Aid: whether state tokens have a learned bias that starts at minus the mean observation's
    /// embedding.
    pub state_bias: bool,
    /// Aid: what is done to the return-to-go before it is embedded.
    pub return_to_go: ReturnToGoInput,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            n_layers: 2,
            n_heads: 4,
            d_model: 128,
            d_mlp: 256,
            n_ctx: 26,
            layer_norm: LayerNorm::LN,
            gated_mlp: false,
            activation: Activation::Relu,
            time_embedding: TimeEmbedding::Embedding,
            state_embedding: StateEmbedding::Grid,
            padding: Padding::Aligned,
            initial_std: 0.02,
            centre_observations: false,
            state_bias: false,
            return_to_go: ReturnToGoInput::Raw,
        }
    }
}

impl ModelConfig {
    /// Timesteps of the context, `T`.
    pub fn timesteps(&self) -> usize {
        self.n_ctx.div_ceil(3)
    }

    /// Width of a head.
    pub fn d_head(&self) -> usize {
        self.d_model / self.n_heads
    }

    /// Says so if the model has more values than anyone trains here; names what to make smaller.
    pub fn too_large(&self, sizes: &WorldSizes) -> Option<String> {
        let (specs, _) = param_specs(self, sizes);
        let values = specs.iter().map(|spec| spec.len() as u64);
        let values = values.fold(0, u64::saturating_add);
        (values > MAX_VALUES).then(|| {
            format!(
                "field `model.d_model`: {values} parameters, more than {MAX_VALUES}; make n_layers, \
                 d_model or d_mlp smaller"
            )
        })
    }

    /// What makes this model impossible, if anything does; names the field.
    pub fn problem(&self) -> Option<String> {
        for (name, value, most) in [
            ("n_layers", self.n_layers, 64),
            ("n_heads", self.n_heads, 256),
            ("d_model", self.d_model, 16_384),
            ("d_mlp", self.d_mlp, 65_536),
            ("n_ctx", self.n_ctx, 3_071),
        ] {
            if value == 0 || value > most {
                return Some(format!(
                    "field `model.{name}`: is {value}, must be from 1 to {most}"
                ));
            }
        }
        if self.n_ctx % 3 != 2 {
            let below = (self.n_ctx + 1) / 3 * 3;
            return Some(format!(
                "field `model.n_ctx`: is {}, must be 3 T - 1 for T timesteps, such as {} or {}",
                self.n_ctx,
                below.max(3) - 1,
                below + 2
            ));
        }
        if !self.d_model.is_multiple_of(self.n_heads) {
            return Some(format!(
                "field `model.d_model`: {} is not a multiple of n_heads ({})",
                self.d_model, self.n_heads
            ));
        }
        if !(self.initial_std.is_finite() && self.initial_std > 0.0) {
            return Some("field `model.initial_std`: must be positive".to_owned());
        }
        if let ReturnToGoInput::Standardised(scale) = self.return_to_go
            && !(scale.is_finite() && scale > 0.0)
        {
            return Some("field `model.return_to_go`: the scale must be positive".to_owned());
        }
        let aids = self.centre_observations
            || self.state_bias
            || self.return_to_go != ReturnToGoInput::Raw;
        if aids && (self.padding != Padding::Aligned) {
            return Some(
                "field `model.padding`: ZeroFrames cannot go with centre_observations, state_bias \
                 or a standardised return_to_go, which are folded into aligned position rows"
                    .to_owned(),
            );
        }
        if aids && self.state_embedding != StateEmbedding::Grid {
            return Some("field `model.state_embedding`: Dense cannot go with the aids".to_owned());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_models_are_named() {
        let problem = |change: fn(&mut ModelConfig)| {
            let mut config = ModelConfig::default();
            change(&mut config);
            config.problem().unwrap_or_default()
        };
        assert_eq!(ModelConfig::default().problem(), None);
        assert!(problem(|c| c.n_ctx = 27).contains("such as 26 or 29"));
        assert!(problem(|c| c.n_heads = 3).contains("multiple"));
        assert!(problem(|c| c.initial_std = f64::NAN).contains("initial_std"));
        assert!(problem(|c| c.d_mlp = 0).contains("d_mlp"));
        let sizes = WorldSizes {
            view_size: 7,
            max_steps: 50,
            n_actions: 7,
        };
        assert_eq!(ModelConfig::default().too_large(&sizes), None);
        let largest = ModelConfig {
            n_layers: 64,
            d_model: 16_384,
            d_mlp: 65_536,
            ..ModelConfig::default()
        };
        assert_eq!(largest.problem(), None);
        assert!(largest.too_large(&sizes).unwrap().contains("smaller"));
    }
}
