//! The original's configurations, JSON texts inside its files.

use std::collections::BTreeMap;

use pytorch_reader::PickleValue;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{
    Activation, LayerNorm, ModelConfig, Padding, StateEmbedding, TimeEmbedding, WorldSizes,
};

/// `model_config`; fields that make no difference to the function are left out.
#[derive(Deserialize)]
pub(super) struct TheirModel {
    n_layers: usize,
    n_heads: usize,
    d_model: usize,
    d_mlp: usize,
    n_ctx: usize,
    layer_norm: Value,
    #[serde(default)]
    gated_mlp: bool,
    #[serde(default = "relu")]
    activation_fn: String,
    state_embedding_type: String,
    time_embedding_type: String,
}

fn relu() -> String {
    "relu".to_owned()
}

/// `environment_config`.
#[derive(Deserialize)]
pub(super) struct TheirEnvironment {
    pub(super) env_id: String,
    pub(super) max_steps: usize,
    pub(super) view_size: usize,
}

/// `offline_config`.
#[derive(Deserialize)]
pub(super) struct TheirTraining {
    pub(super) model_type: String,
}

/// Reads the configuration under `key`.
///
/// # Errors
/// A sentence that names the key and, where there is one, the field.
pub(super) fn read<T: DeserializeOwned>(file: &PickleValue, key: &str) -> Result<T, String> {
    match entry(file, key)? {
        PickleValue::String(text) => serde_json::from_str(text).map_err(|e| format!("{key}: {e}")),
        value @ PickleValue::Dict(_) => {
            serde_json::from_value(as_json(value)).map_err(|e| format!("{key}: {e}"))
        }
        _ => Err(format!(
            "{key}: is neither a JSON text nor a dictionary; save json.dumps(vars(config))"
        )),
    }
}

/// Plain values as JSON; anything else as null.
fn as_json(value: &PickleValue) -> Value {
    match value {
        PickleValue::Bool(b) => (*b).into(),
        PickleValue::Int(n) => (*n).into(),
        PickleValue::Float(x) => (*x).into(),
        PickleValue::String(text) => text.as_str().into(),
        PickleValue::List(items) => items.iter().map(as_json).collect(),
        PickleValue::Dict(entries) => {
            let sorted: BTreeMap<&String, Value> =
                entries.iter().map(|(k, v)| (k, as_json(v))).collect();
            Value::Object(sorted.into_iter().map(|(k, v)| (k.clone(), v)).collect())
        }
        _ => Value::Null,
    }
}

/// What the file holds under `key`.
///
/// # Errors
/// A sentence, if it holds nothing there.
pub(super) fn entry<'a>(file: &'a PickleValue, key: &str) -> Result<&'a PickleValue, String> {
    let PickleValue::Dict(entries) = file else {
        return Err("is no dictionary of a state dict and its configurations".to_owned());
    };
    entries.get(key).ok_or_else(|| format!("holds no {key}"))
}

impl TheirModel {
    /// The same model in our words; `inputs` is the width of the state embedding's input.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub(super) fn ours(&self, view: usize, inputs: usize) -> Result<ModelConfig, String> {
        let unknown = |field: &str, value: &dyn std::fmt::Display| {
            Err(format!("model_config.{field}: `{value}` is not known here"))
        };
        let layer_norm = match self.layer_norm.as_str() {
            Some("LN") => LayerNorm::LN,
            Some("LNPre") => LayerNorm::LNPre,
            // Older files say false where newer ones say null.
            None if self.layer_norm.is_null() || self.layer_norm == false => LayerNorm::Off,
            _ => return unknown("layer_norm", &self.layer_norm),
        };
        let activation = match self.activation_fn.as_str() {
            "relu" => Activation::Relu,
            "gelu" => Activation::Gelu,
            "silu" => Activation::Silu,
            "gelu_new" => Activation::GeluNew,
            "gelu_fast" => Activation::GeluFast,
            "solu_ln" => Activation::SoluLn,
            other => return unknown("activation_fn", &other),
        };
        let time_embedding = match self.time_embedding_type.as_str() {
            "embedding" => TimeEmbedding::Embedding,
            "linear" => TimeEmbedding::Linear,
            other => return unknown("time_embedding_type", &other),
        };
        if self.state_embedding_type != "grid" {
            return unknown("state_embedding_type", &self.state_embedding_type);
        }
        // "grid" is one linear map, of one-hot items or of the raw bytes.
        let state_embedding = match inputs / (view * view) {
            20 if inputs.is_multiple_of(view * view) => StateEmbedding::Grid,
            3 if inputs.is_multiple_of(view * view) => StateEmbedding::Dense,
            _ => {
                return Err(format!(
                    "state_embedding.weight reads {inputs} numbers, a view of {view} x {view} \
                     has {} items or {} bytes",
                    20 * view * view,
                    3 * view * view
                ));
            }
        };
        let config = ModelConfig {
            n_layers: self.n_layers,
            n_heads: self.n_heads,
            d_model: self.d_model,
            d_mlp: self.d_mlp,
            n_ctx: self.n_ctx,
            layer_norm,
            gated_mlp: self.gated_mlp,
            activation,
            time_embedding,
            state_embedding,
            padding: Padding::ZeroFrames,
            ..ModelConfig::default()
        };
        match config.problem() {
            Some(problem) => Err(format!("model_config: {problem}")),
            None => Ok(config),
        }
    }
}

/// Sizes that tensors tell, and the environment's where they do not.
///
/// # Errors
/// A sentence, if a size is out of range.
pub(super) fn sizes(
    view: usize,
    time_rows: Option<usize>,
    action_rows: usize,
    environment: &TheirEnvironment,
) -> Result<WorldSizes, String> {
    let sizes = WorldSizes {
        view_size: view,
        max_steps: time_rows.map_or(environment.max_steps, |rows| rows.saturating_sub(1)),
        n_actions: action_rows.saturating_sub(1),
    };
    if sizes.in_range() {
        Ok(sizes)
    } else {
        Err(format!(
            "a view of {view}, {} steps and {} actions are out of range",
            sizes.max_steps, sizes.n_actions
        ))
    }
}
