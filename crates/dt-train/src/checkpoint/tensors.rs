//! safetensors files of f32 tensors.

use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{CheckpointError, read_file, write_atomic};

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

/// Reads every tensor of a file, in order of name.
///
/// # Errors
/// If the file cannot be read, is damaged, or holds anything but f32.
pub fn read_tensors(path: &Path) -> Result<Vec<NamedTensor>, CheckpointError> {
    let bytes = read_file(path)?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|e| CheckpointError::corrupt(path, format!("not a safetensors file: {e}")))?;
    let mut tensors = file
        .iter()
        .map(|(name, view)| {
            if view.dtype() != Dtype::F32 {
                return Err(CheckpointError::corrupt(
                    path,
                    format!("tensor `{name}` is {:?}, expected F32", view.dtype()),
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
