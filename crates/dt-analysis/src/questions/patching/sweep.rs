//! Maps of layers, tokens and heads.
//!
//! All cells of a map are windows of few forward passes: window `w` computes the corrupted run
//! with cell `w` patched. Cells that cannot matter are not computed: those whose activations are the
//! same in both runs, and those of the last block that the decision's token never reads.

use crate::subject::Experiment;
use std::collections::BTreeMap;

use dt_train::model::{ActivationCache, HookPoint};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::logit_diff::restored;
use crate::prompts::{Facet, Prompt};
use crate::subject::Subject;
use crate::subject::hooks::{Chain, Patch, Spot};

/// Kinds of activations, and what the axes of their maps are.
#[derive(Clone, Copy, Debug)]
pub enum Sweep {
    /// Layer × token of the residual stream.
    Token(fn(usize) -> HookPoint),
    /// Layer × head, all tokens at once.
    Head(fn(usize) -> HookPoint),
    /// Layer and head × token.
    TokenHead(fn(usize) -> HookPoint),
}

/// A map for one facet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatchMap {
    /// Names of the rows: layers, or layers and heads.
    pub rows: Vec<String>,
    /// Names of the columns: tokens or heads.
    pub columns: Vec<String>,
    /// `[row][column]`; missing where clean and corrupted do not differ in the logits.
    pub restored: Vec<Vec<Option<f64>>>,
}

/// Maps of one agent, by kind of activation, then by facet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatchingRecord {
    /// Facets in the study's order.
    pub facets: Vec<Facet>,
    /// Tokens between clean and corrupted first differ; those before are left out of the maps.
    pub first_token: usize,
    /// Maps.
    pub maps: BTreeMap<String, BTreeMap<String, PatchMap>>,
}

/// Sweeps of residual stream, attention output and MLP output over layers and tokens.
pub fn token_sweep() -> Vec<(&'static str, Sweep)> {
    vec![
        ("resid_pre", Sweep::Token(HookPoint::ResidPre)),
        ("attn_out", Sweep::Token(HookPoint::AttnOut)),
        ("mlp_out", Sweep::Token(HookPoint::MlpOut)),
    ]
}

/// Sweeps of parts of each head, all tokens at once.
pub fn head_sweep() -> Vec<(&'static str, Sweep)> {
    vec![
        ("q", Sweep::Head(HookPoint::Q)),
        ("k", Sweep::Head(HookPoint::K)),
        ("v", Sweep::Head(HookPoint::V)),
        ("pattern", Sweep::Head(HookPoint::Pattern)),
        ("z", Sweep::Head(HookPoint::Z)),
    ]
}

/// Sweeps of parts of each head at each token.
pub fn token_head_sweep() -> Vec<(&'static str, Sweep)> {
    vec![
        ("q by token", Sweep::TokenHead(HookPoint::Q)),
        ("k by token", Sweep::TokenHead(HookPoint::K)),
        ("v by token", Sweep::TokenHead(HookPoint::V)),
        ("pattern by token", Sweep::TokenHead(HookPoint::Pattern)),
        ("z by token", Sweep::TokenHead(HookPoint::Z)),
    ]
}

/// One cell of a map.
#[derive(Clone, Copy, Debug)]
struct Cell {
    point: HookPoint,
    spot: Spot,
}

/// Rows and columns of a sweep, and its cells row by row.
fn cells(subject: &Subject, sweep: Sweep, first: usize) -> (Vec<String>, Vec<String>, Vec<Cell>) {
    let layers = 0..subject.n_layers();
    let heads = subject.model().config().n_heads;
    let tokens: Vec<usize> = (first..subject.seq()).collect();
    let names = subject.token_names();
    let token_names = tokens.iter().map(|&t| names[t].clone()).collect();
    let mut out = Vec::new();
    match sweep {
        Sweep::Token(point) => {
            for layer in layers.clone() {
                out.extend(tokens.iter().map(|&token| Cell {
                    point: point(layer),
                    spot: Spot {
                        token: Some(token),
                        head: None,
                    },
                }));
            }
            let rows = layers.map(|l| format!("layer {l}")).collect();
            (rows, token_names, out)
        }
        Sweep::Head(point) => {
            for layer in layers.clone() {
                out.extend((0..heads).map(|head| Cell {
                    point: point(layer),
                    spot: Spot {
                        token: None,
                        head: Some(head),
                    },
                }));
            }
            let rows = layers.map(|l| format!("layer {l}")).collect();
            (rows, (0..heads).map(|h| format!("head {h}")).collect(), out)
        }
        Sweep::TokenHead(point) => {
            let mut rows = Vec::new();
            for layer in layers {
                for head in 0..heads {
                    rows.push(format!("{layer}.{head}"));
                    out.extend(tokens.iter().map(|&token| Cell {
                        point: point(layer),
                        spot: Spot {
                            token: Some(token),
                            head: Some(head),
                        },
                    }));
                }
            }
            (rows, token_names, out)
        }
    }
}

/// Points that sweeps of a model read.
fn points(subject: &Subject, sweeps: &[(&'static str, Sweep)]) -> Vec<HookPoint> {
    let mut points: Vec<HookPoint> = sweeps
        .iter()
        .flat_map(|(_, sweep)| cells(subject, *sweep, 0).2)
        .map(|cell| cell.point)
        .collect();
    points.sort_unstable();
    points.dedup();
    points
}

/// Runs sweeps over every facet of a study.
///
/// # Errors
/// If a prompt cannot be made.
pub fn sweep(
    experiment: &Experiment,
    sweeps: &[(&'static str, Sweep)],
) -> Result<PatchingRecord, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let clean = set.of(study.original())?;
    let corrupted = set.of(study.flipped())?;
    let points = points(subject, sweeps);
    let (of_clean, clean_logits) = subject.cache(&clean, points.iter().copied());
    let (of_corrupted, corrupted_logits) = subject.cache(&corrupted, points.iter().copied());
    let first = subject.first_token();
    let facets = set.facets();
    let mut maps = BTreeMap::new();
    for &(name, kind) in sweeps {
        let (rows, columns, cells) = cells(subject, kind, first);
        let mut of_facets = BTreeMap::new();
        // Windows of set facets together, so that passes are full.
        let mut wanted: Vec<(usize, Cell)> = Vec::new();
        for facet in 0..facets.len() {
            for &cell in &cells {
                if matters(subject, &of_clean, &of_corrupted, facet, cell) {
                    wanted.push((facet, cell));
                }
            }
        }
        let diffs = patched(subject, &corrupted, &of_clean, &wanted);
        let mut diffs = wanted.iter().zip(diffs).peekable();
        for (facet, facet_name) in facets.iter().enumerate() {
            let clean_diff = subject.difference(&clean_logits[facet]);
            let corrupted_diff = subject.difference(&corrupted_logits[facet]);
            let values: Vec<Option<f64>> = cells
                .iter()
                .map(|&cell| {
                    let patched = if matters(subject, &of_clean, &of_corrupted, facet, cell) {
                        diffs.next().expect("one for each wanted cell").1
                    } else {
                        corrupted_diff
                    };
                    restored(patched, clean_diff, corrupted_diff)
                })
                .collect();
            let map = PatchMap {
                rows: rows.clone(),
                columns: columns.clone(),
                restored: values.chunks(columns.len()).map(<[_]>::to_vec).collect(),
            };
            of_facets.insert(facet_name.to_string(), map);
        }
        maps.insert(name.to_owned(), of_facets);
    }
    Ok(PatchingRecord {
        facets,
        first_token: first,
        maps,
    })
}

/// Every sweep: by token, by head, and by head and token.
pub fn all_sweeps() -> Vec<(&'static str, Sweep)> {
    let mut sweeps = token_sweep();
    sweeps.extend(head_sweep());
    sweeps.extend(token_head_sweep());
    sweeps
}

/// Whether patching a cell can change the logits at the decision.
fn matters(
    subject: &Subject,
    clean: &ActivationCache,
    corrupted: &ActivationCache,
    facet: usize,
    cell: Cell,
) -> bool {
    let last = subject.n_layers() - 1;
    let Some(token) = cell.spot.token else {
        return true;
    };
    // After the last block's keys and values have been read, tokens stay apart.
    let apart = match cell.point {
        HookPoint::Q(layer)
        | HookPoint::AttnScores(layer)
        | HookPoint::Pattern(layer)
        | HookPoint::Z(layer)
        | HookPoint::AttnOut(layer)
        | HookPoint::ResidMid(layer)
        | HookPoint::MlpOut(layer)
        | HookPoint::ResidPost(layer) => layer == last,
        _ => false,
    };
    if apart && token != subject.decision() {
        return false;
    }
    let [a, b] = [clean, corrupted].map(|cache| cache.get(cell.point).expect("recorded"));
    let by_head = matches!(cell.point, HookPoint::Pattern(_) | HookPoint::AttnScores(_));
    by_head || a.at(facet, token) != b.at(facet, token)
}

/// Logit differences of corrupted prompts with one cell of the clean run each.
fn patched(
    subject: &Subject,
    corrupted: &[Prompt],
    clean: &ActivationCache,
    wanted: &[(usize, Cell)],
) -> Vec<f64> {
    let prompts: Vec<Prompt> = wanted.iter().map(|(f, _)| corrupted[*f].clone()).collect();
    subject.logit_diffs_with(&prompts, |range| {
        let here = &wanted[range];
        let mut points: Vec<HookPoint> = here.iter().map(|(_, cell)| cell.point).collect();
        points.sort_unstable();
        points.dedup();
        points.into_iter().fold(Chain::default(), |chain, point| {
            let spots = here
                .iter()
                .map(|(facet, cell)| match cell.point == point {
                    true => vec![(*facet, cell.spot)],
                    false => Vec::new(),
                })
                .collect();
            chain.then(Patch::new(
                point,
                clean.get(point).expect("recorded"),
                spots,
            ))
        })
    })
}

/// Control: what patching every residual-stream cell of the first layer at once restores.
///
/// # Errors
/// If a prompt cannot be made.
pub fn patch_all_sites(experiment: &Experiment) -> Result<Vec<Option<f64>>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let clean = set.of(study.original())?;
    let corrupted = set.of(study.flipped())?;
    let point = HookPoint::ResidPre(0);
    let (cache, clean_logits) = subject.cache(&clean, [point]);
    let corrupted_diffs = subject.logit_diffs(&corrupted);
    let source = cache.get(point).expect("recorded");
    let diffs = subject.logit_diffs_with(&corrupted, |range| {
        Patch::new(
            point,
            source,
            range.map(|w| vec![(w, Spot::default())]).collect(),
        )
    });
    let prompts = diffs.iter().zip(&clean_logits).zip(&corrupted_diffs);
    Ok(prompts
        .map(|((&patched, logits), &corrupted)| {
            restored(patched, subject.difference(logits), corrupted)
        })
        .collect())
}
