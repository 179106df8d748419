//! How often an agent's training data show each item that tells something.
//!
//! A dataset's card counts some objects. Where a study is about others, frames are counted here.

use std::collections::BTreeMap;
use std::path::Path;

use dt_data::{Card, Dataset, Recipe, store};
use dt_env::{Cell, Object};
use dt_train::AgentConfig;
use dt_train::checkpoint::Agent;
use dt_train::run::{recipe_of, run_of, run_record};

use super::fit::difference;
use crate::Error;
use crate::prompts::{Item, Study};

/// Frames of the training data that show each item that tells something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposure {
    frames: BTreeMap<Item, u64>,
    /// Whether they are of the agent's own data, or of a recipe that stands in for them.
    pub own: bool,
}

impl Exposure {
    /// Of an agent: from the data that its run names, or from the study's recipe for an agent
    /// that comes without its data.
    ///
    /// # Errors
    /// If the recipe cannot be read, or the data are of another world than the study.
    pub fn of(agent: &Agent, study: &Study) -> Result<Self, Error> {
        let objects = study.direction_set()?.objects;
        // A card says it without its data, as far as it counts the objects.
        let card =
            run_record(&agent.dir).and_then(|r| store::read_card(Path::new(&r.dataset)).ok());
        if let Some(card) = card.filter(|card| is_own(card, agent)) {
            is_of_world(&card, study)?;
            let found = Self::from_card(&card, true);
            if found.counts(objects) {
                return Ok(found);
            }
        }
        let of_data = |data: &Dataset, card: &Card, own: bool| {
            is_of_world(card, study)?;
            let found = Self::from_card(card, own);
            Ok(match found.counts(objects) {
                true => found,
                false => Self::from_data(data, own),
            })
        };
        if let Some((data, card)) = own_data(agent) {
            return of_data(&data, &card, true);
        }
        // Other data than the agent was trained on stand in for its own.
        match &study.exposure {
            Some(recipe) => {
                let recipe = Recipe::find(recipe).map_err(Error::Config)?;
                let (data, card) = Dataset::generate(&recipe)?;
                of_data(&data, &card, false)
            }
            // Nothing is known of what it saw.
            None => Ok(Self::default()),
        }
    }

    /// Whether both objects are among those that were counted.
    fn counts(&self, objects: (Object, Object)) -> bool {
        let counts = |object| self.frames.keys().any(|item| item.object == object);
        counts(objects.0) && counts(objects.1)
    }

    /// From the frames themselves, final ones left out as on a card.
    pub fn from_data(data: &Dataset, own: bool) -> Self {
        let view = (data.observation_len / 3).isqrt();
        let mut counts = vec![0_u64; Object::ALL.len() * view * view];
        for episode in &data.episodes {
            for row in episode.first_row..episode.first_row + episode.length {
                let cells = data.observation(row).chunks_exact(3).enumerate();
                for (cell, tile) in cells {
                    counts[usize::from(tile[0]) * view * view + cell] += 1;
                }
            }
        }
        let item = |n: usize| {
            let cell = Cell::from_index(n % (view * view), view);
            Item::new(Object::ALL[n / (view * view)], cell)
        };
        let frames = counts.into_iter().enumerate().map(|(n, c)| (item(n), c));
        Self {
            frames: frames.collect(),
            own,
        }
    }

    /// From a dataset's card.
    pub fn from_card(card: &Card, own: bool) -> Self {
        let frames = card
            .exposure
            .iter()
            .filter_map(|row| Some((row.item.parse().ok()?, row.frames)))
            .collect();
        Self { frames, own }
    }

    /// Frames that show an item.
    pub fn frames(&self, item: Item) -> u64 {
        self.frames.get(&item).copied().unwrap_or(0)
    }

    /// Cells at which both objects are each seen in at least so many frames.
    pub fn exposed_cells(&self, view: usize, objects: (Object, Object), least: u64) -> Vec<Cell> {
        (0..view * view)
            .map(|n| Cell::from_index(n, view))
            .filter(|&cell| {
                [objects.0, objects.1]
                    .into_iter()
                    .all(|object| self.frames(Item::new(object, cell)) >= least)
            })
            .collect()
    }
}

/// Whether data are those that an agent was trained on.
fn is_own(card: &Card, agent: &Agent) -> bool {
    Some(&card.content_blake3) == agent.record.dataset_blake3.as_ref()
}

/// Refuses data of another world than a study's: what is seen where is another matter there.
fn is_of_world(card: &Card, study: &Study) -> Result<(), Error> {
    let spec = study.env_spec().map_err(Error::Config)?;
    match difference(&card.env, &spec) {
        None => Ok(()),
        Some(differs) => Err(Error::Question(format!(
            "the data of recipe {} are of {}, study {} is about {}: {differs}",
            card.recipe.name, card.env.id, study.name, study.env
        ))),
    }
}

/// An agent's training data, if they are still where its run says, or if what the run says of them
/// makes them again.
pub fn training_data(agent: &Agent) -> Option<Dataset> {
    own_data(agent).map(|(data, _)| data)
}

fn own_data(agent: &Agent) -> Option<(Dataset, Card)> {
    let kept = run_record(&agent.dir).and_then(|r| store::read(Path::new(&r.dataset)).ok());
    let made_again = || {
        let config = AgentConfig::read(&run_of(&agent.dir)?.join("config.ron")).ok()?;
        let (data, mut card) = Dataset::generate(&recipe_of(&config).ok()?).ok()?;
        card.content_blake3 = store::content_blake3(data.clone());
        Some((data, card))
    };
    let own = |found: &(Dataset, Card)| is_own(&found.1, agent);
    kept.filter(own).or_else(|| made_again().filter(own))
}
