//! The card's numbers, counted again from the files and the environment alone.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{ALL_POLICIES, recipe};
use dt_data::{Card, Dataset, Outcome};
use dt_env::{Action, Env, Object};

fn made() -> (Dataset, Card) {
    Dataset::generate(&recipe(ALL_POLICIES)).unwrap()
}

fn actions(data: &Dataset, n: usize) -> &[u8] {
    let episode = &data.episodes[n];
    &data.actions[episode.first_row..][..episode.length]
}

fn entropy(counts: &BTreeMap<u8, f64>) -> f64 {
    let total: f64 = counts.values().sum();
    counts.values().map(|n| n / total * (total / n).ln()).sum()
}

#[test]
fn every_episode_is_what_its_seed_and_actions_give() {
    let (data, card) = made();
    let mut env = Env::new(card.env.clone().into());
    for (n, episode) in data.episodes.iter().enumerate() {
        env.reset(episode.env_seed);
        let configuration = env.layout().memory().unwrap().configuration;
        assert_eq!(
            episode.instruction.as_deref(),
            Some(configuration.instruction.name())
        );
        assert_eq!(
            episode.left_right.as_deref(),
            Some(configuration.order.name())
        );
        let side = format!("{:?}", configuration.success_side()).to_lowercase();
        assert_eq!(episode.target_side, Some(side));
        let mut total = 0.0;
        for (t, &action) in actions(&data, n).iter().enumerate() {
            let row = episode.first_row + t;
            assert_eq!(data.observation(row), env.world().observation());
            let result = env.step(Action::from_index(action).unwrap());
            let last = t + 1 == episode.length;
            let cut = last && episode.outcome == Outcome::Cut;
            assert_eq!(data.rewards[row].to_bits(), result.reward.to_bits());
            assert_eq!(data.terminated[row], result.terminated);
            assert_eq!(data.truncated[row], result.truncated || cut);
            assert_eq!(result.is_last() || cut, last, "episode {n}, step {t}");
            total += result.reward;
        }
        let end = episode.first_row + episode.length;
        assert_eq!(data.observation(end), env.world().observation());
        assert_eq!(episode.total_return, total);
        let won = total > 0.0;
        assert_eq!(won, episode.outcome == Outcome::Success);
    }
}

#[test]
fn counts_and_entropies() {
    let (data, card) = made();
    let mut env = Env::new(card.env.clone().into());
    let mut distinct = BTreeSet::new();
    let mut counts: BTreeMap<u8, f64> = BTreeMap::new();
    let mut given: BTreeMap<_, BTreeMap<u8, f64>> = BTreeMap::new();
    for (n, episode) in data.episodes.iter().enumerate() {
        env.reset(episode.env_seed);
        let layout = *env.layout();
        distinct.insert((layout, actions(&data, n).to_vec()));
        for (t, &action) in actions(&data, n).iter().enumerate() {
            *counts.entry(action).or_default() += 1.0;
            let group = given.entry((layout, episode.outcome, t)).or_default();
            *group.entry(action).or_default() += 1.0;
        }
    }
    let total: f64 = counts.values().sum();
    assert_eq!(card.transitions as f64, total);
    assert_eq!(card.distinct_episodes, distinct.len());
    assert!(
        distinct.len() < data.episodes.len(),
        "the planner repeats itself"
    );
    for (&action, &count) in &counts {
        let name = Action::from_index(action).unwrap().name();
        assert_eq!(card.actions[name] as f64, count);
    }
    assert!((card.action_entropy - entropy(&counts)).abs() < 1e-9);
    let weighted = given
        .values()
        .map(|group| entropy(group) * group.values().sum::<f64>() / total);
    assert!((card.conditional_action_entropy - weighted.sum::<f64>()).abs() < 1e-9);
}

#[test]
fn tables_add_up() {
    let (data, card) = made();
    let count = data.episodes.len();
    assert_eq!(card.episodes, count);
    assert_eq!(card.outcomes.values().sum::<usize>(), count);
    assert_eq!(card.configurations.values().sum::<usize>(), count);
    assert_eq!(card.length_histogram.values().sum::<usize>(), count);
    assert_eq!(card.return_histogram.values().sum::<usize>(), count);
    let lengths = card.length_histogram.iter().map(|(l, n)| l * n);
    assert_eq!(lengths.sum::<usize>(), card.transitions);
    let demonstrators = &card.demonstrators;
    assert_eq!(
        demonstrators.iter().map(|d| d.episodes).sum::<usize>(),
        count
    );
    let transitions = demonstrators.iter().map(|d| d.transitions);
    assert_eq!(transitions.sum::<usize>(), card.transitions);
    for name in ["top_2", "top_3", "bottom_6", "uniform", "planner"] {
        assert!(demonstrators.iter().any(|d| d.policy == name), "{name}");
    }
    // Each environment of a part that is counted in steps ends where its share does.
    let cut = data.episodes.iter().filter(|e| e.outcome == Outcome::Cut);
    assert_eq!(cut.count(), card.outcomes["cut"]);
    let steps = |policies: &[&str], first: usize| -> usize {
        let of = |n: &usize| policies.contains(&&*data.episodes[*n].policy);
        (first..count)
            .filter(of)
            .map(|n| data.episodes[n].length)
            .sum()
    };
    assert_eq!(steps(&["uniform"], 0), 300);
    assert_eq!(steps(&["planner", "wrong_target"], 40 + 300 + 50), 350);
}

/// Object that the agent sees at `(x, y)` of its view, if it is a key or a ball.
fn sights(observation: &[u8], view: usize) -> Vec<(u8, usize, usize)> {
    let mut out = Vec::new();
    for x in 0..view {
        for y in 0..view {
            let object = observation[(x * view + y) * 3];
            if object == Object::Key as u8 || object == Object::Ball as u8 {
                out.push((object, x, y));
            }
        }
    }
    out
}

/// Which of the sights is the instruction: blot it out of the world and see which one goes.
fn sight_of_instruction(env: &Env, view: usize) -> Option<(u8, usize, usize)> {
    let layout = env.layout().memory().unwrap();
    let size = env.world().grid().width();
    let (x, mid) = (layout.hallway_end as usize + 1, size / 2);
    let targets = [(x, mid - 2), (x, mid + 2)];
    let all = sights(&env.world().observation(), view);
    let mut without = env.world().clone();
    for x in 0..size {
        for y in 0..size {
            let object = without.grid().get(x, y).object();
            let is_item = object == Object::Key || object == Object::Ball;
            if is_item && !targets.contains(&(x, y)) {
                without.grid_mut().set(x, y, dt_env::Tile::EMPTY);
            }
        }
    }
    without.set_state(env.world().agent(), dt_env::Tile::EMPTY);
    let left = sights(&without.observation(), view);
    let gone: Vec<_> = all.into_iter().filter(|s| !left.contains(s)).collect();
    assert!(gone.len() <= 1, "one instruction, one sight");
    gone.first().copied()
}

#[test]
fn exposure_by_replay() {
    let (data, card) = made();
    let view = card.env.view_size as usize;
    let mut env = Env::new(card.env.clone().into());
    let name = |(object, x, y): (u8, usize, usize)| {
        let object = if object == Object::Key as u8 {
            "key"
        } else {
            "ball"
        };
        format!("{object}, ({x},{y})")
    };
    let mut frames: BTreeMap<String, u64> = BTreeMap::new();
    let mut episodes: BTreeMap<String, u64> = BTreeMap::new();
    let mut only: BTreeMap<String, u64> = BTreeMap::new();
    for (n, episode) in data.episodes.iter().enumerate() {
        env.reset(episode.env_seed);
        let mut seen = BTreeSet::new();
        let mut instruction = Vec::new();
        for &action in actions(&data, n) {
            for sight in sights(&env.world().observation(), view) {
                *frames.entry(name(sight)).or_default() += 1;
                seen.insert(name(sight));
            }
            instruction.push(sight_of_instruction(&env, view).map(name));
            env.step(Action::from_index(action).unwrap());
        }
        for item in seen {
            *episodes.entry(item).or_default() += 1;
        }
        for t in 0..instruction.len() {
            let window = &instruction[(t + 1).saturating_sub(card.window)..=t];
            let sights: BTreeSet<_> = window.iter().flatten().collect();
            if let [one] = sights.into_iter().collect::<Vec<_>>()[..] {
                *only.entry(one.clone()).or_default() += 1;
            }
        }
    }
    assert_eq!(card.exposure.len(), 2 * view * view);
    for row in &card.exposure {
        let count = |table: &BTreeMap<String, u64>| table.get(&row.item).copied().unwrap_or(0);
        assert_eq!(row.frames, count(&frames), "{}", row.item);
        assert_eq!(row.episodes, count(&episodes), "{}", row.item);
        assert_eq!(row.only_sight_windows, count(&only), "{}", row.item);
    }
    assert!(only.len() > 20, "the test looks at something");
}

#[test]
fn names_from_files_do_not_talk_to_the_terminal() {
    let (_, mut card) = made();
    card.env.id = "\u{1b}[2Jgone".to_owned();
    card.demonstrators[0].policy = "a\rb".to_owned();
    let text = card.to_text();
    assert!(!text.contains('\u{1b}') && !text.contains('\r'));
    assert!(text.contains("\\u{1b}[2Jgone"));
}
