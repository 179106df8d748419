//! Worlds as data: what an `envs/*.ron` file says.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::core::action::{Direction, Pose};
use crate::core::tile::Object;
use crate::core::world::{PickupRule, Rules, World};
use crate::facts::{Axis, Facts, FactsError};
use crate::outcome::Failure;
use crate::shared::config::{self, ConfigError};
use crate::tasks::{Family, Layout, WorldConfig};

/// Definition of an environment.
///
/// ```
/// let spec = dt_env::EnvSpec::builtin("MiniGrid-MemoryS7-v0").unwrap();
/// assert_eq!(spec.max_steps(), 245);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvSpec {
    /// Name by which commands and datasets call the environment.
    pub id: String,
    /// One sentence for `dt-env list`.
    #[serde(default)]
    pub description: String,
    /// What a reset lays out.
    pub world: WorldConfig,
    /// Step at which an episode is truncated; by default what the world's family says (MiniGrid's
    /// `5 * size²` for memory worlds, `4 * width * height` for maps).
    #[serde(default)]
    pub max_steps: Option<u32>,
    /// Side of the egocentric view; odd, from 3.
    #[serde(default = "default_view")]
    pub view_size: u8,
    /// Whether walls hide what is behind them (`false`) or not.
    #[serde(default)]
    pub see_through_walls: bool,
    /// What the pickup action does.
    #[serde(default)]
    pub pickup: PickupRule,
}

fn default_view() -> u8 {
    7
}

/// Longest id, in characters.
const MAX_ID: usize = 128;

/// Whether gymnasium takes it for an id of an environment: `name` or `namespace/name`, with the
/// version that may end it (`ENV_ID_RE` of its `registration.py`, in ASCII).
fn is_id(id: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_:-".contains(c);
    let (namespace, name) = id.split_once('/').unwrap_or(("x", id));
    id.len() <= MAX_ID
        && !namespace.is_empty()
        && !name.is_empty()
        && namespace.chars().all(is_word)
        && name.chars().all(|c| is_word(c) || c == '.')
}

impl EnvSpec {
    /// Every built-in environment.
    ///
    /// # Panics
    /// Never in a released build: a test reads all of them.
    pub fn all_builtin() -> Vec<Self> {
        WorldConfig::builtin()
            .into_iter()
            .map(|(file, text)| Self::parse(file, text).expect("built-in definitions are valid"))
            .collect()
    }

    /// The built-in environment with this id, if there is one.
    pub fn builtin(id: &str) -> Option<Self> {
        Self::all_builtin().into_iter().find(|spec| spec.id == id)
    }

    /// A built-in environment by id, by the name of its file (`memory-s7`) or by its path, from any
    /// folder; or a definition by path (anything that ends in `.ron`).
    ///
    /// # Errors
    /// If the name is unknown, or the file is not a valid definition.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        match config::find_builtin(&WorldConfig::builtin(), name) {
            Some((file, text)) if !Path::new(name).exists() => return Self::parse(file, text),
            None if !config::is_path(name) => {}
            _ => return Self::read(Path::new(name)),
        }
        Self::builtin(name).ok_or_else(|| ConfigError::Invalid {
            file: name.to_owned(),
            message: "no environment of this name; give a path to a .ron file, or a name that \
                      `dt-env list` shows"
                .to_owned(),
        })
    }

    /// Reads and checks a definition.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let spec: Self = config::read_ron(path)?;
        spec.check(&path.display().to_string())?;
        Ok(spec)
    }

    /// Reads and checks a definition from text; `file` only names it in errors.
    ///
    /// # Errors
    /// [`ConfigError`] with file and field.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let spec: Self = config::parse_ron(file, text)?;
        spec.check(file)?;
        Ok(spec)
    }

    fn check(&self, file: &str) -> Result<(), ConfigError> {
        self.problem().map_or(Ok(()), |message| {
            Err(ConfigError::Invalid {
                file: file.to_owned(),
                message,
            })
        })
    }

    /// What makes this definition impossible, if anything does.
    pub fn problem(&self) -> Option<String> {
        let view = self.view_size;
        if !is_id(&self.id) {
            let shown: String = self.id.chars().take(MAX_ID).collect();
            return Some(format!(
                "field `id`: is {shown:?}, must be at most {MAX_ID} letters, digits, '_', '.', ':' and \
                 '-', with a namespace and '/' before it or not, as gymnasium wants it"
            ));
        }
        if view < 3 || view.is_multiple_of(2) || view > 31 {
            return Some(format!(
                "field `view_size`: is {view}, must be odd and from 3 to 31"
            ));
        }
        if self.max_steps == Some(0) || self.max_steps > Some(u32::from(u16::MAX)) {
            return Some("field `max_steps`: must be from 1 to 65535".to_owned());
        }
        if let (Some(field), PickupRule::Toggle) = (self.world.needs_hands(), self.pickup) {
            return Some(format!(
                "field `{field}`: asks for something to be picked up, which field `pickup`, Toggle, \
                 rules out"
            ));
        }
        self.world.family(view as usize).err()
    }

    /// Step at which an episode is truncated.
    pub fn max_steps(&self) -> u32 {
        self.max_steps.unwrap_or_else(|| self.world.max_steps())
    }

    /// The same environment with another step limit.
    #[must_use]
    pub fn with_max_steps(mut self, max_steps: u32) -> Self {
        self.max_steps = Some(max_steps);
        self
    }

    /// Bytes of one observation: `view_size² * 3`.
    pub fn observation_len(&self) -> usize {
        (self.view_size as usize).pow(2) * 3
    }

    fn rules(&self) -> Rules {
        Rules {
            max_steps: self.max_steps(),
            see_through_walls: self.see_through_walls,
            pickup: self.pickup,
            wanted: None,
        }
    }

    /// The family of worlds, ready to lay worlds out.
    pub(crate) fn family(&self) -> Family {
        self.world
            .family(self.view_size as usize)
            .expect("checked when the spec was read")
    }

    /// A world of this definition whose cells wait for a first reset.
    pub(crate) fn new_world(&self, family: &Family) -> World {
        let corner = Pose {
            x: 1,
            y: 1,
            dir: Direction::Right,
        };
        let (grid, rules) = family.blank(self.view_size as usize, self.rules());
        World::new(grid, corner, rules)
    }

    /// Most outcomes of a reset that [`Self::layouts`] lists.
    pub const MAX_LAYOUTS: usize = 1 << 16;

    /// Every outcome of a reset with its probability. `None` where resets cannot be enumerated or
    /// have more than [`Self::MAX_LAYOUTS`] outcomes.
    pub fn layouts(&self) -> Option<Vec<(Layout, f64)>> {
        self.family().layouts(Self::MAX_LAYOUTS)
    }

    /// The outcomes of a reset of which `facts` are true, with the probabilities that a reset
    /// gives them: they sum to the probability of `facts`.
    ///
    /// # Errors
    /// If there is no such axis, value or combination, or if resets cannot be enumerated.
    pub fn layouts_where(&self, facts: &Facts) -> Result<Vec<(Layout, f64)>, FactsError> {
        let env = || self.id.clone();
        facts.check(&self.id, &self.axes())?;
        let mut listed = self
            .layouts()
            .ok_or_else(|| FactsError::NotEnumerated { env: env() })?;
        listed.retain(|(layout, _)| layout.facts().contains(facts));
        if listed.is_empty() {
            let facts = facts.clone();
            return Err(FactsError::Together { env: env(), facts });
        }
        Ok(listed)
    }

    /// What resets decide, axis by axis, with every value that an axis can have. Empty where all
    /// resets are the same.
    pub fn axes(&self) -> Vec<Axis> {
        self.family().axes()
    }

    /// Kinds of objects that the agent must tell apart, in the order of tables.
    pub fn items(&self) -> &'static [Object] {
        self.family().items()
    }

    /// The axis of [`Self::axes`] that the agent must see and remember, if the task has one.
    pub fn cue_axis(&self) -> Option<&'static str> {
        self.family().cue_axis()
    }

    /// Ways in which the task can fail, in the order of tables.
    pub fn failures(&self) -> &'static [Failure] {
        self.family().failures()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_reads_and_ids_are_unique() {
        let mut ids: Vec<String> = EnvSpec::all_builtin().into_iter().map(|s| s.id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    fn error(text: &str) -> String {
        EnvSpec::parse("my.ron", text).unwrap_err().to_string()
    }

    #[test]
    fn mistakes_name_file_place_and_field() {
        let unknown = error("(\n  id: \"a\",\n  world: Memory((size: 7, colour: 3)),\n)");
        assert!(
            unknown.starts_with("my.ron:3:") && unknown.contains("colour"),
            "{unknown}"
        );
        let wrong_type = error("(id: \"a\", world: Memory((size: \"big\")))");
        assert!(wrong_type.contains("size"), "{wrong_type}");
        let even = error("(id: \"a\", world: Memory((size: 8)))");
        assert!(even.contains("must be odd"), "{even}");
        let view = error("(id: \"a\", world: Memory((size: 7)), view_size: 4)");
        assert!(view.contains("view_size"), "{view}");
    }

    #[test]
    fn ids_are_those_that_gymnasium_takes() {
        for good in ["a", "MiniGrid-MemoryS7-v0", "lab/a.b:c-v3", "_", "x-v"] {
            assert!(is_id(good), "{good}");
        }
        let long = "a".repeat(129);
        for bad in [
            "",
            "my world (v2)!",
            "a/b/c",
            "/a",
            "a/",
            "a.b/c",
            "é",
            "a\u{1b}[2J",
            &long,
        ] {
            let error = error(&format!("(id: {bad:?}, world: Memory((size: 7)))"));
            assert!(error.contains("`id`") && error.len() < 500, "{error}");
        }
    }

    #[test]
    fn impossible_maps_are_refused() {
        let map = |rows: &str| {
            error(&format!(
                "(id: \"a\", world: Map((rows: [{rows}], success: Reach)))"
            ))
        };
        assert!(map("\"####\", \"#>+#\", \"###\"").contains("rows[2]"));
        assert!(map("\"####\", \"#>+.\", \"####\"").contains("border"));
        assert!(map("\"####\", \"#.+#\", \"####\"").contains("no agent"));
        assert!(map("\"####\", \"#>.#\", \"####\"").contains("Reach needs"));
        assert!(map("\"####\", \"#>?#\", \"####\"").contains("'?'"));
        assert!(map("\"#####\", \"#>>+#\", \"#####\"").contains("second agent"));
    }
}
