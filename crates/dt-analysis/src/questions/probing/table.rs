//! A sweep as one long table.

use super::reading::Reading;
use super::record::{ProbeRecord, ProbeSweepRecord, ProbeVerdict};
use crate::draw::csv;
use crate::maths::probes::Quality;

/// Names of the columns.
const COLUMNS: [&str; 7] = [
    "agent",
    "seed",
    "concept",
    "hook_point",
    "token",
    "metric",
    "value",
];

/// All numbers of some sweeps, one row each:
/// `agent,seed,concept,hook_point,token,metric,value`.
///
/// The raw observation's rows have `observation` for a hook point. What does not exist has no
/// value.
pub fn sweep_csv(records: &[&ProbeSweepRecord]) -> String {
    let mut table = String::new();
    csv::push_row(&mut table, COLUMNS);
    for record in records {
        for baseline in &record.observation {
            let (concept, token) = (baseline.concept.to_string(), baseline.token.name());
            let metrics = baseline.reading.as_ref().map(|r| of_reading("", r));
            let site = [concept.as_str(), "observation", token];
            push(&mut table, record, site, metrics.unwrap_or_default());
        }
        for probe in &record.probes {
            let site = [&probe.concept.to_string(), &probe.point, probe.token.name()];
            push(&mut table, record, site, of_probe(probe));
        }
    }
    table
}

type Metrics = Vec<(String, Option<f64>)>;

fn push(table: &mut String, record: &ProbeSweepRecord, site: [&str; 3], metrics: Metrics) {
    let seed = record.seed.map_or(String::new(), |s| s.to_string());
    let [concept, point, token] = site;
    for (metric, value) in metrics {
        let value = csv::number(value);
        let row = [&record.agent, &seed, concept, point, token, &metric, &value];
        csv::push_row(table, row);
    }
}

fn of_probe(probe: &ProbeRecord) -> Metrics {
    let mut out = Metrics::new();
    let mut put = |name: &str, value: Option<f64>| out.push((name.to_owned(), value));
    if let Some(swap) = &probe.swap {
        put("swap flips", Some(swap.flips as f64));
        put("swap flips of", Some(swap.of as f64));
        put("random flips, mean", swap.random.map(|r| r.mean_flips));
        put(
            "random flips, most",
            swap.random.map(|r| r.most_flips as f64),
        );
        put(
            "random flips, share as many",
            swap.random.map(|r| r.share_as_many),
        );
    }
    if let Some(walsh) = probe.walsh {
        put("walsh variance", Some(walsh.variance));
        put("walsh flips", Some(walsh.flips as f64));
    }
    if let Some(control) = probe.control {
        put("control accuracy", Some(control.control_accuracy));
        put("selectivity", Some(control.selectivity));
    }
    if let Some(verdict) = probe.verdict {
        let represented = verdict == ProbeVerdict::Represented;
        put("represented", Some(f64::from(u8::from(represented))));
    }
    put("strength", probe.strength);
    out.extend(probe.reading.iter().flat_map(|r| of_reading("", r)));
    out.extend(probe.noisy.iter().flat_map(|q| of_quality("noisy ", q)));
    out.extend(
        probe
            .untrained
            .iter()
            .flat_map(|r| of_reading("untrained ", r)),
    );
    out
}

fn of_reading(prefix: &str, reading: &Reading) -> Metrics {
    let mut out = vec![(format!("{prefix}worst case"), reading.worst_case())];
    out.extend(reading.split.iter().flat_map(|q| of_quality(prefix, q)));
    for left in &reading.left_out {
        let metric = format!("{prefix}left out {} {}", left.axis, left.condition);
        out.push((metric, left.quality.headline()));
    }
    out
}

fn of_quality(prefix: &str, quality: &Quality) -> Metrics {
    let named = [
        ("accuracy", quality.accuracy),
        ("auc", quality.auc),
        ("d_prime", quality.d_prime),
        ("r2", quality.r2),
    ];
    let known = named.into_iter().filter(|(_, value)| value.is_some());
    known
        .map(|(name, value)| (format!("{prefix}{name}"), value))
        .collect()
}
