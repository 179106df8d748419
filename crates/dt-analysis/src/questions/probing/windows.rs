//! Activations of many walks' windows, all sites from one pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use dt_train::model::{
    ActivationCache, HookPoint, Model, Seen, TokenBatch, WindowBuilder, WindowStep,
};
use rayon::prelude::*;

use super::rows::Rows;
use super::site::{Site, Token};
use super::walks::Walks;
use crate::Error;
use crate::maths::probes::{Activations, ProbeError};
use crate::subject::{Subject, TokenKind};

/// Windows that are computed together.
const CHUNK: usize = 32;

/// What an agent computed for each case of some walks.
pub(super) struct Collected {
    /// At the current frame's state token, `[case, d_model]` a point.
    pub(super) current: BTreeMap<HookPoint, Activations>,
    /// At the first frame's state token.
    pub(super) first: BTreeMap<HookPoint, Activations>,
    /// Logit difference at the current frame, by case.
    pub(super) logit_diffs: Vec<f64>,
}

impl Collected {
    /// Activations of a site, one row for each prefix.
    pub(super) fn at(&self, site: Site, rows: &Rows) -> Result<Activations, ProbeError> {
        let table = match site.token {
            Token::Start => &self.first[&site.point],
            Token::Current | Token::Decision => &self.current[&site.point],
        };
        let values = rows.cases.iter().flat_map(|&case| table.row(case));
        Activations::new(rows.cases.len(), table.d(), values.copied().collect())
    }
}

/// Runs all cases through an agent.
///
/// # Errors
/// If an activation is not finite.
pub(super) fn collect(
    subject: &Subject,
    walks: &Walks,
    points: &[HookPoint],
) -> Result<Collected, Error> {
    // Windows of a batch have one length.
    let mut order: Vec<usize> = (0..walks.cases()).collect();
    order.sort_by_key(|&case| walks.case(case).0.time());
    let same_time = order.chunk_by(|&a, &b| walks.case(a).0.time() == walks.case(b).0.time());
    let chunks: Vec<&[usize]> = same_time.flat_map(|cases| cases.chunks(CHUNK)).collect();
    let parts: Vec<Part> = chunks
        .par_iter()
        .map(|cases| {
            let mut cache = ActivationCache::of(points.iter().copied());
            let batch = Arc::new(batch(subject.model(), walks, cases));
            let logits = subject.model().forward(&batch, &mut cache);
            let n_actions = logits.dims()[2];
            let logits = dt_train::to_host(&logits);
            let last = logits
                .chunks_exact(batch.timesteps * n_actions)
                .map(|window| subject.difference(&window[window.len() - n_actions..]));
            let config = subject.model().config();
            let steps = walks.case(cases[0]).0.time() + 1;
            let start = config.window_steps(batch.timesteps, steps).start;
            // Two tokens of each window are kept: all of them would fill the memory.
            let rows = |point: HookPoint, timestep: usize| -> Vec<f32> {
                let recorded = cache.get(point).expect("recorded");
                let at = place(point, timestep);
                let windows = 0..cases.len();
                windows
                    .flat_map(|window| recorded.at(window, at).iter().copied())
                    .collect()
            };
            Part {
                first: points.iter().map(|&point| rows(point, start)).collect(),
                current: points
                    .iter()
                    .map(|&point| rows(point, batch.timesteps - 1))
                    .collect(),
                logit_diffs: last.collect(),
            }
        })
        .collect();

    let d = subject.model().config().d_model;
    let tables = |of: fn(&Part) -> &Vec<Vec<f32>>| {
        let table = |n: usize| -> Result<Activations, Error> {
            let mut values = vec![0.0; walks.cases() * d];
            for (cases, part) in chunks.iter().zip(&parts) {
                for (&case, row) in cases.iter().zip(of(part)[n].chunks_exact(d)) {
                    values[case * d..][..d].copy_from_slice(row);
                }
            }
            Ok(Activations::new(walks.cases(), d, values)?)
        };
        (points.iter().enumerate())
            .map(|(n, &point)| Ok((point, table(n)?)))
            .collect::<Result<BTreeMap<_, _>, Error>>()
    };
    let mut logit_diffs = vec![0.0; walks.cases()];
    for (cases, part) in chunks.iter().zip(&parts) {
        for (&case, difference) in cases.iter().zip(&part.logit_diffs) {
            logit_diffs[case] = *difference;
        }
    }
    Ok(Collected {
        first: tables(|part| &part.first)?,
        current: tables(|part| &part.current)?,
        logit_diffs,
    })
}

/// What one pass gives, `[point][case, d_model]`.
struct Part {
    first: Vec<Vec<f32>>,
    current: Vec<Vec<f32>>,
    logit_diffs: Vec<f64>,
}

/// Where a timestep's state stands in the tensor of a point: state embeddings have no other
/// tokens between them.
pub(super) fn place(point: HookPoint, timestep: usize) -> usize {
    match point {
        HookPoint::StateEmbed => timestep,
        _ => 3 * timestep + TokenKind::State as usize,
    }
}

/// The windows of some cases of equal time, as a rollout shows them.
fn batch(model: &Model, walks: &Walks, cases: &[usize]) -> TokenBatch {
    let steps = walks.case(cases[0]).0.time() + 1;
    let mut windows = WindowBuilder::new(model.config(), model.sizes(), steps);
    for &case in cases {
        let (walk, layout, rtg) = walks.case(case);
        let frames = walk.frames[layout].iter().enumerate();
        windows.push(frames.map(|(step, frame)| WindowStep {
            return_to_go: rtg as f32,
            seen: Seen::Observation(frame),
            action: walk.actions.get(step).map(|&action| u32::from(action)),
            time: step as u32,
        }));
    }
    windows.finish(1)
}

#[cfg(test)]
mod tests {
    use crate::prompts::PromptSet;
    use std::path::PathBuf;

    use dt_train::checkpoint::{Agent, AgentRecord};
    use dt_train::device::DeviceSpec;
    use dt_train::model::{
        InputStatistics, ModelConfig, Padding, WorldSizes, initial_values, param_specs,
    };

    use super::*;
    use crate::prompts::Study;
    use crate::questions::probing::config::SweepConfig;
    use crate::questions::probing::walks::draw_walks;

    fn subject(study: &Study, padding: Padding) -> Subject {
        let config = ModelConfig {
            n_layers: 1,
            n_heads: 2,
            d_model: 16,
            d_mlp: 24,
            n_ctx: 20,
            padding,
            ..ModelConfig::default()
        };
        let env = study.env_spec().unwrap();
        let sizes = WorldSizes {
            view_size: 7,
            max_steps: 50,
            n_actions: 7,
        };
        let values = initial_values(&param_specs(&config, &sizes).0, 0.4, 5);
        let statistics = InputStatistics::neutral(&sizes);
        let device = DeviceSpec::Cpu.open().unwrap();
        let record = AgentRecord {
            format: 1,
            name: "small".to_owned(),
            model: config.clone(),
            trained_with: config.clone(),
            sizes,
            env: Some(env),
            env_id: None,
            step: 0,
            seed: None,
            dataset_blake3: None,
        };
        let agent = Agent {
            record,
            model: Model::new(config, sizes, &statistics, values, &device),
            dir: PathBuf::new(),
        };
        Subject::new("small".to_owned(), agent, study).unwrap()
    }

    #[test]
    fn windows_are_those_of_the_prompts() {
        let study = Study::memory_post();
        let config = SweepConfig {
            episodes: 5,
            ..SweepConfig::default()
        };
        for padding in [Padding::Aligned, Padding::ZeroFrames] {
            let subject = subject(&study, padding);
            let longest = subject.model().config().timesteps() - 1;
            let all = PromptSet::new(&study).unwrap();
            let walks = draw_walks(&all, &config, longest).unwrap();
            let points = [HookPoint::StateEmbed, HookPoint::ResidPost(0)];
            let found = collect(&subject, &walks, &points).unwrap();
            let prompts = all.of(study.original()).unwrap();
            let (cache, logits) = subject.cache(&prompts, points);
            let mut compared = 0;
            for case in 0..walks.cases() {
                let (walk, layout, rtg) = walks.case(case);
                if walk.actions != [2, 2, 2, 2] {
                    continue;
                }
                let same = |n: &usize| {
                    let facet = &all.scenarios[*n].facet;
                    facet.values == walks.layouts[layout] && facet.rtg == rtg
                };
                let prompt = (0..prompts.len()).find(same).unwrap();
                for point in points {
                    let recorded = cache.get(point).unwrap();
                    let close = |ours: &Activations, frame: usize| {
                        let at = place(point, subject.timestep(frame));
                        let theirs = recorded.at(prompt, at);
                        let pairs = ours.row(case).iter().zip(theirs);
                        pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-5)
                    };
                    assert!(close(&found.first[&point], 0), "{point}");
                    assert!(close(&found.current[&point], 4), "{point}");
                }
                let diff = subject.difference(&logits[prompt]);
                assert!((found.logit_diffs[case] - diff).abs() < 1e-4);
                compared += 1;
            }
            assert_eq!(compared, 8);
        }
    }
}
