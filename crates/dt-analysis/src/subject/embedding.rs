//! Item vectors as they were before training.

use dt_train::checkpoint::load_agent;
use dt_train::model::{initial_values, param_specs};
use dt_train::run::run_of;

use super::Subject;
use crate::Error;

/// Item vectors before training, `[item][d_model]`: as they were kept, or drawn again from the
/// run's seed. An imported agent has none.
///
/// # Errors
/// If the kept weights cannot be read.
pub fn initial_embeddings(subject: &Subject) -> Result<Option<Vec<Vec<f64>>>, Error> {
    let kept = run_of(&subject.agent.dir).map(|run| run.join("checkpoints/step-000000"));
    if let Some(dir) = kept.filter(|dir| dir.exists()) {
        let agent = load_agent(&dir, &subject.device())?;
        return Ok(Some(super::item_vectors(&agent.model)));
    }
    let record = &subject.agent.record;
    let Some(seed) = record.seed else {
        return Ok(None);
    };
    let (specs, _) = param_specs(&record.trained_with, &record.sizes);
    let values = initial_values(&specs, record.trained_with.initial_std, seed);
    let table = specs
        .iter()
        .position(|s| s.name == "state_embedding.weight");
    let row = |row: &[f32]| row.iter().map(|&v| f64::from(v)).collect();
    Ok(table.map(|n| {
        let rows = values[n].chunks_exact(record.trained_with.d_model);
        rows.map(row).collect()
    }))
}
