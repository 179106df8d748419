//! Minari's Arrow layout (Farama Foundation, version 0.5), which `minari.load_dataset` opens.
//!
//! ```text
//! <Minari's root>/<id>/data/metadata.json           spaces, counts, where it comes from
//! <Minari's root>/<id>/data/<episode>/part-0.arrow  T + 1 rows; the last action is a filler
//! <Minari's root>/<id>/data/<episode>/metadata.json seed, and our provenance
//! ```

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use dt_env::files::{FolderKind, Staging};
use dt_env::tasks::memory::{Start, StartDirection};
use dt_env::{Action, EnvSpec, PickupRule, WorldConfig};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::card::Card;
use crate::dataset::{Dataset, NO_ACTION};
use crate::errors::DataError;
use crate::store::list_of_bytes;

/// Version that the files claim: the first one with this layout, so that all later ones read it.
const MINARI_VERSION: &str = "0.5.0";
/// The file by which an export is known.
const METADATA: &str = "data/metadata.json";

/// An export, as `--force` may replace it.
pub const KIND: FolderKind = FolderKind {
    name: "a dataset of Minari",
    check: |dir| match dir.join(METADATA).is_file() {
        true => Ok(()),
        false => Err(format!("has no {METADATA}, so it is no dataset of Minari")),
    },
    // `data/metadata.json`, and of each episode `data/N/part-0.arrow` and `data/N/metadata.json`.
    has: |file| {
        let parts: Vec<&str> = file.iter().filter_map(|part| part.to_str()).collect();
        match parts[..] {
            ["data", "metadata.json"] => true,
            ["data", episode, "part-0.arrow" | "metadata.json"] => {
                episode.bytes().all(|b| b.is_ascii_digit())
            }
            _ => false,
        }
    },
};

/// Id of a Minari dataset: `name-v0` or `namespace/name-v0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinariId(String);

impl FromStr for MinariId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_word = |part: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            !part.is_empty() && part.chars().all(is_plain)
        };
        let is_version = |text: &str| text.len() < 10 && text.parse::<u32>().is_ok();
        let (namespaces, last) = text.rsplit_once('/').unwrap_or(("xx", text));
        if let Some((name, version)) = last.rsplit_once("-v")
            && is_word(name)
            && is_version(version)
            // Minari wants namespaces of two characters and more.
            && namespaces.split('/').all(|part| is_word(part) && part.len() > 1)
        {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "`{text}` is no Minari id; it must be like name-v0 or namespace/name-v0, of letters, \
             digits, '-' and '_'"
        ))
    }
}

impl fmt::Display for MinariId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl MinariId {
    /// The id for a dataset that will be at `dir`: its last component, with `-v0` where it has no
    /// version, and `-` for what Minari does not allow.
    pub fn for_dir(dir: &Path) -> Self {
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        if let Ok(id) = name.parse() {
            return id;
        }
        let plain: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '_' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        match plain.trim_matches('-') {
            "" => Self("dataset-v0".to_owned()),
            _ => Self(format!("{plain}-v0")),
        }
    }

    /// Minari's root folder, if the dataset lies where Minari looks for this id.
    pub fn root_of(&self, dir: &Path) -> Option<PathBuf> {
        let mut root = dir;
        for part in self.0.rsplit('/') {
            if root.file_name()? != part {
                return None;
            }
            root = root.parent()?;
        }
        Some(root.to_owned())
    }
}

/// Whether Minari can list a folder of datasets with one at `dir` in it: it takes the names of folders
/// for ids, and stops at the first that is none.
///
/// # Errors
/// [`DataError::Export`], which says what to call it.
pub fn check_place(dir: &Path) -> Result<(), DataError> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    match name.parse::<MinariId>() {
        Ok(_) => Ok(()),
        Err(_) => Err(DataError::Export(format!(
            "--out {}: Minari takes the folder's name for an id, and one that is none keeps it from \
             listing any; let it end in name-v0, like {}",
            dir.display(),
            MinariId::for_dir(dir)
        ))),
    }
}

/// Writes a dataset for Minari to `dir`; with `force`, an export that is there is replaced.
///
/// # Errors
/// If `dir` is taken, or a file cannot be written.
pub fn write_minari(
    data: &Dataset,
    card: &Card,
    id: &MinariId,
    dir: &Path,
    force: bool,
) -> Result<(), DataError> {
    let staging = Staging::new(dir, &KIND, force)?;
    staging.create_dir("data")?;
    let schema = Arc::new(episode_schema(data.observation_len));
    let bytes = (0..data.episodes.len())
        .into_par_iter()
        .map(|n| -> Result<u64, DataError> {
            let folder = format!("data/{n}");
            staging.create_dir(&folder)?;
            let name = format!("{folder}/part-0.arrow");
            let file = staging.create(&name)?;
            let steps = write_episode(file, data, n, &schema).map_err(staging.error(&name))?;
            let name = format!("{folder}/metadata.json");
            let text = episode_metadata(data, n).to_string();
            let mut file = staging.create(&name)?;
            file.write_all(text.as_bytes())
                .map_err(staging.error(&name))?;
            Ok(steps + text.len() as u64)
        })
        .try_reduce(|| 0, |a, b| Ok(a + b))?;
    let text = metadata(data, card, id, bytes).to_string();
    staging.write(METADATA, text.as_bytes())?;
    Ok(staging.commit()?)
}

/// Columns of an episode, as pyarrow writes them for Minari.
fn episode_schema(observation_len: usize) -> Schema {
    let item = Arc::new(Field::new("item", DataType::UInt8, true));
    let list = DataType::FixedSizeList(item, observation_len as i32);
    Schema::new(vec![
        Field::new("observations", list, true),
        Field::new("actions", DataType::Int64, true),
        Field::new("rewards", DataType::Float64, true),
        Field::new("terminations", DataType::Boolean, true),
        Field::new("truncations", DataType::Boolean, true),
    ])
}

/// Writes the rows of an episode; returns the size of the file.
fn write_episode(
    mut file: impl Write,
    data: &Dataset,
    n: usize,
    schema: &SchemaRef,
) -> std::io::Result<u64> {
    let episode = &data.episodes[n];
    let rows = episode.first_row..=episode.first_row + episode.length;
    let bytes = rows.start() * data.observation_len..(rows.end() + 1) * data.observation_len;
    let filled = |&action: &u8| if action == NO_ACTION { 0 } else { action };
    let actions = data.actions[rows.clone()].iter().map(filled);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(list_of_bytes(
            schema.field(0).data_type(),
            data.observations[bytes].to_vec(),
        )),
        Arc::new(actions.map(i64::from).collect::<Int64Array>()),
        Arc::new(Float64Array::from(data.rewards[rows.clone()].to_vec())),
        Arc::new(BooleanArray::from(data.terminated[rows.clone()].to_vec())),
        Arc::new(BooleanArray::from(data.truncated[rows].to_vec())),
    ];
    let batch = RecordBatch::try_new(schema.clone(), columns).expect("columns are of one length");
    // In memory first, which says how long it is.
    let encode = || -> Result<Vec<u8>, ArrowError> {
        let mut writer = FileWriter::try_new(Vec::new(), schema)?;
        writer.write(&batch)?;
        writer.into_inner()
    };
    let bytes = encode().map_err(|e| match e {
        ArrowError::IoError(_, source) => source,
        other => std::io::Error::other(other),
    })?;
    file.write_all(&bytes)?;
    Ok(bytes.len() as u64)
}

fn episode_metadata(data: &Dataset, n: usize) -> Value {
    let episode = &data.episodes[n];
    json!({
        "id": n,
        "total_steps": episode.length,
        "seed": episode.env_seed,
        "policy": episode.policy,
        "temperature": episode.temperature,
        "instruction": episode.instruction,
        "left_right": episode.left_right,
        "target_side": episode.target_side,
        "outcome": episode.outcome,
        "return": episode.total_return,
    })
}

fn metadata(data: &Dataset, card: &Card, id: &MinariId, bytes: u64) -> Value {
    let view = card.env.view_size as usize;
    let cube = |value: u8| vec![vec![[value; 3]; view]; view];
    let observations = json!({
        "type": "Box",
        "dtype": "uint8",
        "shape": [view, view, 3],
        "low": cube(0),
        "high": cube(u8::MAX),
    });
    let actions = json!({"type": "Discrete", "dtype": "int64", "start": 0, "n": Action::COUNT});
    let policies: Vec<&str> = card.demonstrators.iter().map(|d| &*d.policy).collect();
    let mut metadata = json!({
        "dataset_id": id.to_string(),
        "minari_version": MINARI_VERSION,
        "data_format": "arrow",
        "jpeg_encoding": false,
        "total_episodes": data.episodes.len(),
        "total_steps": data.transitions(),
        // Megabytes, to one decimal, as Minari counts them.
        "dataset_size": (bytes as f64 / 1e5).round() / 10.0,
        "observation_space": observations.to_string(),
        "action_space": actions.to_string(),
        "algorithm_name": policies.join(", "),
        "description": format!(
            "{} of {} (step limit {}), made by dt-data",
            card.recipe.name,
            card.env.id,
            card.env.max_steps()
        ),
        // Not Minari's: where to find everything else.
        "environment": card.env,
        "recipe": card.recipe,
        "source_blake3": card.content_blake3,
    });
    if let Some(spec) = gymnasium_spec(&card.env) {
        metadata["env_spec"] = spec.to_string().into();
        metadata["requirements"] = json!(["minigrid>=3.0"]);
    }
    metadata
}

/// How gymnasium makes this environment; `None` if MiniGrid does not have it.
///
/// Ours are the observations of its `ImgObsWrapper`, which gymnasium cannot put into a spec.
fn gymnasium_spec(env: &EnvSpec) -> Option<Value> {
    let WorldConfig::Memory(memory) = &env.world else {
        return None;
    };
    let is_upstream = env.pickup == PickupRule::Toggle
        && memory.start == Start::Random
        && memory.direction == StartDirection::Fixed
        && !env.see_through_walls;
    is_upstream.then(|| {
        json!({
            "id": env.id,
            "entry_point": "minigrid.envs:MemoryEnv",
            "reward_threshold": null,
            "nondeterministic": false,
            "max_episode_steps": null,
            "order_enforce": true,
            "disable_env_checker": false,
            "kwargs": {
                "size": memory.size,
                "random_length": memory.random_length,
                "max_steps": env.max_steps(),
                "agent_view_size": env.view_size,
            },
            "additional_wrappers": [],
            "vector_entry_point": null,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_that_minari_reads() {
        for good in ["memory-v0", "dt/memory_post-v12", "a-b-v1", "dt/lab/m-v0"] {
            assert_eq!(good.parse::<MinariId>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "-v0",
            "memory",
            "memory-v",
            "memory-vx",
            "a b-v0",
            "/a-v0",
            "dt//m-v0",
            "x/m-v0",
            "../m-v0",
            "memory-v1/",
            "memory-v99999999999",
            "é-v0",
        ] {
            assert!(bad.parse::<MinariId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_follows_from_the_place() {
        let id = |dir: &str| MinariId::for_dir(Path::new(dir));
        assert_eq!(id("out/memory-v3").to_string(), "memory-v3");
        assert_eq!(id("out/my data").to_string(), "my-data-v0");
        assert_eq!(id("/").to_string(), "dataset-v0");
        let place = |dir: &str| check_place(Path::new(dir)).map_err(|e| e.to_string());
        assert_eq!(place("out/memory-v3"), Ok(()));
        for (bad, better) in [
            ("out/my data", "my-data-v0"),
            ("out", "out-v0"),
            ("/", "dataset-v0"),
        ] {
            assert!(place(bad).unwrap_err().contains(better), "{bad}");
        }
        let root = |id: &str, dir: &str| id.parse::<MinariId>().unwrap().root_of(Path::new(dir));
        assert_eq!(root("m-v0", "out/m-v0"), Some("out".into()));
        assert_eq!(root("dt/m-v0", "out/dt/m-v0"), Some("out".into()));
        assert_eq!(root("m-v0", "out/other"), None);
        assert_eq!(root("dt/m-v0", "m-v0"), None);
    }

    #[test]
    fn gymnasium_makes_what_minigrid_has() {
        let spec = |id| gymnasium_spec(&EnvSpec::builtin(id).unwrap());
        let known = spec("MiniGrid-MemoryS13Random-v0").unwrap();
        assert_eq!(known["kwargs"]["random_length"], true);
        assert_eq!(known["kwargs"]["max_steps"], 5 * 13 * 13);
        for unknown in [
            "MiniGrid-MemoryS7FixedStart-v0",
            "DTI-MemoryS7-default",
            "TwoRooms",
        ] {
            assert_eq!(spec(unknown), None);
        }
    }
}
