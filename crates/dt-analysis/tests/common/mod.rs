//! What tests of questions share: a small agent with random weights.

#![allow(clippy::unwrap_used, dead_code)] // tests may panic; each uses a part

use std::path::{Path, PathBuf};

use dt_analysis::prompts::Study;
use dt_analysis::subject::Subject;
use dt_train::checkpoint::{AgentRecord, load_agent, save_agent};
use dt_train::device::DeviceSpec;
use dt_train::model::{ModelConfig, Padding, WorldSizes, initial_values, param_specs};

/// The study's world at another view.
pub fn small_config() -> ModelConfig {
    ModelConfig {
        n_layers: 2,
        n_heads: 2,
        d_model: 16,
        d_mlp: 24,
        n_ctx: 20,
        gated_mlp: true,
        initial_std: 0.4,
        ..ModelConfig::default()
    }
}

/// Writes an agent with random weights into a folder.
pub fn write_agent(dir: &Path, config: &ModelConfig, seed: u64) {
    write_agent_for(&Study::memory_post(), dir, config, seed);
}

/// Writes an agent with random weights that a study can be asked of into a folder.
pub fn write_agent_for(study: &Study, dir: &Path, config: &ModelConfig, seed: u64) {
    let env = study.env_spec().unwrap();
    let sizes = WorldSizes {
        view_size: env.view_size as usize,
        max_steps: env.max_steps() as usize,
        n_actions: 7,
    };
    let (specs, _) = param_specs(config, &sizes);
    let mut values = initial_values(&specs, config.initial_std, seed);
    // Biases that do something.
    for (spec, values) in specs.iter().zip(&mut values) {
        if spec.name.contains(".b_") || spec.name.ends_with(".b") || spec.name.ends_with("bias") {
            for (n, v) in values.iter_mut().enumerate() {
                *v = ((n * 37 + spec.name.len()) % 11) as f32 / 11.0 - 0.5;
            }
        }
    }
    let record = AgentRecord {
        format: 1,
        name: "small".to_owned(),
        model: config.clone(),
        trained_with: config.clone(),
        sizes,
        env: Some(env),
        env_id: None,
        step: 0,
        seed: Some(seed),
        dataset_blake3: None,
    };
    std::fs::create_dir_all(dir).unwrap();
    save_agent(dir, &record, &values).unwrap();
}

/// An agent with random weights; padded as the authors' or aligned as ours.
pub fn small_subject(padding: Padding) -> Subject {
    let config = ModelConfig {
        padding,
        ..small_config()
    };
    small_subject_for(&Study::memory_post(), &config)
}

/// An agent with random weights that a study can be asked of.
pub fn small_subject_for(study: &Study, config: &ModelConfig) -> Subject {
    let dir = tempfile::tempdir().unwrap();
    write_agent_for(study, dir.path(), config, 3);
    let agent = load_agent(dir.path(), &DeviceSpec::Cpu.open().unwrap()).unwrap();
    Subject::new("small".to_owned(), agent, study).unwrap()
}

/// Folder of what is given beside the project, if it is there.
pub fn given() -> Option<PathBuf> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference");
    if dir.exists() {
        return Some(dir.canonicalize().unwrap());
    }
    eprintln!("skipped: the published agents are not here");
    None
}
