//! Baselines: what can be read from the observation itself, and from an agent that learnt nothing.

use std::collections::{BTreeMap, BTreeSet};

use dt_train::model::{HookPoint, InputStatistics, Model, initial_values, push_items};
use rayon::prelude::*;

use super::concept::Concept;
use super::config::SweepConfig;
use super::reader::fitted;
use super::reading::Reading;
use super::record::ObservationRecord;
use super::rows::Rows;
use super::site::{Site, Token};
use super::walks::Walks;
use super::windows::collect;
use crate::Error;
use crate::maths::probes::{Activations, ProbeError};
use crate::subject::Subject;

/// An agent of the same shape with weights drawn anew, read in the same way.
pub(super) fn untrained(
    subject: &Subject,
    walks: &Walks,
    points: &[HookPoint],
    sites: &[Site],
    all_rows: &BTreeMap<Token, Rows>,
    config: &SweepConfig,
) -> Result<Vec<BTreeMap<Concept, Reading>>, Error> {
    let record = &subject.agent.record;
    let (model, sizes) = (subject.model().config(), subject.model().sizes());
    let values = initial_values(subject.model().specs(), model.initial_std, config.seed);
    let mut fresh = subject.clone();
    fresh.agent.model = Model::new(
        record.model.clone(),
        *sizes,
        &InputStatistics::neutral(sizes),
        values,
        &subject.device(),
    );
    let collected = collect(&fresh, walks, points)?;
    // Its own next action is another concept than the agent's.
    let without_action = |rows: &Rows| Rows {
        labels: (rows.labels.iter())
            .filter(|(concept, _)| **concept != Concept::NextAction)
            .map(|(concept, values)| (*concept, values.clone()))
            .collect(),
        ..rows.clone()
    };
    let rows: BTreeMap<Token, Rows> = all_rows
        .iter()
        .map(|(token, rows)| (*token, without_action(rows)))
        .collect();
    sites
        .par_iter()
        .map(|site| {
            let rows = &rows[&site.token];
            let found = fitted(&collected.at(*site, rows)?, rows, config, false)?;
            let read = found
                .into_iter()
                .filter_map(|(c, f)| Some((c, f.ok()?.reading)));
            Ok(read.collect())
        })
        .collect()
}

/// Probes of the raw observation.
pub(super) fn observation_baseline(
    subject: &Subject,
    walks: &Walks,
    all_rows: &BTreeMap<Token, Rows>,
    config: &SweepConfig,
) -> Result<Vec<ObservationRecord>, Error> {
    let mut out = Vec::new();
    for (&token, rows) in all_rows {
        let activations = observations(token, walks, rows, subject.view())?;
        for (concept, found) in fitted(&activations, rows, config, false)? {
            out.push(ObservationRecord {
                token,
                concept,
                reading: found.ok().map(|found| found.reading),
            });
        }
    }
    Ok(out)
}

/// The token's frame, one feature for each vocabulary item: 1 where it is seen, 0 where not.
/// Items that are the same in all rows are left out, and those that always come together count
/// once. If all frames are alike, one feature of zeros is left.
///
/// # Errors
/// Never, as long as there are rows.
fn observations(
    token: Token,
    walks: &Walks,
    rows: &Rows,
    view: usize,
) -> Result<Activations, ProbeError> {
    let n_rows = rows.cases.len();
    let mut seen = vec![vec![0.0_f32; n_rows]; 20 * view * view];
    let mut items = Vec::new();
    for (row, &case) in rows.cases.iter().enumerate() {
        let (walk, layout, _) = walks.case(case);
        let step = match token {
            Token::Start => 0,
            Token::Current | Token::Decision => walk.time(),
        };
        items.clear();
        push_items(&walk.frames[layout][step], view, &mut items);
        for &item in &items {
            seen[item as usize][row] = 1.0;
        }
    }
    let mut distinct: BTreeSet<Vec<bool>> = BTreeSet::new();
    let mut kept: Vec<&Vec<f32>> = (seen.iter())
        .filter(|column| {
            let varies = column.iter().any(|v| *v != column[0]);
            varies && distinct.insert(column.iter().map(|v| *v > 0.0).collect())
        })
        .collect();
    let nothing = vec![0.0; n_rows];
    if kept.is_empty() {
        kept.push(&nothing);
    }
    let values = (0..n_rows).flat_map(|row| kept.iter().map(move |column| column[row]));
    Activations::new(n_rows, kept.len(), values.collect())
}
