//! Speed of training, as `dt-train bench` reports it.

mod files;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

pub use crate::engine::OperationsRecord;

use crate::checkpoint::write_atomic;
use crate::definition::{AgentConfig, Precision};
use crate::device::{DeviceSpec, is_gpu};
use crate::engine::libtorch::profile;
use crate::model::WorldSizes;
use crate::run::{
    RunError, Trainer, check_precision, dataset_for, input_statistics, recipe_of, window_sampler,
};

/// What is timed.
#[derive(Clone, Debug)]
pub struct TrainBenchSettings {
    /// Steps to time.
    pub steps: usize,
    /// Agents that train together.
    pub agents: usize,
    /// Whether burn's own operations are used in place of our kernels.
    pub decomposed: bool,
    /// Where a trace of some steps goes; on libtorch only.
    pub trace: Option<PathBuf>,
}

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
    /// Where the time goes when micro-batches run one after the other; on libtorch they do not.
    pub phases: Vec<PhaseRecord>,
    /// What libtorch's profiler counts; none on other devices.
    pub operations: Option<OperationsRecord>,
    /// Why it counts nothing, where it should have.
    pub operations_missing: Option<String>,
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

/// Times training steps.
///
/// # Errors
/// If the dataset or the device cannot be had, the device trains agents one by one, or it cannot
/// be traced to a file that is not there yet.
pub fn bench(
    config: &AgentConfig,
    device: DeviceSpec,
    datasets: &Path,
    settings: &TrainBenchSettings,
) -> Result<TrainBenchRecord, RunError> {
    let &TrainBenchSettings {
        steps,
        agents,
        decomposed,
        ref trace,
    } = settings;
    if trace.is_some() && device == DeviceSpec::Cpu {
        return Err(RunError::Mismatch(
            "a trace is made by libtorch's profiler: use `--device libtorch`".into(),
        ));
    }
    if let Some(path) = trace.as_ref().filter(|path| path.exists()) {
        return Err(RunError::Mismatch(format!(
            "{}: is there already; remove it, or give another name for the trace",
            path.display()
        )));
    }
    if agents > 1 && (decomposed || !device.trains_together()) {
        return Err(RunError::Mismatch(format!(
            "{agents} agents: {device} trains agents one by one{}",
            if decomposed { " where decomposed" } else { "" }
        )));
    }
    check_precision(config, device)?;
    if decomposed && config.training.precision != Precision::F32 {
        return Err(RunError::Mismatch(
            "precision Bf16: burn's own operations are timed in F32 only".into(),
        ));
    }
    let recipe = recipe_of(config)?;
    let spec = recipe.env_spec()?;
    let (data, _, folder, _) = dataset_for(datasets, &recipe)?;
    let sizes = WorldSizes::of(&spec);
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
    let (mut operations, mut operations_missing) = (None, None);
    if device != DeviceSpec::Cpu {
        const STEPS: usize = 5;
        let profiled = profile(is_gpu(&device_used), STEPS, &mut || {
            for _ in 0..STEPS {
                trainer.step();
            }
            trainer.read();
        });
        match (profiled, trace) {
            (Ok((counts, recorded)), _) => {
                if let Some(path) = trace {
                    write_atomic(path, &recorded)?;
                }
                operations = Some(counts);
            }
            (Err(error), Some(path)) => {
                let message = format!("{}: {error}", path.display());
                return Err(RunError::Mismatch(message));
            }
            // The times are there all the same.
            (Err(error), None) => operations_missing = Some(error.to_string()),
        }
    }
    Ok(TrainBenchRecord {
        agent: config.name.clone(),
        definition: config.clone(),
        dataset: folder.display().to_string(),
        parameters: trainer.model.parameter_count(),
        peak_rss_mb: files::peak_memory(),
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
        operations,
        operations_missing,
    })
}
