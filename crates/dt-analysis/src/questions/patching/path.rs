//! Path patching: how much of an effect goes straight from one component to another.
//!
//! Following Wang et al., *Interpretability in the Wild* (2022): in a clean run the sender's
//! output is that of the corrupted run while every other head and MLP is held at its clean value;
//! what then arrives at the receiver is recorded, and written into the receiver of a second,
//! otherwise clean run.

use crate::subject::Experiment;
use dt_train::model::HookPoint;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::logit_diff::restored;
use crate::subject::TokenKind;
use crate::subject::hooks::{Chain, Freeze, Patch, Spot};

/// Whose output is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sender {
    /// The embedding of the state token of the study's site.
    Start,
    /// A head, at every token.
    Head(usize, usize),
    /// An MLP, at every token.
    Mlp(usize),
}

/// Whose input is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receiver {
    /// The final residual stream: the direct path to the logits.
    Logits,
    /// Query, key or value of a head.
    Query(usize, usize),
    /// See [`Self::Query`].
    Key(usize, usize),
    /// See [`Self::Query`].
    Value(usize, usize),
    /// An MLP.
    Mlp(usize),
}

impl Receiver {
    fn place(self, last: usize) -> (HookPoint, Option<usize>) {
        match self {
            Self::Logits => (HookPoint::ResidPost(last), None),
            Self::Query(layer, head) => (HookPoint::Q(layer), Some(head)),
            Self::Key(layer, head) => (HookPoint::K(layer), Some(head)),
            Self::Value(layer, head) => (HookPoint::V(layer), Some(head)),
            Self::Mlp(layer) => (HookPoint::Ln2Normalized(layer), None),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Logits => "logits".to_owned(),
            Self::Query(l, h) => format!("{l}.{h} q"),
            Self::Key(l, h) => format!("{l}.{h} k"),
            Self::Value(l, h) => format!("{l}.{h} v"),
            Self::Mlp(l) => format!("mlp {l}"),
        }
    }

    /// Place in the order of computation.
    fn order(self) -> usize {
        match self {
            Self::Logits => usize::MAX,
            Self::Query(l, _) | Self::Key(l, _) | Self::Value(l, _) => 2 * l,
            Self::Mlp(l) => 2 * l + 1,
        }
    }
}

impl Sender {
    fn place(self, start: usize) -> (HookPoint, Spot) {
        let spot = |token, head| Spot { token, head };
        match self {
            Self::Start => (HookPoint::ResidPre(0), spot(Some(start), None)),
            Self::Head(layer, head) => (HookPoint::Z(layer), spot(None, Some(head))),
            Self::Mlp(layer) => (HookPoint::MlpOut(layer), spot(None, None)),
        }
    }

    /// Its name; `site` is that of the study's.
    fn name(self, site: &str) -> String {
        match self {
            Self::Start => site.to_owned(),
            Self::Head(l, h) => format!("{l}.{h}"),
            Self::Mlp(l) => format!("mlp {l}"),
        }
    }

    /// First receiver in the order of computation that it can reach.
    fn reaches(self) -> usize {
        match self {
            Self::Start => 0,
            Self::Head(l, _) => 2 * l + 1,
            Self::Mlp(l) => 2 * l + 2,
        }
    }
}

/// Share of the clean answer that is lost along each path, mean over the facets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathRecord {
    /// Senders.
    pub senders: Vec<String>,
    /// Receivers.
    pub receivers: Vec<String>,
    /// `[sender][receiver]`; missing where there is no such path.
    pub lost: Vec<Vec<Option<f64>>>,
}

/// Every sender to every receiver after it.
///
/// # Errors
/// If a prompt cannot be made.
pub fn path_patching(experiment: &Experiment) -> Result<PathRecord, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let clean = set.of(study.original())?;
    let corrupted = set.of(study.flipped())?;
    let (layers, heads) = (subject.n_layers(), subject.model().config().n_heads);
    let every = HookPoint::all(layers);
    let (of_clean, clean_logits) = subject.cache(&clean, every.iter().copied());
    let (of_corrupted, corrupted_logits) = subject.cache(&corrupted, every.iter().copied());
    let start = subject.token(study.site_step(), TokenKind::State);

    let mut senders = vec![Sender::Start];
    let mut receivers = Vec::new();
    for layer in 0..layers {
        senders.extend((0..heads).map(|h| Sender::Head(layer, h)));
        senders.push(Sender::Mlp(layer));
        receivers.extend((0..heads).map(|h| Receiver::Query(layer, h)));
        receivers.extend((0..heads).map(|h| Receiver::Key(layer, h)));
        receivers.extend((0..heads).map(|h| Receiver::Value(layer, h)));
        receivers.push(Receiver::Mlp(layer));
    }
    receivers.push(Receiver::Logits);
    let windows: Vec<usize> = (0..clean.len()).collect();
    let frozen: Vec<HookPoint> = (0..layers)
        .flat_map(|l| [HookPoint::Z(l), HookPoint::MlpOut(l)])
        .collect();

    let mut lost = Vec::new();
    for &sender in &senders {
        // First pass: what arrives at every receiver.
        let (point, spot) = sender.place(start);
        let source = of_corrupted.get(point).expect("recorded");
        let spots = windows.iter().map(|&w| vec![(w, spot)]).collect();
        let mut arriving =
            dt_train::model::ActivationCache::of(receivers.iter().map(|r| r.place(layers - 1).0));
        {
            let hooks = Chain::default()
                .then(Freeze::new(&of_clean, frozen.clone(), windows.clone()))
                .then(Patch::new(point, source, spots));
            let batch = std::sync::Arc::new(subject.batch(&clean));
            let mut chain = Chain(vec![Box::new(hooks), Box::new(&mut arriving)]);
            subject.model().forward(&batch, &mut chain);
        }
        // Second pass: each receiver in turn.
        let row = receivers.iter().map(|&receiver| {
            if receiver.order() < sender.reaches() {
                return None;
            }
            let (point, head) = receiver.place(layers - 1);
            let source = arriving.get(point).expect("recorded");
            let spot = Spot { token: None, head };
            let diffs = subject.logit_diffs_with(&clean, |range| {
                Patch::new(point, source, range.map(|w| vec![(w, spot)]).collect())
            });
            let shares: Vec<f64> = diffs
                .iter()
                .enumerate()
                .filter_map(|(n, &diff)| {
                    let clean = subject.difference(&clean_logits[n]);
                    let corrupted = subject.difference(&corrupted_logits[n]);
                    restored(diff, clean, corrupted).map(|r| 1.0 - r)
                })
                .collect();
            (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
        });
        lost.push(row.collect());
    }
    Ok(PathRecord {
        senders: senders.into_iter().map(|s| s.name(&study.site)).collect(),
        receivers: receivers.into_iter().map(Receiver::name).collect(),
        lost,
    })
}
