//! Greedy episodes after resets that no dataset holds, for worlds whose resets cannot all be tried.

use std::sync::Arc;

use dt_env::EnvSpec;
use rayon::prelude::*;

use super::intervals::wilson;
use super::record::{HeldOutRecord, OutcomeCounts};
use super::unseen;
use crate::model::{Model, NoHooks};
use crate::rollout::{CHUNK, Choice, Ended, NotFiniteLogits, Walker, walk};

/// Greedy episodes at each return-to-go, for each of a model's agents. Their resets are those of
/// seeds 0, 1, 2, ... above all that datasets draw from, so that every agent, at every return-to-go
/// and at every time, is measured on the same ones.
///
/// # Errors
/// If an agent's logits are not finite.
pub fn evaluate_held_out_each(
    model: &Model,
    spec: &Arc<EnvSpec>,
    returns_to_go: &[f64],
    episodes: usize,
) -> Result<Vec<Vec<HeldOutRecord>>, NotFiniteLogits> {
    let resets = 0..episodes as u64;
    let starts: Vec<(f64, u64)> = returns_to_go
        .iter()
        .flat_map(|&rtg| resets.clone().map(move |reset| (rtg, reset)))
        .collect();
    // By chunk, then by agent.
    let walked: Vec<Vec<Vec<Ended>>> = starts
        .par_chunks(CHUNK)
        .map(|chunk| -> Result<_, NotFiniteLogits> {
            let begin = || chunk.iter().map(|&(rtg, reset)| unseen(spec, reset, rtg));
            let mut walkers: Vec<Vec<Walker>> =
                (0..model.agents()).map(|_| begin().collect()).collect();
            walk(model, &mut walkers, &mut Choice::Greedy, &mut |_| {
                Box::new(NoHooks)
            })?;
            let ends = |own: &Vec<Walker>| own.iter().map(Walker::ended).collect();
            Ok(walkers.iter().map(ends).collect())
        })
        .collect::<Result<_, _>>()?;
    let of_agent = |agent: usize| {
        let mut ends = walked.iter().flat_map(|chunk| &chunk[agent]).copied();
        let at = |&rtg: &f64| record(rtg, &ends.by_ref().take(episodes).collect::<Vec<_>>());
        returns_to_go.iter().map(at).collect()
    };
    Ok((0..model.agents()).map(of_agent).collect())
}

fn record(rtg: f64, ends: &[Ended]) -> HeldOutRecord {
    let counts = OutcomeCounts::of(ends.iter().map(|e| e.outcome));
    HeldOutRecord {
        rtg,
        episodes: ends.len(),
        success: counts.success,
        failures: counts.failures,
        truncated: counts.truncated,
        most_steps: ends.iter().map(|e| e.steps).max().unwrap_or(0),
        mean_return: ends.iter().map(|e| e.total_return).sum::<f64>() / ends.len() as f64,
        ci95: wilson(counts.success, ends.len()),
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may panic

    use dt_data::Outcome;
    use dt_env::Env;

    use super::*;
    use crate::evaluate::{EvaluationRecord, Greedy, UNSEEN, evaluate_exact};
    use crate::model::{InputStatistics, ModelConfig, WorldSizes, initial_values, param_specs};

    #[test]
    fn held_out_episodes_are_those_of_their_layouts() {
        let spec = EnvSpec::builtin("MiniGrid-MemoryS7FixedStart-v0").unwrap();
        let spec = Arc::new(spec.with_max_steps(30));
        let sizes = WorldSizes::of(&spec);
        let config = ModelConfig {
            n_layers: 1,
            n_heads: 2,
            d_model: 16,
            d_mlp: 16,
            n_ctx: 8,
            initial_std: 0.5,
            ..ModelConfig::default()
        };
        let (specs, _) = param_specs(&config, &sizes);
        let (asked, episodes) = ([0.9, 0.1], 70);
        let mut outcomes = Vec::new();
        for seed in 0..12 {
            let values = initial_values(&specs, config.initial_std, seed);
            let statistics = InputStatistics::neutral(&sizes);
            let device = crate::burn::prelude::Device::flex();
            let model = Model::new(config.clone(), sizes, &statistics, values, &device);
            let exact = evaluate_exact(&model, &spec, &asked).unwrap();
            let found = evaluate_held_out_each(&model, &spec, &asked, episodes)
                .unwrap()
                .remove(0);
            for (exact, found) in exact.iter().zip(&found) {
                // A greedy agent does the same wherever a reset decides the same.
                let ends = (0..episodes as u64).map(|reset| {
                    let mut env = Env::new(spec.clone());
                    env.reset(reset | UNSEEN);
                    let facts = env.facts();
                    exact.episodes.iter().find(|e| e.facts == facts).unwrap()
                });
                let ends: Vec<_> = ends.collect();
                let counts = OutcomeCounts::of(ends.iter().map(|e| e.outcome));
                assert_eq!((found.rtg, found.episodes), (exact.rtg, episodes));
                assert_eq!(found.success, counts.success);
                assert_eq!(found.failures, counts.failures);
                assert_eq!(found.truncated, counts.truncated);
                assert_eq!(
                    found.most_steps,
                    ends.iter().map(|e| e.steps).max().unwrap()
                );
                let sum: f64 = ends.iter().map(|e| e.total_return).sum();
                assert!((found.mean_return - sum / episodes as f64).abs() < 1e-12);
                outcomes.extend(ends.iter().map(|e| e.outcome));
            }
            let greedy = Greedy::HeldOut("too many".to_owned(), found.clone());
            let record = EvaluationRecord::new(spec.id.clone(), "cpu".to_owned(), greedy, vec![]);
            let json = serde_json::to_value(&record).unwrap();
            assert!(json["exact"].is_null() && json["exact_missing"] == "too many");
            assert_eq!(json["held_out"].as_array().unwrap().len(), 2);
            let back: EvaluationRecord = serde_json::from_value(json).unwrap();
            assert_eq!(back.held_out.as_ref(), Some(&found));
        }
        assert!(outcomes.contains(&Outcome::Truncated));
        assert!(
            outcomes.iter().any(|o| *o != Outcome::Truncated),
            "some agents get there"
        );
    }
}
