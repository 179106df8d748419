//! Whether records that were read can be drawn: what is wrong with them, by field.
//!
//! A figure divides by counts, sums them and lays bins over returns, so counts and numbers must be
//! such as an evaluation or a dataset can have.

use std::collections::BTreeMap;

use dt_data::{Card, DemonstratorCard};
use dt_train::evaluate::calibrate::CalibrationRecord;
use dt_train::evaluate::{EvaluationLine, EvaluationRecord, ExactRecord, SampledRecord};
use dt_train::run::{MetricLine, StepRecord};

/// Largest count of anything: sums of many of them are exact as floating-point numbers too.
const MAX_COUNT: u64 = 1 << 40;
/// Largest return, either way: an episode has at most 65,535 steps of a reward of 1.
const MAX_RETURN: f64 = 65_535.0;
/// Largest loss, norm or rate.
const MAX_NUMBER: f64 = 1e30;
/// Most kinds of anything that a card counts.
const MAX_KINDS: usize = 10_000;

/// What is wrong: a field, and why.
type Problem = String;
type Checked = Result<(), Problem>;

fn number(field: &str, value: f64, most: f64) -> Checked {
    match value.abs() <= most {
        true => Ok(()),
        false => Err(format!(
            "field `{field}`: {value:e} is out of range, -{most:e} to {most:e}"
        )),
    }
}

fn count(field: &str, value: u64) -> Checked {
    match value <= MAX_COUNT {
        true => Ok(()),
        false => Err(format!("field `{field}`: {value} is too many")),
    }
}

/// Outcomes of some episodes; their number is called `of`.
fn outcomes(field: &str, of: (&str, usize), ended: [usize; 3]) -> Checked {
    let (name, of) = of;
    count(&format!("{field}.{name}"), of as u64)?;
    let sum: u128 = ended.iter().map(|&n| n as u128).sum();
    match of > 0 && sum <= of as u128 {
        true => Ok(()),
        false => Err(format!(
            "field `{field}.{name}`: {of} episodes cannot have ended in {sum} ways that are counted"
        )),
    }
}

fn interval(field: &str, [low, high]: [f64; 2], most: f64) -> Checked {
    number(field, low, most)?;
    number(field, high, most)?;
    match low <= high {
        true => Ok(()),
        false => Err(format!("field `{field}`: {low} is above {high}")),
    }
}

fn line(field: &str, line: &EvaluationLine) -> Checked {
    let ended = [line.success, line.wrong_target, line.truncated];
    outcomes(field, ("of", line.of), ended)?;
    number(&format!("{field}.rtg"), line.rtg, MAX_RETURN)?;
    number(
        &format!("{field}.mean_return"),
        line.mean_return,
        MAX_RETURN,
    )
}

fn sampled(field: &str, all: &[SampledRecord]) -> Checked {
    for (n, record) in all.iter().enumerate() {
        let field = format!("{field}[{n}]");
        let of = |name: &str| format!("{field}.{name}");
        let ended = [record.success, record.wrong_target, record.truncated];
        outcomes(&field, ("episodes", record.episodes), ended)?;
        number(&of("rtg"), record.rtg, MAX_RETURN)?;
        number(&of("temperature"), record.temperature, MAX_NUMBER)?;
        number(&of("mean_return"), record.mean_return, MAX_RETURN)?;
        interval(&of("ci95"), record.ci95, 1.0)?;
        if let Some(found) = record.return_ci95 {
            interval(&of("return_ci95"), found, 2.0 * MAX_RETURN)?;
        }
        let same = |r: &SampledRecord| (r.rtg, r.temperature) == (record.rtg, record.temperature);
        if all[..n].iter().any(same) {
            return Err(format!("field `{field}`: the same is asked for twice"));
        }
    }
    Ok(())
}

fn lines<'a, T: 'a>(field: &str, all: &'a [T]) -> Checked
where
    EvaluationLine: From<&'a T>,
{
    let all: Vec<EvaluationLine> = all.iter().map(EvaluationLine::from).collect();
    for (n, one) in all.iter().enumerate() {
        line(&format!("{field}[{n}]"), one)?;
        if all[..n].iter().any(|other| other.rtg == one.rtg) {
            return Err(format!(
                "field `{field}[{n}].rtg`: {} is asked for twice",
                one.rtg
            ));
        }
    }
    Ok(())
}

/// `eval.json`.
pub(super) fn evaluation(record: &EvaluationRecord) -> Checked {
    lines::<ExactRecord>("exact", record.exact.as_deref().unwrap_or_default())?;
    sampled("sampled", &record.sampled)
}

/// `calibration.json`.
pub(super) fn calibration(record: &CalibrationRecord) -> Checked {
    let exact = record.exact.as_deref().unwrap_or_default();
    for (n, one) in exact.iter().enumerate() {
        line(&format!("exact[{n}]"), one)?;
    }
    sampled("sampled", &record.sampled)?;
    match exact.is_empty() && record.sampled.is_empty() {
        true => Err("field `sampled`: nothing was asked for, and `exact` has nothing".to_owned()),
        false => Ok(()),
    }
}

/// A line of `metrics.jsonl`.
pub(super) fn metrics(record: &MetricLine) -> Checked {
    match record {
        MetricLine::Step(StepRecord {
            step,
            loss,
            learning_rate,
            grad_norm,
        }) => {
            count("step", *step)?;
            number("loss", *loss, MAX_NUMBER)?;
            number("learning_rate", *learning_rate, MAX_NUMBER)?;
            number("grad_norm", *grad_norm, MAX_NUMBER)
        }
        MetricLine::Evaluation { step, exact } => {
            count("step", *step)?;
            let mut lines = exact.iter().enumerate();
            lines.try_for_each(|(n, one)| line(&format!("exact[{n}]"), one))
        }
        MetricLine::HeldOut { step, .. } => count("step", *step),
    }
}

/// `card.json`, as far as it is drawn.
pub(super) fn card(card: &Card) -> Checked {
    let of_all = |field: &str, counts: &BTreeMap<String, usize>| kinds(field, counts);
    count("episodes", card.episodes as u64)?;
    count("transitions", card.transitions as u64)?;
    of_all("outcomes", &card.outcomes)?;
    of_all("actions", &card.actions)?;
    of_all("return_histogram", &card.return_histogram)?;
    for edge in card.return_histogram.keys() {
        match edge.parse::<f64>() {
            Ok(value) => number("return_histogram", value, MAX_RETURN)?,
            Err(_) => {
                return Err(format!(
                    "field `return_histogram`: `{}` is no return",
                    dt_env::text::plain(edge)
                ));
            }
        }
    }
    let lengths = &card.length_histogram;
    for (&length, &episodes) in lengths {
        count("length_histogram", length as u64)?;
        count("length_histogram", episodes as u64)?;
    }
    for (field, value, most) in [
        ("mean_length", card.mean_length, MAX_NUMBER),
        ("mean_return", card.mean_return, MAX_RETURN),
        ("action_entropy", card.action_entropy, MAX_NUMBER),
        (
            "conditional_action_entropy",
            card.conditional_action_entropy,
            MAX_NUMBER,
        ),
    ] {
        number(field, value, most)?;
    }
    let some = [
        ("length_histogram", lengths.len()),
        ("demonstrators", card.demonstrators.len()),
        ("exposure", card.exposure.len()),
    ];
    if let Some((field, n)) = some.into_iter().find(|(_, n)| *n > 10 * MAX_KINDS) {
        return Err(format!("field `{field}`: {n} are too many"));
    }
    for (n, one) in card.demonstrators.iter().enumerate() {
        demonstrator(n, one)?;
    }
    card.exposure.iter().enumerate().try_for_each(|(n, row)| {
        count(&format!("exposure[{n}].frames"), row.frames)?;
        count(
            &format!("exposure[{n}].only_sight_windows"),
            row.only_sight_windows,
        )
    })
}

fn demonstrator(n: usize, one: &DemonstratorCard) -> Checked {
    let of = |name: &str| format!("demonstrators[{n}].{name}");
    count(&of("episodes"), one.episodes as u64)?;
    count(&of("transitions"), one.transitions as u64)?;
    kinds(&of("outcomes"), &one.outcomes)?;
    number(&of("mean_length"), one.mean_length, MAX_NUMBER)?;
    number(&of("mean_return"), one.mean_return, MAX_RETURN)
}

fn kinds(field: &str, counts: &BTreeMap<String, usize>) -> Checked {
    if counts.len() > MAX_KINDS {
        return Err(format!(
            "field `{field}`: {} kinds are too many",
            counts.len()
        ));
    }
    let mut counts = counts.values();
    counts.try_for_each(|&n| count(field, n as u64))
}
