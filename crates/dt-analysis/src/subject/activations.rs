//! A way out for other tools: activations of a study's prompts as a safetensors file.

use std::collections::BTreeMap;
use std::path::Path;

use dt_env::files::write_file;
use dt_train::model::HookPoint;
use safetensors::tensor::{Dtype, TensorView};

use crate::Error;

use crate::subject::Experiment;

/// Hook points of a model that match patterns such as `blocks.*.hook_resid_post`.
///
/// # Errors
/// If a pattern matches none; the error names the nearest points.
pub fn matching_points(patterns: &[String], n_layers: usize) -> Result<Vec<HookPoint>, Error> {
    let known = HookPoint::all(n_layers);
    let mut out = Vec::new();
    for pattern in patterns {
        let found: Vec<HookPoint> = known
            .iter()
            .copied()
            .filter(|point| matches(pattern, &point.to_string()))
            .collect();
        if found.is_empty() {
            let near = pattern.replace('*', "0").parse::<HookPoint>();
            return Err(Error::Question(match near {
                Err(error) => format!("`{pattern}` matches nothing: {error}"),
                Ok(_) => format!(
                    "`{pattern}` matches nothing: the model has {n_layers} blocks, from 0 to {}",
                    n_layers - 1
                ),
            }));
        }
        out.extend(found);
    }
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

/// Whether a name matches a pattern, in which `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => name.strip_prefix(head).is_some_and(|tail| {
            (0..=tail.len()).any(|n| tail.is_char_boundary(n) && matches(rest, &tail[n..]))
        }),
    }
}

/// Writes the activations of every facet and edit of a study: one tensor a hook point, its first
/// axis the prompts, and `logits` at the decision. The file's metadata name facets, edits and
/// tokens.
///
/// # Errors
/// If a prompt cannot be made or the file not written.
pub fn write_activations(
    experiment: &Experiment,
    points: &[HookPoint],
    path: &Path,
) -> Result<usize, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let (mut prompts, mut facets, mut edits) = (Vec::new(), Vec::new(), Vec::new());
    for edit in study.all_edits() {
        for (scenario, prompt) in set.scenarios.iter().zip(set.of(edit)?) {
            facets.push(scenario.facet.to_string());
            edits.push(edit.name.clone());
            prompts.push(prompt);
        }
    }
    let (cache, logits) = subject.cache(&prompts, points.iter().copied());
    let bytes = |values: &[f32]| {
        values
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = cache
        .iter()
        .map(|(point, a)| (point.to_string(), a.dims.clone(), bytes(&a.values)))
        .collect();
    let n_actions = logits[0].len();
    tensors.push((
        "logits".to_owned(),
        vec![prompts.len(), n_actions],
        bytes(&logits.concat()),
    ));
    let views = tensors
        .iter()
        .map(|(name, dims, bytes)| {
            let view = TensorView::new(Dtype::F32, dims.clone(), bytes)
                .map_err(|e| Error::corrupt(path, &e))?;
            Ok((name.as_str(), view))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let list = |values: &[String]| serde_json::to_string(values).expect("strings are plain data");
    let metadata = BTreeMap::from([
        ("agent".to_owned(), subject.name.clone()),
        ("facets".to_owned(), list(&facets)),
        ("edits".to_owned(), list(&edits)),
        ("tokens".to_owned(), list(&subject.token_names())),
    ]);
    let file = safetensors::serialize(views, None).map_err(|e| Error::corrupt(path, &e))?;
    let file = with_metadata(&file, &metadata);
    write_file(path, &file)?;
    Ok(prompts.len())
}

/// A safetensors file without metadata, with them. safetensors itself takes them as a hash map and
/// writes them in another order each time.
fn with_metadata(file: &[u8], metadata: &BTreeMap<String, String>) -> Vec<u8> {
    let (length, rest) = file.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("of 8 bytes"));
    let (header, tensors) = rest.split_at(length as usize);
    let mut longer = b"{\"__metadata__\":".to_vec();
    longer.extend(serde_json::to_vec(metadata).expect("strings are plain data"));
    longer.push(b',');
    longer.extend(&header[1..]);
    // Tensors stay aligned, as the format asks for.
    longer.resize(longer.len().next_multiple_of(8), b' ');
    let length = (longer.len() as u64).to_le_bytes();
    [&length[..], &longer, tensors].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_pick_points() {
        let points = |p: &str| matching_points(&[p.to_owned()], 2);
        assert_eq!(points("blocks.*.hook_resid_post").unwrap().len(), 2);
        assert_eq!(points("blocks.1.attn.*").unwrap().len(), 6);
        assert_eq!(points("*").unwrap().len(), HookPoint::all(2).len());
        let typo = points("blocks.*.hook_resid_pst").unwrap_err().to_string();
        assert!(typo.contains("blocks.0.hook_resid_post"), "{typo}");
        let deep = points("blocks.7.hook_resid_post").unwrap_err().to_string();
        assert!(deep.contains("2 blocks"), "{deep}");
    }
}
