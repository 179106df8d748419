//! Speed of training, as `dt-train bench` reports it.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::agent::AgentConfig;
use crate::device::DeviceSpec;
use crate::model::WorldSizes;
use crate::run::{RunError, Trainer, dataset_for, input_statistics, recipe_of, window_sampler};

/// Result of a benchmark; `--json` prints it as it is.
#[derive(Clone, Debug, Serialize)]
pub struct TrainBenchRecord {
    /// Name of the definition that was trained.
    pub agent: String,
    /// The definition.
    pub definition: AgentConfig,
    /// Folder of its data.
    pub dataset: String,
    /// Values of the model's parameters.
    pub parameters: usize,
    /// Most memory that this process has had, MB, where the system tells.
    pub peak_rss_mb: Option<f64>,
    /// Device that computed.
    pub device: String,
    /// Threads that work on micro-batches.
    pub threads: usize,
    /// Agents that train together.
    pub agents: usize,
    /// Windows of an agent's step.
    pub batch_size: usize,
    /// Whether burn's decomposed operations were used in place of the fused kernels.
    pub decomposed: bool,
    /// Steps that were timed.
    pub steps: usize,
    /// Median of a step.
    pub milliseconds: f64,
    /// Fastest step.
    pub milliseconds_min: f64,
    /// Slowest step.
    pub milliseconds_max: f64,
    /// Windows of all agents per second, at the median.
    pub windows_per_second: f64,
    /// Tokens of the data (filling left out) per second, at the median.
    pub tokens_per_second: f64,
    /// Tokens that a step computes: windows that repeat are computed once.
    pub tokens_computed: f64,
    /// Where the time goes when micro-batches run one after the other.
    pub phases: Vec<PhaseRecord>,
}

/// Part of a step.
#[derive(Clone, Debug, Serialize)]
pub struct PhaseRecord {
    /// `batch`, `forward`, `backward` and `optimizer`, or `batch` and `libtorch`.
    pub phase: &'static str,
    /// Mean milliseconds of a step.
    pub milliseconds: f64,
    /// Share of their sum.
    pub share: f64,
}

/// Times `steps` training steps of `agents` agents, on request with burn's own operations instead
/// of our kernels.
///
/// # Errors
/// If the dataset or the device cannot be had, or the device trains agents one by one.
pub fn bench(
    config: &AgentConfig,
    device: DeviceSpec,
    datasets: &Path,
    steps: usize,
    agents: usize,
    decomposed: bool,
) -> Result<TrainBenchRecord, RunError> {
    if agents > 1 && (decomposed || !device.trains_together()) {
        return Err(RunError::Mismatch(format!(
            "{agents} agents: {device} trains agents one by one{}",
            if decomposed { " where decomposed" } else { "" }
        )));
    }
    let recipe = recipe_of(config)?;
    let spec = recipe.env_spec()?;
    let (data, _, folder, _) = dataset_for(datasets, &recipe)?;
    let sizes = WorldSizes {
        view_size: spec.view_size as usize,
        max_steps: spec.max_steps() as usize,
        n_actions: dt_env::Action::COUNT,
    };
    let statistics = input_statistics(&data, &sizes);
    let device_used = device.open()?;
    let sampler = window_sampler(config, &data, &spec)?;
    let data = data.into();
    let seeds: Vec<u64> = (0..agents as u64).collect();
    let mut trainer = Trainer::new(
        config,
        sizes,
        data,
        sampler,
        &statistics,
        &seeds,
        &device_used,
    );
    if decomposed {
        trainer.decompose();
    }
    let mut times = Vec::new();
    let mut tokens = [0; 2];
    let warmup = steps.div_ceil(5);
    // A GPU is timed over as many steps as a run lets it go ahead.
    let together = trainer.read_every() as usize;
    for n in 0..(warmup + steps).div_ceil(together) {
        // Draws are functions of the step: they can be looked at beforehand.
        let step = trainer.step_count();
        let counts: Vec<[usize; 2]> = (0..together as u64)
            .map(|ahead| {
                trainer.set_step(step + ahead);
                trainer.next_token_counts()
            })
            .collect();
        trainer.set_step(step);
        let start = Instant::now();
        for _ in 0..together {
            trainer.step();
        }
        trainer.read();
        if n * together >= warmup {
            times.push(start.elapsed().as_secs_f64() / together as f64);
            for (sum, of) in tokens.iter_mut().zip([0, 1]) {
                *sum += counts.iter().map(|c| c[of]).sum::<usize>();
            }
        }
    }
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let [drawn, computed] = tokens.map(|sum| sum as f64 / (times.len() * together) as f64);
    let repeats = steps.min(20);
    let mut seconds = trainer.step_in_phases();
    for _ in 1..repeats {
        for ((_, sum), (_, part)) in seconds.iter_mut().zip(trainer.step_in_phases()) {
            *sum += part;
        }
    }
    let total: f64 = seconds.iter().map(|s| s.1).sum();
    Ok(TrainBenchRecord {
        agent: config.name.clone(),
        definition: config.clone(),
        dataset: folder.display().to_string(),
        parameters: trainer.model.parameter_count(),
        peak_rss_mb: peak_memory(),
        device: device.to_string(),
        threads: rayon::current_num_threads(),
        agents,
        batch_size: config.training.batch_size,
        decomposed,
        steps,
        milliseconds: median * 1e3,
        milliseconds_min: times[0] * 1e3,
        milliseconds_max: times[times.len() - 1] * 1e3,
        windows_per_second: (agents * config.training.batch_size) as f64 / median,
        tokens_per_second: drawn / median,
        tokens_computed: computed,
        phases: seconds
            .into_iter()
            .map(|(phase, s)| PhaseRecord {
                phase,
                milliseconds: s * 1e3 / repeats as f64,
                share: s / total,
            })
            .collect(),
    })
}

/// Most memory of this process so far, MB.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
