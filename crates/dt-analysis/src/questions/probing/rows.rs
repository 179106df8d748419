//! The rows of one token: which cases they are, and what is known of each.

use std::collections::BTreeMap;

use dt_data::NO_ACTION;
use dt_env::{Direction, Pose};
use dt_train::model::{Model, Padding};

use super::concept::{Axis, Concept};
use super::config::SweepConfig;
use super::site::Token;
use super::walks::Walks;
use crate::Error;
use crate::maths::probes::{Labels, Part, hash_split};
use crate::prompts::Study;

/// Rows of a token. Each stands for one distinct prefix of tokens up to it.
#[derive(Clone)]
pub(super) struct Rows {
    /// Case of each row.
    pub(super) cases: Vec<usize>,
    /// Labels of each concept that is asked about at the token.
    pub(super) labels: BTreeMap<Concept, Values>,
    /// Condition of each row, for axes that have several.
    pub(super) conditions: BTreeMap<Axis, Conditions>,
    /// What a probe could learn by heart: pose, time and combination.
    pub(super) contexts: Vec<u64>,
    /// Rows of the training and of the test set.
    pub(super) split: [Vec<usize>; 2],
    /// Combination of layout and return-to-go: groups of the cross-validation.
    pub(super) combinations: Vec<u32>,
}

/// Labels that are owned.
#[derive(Clone)]
pub(super) enum Values {
    Binary(Vec<bool>),
    Real(Vec<f64>),
}

impl Values {
    pub(super) fn labels(&self) -> Labels<'_> {
        match self {
            Self::Binary(labels) => Labels::Binary(labels),
            Self::Real(labels) => Labels::Real(labels),
        }
    }
}

/// Conditions of an axis: an id for each row, and which of them are left out in turn.
#[derive(Clone)]
pub(super) struct Conditions {
    pub(super) ids: Vec<u32>,
    /// Id and name.
    pub(super) left_out: Vec<(u32, String)>,
}

/// Finds the rows of a token.
///
/// # Errors
/// If the walks hold none.
pub(super) fn rows_of(
    token: Token,
    walks: &Walks,
    model: &Model,
    logit_diffs: &[f64],
    (study, decision): (&Study, Pose),
    config: &SweepConfig,
) -> Result<Rows, Error> {
    let n = walks.combinations();
    let mut prefixes = BTreeMap::new();
    for walk in 0..walks.walks.len() {
        if token == Token::Decision && !walks.walks[walk].at_decision {
            continue;
        }
        for case in walk * n..(walk + 1) * n {
            // Of equal prefixes the first stands for all.
            prefixes
                .entry(prefix(token, walks, case, model))
                .or_insert(case);
        }
    }
    let mut order: Vec<(usize, u64)> = prefixes.iter().map(|(p, case)| (*case, *p)).collect();
    order.sort_unstable();
    let (cases, prefixes): (Vec<usize>, Vec<u64>) = order.into_iter().unzip();
    if cases.is_empty() {
        return Err(Error::Question(format!(
            "none of {} distinct walks comes to the {token} within the agent's context; raise \
             --episodes or --walks",
            walks.walks.len()
        )));
    }
    let mut split = [Vec::new(), Vec::new()];
    for (row, prefix) in prefixes.iter().enumerate() {
        match hash_split(prefix.to_le_bytes(), config.share_test)? {
            Part::Train => split[0].push(row),
            Part::Test => split[1].push(row),
        }
    }
    let labels = (config.concepts.iter())
        .filter_map(|&concept| {
            let values = values(
                concept,
                token,
                (walks, &cases),
                (study, decision),
                logit_diffs,
            )?;
            Some((concept, values))
        })
        .collect();
    let conditions = (Axis::all(study).into_iter())
        .filter_map(|axis| {
            let found = conditions(axis, token, (walks, &cases), study, config)?;
            Some((axis, found))
        })
        .collect();
    Ok(Rows {
        contexts: cases
            .iter()
            .map(|&case| {
                let (pose, time) = situation(token, walks, case);
                (u64::from(pose_id(pose)) << 32) | (time as u64) << 8 | (case % n) as u64
            })
            .collect(),
        combinations: cases.iter().map(|&case| (case % n) as u32).collect(),
        cases,
        labels,
        conditions,
        split,
    })
}

/// Hash of all that the agent has read when it comes to the token.
fn prefix(token: Token, walks: &Walks, case: usize, model: &Model) -> u64 {
    let (walk, layout, rtg) = walks.case(case);
    let steps = match token {
        Token::Start => 0,
        Token::Current | Token::Decision => walk.time(),
    };
    let mut hash = blake3::Hasher::new();
    hash.update(&rtg.to_le_bytes());
    if model.config().padding == Padding::ZeroFrames {
        // What fills the window comes before the first frame.
        hash.update(&[walk.time() as u8]);
    }
    for step in 0..=steps {
        hash.update(&walk.frames[layout][step]);
        let action = if step < steps {
            walk.actions[step]
        } else {
            NO_ACTION
        };
        hash.update(&[action]);
    }
    let bytes = hash.finalize();
    u64::from_le_bytes(bytes.as_bytes()[..8].try_into().expect("8 of 32 bytes"))
}

/// Pose and time of the token's frame.
fn situation(token: Token, walks: &Walks, case: usize) -> (Pose, usize) {
    let (walk, ..) = walks.case(case);
    match token {
        Token::Start => (walk.start, 0),
        Token::Current | Token::Decision => (walk.pose, walk.time()),
    }
}

/// A number for a pose.
fn pose_id(pose: Pose) -> u32 {
    (u32::from(pose.x) << 8 | u32::from(pose.y)) << 2 | pose.dir as u32
}

/// Signs of the factors, and of the return-to-go as the last.
fn bits(walks: &Walks, case: usize) -> Vec<bool> {
    let (_, layout, rtg) = walks.case(case);
    let returns = &walks.returns_to_go;
    let middle = f64::midpoint(returns[0], returns[returns.len() - 1]);
    let mut bits = walks.layouts[layout].clone();
    bits.push(rtg > middle);
    bits
}

fn values(
    concept: Concept,
    token: Token,
    (walks, cases): (&Walks, &[usize]),
    (study, decision): (&Study, Pose),
    logit_diffs: &[f64],
) -> Option<Values> {
    let binary =
        |of: &dyn Fn(usize) -> bool| Values::Binary(cases.iter().map(|&c| of(c)).collect());
    let real = |of: &dyn Fn(Pose, usize) -> f64| {
        let situations = cases.iter().map(|&case| situation(token, walks, case));
        Values::Real(situations.map(|(pose, time)| of(pose, time)).collect())
    };
    if let Some(product) = concept.letters() {
        let letters = study.letters();
        // The product of ±1 is + where an even number of factors is −.
        return Some(binary(&|case| {
            let bits = bits(walks, case);
            let of_product = |letter| product.iter().any(|l| l == letter);
            let minus = bits.iter().zip(&letters);
            let minus = minus.filter(|(bit, letter)| of_product(**letter) && !**bit);
            minus.count() % 2 == 0
        }));
    }
    match concept {
        // Elsewhere the agent walks on, whichever turn it likes better.
        Concept::NextAction if token != Token::Decision => None,
        Concept::NextAction => Some(binary(&|case| logit_diffs[case] > 0.0)),
        Concept::Facing => Some(binary(&|case| {
            situation(token, walks, case).0.dir == decision.dir
        })),
        Concept::Column => Some(real(&|pose, _| f64::from(pose.x))),
        _ => Some(real(&|_, time| time as f64)),
    }
}

/// Conditions of an axis, if there are at least two that can be left out.
fn conditions(
    axis: Axis,
    token: Token,
    (walks, cases): (&Walks, &[usize]),
    study: &Study,
    config: &SweepConfig,
) -> Option<Conditions> {
    let letters = study.letters();
    let bit = |which: usize| -> Vec<u32> {
        let bits = cases.iter().map(|&case| bits(walks, case)[which]);
        bits.map(u32::from).collect()
    };
    let situations = || cases.iter().map(|&case| situation(token, walks, case));
    let ids = match axis {
        Axis::Factor(letter) => bit(letters.iter().position(|&l| l == letter)?),
        Axis::Pose => situations().map(|(pose, _)| pose_id(pose)).collect(),
        Axis::Time => situations().map(|(_, time)| time as u32).collect(),
    };
    let name = |id: u32| match (axis, id) {
        (Axis::Factor(letter), id) => Axis::value_name(letter, id == 1, study),
        (Axis::Pose, id) => {
            let heading = format!("{:?}", Direction::from_index((id & 3) as u8));
            let (x, y) = (id >> 10, id >> 2 & 0xff);
            format!("({x},{y}) {}", heading.to_lowercase())
        }
        (Axis::Time, id) => id.to_string(),
    };
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    for id in &ids {
        *sizes.entry(*id).or_default() += 1;
    }
    let least = match axis {
        Axis::Pose | Axis::Time => config.least_walks * walks.combinations(),
        Axis::Factor(_) => 1,
    };
    let several = sizes.len() > 1;
    let mut large: Vec<(u32, usize)> = sizes.into_iter().filter(|(_, n)| *n >= least).collect();
    large.sort_by_key(|&(id, n)| (std::cmp::Reverse(n), id));
    large.truncate(MOST_CONDITIONS);
    large.sort_unstable();
    let left_out: Vec<(u32, String)> = large.into_iter().map(|(id, _)| (id, name(id))).collect();
    (several && !left_out.is_empty()).then_some(Conditions { ids, left_out })
}

/// Most conditions of an axis that are left out in turn: the most frequent ones.
const MOST_CONDITIONS: usize = 8;
