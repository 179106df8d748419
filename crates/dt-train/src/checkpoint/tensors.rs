//! safetensors files of f32 tensors.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::{CheckpointError, write_atomic};
use dt_env::files;

/// A tensor with its name, shape and values.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Name.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// Writes tensors to a file; equal tensors give equal bytes.
///
/// # Errors
/// If the file cannot be written.
pub fn write_tensors(path: &Path, tensors: &[NamedTensor]) -> Result<(), CheckpointError> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|t| t.values.iter().flat_map(|v| v.to_le_bytes()).collect())
        .collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|(t, bytes)| {
            let view = TensorView::new(Dtype::F32, t.shape.clone(), bytes)
                .map_err(|e| CheckpointError::corrupt(path, format!("{}: {e}", t.name)))?;
            Ok((t.name.as_str(), view))
        })
        .collect::<Result<Vec<_>, CheckpointError>>()?;
    let file =
        safetensors::serialize(views, None).map_err(|e| CheckpointError::corrupt(path, e))?;
    write_atomic(path, &file)
}

/// Longest header of a safetensors file: names, shapes and places of some hundred tensors need far
/// less, but others write what they like into its metadata.
const MAX_HEADER: u64 = 32 << 20;

/// Most values of a file of which nothing else is known: 256 MiB.
const MAX_VALUES: u64 = 64 << 20;

/// Reads every tensor of a file, in order of name.
///
/// # Errors
/// If the file cannot be read, is far larger than any of ours, is damaged, or holds anything but
/// f32.
pub fn read_tensors(path: &Path) -> Result<Vec<NamedTensor>, CheckpointError> {
    read_values(path, MAX_VALUES)
}

/// The same of a file that needs to hold only so many values.
pub(super) fn read_values(
    path: &Path,
    most_values: u64,
) -> Result<Vec<NamedTensor>, CheckpointError> {
    let limit = most_values.saturating_mul(4).saturating_add(MAX_HEADER);
    let bytes = files::read(path, limit)?;
    refuse_duplicates(&bytes).map_err(|e| CheckpointError::corrupt(path, e))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|e| CheckpointError::corrupt(path, format!("not a safetensors file: {e}")))?;
    let mut tensors = file
        .iter()
        .map(|(name, view)| {
            if view.dtype() != Dtype::F32 {
                return Err(CheckpointError::corrupt(
                    path,
                    format!(
                        "tensor `{name}` is {:?}, expected F32; convert it with tensor.float() \
                         before it is saved",
                        view.dtype()
                    ),
                ));
            }
            let values = view.data().as_chunks::<4>().0.iter();
            Ok(NamedTensor {
                name: name.to_owned(),
                shape: view.shape().to_vec(),
                values: values.map(|b| f32::from_le_bytes(*b)).collect(),
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tensors)
}

/// Refuses a header that names something twice, which the format forbids and readers take apart
/// differently.
fn refuse_duplicates(file: &[u8]) -> Result<(), String> {
    let not_one = || "not a safetensors file: it is cut short".to_owned();
    let (length, rest) = file.split_first_chunk::<8>().ok_or_else(not_one)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| not_one())?;
    let header = rest.get(..length).ok_or_else(not_one)?;
    let Names(duplicate) =
        serde_json::from_slice(header).map_err(|e| format!("not a safetensors file: {e}"))?;
    match duplicate {
        None => Ok(()),
        Some(name) => Err(format!("names tensor `{name}` twice")),
    }
}

/// The first key of a JSON object that stands there twice.
struct Names(Option<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut seen = BTreeSet::new();
                let mut twice = None;
                while let Some((key, IgnoredAny)) = map.next_entry::<String, _>()? {
                    if seen.contains(&key) {
                        twice.get_or_insert(key);
                    } else {
                        seen.insert(key);
                    }
                }
                Ok(Names(twice))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// Takes the tensor with this name and shape out of a list.
pub(super) fn take(
    path: &Path,
    tensors: &mut Vec<NamedTensor>,
    name: &str,
    shape: &[usize],
) -> Result<Vec<f32>, CheckpointError> {
    let at = tensors
        .iter()
        .position(|t| t.name == name)
        .ok_or_else(|| CheckpointError::corrupt(path, format!("tensor `{name}` is missing")))?;
    let tensor = tensors.swap_remove(at);
    if tensor.shape != shape {
        return Err(CheckpointError::corrupt(
            path,
            format!(
                "tensor `{name}` has shape {:?}, expected {shape:?}",
                tensor.shape
            ),
        ));
    }
    if !tensor.values.iter().all(|v| v.is_finite()) {
        return Err(CheckpointError::corrupt(
            path,
            format!("tensor `{name}` has a value that is not finite"),
        ));
    }
    Ok(tensor.values)
}
