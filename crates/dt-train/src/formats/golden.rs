//! An agent's numbers against those that another program recorded.
//!
//! The file holds tensors `wT.in.*` (windows of T timesteps: `rtg`, `actions`, `timesteps`,
//! `states_onehot`), `wT.out.NAME` and, with `wT.in.targets`, `wT.grad.PARAMETER` (of the mean
//! cross-entropy). `uT.out.*` are T timesteps of some of these windows without their filling: from
//! the first that `wT.in.mask` marks, rows `uT.index` (or those of another such set). A NAME is a
//! hook point's, or one of the names: `state_embedding`, `tokens`, `resid_pre.0`, `attn_pattern.0`,
//! `attn_out.0`, `mlp_out.0`, `resid_post.1`, `ln_final`. `*_app_folded`, which records a defect of
//! the original's analysis, is passed over; any other name is an error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::burn::prelude::*;
use crate::burn::tensor::activation::log_softmax;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use serde::Serialize;

use dt_env::files;

use crate::checkpoint::CheckpointError;

use crate::device::to_host;
use crate::model::{
    ActivationCache, Frame, Frames, HookPoint, ItemRows, Model, NoHooks, TokenBatch, item_index,
};

/// One tensor compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParityRow {
    /// Name in the file.
    pub name: String,
    /// Shape in the file.
    pub shape: Vec<usize>,
    /// Largest absolute difference; NaN where either side is no number.
    pub difference: f32,
    /// Whether that is within the tolerance.
    pub ok: bool,
}

/// Compares everything that a golden file holds with what a model computes.
///
/// # Errors
/// If the file cannot be read, or its tensors do not fit the model.
pub fn parity(
    model: &Model,
    golden: &Path,
    tolerance: f32,
) -> Result<Vec<ParityRow>, CheckpointError> {
    let file = Golden::read(golden)?;
    let windows = file.windows_name()?;
    let timesteps = file.timesteps(&windows)?;
    let rows = file.shape(&format!("{windows}.in.rtg"))?[0];
    let all: Vec<usize> = (0..rows).collect();
    let mut out = file.compare(model, &windows, &all, timesteps, 0, tolerance)?;
    for name in file.groups('u') {
        let own = format!("{name}.index");
        let listed = match file.names.contains_key(&own) {
            true => own,
            false => {
                let other = file.names.keys().find(|n| n.ends_with(".index"));
                other
                    .cloned()
                    .ok_or_else(|| file.wrong(format!("tensor `{own}` is missing")))?
            }
        };
        let index = file.ints(&listed)?;
        let length = file.timesteps(&name)?;
        let mask = file.raw(&format!("{windows}.in.mask"), Dtype::U8)?;
        let there =
            mask.len() == rows * timesteps && index.iter().all(|&r| (0..rows as i32).contains(&r));
        let first_of = |row: i32| {
            let of_row = &mask[row as usize * timesteps..][..timesteps];
            of_row.iter().position(|&m| m == 1)
        };
        let first = index.first().filter(|_| there).and_then(|&r| first_of(r));
        let Some(first) = first.filter(|first| first + length <= timesteps) else {
            return Err(file.wrong(format!("`{name}` names windows that are not there")));
        };
        if index.iter().any(|&r| first_of(r) != Some(first)) {
            return Err(file.wrong(format!("`{name}` names windows with unequal filling")));
        }
        let index: Vec<usize> = index.iter().map(|&r| r as usize).collect();
        out.extend(file.compare(model, &name, &index, length, first, tolerance)?);
    }
    if out.is_empty() {
        return Err(file.wrong("holds no output to compare"));
    }
    Ok(out)
}

/// Hook point of a name in golden files; `None` for what is none.
fn point_of(name: &str) -> Option<HookPoint> {
    let (kind, layer) = match name.rsplit_once('.') {
        Some((kind, layer)) => (kind, layer.parse().ok()),
        None => (name, None),
    };
    match (kind, layer) {
        ("state_embedding", None) => Some(HookPoint::StateEmbed),
        ("tokens", None) => Some(HookPoint::Embed),
        ("ln_final", None) => Some(HookPoint::LnFinalNormalized),
        ("resid_pre", Some(l)) => Some(HookPoint::ResidPre(l)),
        ("attn_pattern", Some(l)) => Some(HookPoint::Pattern(l)),
        ("attn_out", Some(l)) => Some(HookPoint::AttnOut(l)),
        ("mlp_out", Some(l)) => Some(HookPoint::MlpOut(l)),
        ("resid_post", Some(l)) => Some(HookPoint::ResidPost(l)),
        _ => name.parse().ok(),
    }
}

/// Largest absolute difference; equal infinities (masked scores) differ by nothing, and one value
/// that is no number makes the whole so.
fn largest_difference(ours: &[f32], theirs: &[f32]) -> f32 {
    let differences = ours
        .iter()
        .zip(theirs)
        .map(|(a, b)| if a == b { 0.0 } else { (a - b).abs() });
    // f32::max would pass over what is no number.
    differences.fold(0.0, |most, d| {
        if most.is_nan() || d.is_nan() {
            f32::NAN
        } else {
            most.max(d)
        }
    })
}

/// Largest file of recorded activations that is read.
const MAX_BYTES: u64 = 256 << 20;

struct Golden {
    path: PathBuf,
    bytes: Vec<u8>,
    names: BTreeMap<String, (Vec<usize>, Dtype)>,
}

impl Golden {
    fn read(path: &Path) -> Result<Self, CheckpointError> {
        let bytes = files::read(path, MAX_BYTES)?;
        let file = SafeTensors::deserialize(&bytes)
            .map_err(|e| CheckpointError::corrupt(path, format!("not a safetensors file: {e}")))?;
        let names = file
            .iter()
            .map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), view.dtype())))
            .collect();
        Ok(Self {
            path: path.to_owned(),
            bytes,
            names,
        })
    }

    #[allow(clippy::needless_pass_by_value)] // callers hand over what they have
    fn wrong(&self, message: impl ToString) -> CheckpointError {
        CheckpointError::corrupt(&self.path, message.to_string())
    }

    /// Names such as `w9` before the first dot, of a kind.
    fn groups(&self, kind: char) -> Vec<String> {
        let mut groups: Vec<String> = self
            .names
            .keys()
            .filter_map(|name| name.split('.').next())
            .filter(|g| g.starts_with(kind) && g[1..].parse::<usize>().is_ok())
            .map(str::to_owned)
            .collect();
        groups.dedup();
        groups
    }

    fn windows_name(&self) -> Result<String, CheckpointError> {
        match self.groups('w').as_slice() {
            [one] => Ok(one.clone()),
            other => Err(self.wrong(format!(
                "needs one set of windows such as w9.in.rtg, has {}",
                other.len()
            ))),
        }
    }

    fn timesteps(&self, group: &str) -> Result<usize, CheckpointError> {
        group[1..]
            .parse()
            .ok()
            .filter(|t| (1..=1024).contains(t))
            .ok_or_else(|| self.wrong(format!("`{group}` does not say how many timesteps it has")))
    }

    fn shape(&self, name: &str) -> Result<&[usize], CheckpointError> {
        let found = self.names.get(name);
        found
            .map(|(shape, _)| shape.as_slice())
            .filter(|shape| !shape.is_empty())
            .ok_or_else(|| self.wrong(format!("tensor `{name}` is missing")))
    }

    fn raw(&self, name: &str, wanted: Dtype) -> Result<Vec<u8>, CheckpointError> {
        self.shape(name)?;
        let file = SafeTensors::deserialize(&self.bytes).map_err(|e| self.wrong(e))?;
        let view = file.tensor(name).map_err(|e| self.wrong(e))?;
        if view.dtype() != wanted {
            return Err(self.wrong(format!(
                "tensor `{name}` is {:?}, expected {wanted:?}",
                view.dtype()
            )));
        }
        Ok(view.data().to_vec())
    }

    fn floats(&self, name: &str) -> Result<Vec<f32>, CheckpointError> {
        let bytes = self.raw(name, Dtype::F32)?;
        let values = bytes.as_chunks::<4>().0.iter();
        Ok(values.map(|b| f32::from_le_bytes(*b)).collect())
    }

    fn ints(&self, name: &str) -> Result<Vec<i32>, CheckpointError> {
        let bytes = self.raw(name, Dtype::I32)?;
        let values = bytes.as_chunks::<4>().0.iter();
        Ok(values.map(|b| i32::from_le_bytes(*b)).collect())
    }

    /// Windows of some rows, from a timestep on.
    fn batch(
        &self,
        model: &Model,
        rows: &[usize],
        from: usize,
        timesteps: usize,
    ) -> Result<TokenBatch, CheckpointError> {
        let group = self.windows_name()?;
        let whole = self.timesteps(&group)?;
        let name = |part: &str| format!("{group}.in.{part}");
        let rtg = self.floats(&name("rtg"))?;
        let actions = self.ints(&name("actions"))?;
        let times = self.ints(&name("timesteps"))?;
        let one_hot = self.raw(&name("states_onehot"), Dtype::U8)?;
        let view = model.sizes().view_size;
        let frame = 20 * view * view;
        let count = self.shape(&name("rtg"))?[0];
        for (part, len, each) in [
            ("rtg", rtg.len(), whole),
            ("actions", actions.len(), whole - 1),
            ("timesteps", times.len(), whole),
            ("states_onehot", one_hot.len(), whole * frame),
        ] {
            if len != count * each {
                return Err(self.wrong(format!(
                    "tensor `{}` has {len} values, the model needs {}",
                    name(part),
                    count * each
                )));
            }
        }
        let padding = model.sizes().n_actions as u32;
        let mut batch = TokenBatch::new(timesteps);
        batch.windows = rows.len();
        let mut items = ItemRows::default();
        for &row in rows {
            for t in from..from + timesteps {
                batch.returns_to_go.push(rtg[row * whole + t]);
                // The last action does not exist; its token is absent.
                let action = match t + 1 < whole {
                    true => actions[row * (whole - 1) + t],
                    false => padding as i32,
                };
                batch
                    .actions
                    .push(u32::try_from(action).unwrap_or(u32::MAX));
                let time = times[row * whole + t];
                batch.times.push(u32::try_from(time).unwrap_or(u32::MAX));
                let bits = &one_hot[(row * whole + t) * frame..][..frame];
                let present = bits.iter().enumerate().filter(|(_, b)| **b == 1);
                items.push(&Frame::Items {
                    // [column][row][channel] in the record, channel first in the vocabulary
                    items: present
                        .map(|(i, _)| {
                            let (x, y) = (i / (20 * view), i / 20 % view);
                            item_index(view, i % 20, x, y) as u32
                        })
                        .collect(),
                    additions: Vec::new(),
                });
            }
        }
        batch.frames = Frames::Items(items.into());
        batch
            .check(model.config(), model.sizes())
            .map_err(|problem| self.wrong(problem))?;
        Ok(batch)
    }

    fn compare(
        &self,
        model: &Model,
        group: &str,
        rows: &[usize],
        timesteps: usize,
        from: usize,
        tolerance: f32,
    ) -> Result<Vec<ParityRow>, CheckpointError> {
        let batch = Arc::new(self.batch(model, rows, from, timesteps)?);
        let logits = format!("{group}.out.action_logits");
        let mut outputs: Vec<(String, HookPoint)> = Vec::new();
        for (name, part) in self.outputs(group, "out") {
            if name == logits || part.ends_with("_app_folded") {
                continue;
            }
            // A name that nobody knows must not pass by being left out.
            let point = point_of(&part)
                .ok_or_else(|| self.wrong(format!("`{name}`: `{part}` is no hook point")))?;
            outputs.push((name, point));
        }
        let mut cache = ActivationCache::of(outputs.iter().map(|(_, point)| *point));
        let hooked = to_host(&model.forward(&batch, &mut cache));
        let mut out = Vec::new();
        if self.names.contains_key(&logits) {
            let fused = to_host(&model.forward(&batch, &mut NoHooks));
            let dims = [rows.len(), timesteps, model.sizes().n_actions];
            for (name, ours) in [
                (logits.clone(), fused),
                (format!("{logits} (hooked)"), hooked),
            ] {
                out.push(self.row(name, &logits, &dims, &ours, tolerance)?);
            }
        }
        for (name, point) in outputs {
            let recorded = cache.get(point).ok_or_else(|| {
                self.wrong(format!(
                    "`{name}`: the model has {} blocks",
                    model.config().n_layers
                ))
            })?;
            out.push(self.row(
                name.clone(),
                &name,
                &recorded.dims,
                &recorded.values,
                tolerance,
            )?);
        }
        out.extend(self.gradients(model, group, &batch, tolerance)?);
        Ok(out)
    }

    /// Names of a group's tensors of a kind, whole and without their beginning.
    fn outputs(&self, group: &str, kind: &str) -> Vec<(String, String)> {
        let prefix = format!("{group}.{kind}.");
        let names = self.names.keys();
        names
            .filter_map(|name| Some((name.clone(), name.strip_prefix(&prefix)?.to_owned())))
            .collect()
    }

    fn row(
        &self,
        name: String,
        stored: &str,
        dims: &[usize],
        ours: &[f32],
        tolerance: f32,
    ) -> Result<ParityRow, CheckpointError> {
        let shape = self.shape(stored)?;
        if shape != dims {
            return Err(self.wrong(format!(
                "tensor `{stored}` has shape {shape:?}, the model computes {dims:?}"
            )));
        }
        let difference = largest_difference(ours, &self.floats(stored)?);
        Ok(ParityRow {
            name,
            shape: shape.to_vec(),
            difference,
            ok: difference <= tolerance,
        })
    }

    /// Gradients of the mean cross-entropy, where the file has targets.
    fn gradients(
        &self,
        model: &Model,
        group: &str,
        batch: &Arc<TokenBatch>,
        tolerance: f32,
    ) -> Result<Vec<ParityRow>, CheckpointError> {
        let stored = self.outputs(group, "grad");
        if stored.is_empty() {
            return Ok(Vec::new());
        }
        let targets = self.ints(&format!("{group}.in.targets"))?;
        let n_actions = model.sizes().n_actions as i32;
        if targets.len() != batch.steps() || targets.iter().any(|t| !(0..n_actions).contains(t)) {
            return Err(self.wrong(format!("`{group}.in.targets` does not fit the windows")));
        }
        let tracked = model.tracked();
        let logits = tracked.forward(batch, &mut NoHooks);
        let shape = [1, batch.steps(), 1];
        let targets =
            Tensor::<3, Int>::from_data(TensorData::new(targets, shape), &logits.device());
        let loss = log_softmax(logits, 2).gather(2, targets).mean().neg();
        let mut grads = loss.backward();
        let mut ours = BTreeMap::new();
        for (spec, param) in model.specs().iter().zip(tracked.params()) {
            if let Some(grad) = param.grad_remove(&mut grads) {
                let values = spec.to_disk(&to_host(&grad));
                ours.insert(spec.name.as_str(), (&spec.disk_shape, values));
            }
        }
        stored
            .into_iter()
            .map(|(name, parameter)| {
                let (dims, ours) = ours.get(parameter.as_str()).ok_or_else(|| {
                    self.wrong(format!("the model has no parameter `{parameter}`"))
                })?;
                self.row(name.clone(), &name, dims, ours, tolerance)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_know_infinity_and_what_is_no_number() {
        let inf = f32::NEG_INFINITY;
        assert_eq!(largest_difference(&[inf, 1.0], &[inf, 1.5]), 0.5);
        assert_eq!(largest_difference(&[inf], &[-inf]), f32::INFINITY);
        // Numbers that follow must not cover it up.
        assert!(largest_difference(&[f32::NAN, 1.0], &[0.0, 1.0]).is_nan());
        assert!(largest_difference(&[0.0, 1.0], &[f32::NAN, 1.0]).is_nan());
    }
}
