//! Record batches as a dataset, and whether it is one that can be trained on.

use arrow_array::{
    Array, BooleanArray, FixedSizeListArray, Float64Array, RecordBatch, StringArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array,
};

use crate::dataset::{Dataset, NO_ACTION};
use crate::episode::{Episode, Outcome};

/// Where each row says that it belongs.
#[derive(Default)]
pub(super) struct Places {
    episode: Vec<u32>,
    step: Vec<u16>,
}

fn column<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T, String> {
    let array = batch
        .column_by_name(name)
        .and_then(|a| a.as_any().downcast_ref::<T>())
        .ok_or_else(|| format!("column `{name}` is missing"))?;
    Ok(array)
}

/// Adds the rows of a batch of `steps.arrow`.
pub(super) fn append_steps(
    data: &mut Dataset,
    places: &mut Places,
    batch: &RecordBatch,
) -> Result<(), String> {
    let lists: &FixedSizeListArray = column(batch, "observation")?;
    let bytes = lists
        .values()
        .as_any()
        .downcast_ref::<UInt8Array>()
        .ok_or("column `observation` does not hold bytes")?;
    let wanted = batch.num_rows().checked_mul(data.observation_len);
    let values = wanted
        .and_then(|n| bytes.values().get(..n))
        .ok_or("column `observation` is too short")?;
    data.observations.extend_from_slice(values);
    let actions: &UInt8Array = column(batch, "action")?;
    data.actions
        .extend(actions.iter().map(|a| a.unwrap_or(NO_ACTION)));
    let rewards: &Float64Array = column(batch, "reward")?;
    data.rewards.extend_from_slice(rewards.values());
    let flags =
        |name| -> Result<_, String> { Ok(column::<BooleanArray>(batch, name)?.values().iter()) };
    data.terminated.extend(flags("terminated")?);
    data.truncated.extend(flags("truncated")?);
    let episode: &UInt32Array = column(batch, "episode")?;
    places.episode.extend_from_slice(episode.values());
    let step: &UInt16Array = column(batch, "step")?;
    places.step.extend_from_slice(step.values());
    Ok(())
}

/// The rows of `episodes.arrow`.
pub(super) fn read_episodes(batches: &[RecordBatch]) -> Result<Vec<Episode>, String> {
    let mut out = Vec::new();
    for batch in batches {
        let episode: &UInt32Array = column(batch, "episode")?;
        let first_row: &UInt64Array = column(batch, "first_row")?;
        let length: &UInt32Array = column(batch, "length")?;
        let policy: &StringArray = column(batch, "policy")?;
        let temperature: &Float64Array = column(batch, "temperature")?;
        let env_seed: &UInt64Array = column(batch, "env_seed")?;
        let instruction: &StringArray = column(batch, "instruction")?;
        let left_right: &StringArray = column(batch, "left_right")?;
        let target_side: &StringArray = column(batch, "target_side")?;
        let outcome: &StringArray = column(batch, "outcome")?;
        let total_return: &Float64Array = column(batch, "return")?;
        let text = |a: &StringArray, n: usize| a.is_valid(n).then(|| a.value(n).to_owned());
        for n in 0..batch.num_rows() {
            if episode.value(n) as usize != out.len() {
                return Err(format!("row {}: is not this episode's", out.len()));
            }
            let outcome = Outcome::from_name(outcome.value(n))
                .ok_or_else(|| format!("row {n}: unknown outcome `{}`", outcome.value(n)))?;
            out.push(Episode {
                first_row: first_row.value(n) as usize,
                length: length.value(n) as usize,
                policy: policy.value(n).to_owned(),
                temperature: temperature.is_valid(n).then(|| temperature.value(n)),
                env_seed: env_seed.value(n),
                instruction: text(instruction, n),
                left_right: text(left_right, n),
                target_side: text(target_side, n),
                outcome,
                total_return: total_return.value(n),
            });
        }
    }
    Ok(out)
}

/// Checks what training and the other readers of a dataset rely on.
pub(super) fn check(data: &Dataset, places: &Places) -> Result<(), String> {
    let mut row = 0_usize;
    for (n, episode) in data.episodes.iter().enumerate() {
        let end = row
            .checked_add(episode.length)
            .and_then(|r| r.checked_add(1));
        let fits = (1..=usize::from(u16::MAX)).contains(&episode.length)
            && episode.first_row == row
            && u32::try_from(row).is_ok();
        let Some(end) = end.filter(|&end| fits && end <= data.rows()) else {
            return Err(format!("episode {n} does not fit the rows"));
        };
        check_episode(data, places, n, row, end)?;
        row = end;
    }
    if row != data.rows() || data.episodes.is_empty() {
        return Err(format!("{} rows, episodes cover {row}", data.rows()));
    }
    let cells = data.observations.as_chunks::<3>().0;
    if cells.iter().any(|c| c[0] > 10 || c[1] > 5 || c[2] > 2) {
        return Err("an observation has a cell that MiniGrid does not know".to_owned());
    }
    Ok(())
}

/// Checks episode `n`, whose rows are `row..end` with the final observation last.
fn check_episode(
    data: &Dataset,
    places: &Places,
    n: usize,
    row: usize,
    end: usize,
) -> Result<(), String> {
    let (episode, last) = (&data.episodes[n], end - 2);
    let steps = places.step[row..end].iter().enumerate();
    if places.episode[row..end].iter().any(|&e| e as usize != n)
        || steps.into_iter().any(|(t, &step)| step as usize != t)
    {
        return Err(format!("episode {n} has rows of another episode or step"));
    }
    let actions = &data.actions[row..=last];
    if actions.iter().any(|&a| a as usize >= dt_env::Action::COUNT)
        || data.actions[end - 1] != NO_ACTION
    {
        return Err(format!("episode {n} has an impossible action"));
    }
    let rewards = &data.rewards[row..end];
    let sum: f64 = rewards.iter().sum();
    if !sum.is_finite() || rewards[end - 1 - row] != 0.0 {
        return Err(format!("episode {n} has an impossible reward"));
    }
    // NaN is not equal either.
    if (episode.total_return - sum).abs() > 1e-9 || episode.total_return.is_nan() {
        return Err(format!(
            "episode {n} has a return that is not its rewards' sum"
        ));
    }
    let ends_at = |r: usize| data.terminated[r] || data.truncated[r];
    if (row..end).any(|r| ends_at(r) != (r == last)) {
        return Err(format!("episode {n} does not end with its last step"));
    }
    if episode.temperature.is_some_and(|t| !t.is_finite()) {
        return Err(format!("episode {n} has an impossible temperature"));
    }
    // Success is rewarded, and nothing else is.
    if (sum > 0.0) != (episode.outcome == Outcome::Success) {
        return Err(format!(
            "episode {n} is `{}`, which its rewards (their sum is {sum}) deny",
            episode.outcome.name()
        ));
    }
    let ended_by_task = episode.outcome.is_of_task();
    if data.terminated[last] != ended_by_task {
        return Err(format!("episode {n} has an outcome that is not its flags'"));
    }
    Ok(())
}
