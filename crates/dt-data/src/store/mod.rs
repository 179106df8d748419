//! Datasets on disk: `steps.arrow`, `episodes.arrow` (Arrow IPC files) and `card.json`.

mod decode;
mod encode;
mod message;
mod schema;

use std::path::{Path, PathBuf};

use arrow_buffer::Buffer;
use dt_env::EnvSpec;
use dt_env::config;
use dt_env::files::{self, FilesError, FolderKind, Staging};

pub(crate) use encode::list_of_bytes;

use crate::card::Card;
use crate::dataset::Dataset;
use crate::errors::DataError;

/// The file by which a dataset directory is known.
const CARD: &str = "card.json";
/// The files that the card's hash covers, in its order.
const CONTENT: [&str; 2] = ["steps.arrow", "episodes.arrow"];
/// Largest card that is read; ours have some tens of kilobytes.
const MAX_CARD: u64 = 16 << 20;

/// Largest file of steps or episodes; one of the most transitions that a recipe may have is smaller.
const MAX_CONTENT: u64 = 64 << 30;
/// Bytes of a row of `steps.arrow` beside its observation: 16 and some bits, generously.
const MAX_BESIDE_OBSERVATION: usize = 32;
/// Bytes of a row of `episodes.arrow`: some fifty, and five short names, generously.
const MAX_EPISODE: usize = 2048;
/// Bytes of a file without rows, and of what its batches have beside them, generously.
const MAX_FRAME: u64 = 1 << 20;

/// Largest file of so many rows of so many bytes.
fn most_bytes(rows: usize, row: usize) -> u64 {
    let content = (rows as u64).saturating_mul(row as u64);
    content.saturating_add(MAX_FRAME).min(MAX_CONTENT)
}

/// A dataset directory, as `--force` may replace it.
pub const KIND: FolderKind = FolderKind {
    name: "a dataset",
    check: |dir| match read_card(dir) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!(
            "has no {CARD} that can be read, so it is no dataset"
        )),
    },
    has: |file| file == Path::new(CARD) || CONTENT.iter().any(|name| file == Path::new(name)),
};

/// Writes a dataset directory; returns the card with its content hash.
///
/// Everything is written into a temporary directory beside `dir`, which then takes its name, so
/// that a failure leaves what was there as it was. With `force`, an existing dataset is replaced
/// (anything else never is).
///
/// # Errors
/// If `dir` is taken, or a file cannot be written.
pub fn write(dir: &Path, data: Dataset, mut card: Card, force: bool) -> Result<Card, DataError> {
    let staging = Staging::new(dir, &KIND, force)?;
    let mut hasher = blake3::Hasher::new();
    let episodes = [encode::episodes_batch(&data)];
    let steps = encode::steps_batches(data);
    for (name, batches) in CONTENT.into_iter().zip([&steps[..], &episodes]) {
        encode::write_file(&staging.path().join(name), batches, &mut hasher)
            .map_err(staging.error(name))?;
    }
    card.content_blake3 = hasher.finalize().to_hex().to_string();
    let text = serde_json::to_string_pretty(&card).expect("a card is plain data") + "\n";
    staging.write(CARD, text.as_bytes())?;
    staging.commit()?;
    Ok(card)
}

/// The hash that [`write()`] gives to a dataset's card: that of the bytes of its files.
///
/// # Panics
/// Never: nothing refuses bytes here.
pub fn content_blake3(data: Dataset) -> String {
    let mut hasher = blake3::Hasher::new();
    let episodes = [encode::episodes_batch(&data)];
    let steps = encode::steps_batches(data);
    for batches in [&steps[..], &episodes] {
        encode::write(std::io::sink(), batches, &mut hasher).expect("a sink takes all");
    }
    hasher.finalize().to_hex().to_string()
}

/// Reads a dataset directory and checks that its content is what the card says.
///
/// A file that is larger than what the card tells of is not read at all.
///
/// # Errors
/// If a file is missing, damaged, or not of this format, or the card counts something else.
pub fn read(dir: &Path) -> Result<(Dataset, Card), DataError> {
    let card = read_card(dir)?;
    let corrupt = |message: String| DataError::Corrupt {
        path: dir.to_owned(),
        message,
    };
    let mut hasher = blake3::Hasher::new();
    let mut load = |name: &str, most: u64| -> Result<Buffer, DataError> {
        let path = dir.join(name);
        let bytes = files::read(&path, most).map_err(|e| match e {
            FilesError::TooLarge { path, bytes, limit } => DataError::Corrupt {
                path,
                message: format!(
                    "has {bytes} bytes, where the episodes and transitions that {CARD} tells of fit \
                     into {limit}"
                ),
            },
            other => other.into(),
        })?;
        hasher.update(&bytes);
        Ok(Buffer::from_vec(bytes))
    };
    let rows = card.transitions.saturating_add(card.episodes);
    let row_bytes = card.env.observation_len() + MAX_BESIDE_OBSERVATION;
    let [steps, episodes] = [
        load(CONTENT[0], most_bytes(rows, row_bytes))?,
        load(CONTENT[1], most_bytes(card.episodes, MAX_EPISODE))?,
    ];
    if hasher.finalize().to_hex().as_str() != card.content_blake3 {
        return Err(corrupt(
            "content does not match the blake3 in card.json; a file is damaged or was changed, \
             generate the dataset again"
                .to_owned(),
        ));
    }
    let dataset = decode_dataset(dir, &steps, &episodes, card.env.observation_len())?;
    let (found, said) = (
        (dataset.episodes.len(), dataset.transitions()),
        (card.episodes, card.transitions),
    );
    if found != said {
        return Err(corrupt(format!(
            "card.json says {said:?} episodes and transitions, the files hold {found:?}"
        )));
    }
    if let Some(field) = card.differs_from(&dataset) {
        return Err(corrupt(format!(
            "field `{field}` of {CARD} is not what the files hold; one of them was changed, generate \
             the dataset again"
        )));
    }
    Ok((dataset, card))
}

/// Reads the card of a dataset directory.
///
/// # Errors
/// If it is missing or not a card.
pub fn read_card(dir: &Path) -> Result<Card, DataError> {
    let path = dir.join(CARD);
    let text = files::read_text(&path, MAX_CARD)?;
    let corrupt = |message: String| DataError::Corrupt {
        path: path.clone(),
        message,
    };
    let card: Card = config::parse_json(&text).map_err(corrupt)?;
    if card.format != 1 {
        return Err(corrupt(format!(
            "format {}, this version reads format 1",
            card.format
        )));
    }
    // A card is no more trusted than the files that recipe and environment came from.
    if let Some(message) = card.recipe.problem() {
        return Err(corrupt(format!("recipe: {message}")));
    }
    EnvSpec::parse("env", &dt_env::config::to_ron(&card.env))
        .map_err(|e| corrupt(e.to_string()))?;
    Ok(card)
}

/// Decodes the two files from memory; a hostile file gives an error, never a panic.
///
/// # Errors
/// [`DataError::Corrupt`], which names the file.
pub fn decode_dataset(
    dir: &Path,
    steps: &Buffer,
    episodes: &Buffer,
    observation_len: usize,
) -> Result<Dataset, DataError> {
    let corrupt = |name: &str| {
        let path: PathBuf = dir.join(name);
        move |message: String| DataError::Corrupt { path, message }
    };
    let [steps_name, episodes_name] = CONTENT;
    if observation_len == 0 || i32::try_from(observation_len).is_err() {
        let message = format!("observations cannot have {observation_len} bytes");
        return Err(corrupt(steps_name)(message));
    }
    let steps = message::decode(steps, &schema::steps_schema(observation_len))
        .map_err(corrupt(steps_name))?;
    let episodes =
        message::decode(episodes, &schema::episodes_schema()).map_err(corrupt(episodes_name))?;
    let mut data = Dataset {
        observation_len,
        observations: Vec::new(),
        actions: Vec::new(),
        rewards: Vec::new(),
        terminated: Vec::new(),
        truncated: Vec::new(),
        returns_to_go: Vec::new(),
        episodes: decode::read_episodes(&episodes).map_err(corrupt(episodes_name))?,
    };
    let mut places = decode::Places::default();
    for batch in &steps {
        decode::append_steps(&mut data, &mut places, batch).map_err(corrupt(steps_name))?;
    }
    decode::check(&data, &places).map_err(corrupt(steps_name))?;
    data.fill_returns_to_go();
    Ok(data)
}
