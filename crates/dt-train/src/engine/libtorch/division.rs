//! Which windows of a step are computed in one pass.

use std::ops::Range;

use crate::batch::Counted;

/// Divides the windows of each agent into at most `parts` micro-batches, shortest windows first:
/// for each micro-batch, the windows of every agent, as many of each.
///
/// A pass costs what its windows would if all were as long as its longest; micro-batches are made
/// so that the one that costs most costs as little as can be.
pub(super) fn divide(windows: &[Vec<Counted>], parts: usize) -> Vec<Vec<Vec<Counted>>> {
    let sorted = windows.iter().map(|own| {
        let mut own = own.clone();
        own.sort_by_key(|w| w.window.length); // stable: ties stay in drawing order
        own
    });
    let sorted = alike_many(sorted.collect());
    let longest = |n: usize| sorted.iter().map(|own| own[n].window.length).max();
    let lengths: Vec<usize> = (0..sorted[0].len()).filter_map(longest).collect();
    let of_each = |part: Range<usize>| sorted.iter().map(move |own| own[part.clone()].to_vec());
    cuts(&lengths, parts)
        .into_iter()
        .map(|part| of_each(part).collect())
        .collect()
}

/// Gives every agent as many windows, by putting its shortest one in front some times more, which
/// then do not count.
fn alike_many(mut sorted: Vec<Vec<Counted>>) -> Vec<Vec<Counted>> {
    let most = sorted.iter().map(Vec::len).max().unwrap_or(0);
    for own in &mut sorted {
        if let Some(&shortest) = own.first() {
            let filling = Counted {
                count: 0,
                ..shortest
            };
            own.splice(0..0, std::iter::repeat_n(filling, most - own.len()));
        }
    }
    sorted
}

/// Cuts ascending lengths into at most `parts` ranges whose largest cost is the least.
fn cuts(lengths: &[usize], parts: usize) -> Vec<Range<usize>> {
    let all = lengths.len() * lengths.last().copied().unwrap_or(0);
    // Bisects the largest cost that is allowed.
    let (mut low, mut high) = (0, all);
    while low < high {
        let middle = low.midpoint(high);
        match greedy(lengths, middle).is_some_and(|ranges| ranges.len() <= parts) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    greedy(lengths, high).expect("one range may cost what all do")
}

/// Ranges that each cost as much as is allowed, or none if a single length is too long.
fn greedy(lengths: &[usize], allowed: usize) -> Option<Vec<Range<usize>>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (n, &length) in lengths.iter().enumerate() {
        if length > allowed {
            return None;
        }
        match ranges.last_mut() {
            Some(range) if (n + 1 - range.start) * length <= allowed => range.end = n + 1,
            _ => ranges.push(n..n + 1),
        }
    }
    Some(ranges)
}

#[cfg(test)]
mod tests {
    use dt_data::Window;
    use proptest::prelude::*;

    use super::*;

    fn cost(lengths: &[usize], range: &Range<usize>) -> usize {
        range.len() * lengths[range.end - 1]
    }

    proptest! {
        #[test]
        fn no_other_cuts_cost_less(
            mut lengths in proptest::collection::vec(1_usize..10, 1..9), parts in 1_usize..4,
        ) {
            lengths.sort_unstable();
            let ranges = cuts(&lengths, parts);
            prop_assert!(ranges.len() <= parts);
            let ends: Vec<usize> = ranges.iter().map(|r| r.end).collect();
            let starts: Vec<usize> = ranges.iter().map(|r| r.start).collect();
            prop_assert_eq!(starts[0], 0);
            prop_assert_eq!(&starts[1..], &ends[..ends.len() - 1]);
            prop_assert_eq!(ends[ends.len() - 1], lengths.len());
            let largest = ranges.iter().map(|r| cost(&lengths, r)).max().unwrap();
            // Every way to end ranges at some of the places between lengths.
            for places in 0..1_u32 << (lengths.len() - 1) {
                if places.count_ones() as usize >= parts {
                    continue;
                }
                let mut start = 0;
                let mut other = 0;
                for end in 1..=lengths.len() {
                    if end == lengths.len() || places >> (end - 1) & 1 == 1 {
                        other = other.max(cost(&lengths, &(start..end)));
                        start = end;
                    }
                }
                prop_assert!(largest <= other);
            }
        }
    }

    #[test]
    fn each_window_is_in_one_micro_batch_and_agents_have_as_many() {
        let windows = |lengths: &[usize]| -> Vec<Counted> {
            let window = |(first_row, &length)| Counted {
                window: Window {
                    first_row,
                    length,
                    time: 0,
                },
                count: 1,
            };
            lengths.iter().enumerate().map(window).collect()
        };
        let drawn = [windows(&[9, 1, 4, 4, 9]), windows(&[2, 3])];
        let divided = divide(&drawn, 2);
        assert_eq!(divided.len(), 2);
        for (agent, drawn) in drawn.iter().enumerate() {
            let mut found = Vec::new();
            for part in &divided {
                assert_eq!(part[0].len(), part[agent].len());
                let counting = part[agent].iter().filter(|w| w.count > 0);
                found.extend(counting.map(|w| w.window.first_row));
            }
            found.sort_unstable();
            assert_eq!(found, (0..drawn.len()).collect::<Vec<_>>());
        }
    }
}
