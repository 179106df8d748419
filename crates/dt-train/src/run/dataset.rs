//! The dataset of a run: read if it is there, made if it is not.

use std::path::{Path, PathBuf};

use dt_data::{Card, Dataset, Recipe, store};

use super::RunError;

/// Folder of a recipe's dataset: its name, and a hash of all that defines it.
pub fn dataset_dir(root: &Path, recipe: &Recipe) -> PathBuf {
    let text = serde_json::to_string(recipe).expect("a recipe is plain data");
    let hash = blake3::hash(text.as_bytes()).to_hex();
    root.join(format!("{}-{}", recipe.name, &hash[..8]))
}

/// Reads the dataset of a recipe, or makes and keeps it. Also says whether it was made.
///
/// # Errors
/// If it cannot be read or made, or what lies there is of another recipe.
pub fn dataset_for(
    root: &Path,
    recipe: &Recipe,
) -> Result<(Dataset, Card, PathBuf, bool), RunError> {
    let dir = dataset_dir(root, recipe);
    if dir.exists() {
        let (data, card) = store::read(&dir)?;
        if card.recipe != *recipe {
            return Err(RunError::Mismatch(format!(
                "{} holds a dataset of another recipe; remove it",
                dir.display()
            )));
        }
        return Ok((data, card, dir, false));
    }
    let (data, card) = Dataset::generate(recipe)?;
    let card = store::write(&dir, data.clone(), card, false)?;
    Ok((data, card, dir, true))
}
