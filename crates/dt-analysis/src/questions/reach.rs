//! How real an edited observation is, and which real ones mislead.
//!
//! Four levels: the encoding is valid; some state of the world shows the frame; the whole history
//! of frames and actions can be produced; it stands in the training data, so often.

use crate::prompts::PromptSet;
use crate::subject::Experiment;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use dt_data::{Dataset, StateGraph};
use dt_env::{Action, Object, Tile};
use dt_train::model::EditedToken;
use dt_train::model::History;
use dt_train::rollout::next_logits;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::vectors::to_f32;
use crate::prompts::Side;
use crate::questions::adversary::Answer;
use crate::questions::adversary::{Mode, Placement, Told};
use crate::questions::edits::frame_change;
use crate::subject::TokenKind;

/// Actions of a detour before the walk to the decision.
const DETOUR: usize = 3;

/// Every state of a study's world, for each of its prompts' layouts.
pub struct Reachable {
    layouts: Vec<(String, StateGraph)>,
}

/// How real an edit's frames are, over the prompts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// Prompts whose edited frame is a valid encoding.
    pub valid: usize,
    /// Prompts whose edited frame some state of the world shows.
    pub shown: usize,
    /// Prompts whose edited history some episode of the world begins with.
    pub produced: usize,
    /// Prompts.
    pub of: usize,
    /// Frames of the training data equal to an edited one, where the data are at hand.
    pub training_frames: Option<u64>,
}

/// Frames of the world put in the place of a prompt's frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameSearch {
    /// Facet.
    pub facet: String,
    /// Distinct frames that states of this very layout show.
    pub frames: usize,
    /// Those among them that turn the answer decidedly.
    pub turn: usize,
    /// Those that turn it though they show the main factor, as it is.
    pub turn_showing_factor: usize,
    /// Distinct frames of the other layouts that turn it.
    pub other_layouts_turn: usize,
    /// Distinct frames of the other layouts.
    pub other_layouts: usize,
}

/// Histories that end in the prompt's decision after a detour of up to three actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistorySearch {
    /// Facet.
    pub facet: String,
    /// Distinct histories.
    pub histories: usize,
    /// Those after which the largest logit is not on the side that the task wants.
    pub wrong: usize,
    /// The one after which the wrong answer is strongest: its actions.
    pub worst: Vec<Action>,
    /// Logit difference after it, counted along the side that is wanted.
    pub worst_logit_diff: f64,
}

impl Reachable {
    /// Explores the layouts of a study's prompts.
    ///
    /// # Errors
    /// If the world is too large to be explored.
    pub fn new(set: &PromptSet) -> Result<Self, Error> {
        let mut layouts: Vec<(String, StateGraph)> = Vec::new();
        for scenario in &set.scenarios {
            let name = scenario.facet.layout();
            if layouts.iter().any(|(n, _)| *n == name) {
                continue;
            }
            let start = &scenario.start;
            let graph = StateGraph::explore(&start.spec, &[start.layout])
                .map_err(|e| Error::Question(e.to_string()))?;
            layouts.push((name, graph));
        }
        Ok(Self { layouts })
    }

    fn graph(&self, layout: &str) -> &StateGraph {
        let found = self.layouts.iter().find(|(name, _)| name == layout);
        &found.expect("every prompt's layout was explored").1
    }

    /// Distinct frames of a layout.
    fn frames(&self, layout: &str) -> HashSet<&[u8]> {
        let graph = self.graph(layout);
        (0..graph.len()).map(|s| graph.observation(s)).collect()
    }

    /// How real an edit of a frame is.
    ///
    /// # Errors
    /// If a prompt cannot be made.
    pub fn of_edit(
        &self,
        set: &PromptSet,
        (step, mode): (usize, Mode),
        edit: &[Placement],
        data: Option<&Dataset>,
    ) -> Result<Reach, Error> {
        let study = &set.study;
        let originals = set.of(study.original())?;
        let mut reach = Reach {
            valid: 0,
            shown: 0,
            produced: 0,
            of: originals.len(),
            training_frames: None,
        };
        let told = Told::of_facets(set)?;
        let mut edited = Vec::new();
        for (told, prompt) in told.iter().zip(&originals) {
            let mut history = prompt.observations.clone();
            for placement in edit {
                placement.apply(&mut history[step], set.view(), mode, *told);
            }
            let frame = &history[step];
            let encodes = |t: &[u8; 3]| Tile::from_encoding(*t).is_some();
            let is_valid = mode != Mode::Adding && frame.as_chunks::<3>().0.iter().all(encodes);
            reach.valid += usize::from(is_valid);
            if is_valid {
                let is_shown = |(_, graph): &(String, StateGraph)| {
                    (0..graph.len()).any(|s| graph.observation(s) == frame)
                };
                reach.shown += usize::from(self.layouts.iter().any(is_shown));
                let produces =
                    |(_, graph): &(String, StateGraph)| begins(graph, &history, &prompt.actions);
                reach.produced += usize::from(self.layouts.iter().any(produces));
            }
            edited.push(history.swap_remove(step));
        }
        reach.training_frames = data.map(|data| match reach.valid {
            0 => 0,
            _ => count_frames(data, &edited),
        });
        Ok(reach)
    }

    /// Puts every frame of the world in the place of a prompt's.
    ///
    /// # Errors
    /// If a prompt cannot be made.
    pub fn search_frames(
        &self,
        experiment: &Experiment,
        step: usize,
    ) -> Result<Vec<FrameSearch>, Error> {
        let Experiment {
            subject,
            prompts: set,
        } = *experiment;
        let study = &set.study;
        let embeddings = subject.embeddings();
        let told = Told::of_facets(set)?;
        let originals = set.of(study.original())?;
        let token = subject.token(step, TokenKind::State);
        let n_actions = subject.model().sizes().n_actions;
        let view = subject.view();
        let mut records = Vec::new();
        for (n, scenario) in set.scenarios.iter().enumerate() {
            let before = &originals[n].observations[step];
            let own = self.frames(&scenario.facet.layout());
            let mut frames: Vec<&[u8]> = own.iter().copied().filter(|f| *f != before).collect();
            frames.sort_unstable();
            let count = frames.len();
            let others: HashSet<&[u8]> = (self.layouts.iter())
                .flat_map(|(name, _)| self.frames(name))
                .filter(|f| !own.contains(f))
                .collect();
            let mut others: Vec<&[u8]> = others.into_iter().collect();
            others.sort_unstable();
            frames.extend(others);
            let vectors: Vec<f32> = frames
                .iter()
                .flat_map(|after| {
                    to_f32(&frame_change(
                        &embeddings,
                        view,
                        [before.as_slice(), *after],
                    ))
                })
                .collect();
            let window = Arc::new(subject.batch(&originals[n..=n]));
            let edited = EditedToken::new(subject.model(), &window, token);
            let original = subject.logits(&originals[n..=n]);
            let original = Answer::of(subject, &original[0]);
            let logits = edited.logits(&vectors);
            let turns: Vec<bool> = logits
                .chunks_exact(n_actions)
                .map(|row| Answer::of(subject, row).is_turn_from(original, subject.contrast()))
                .collect();
            let object = told[n].object(false);
            let shows = self.showing_factor(&scenario.facet.layout(), object);
            records.push(FrameSearch {
                facet: scenario.facet.to_string(),
                frames: count,
                turn: turns[..count].iter().filter(|t| **t).count(),
                turn_showing_factor: (frames[..count].iter().zip(&turns))
                    .filter(|(frame, turn)| **turn && shows.contains(*frame))
                    .count(),
                other_layouts_turn: turns[count..].iter().filter(|t| **t).count(),
                other_layouts: frames.len() - count,
            });
        }
        Ok(records)
    }

    /// Frames of a layout's states that show its cue, this object.
    fn showing_factor(&self, layout: &str, object: Object) -> HashSet<&[u8]> {
        let graph = self.graph(layout);
        (0..graph.len())
            .filter(|&s| {
                let cell = graph.instruction_cell(s).map(|c| usize::from(c) * 3);
                cell.is_some_and(|at| graph.observation(s)[at] == object as u8)
            })
            .map(|s| graph.observation(s))
            .collect()
    }

    /// Asks after every detour from the start that leaves time to reach the decision within the
    /// context.
    ///
    /// # Errors
    /// If a prompt cannot be made.
    pub fn search_histories(&self, experiment: &Experiment) -> Result<Vec<HistorySearch>, Error> {
        let Experiment {
            subject,
            prompts: set,
        } = *experiment;
        let context = subject.model().config().timesteps();
        let mut detours: BTreeMap<String, Vec<Vec<usize>>> = BTreeMap::new();
        let mut records = Vec::new();
        for (n, scenario) in set.scenarios.iter().enumerate() {
            // Nothing is wrong where the study does not say what is right.
            let Some(wanted) = set.wanted_sign(n) else {
                continue;
            };
            let layout = scenario.facet.layout();
            let graph = self.graph(&layout);
            let paths = detours
                .entry(layout)
                .or_insert_with(|| paths_to_decision(graph, &scenario.actions, context));
            let histories: Vec<History> = paths
                .iter()
                .map(|actions| {
                    let mut state = graph.start(0);
                    let mut observations = vec![graph.observation(state).to_vec()];
                    for &action in actions {
                        state = graph.next(state, action);
                        observations.push(graph.observation(state).to_vec());
                    }
                    History {
                        returns_to_go: vec![scenario.facet.rtg; observations.len()],
                        observations,
                        actions: actions.iter().map(|&a| a as u32).collect(),
                    }
                })
                .collect();
            let right = if wanted > 0.0 {
                Side::First
            } else {
                Side::Second
            };
            let logits = next_logits(subject.model(), &histories);
            let answers: Vec<Answer> = logits.iter().map(|l| Answer::of(subject, l)).collect();
            let along = |n: usize| f64::from(answers[n].logit_diff) * wanted;
            let worst = (0..answers.len()).min_by(|&a, &b| along(a).total_cmp(&along(b)));
            let worst = worst.expect("the walk itself is one");
            records.push(HistorySearch {
                facet: scenario.facet.to_string(),
                histories: answers.len(),
                wrong: answers
                    .iter()
                    .filter(|a| subject.contrast().side(a.action.into()) != Some(right))
                    .count(),
                worst: paths[worst].iter().map(|&a| Action::ALL[a]).collect(),
                worst_logit_diff: along(worst),
            });
        }
        Ok(records)
    }
}

/// Whether a layout's episode shows these frames under these actions.
fn begins(graph: &StateGraph, frames: &[Vec<u8>], actions: &[u32]) -> bool {
    let mut state = graph.start(0);
    let mut rest = actions.iter();
    frames.iter().all(|frame| {
        let same = graph.observation(state) == frame;
        if let Some(&action) = rest.next() {
            state = graph.next(state, action as usize);
        }
        same
    })
}

/// Every action sequence that begins with up to [`DETOUR`] actions, goes on by a shortest way to
/// the state in which `walk` ends, and leaves all its frames within the context.
fn paths_to_decision(graph: &StateGraph, walk: &[u32], context: usize) -> Vec<Vec<usize>> {
    let start = graph.start(0);
    let decision = walk
        .iter()
        .fold(start, |state, &action| graph.next(state, action as usize));
    let to_decision = distances_to(graph, decision);
    let mut beginnings = vec![(start, Vec::new())];
    let mut from = 0;
    for _ in 0..DETOUR {
        let until = beginnings.len();
        for n in from..until {
            for action in 0..Action::COUNT {
                let (state, mut actions) = beginnings[n].clone();
                let next = graph.next(state, action);
                // What ends the episode, and what changes nothing, leads nowhere new.
                if next != state && graph.ending(next) == dt_data::Ending::None {
                    actions.push(action);
                    beginnings.push((next, actions));
                }
            }
        }
        from = until;
    }
    let mut paths = HashSet::new();
    for (mut state, mut actions) in beginnings {
        while state != decision {
            let closer = (0..Action::COUNT).find(|&action| {
                let next = graph.next(state, action);
                to_decision[next].is_some_and(|d| Some(d + 1) == to_decision[state])
            });
            let Some(action) = closer else { break };
            state = graph.next(state, action);
            actions.push(action);
        }
        if state == decision && actions.len() < context {
            paths.insert(actions);
        }
    }
    let mut paths: Vec<Vec<usize>> = paths.into_iter().collect();
    paths.sort_by_key(|p| (p.len(), p.clone()));
    paths
}

/// Fewest steps from each state to one.
fn distances_to(graph: &StateGraph, goal: usize) -> Vec<Option<usize>> {
    let mut into: Vec<Vec<usize>> = vec![Vec::new(); graph.len()];
    for state in 0..graph.len() {
        if graph.ending(state) == dt_data::Ending::None {
            for action in 0..Action::COUNT {
                into[graph.next(state, action)].push(state);
            }
        }
    }
    let mut distance = vec![None; graph.len()];
    distance[goal] = Some(0);
    let mut queue = VecDeque::from([goal]);
    while let Some(state) = queue.pop_front() {
        for &from in &into[state] {
            if distance[from].is_none() {
                distance[from] = distance[state].map(|d| d + 1);
                queue.push_back(from);
            }
        }
    }
    distance
}

/// Frames of the data that are equal to one of some frames.
fn count_frames(data: &Dataset, frames: &[Vec<u8>]) -> u64 {
    let wanted: HashSet<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let rows = (0..data.rows()).filter(|&row| wanted.contains(data.observation(row)));
    rows.count() as u64
}
