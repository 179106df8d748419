//! Probes in a file, so that directions found in one agent can be tried on another.

use std::path::Path;

use dt_train::checkpoint::{NamedTensor, read_tensors, write_tensors};
use dt_train::model::HookPoint;

use super::concept::Concept;
use super::site::{Site, Token, is_probed, not_probed};
use crate::Error;
use crate::maths::probes::LinearProbe;
use crate::maths::vectors::{norm, scaled, to_f32, to_f64};
use crate::subject::Subject;

/// A probe of a concept at a site.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedDirection {
    /// Where it reads.
    pub site: Site,
    /// What it reads.
    pub concept: Concept,
    /// The probe.
    pub probe: LinearProbe,
}

/// Writes probes to a safetensors file: for each `HOOK_POINT/TOKEN/CONCEPT` a `direction`
/// `[d_model]` and an `affine` `[3]` (intercept, scale, strength).
///
/// # Errors
/// If the file cannot be written.
pub fn write_directions(path: &Path, directions: &[SavedDirection]) -> Result<(), Error> {
    let mut tensors = Vec::new();
    for saved in directions {
        let Site { point, token } = saved.site;
        let name = format!("{point}/{token}/{}", saved.concept);
        let probe = &saved.probe;
        tensors.push(NamedTensor {
            name: format!("{name}/direction"),
            shape: vec![probe.direction.len()],
            values: to_f32(&probe.direction),
        });
        tensors.push(NamedTensor {
            name: format!("{name}/affine"),
            shape: vec![3],
            values: to_f32(&[probe.intercept, probe.scale, probe.strength]),
        });
    }
    Ok(write_tensors(path, &tensors)?)
}

/// Reads what [`write_directions`] wrote, in order of name.
///
/// # Errors
/// If the file cannot be read, holds none, or holds something else.
pub fn read_directions(path: &Path) -> Result<Vec<SavedDirection>, Error> {
    let tensors = read_tensors(path)?;
    let corrupt = |message: String| Error::corrupt(path, &message);
    let mut out = Vec::new();
    for tensor in &tensors {
        let parts: Vec<&str> = tensor.name.split('/').collect();
        let &[point, token, concept, kind] = &parts[..] else {
            return Err(corrupt(format!(
                "tensor `{}` is no direction; write such a file with --save-directions",
                tensor.name
            )));
        };
        if kind != "direction" {
            continue;
        }
        let named = |e: &dyn std::fmt::Display| corrupt(format!("tensor `{}`: {e}", tensor.name));
        let affine = format!("{point}/{token}/{concept}/affine");
        let affine = tensors.iter().find(|t| t.name == affine);
        let Some(&[intercept, scale, strength]) = affine.map(|t| &t.values[..]) else {
            return Err(named(&"its `affine` of 3 numbers is missing"));
        };
        let direction = to_f64(&tensor.values);
        let length = norm(&direction);
        let sound = [intercept, scale, strength].iter().all(|v| v.is_finite());
        // Directions that read nothing have length 0, all others are units.
        if !sound || !((length - 1.0).abs() < 1e-3 || length == 0.0) {
            return Err(named(
                &"it is not of unit length, or a number is not finite",
            ));
        }
        out.push(SavedDirection {
            site: Site {
                point: point.parse().map_err(|e| named(&e))?,
                token: token.parse::<Token>().map_err(|e| named(&e))?,
            },
            concept: concept.parse().map_err(|e| named(&e))?,
            probe: LinearProbe {
                direction: scaled(&direction, if length > 0.0 { 1.0 / length } else { 0.0 }),
                intercept: f64::from(intercept),
                scale: f64::from(scale),
                strength: f64::from(strength),
            },
        });
    }
    match out.is_empty() {
        true => Err(corrupt(
            "it holds no directions; write such a file with --save-directions".to_owned(),
        )),
        false => Ok(out),
    }
}

/// Refuses directions that do not fit an agent.
///
/// # Errors
/// If a hook point is not in the agent, or its width is another.
pub fn check_directions(directions: &[SavedDirection], subject: &Subject) -> Result<(), Error> {
    let known = HookPoint::all(subject.n_layers());
    let d_model = subject.model().config().d_model;
    for saved in directions {
        let (point, d) = (saved.site.point, saved.probe.direction.len());
        let problem = if !known.contains(&point) {
            format!(
                "{} has no `{point}`: its blocks run from 0 to {}",
                subject.name,
                subject.n_layers() - 1
            )
        } else if !is_probed(point) {
            return Err(Error::Question(not_probed(point)));
        } else if d != d_model {
            format!(
                "a direction at `{point}` has {d} numbers, {} has d_model {d_model}",
                subject.name
            )
        } else {
            continue;
        };
        return Err(Error::Question(format!(
            "{problem}; directions fit only agents of the architecture that they were found in"
        )));
    }
    Ok(())
}
