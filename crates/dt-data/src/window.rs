//! Training windows: which frames an agent is shown together.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;

/// Which steps of an episode a training window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowEnd {
    /// Any step of the dataset, all alike. Long episodes weigh more.
    #[default]
    AnyStep,
    /// Any step at which the window is as long as it can be: in an episode of `L` steps and with
    /// windows of `T` timesteps, steps `min(T, L) - 1` to `L - 1`. Shorter windows are prefixes
    /// of these, and their tokens are trained all the same, since a token only sees earlier ones.
    Full,
    /// The last step of an episode, all episodes alike.
    EpisodeEnd,
    /// The last step of an episode, from any of the steps that fit in the window on: many windows
    /// begin after the start, so that what was seen there must be known from later sights.
    EpisodeTail,
    /// Whatever follows any step of the dataset, as far as the window holds: the original's
    /// windows. In short episodes these are the windows of `EpisodeTail`.
    FromAnyStep,
}

/// A window: `length` consecutive steps from `first_row`, the first of which is step `time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Row of its first step.
    pub first_row: usize,
    /// Number of steps, from 1 to the context's.
    pub length: usize,
    /// Step of its first row within the episode.
    pub time: usize,
}

/// Draws windows, each in constant time.
#[derive(Clone, Debug)]
pub struct WindowSampler {
    /// First row, step of that row within its episode, and length of each possible window.
    windows: Vec<(u32, u16, u16)>,
    look_backs: Option<LookBacks>,
}

/// Windows that tell the instruction, divided by how they do.
#[derive(Clone, Debug)]
struct LookBacks {
    /// Indices of the windows that show it where their episode's first frame does.
    home: Vec<u32>,
    /// Indices of those that show it elsewhere only.
    only: Vec<u32>,
}

impl WindowSampler {
    /// A sampler of windows of up to `timesteps` steps.
    ///
    /// # Panics
    /// If `timesteps` is 0 or the dataset is empty.
    pub fn new(data: &Dataset, timesteps: usize, end: WindowEnd) -> Self {
        assert!(timesteps > 0 && !data.episodes.is_empty());
        let mut windows = Vec::new();
        for episode in &data.episodes {
            let steps = episode.length;
            let last = steps - 1;
            let ending_at = |t: usize| ((t + 1).saturating_sub(timesteps), t);
            let from = |t: usize| (t, (t + timesteps - 1).min(last));
            let mut push = |(first, last): (usize, usize)| {
                let row = (episode.first_row + first) as u32;
                windows.push((row, first as u16, (last + 1 - first) as u16));
            };
            match end {
                WindowEnd::AnyStep => (0..steps).map(ending_at).for_each(&mut push),
                WindowEnd::Full => {
                    (timesteps.min(steps) - 1..steps)
                        .map(ending_at)
                        .for_each(&mut push);
                }
                WindowEnd::EpisodeEnd => push(ending_at(last)),
                WindowEnd::EpisodeTail => {
                    (ending_at(last).0..steps).map(from).for_each(&mut push);
                }
                WindowEnd::FromAnyStep => (0..steps).map(from).for_each(&mut push),
            }
        }
        Self {
            windows,
            look_backs: None,
        }
    }

    /// Prepares [`Self::draw_telling`], with what [`crate::instruction_sights`] gives.
    ///
    /// # Errors
    /// If there is no window of one kind.
    pub fn with_sights(mut self, data: &Dataset, sights: &[Option<u16>]) -> Result<Self, String> {
        let mut cell_of = vec![None; data.rows()];
        for episode in &data.episodes {
            cell_of[episode.first_row..=episode.first_row + episode.length]
                .fill(sights[episode.first_row]);
        }
        let (mut home, mut only) = (Vec::new(), Vec::new());
        for (index, &(row, _, length)) in (0_u32..).zip(&self.windows) {
            let row = row as usize;
            let seen = &sights[row..row + usize::from(length)];
            if seen
                .iter()
                .flatten()
                .any(|&cell| Some(cell) == cell_of[row])
            {
                home.push(index);
            } else if seen.iter().any(Option::is_some) {
                only.push(index);
            }
        }
        if home.is_empty() || only.is_empty() {
            return Err(format!(
                "of {} windows {} show the instruction where the first frame does, and {} elsewhere \
                 only; look-backs need both",
                self.windows.len(),
                home.len(),
                only.len()
            ));
        }
        self.look_backs = Some(LookBacks { home, only });
        Ok(self)
    }

    /// Windows of both kinds that [`Self::draw_telling`] draws: those that show the instruction
    /// where their episode's first frame does, and those that show it elsewhere only.
    pub fn telling(&self) -> Option<(usize, usize)> {
        self.look_backs
            .as_ref()
            .map(|l| (l.home.len(), l.only.len()))
    }

    /// Draws a window that tells the instruction: with probability `share` one whose only sights
    /// of it are *look-backs*, in no view cell where its episode's first frame shows it.
    ///
    /// # Panics
    /// If `share` is no probability, or the sampler has no sights.
    pub fn draw_telling(&self, share: f64, rng: &mut impl Rng) -> Window {
        let LookBacks { home, only } = self.look_backs.as_ref().expect("sights were given");
        let kind = if rng.random_bool(share) { only } else { home };
        self.get(kind[rng.random_range(0..kind.len())] as usize)
    }

    /// Number of windows that can be drawn.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there is none; never so.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Draws a window.
    pub fn draw(&self, rng: &mut impl Rng) -> Window {
        self.get(rng.random_range(0..self.windows.len()))
    }

    /// The window with this index.
    pub fn get(&self, index: usize) -> Window {
        let (row, time, length) = self.windows[index];
        Window {
            first_row: row as usize,
            length: length as usize,
            time: time as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;

    fn windows(timesteps: usize, end: WindowEnd) -> (Dataset, Vec<Window>) {
        let text = "(name: \"w\", env: \"MiniGrid-MemoryS7FixedStart-v0\", max_steps: 20, \
                    parts: [(policy: Boltzmann(temperature: 1.0), amount: Episodes(20))])";
        let (data, _) = Dataset::generate(&Recipe::parse("w.ron", text).unwrap()).unwrap();
        let sampler = WindowSampler::new(&data, timesteps, end);
        let all = (0..sampler.len()).map(|n| sampler.get(n)).collect();
        (data, all)
    }

    #[test]
    fn windows_stay_within_their_episode_and_the_context() {
        use WindowEnd::{AnyStep, EpisodeEnd, EpisodeTail, FromAnyStep, Full};
        for end in [AnyStep, Full, EpisodeEnd, EpisodeTail, FromAnyStep] {
            let (data, all) = windows(5, end);
            for w in all {
                let of = |e: &&crate::Episode| {
                    (e.first_row..e.first_row + e.length).contains(&w.first_row)
                };
                let episode = data.episodes.iter().find(of).unwrap();
                assert_eq!(w.first_row - episode.first_row, w.time);
                assert!((1..=5).contains(&w.length) && w.time + w.length <= episode.length);
                let reaches_end = w.time + w.length == episode.length;
                match end {
                    EpisodeEnd | EpisodeTail => assert!(reaches_end),
                    FromAnyStep => assert!(reaches_end || w.length == 5),
                    AnyStep | Full => assert!(w.time == 0 || w.length == 5),
                }
            }
        }
    }

    #[test]
    fn every_step_begins_one_of_the_originals_windows() {
        let (data, all) = windows(5, WindowEnd::FromAnyStep);
        assert_eq!(all.len(), data.transitions());
        let (data, all) = windows(5, WindowEnd::EpisodeTail);
        let starts: usize = data.episodes.iter().map(|e| e.length.min(5)).sum();
        assert_eq!(all.len(), starts);
    }

    #[test]
    fn look_backs_are_drawn_as_often_as_asked() {
        use rand::SeedableRng;
        let text = "(name: \"w\", env: \"MiniGrid-MemoryS7FixedStart-v0\", max_steps: 50, \
                    parts: [(policy: Boltzmann(temperature: 3.0), amount: Episodes(300))])";
        let sampler = |text: &str| {
            let recipe = Recipe::parse("w.ron", text).unwrap();
            let (data, _) = Dataset::generate(&recipe).unwrap();
            let sights = crate::instruction_sights(&data, &recipe.env_spec().unwrap()).unwrap();
            let sampler = WindowSampler::new(&data, 9, WindowEnd::EpisodeEnd);
            (sampler.with_sights(&data, &sights), sights)
        };
        let (telling, sights) = sampler(text);
        let telling = telling.unwrap();
        let (home, only) = telling.telling().unwrap();
        assert!(home > 10 && only > 10 && home + only < telling.len());
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for share in [0.0, 0.25, 1.0] {
            let mut look_backs = 0;
            for _ in 0..4000 {
                let w = telling.draw_telling(share, &mut rng);
                let seen = &sights[w.first_row..w.first_row + w.length];
                assert!(seen.iter().any(Option::is_some));
                look_backs += usize::from(!seen.contains(&Some(2 * 7 + 6)));
            }
            let found = look_backs as f64 / 4000.0;
            assert!((found - share).abs() < 0.03, "{share}: {found}");
        }
        // Straight walks hold no look-back.
        let straight = text.replace("temperature: 3.0", "temperature: 0.01");
        let message = sampler(&straight).0.unwrap_err();
        assert!(message.contains("and 0 elsewhere"), "{message}");
    }
}
