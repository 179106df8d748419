//! What a trace of libtorch's profiler comes to.

use std::collections::BTreeMap;
use std::io;

use serde::Deserialize;

use crate::engine::OperationsRecord;

#[derive(Deserialize)]
struct Trace {
    #[serde(rename = "traceEvents")]
    events: Vec<Event>,
}

/// An event of Chrome's trace format; times in microseconds.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "ph")]
    phase: String,
    #[serde(rename = "cat", default)]
    category: String,
    #[serde(default)]
    name: String,
    /// Threads are numbers, other lanes have names.
    #[serde(rename = "tid", default)]
    thread: serde_json::Value,
    #[serde(rename = "ts", default)]
    start: f64,
    #[serde(rename = "dur", default)]
    duration: f64,
}

impl Event {
    fn end(&self) -> f64 {
        self.start + self.duration
    }
}

/// Operations that only look at a tensor in another way or set memory aside, and those that leave
/// what they do to others.
const PASSIVE: [&str; 29] = [
    "alias",
    "as_strided",
    "detach",
    "empty",
    "empty_like",
    "empty_strided",
    "expand",
    "item",
    "_local_scalar_dense",
    "narrow",
    "new_empty",
    "permute",
    "reshape",
    "resize_",
    "_reshape_alias",
    "resolve_conj",
    "resolve_neg",
    "result_type",
    "select",
    "slice",
    "split",
    "squeeze",
    "t",
    "to",
    "transpose",
    "unbind",
    "unsqueeze",
    "view",
    "_unsafe_view",
];

/// Operations and kernels of a trace of some steps, per step.
pub(super) fn count(trace: &[u8], steps: usize, gpu: bool) -> io::Result<OperationsRecord> {
    let trace: Trace = serde_json::from_slice(trace)?;
    let events = || trace.events.iter().filter(|e| e.phase == "X");
    let per_step = |n: f64| n / steps as f64;
    let kernels = || events().filter(|e| e.category == "kernel");
    Ok(OperationsRecord {
        operations: per_step(operations(events()) as f64),
        kernel_launches: gpu.then(|| per_step(kernels().count() as f64)),
        kernel_milliseconds: gpu.then(|| per_step(kernels().map(|e| e.duration / 1e3).sum())),
    })
}

/// Operations that compute or move something, of those within each other the innermost.
fn operations<'a>(events: impl Iterator<Item = &'a Event>) -> usize {
    let mut threads: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
    for event in events {
        let name = event.name.strip_prefix("aten::");
        if event.category == "cpu_op" && name.is_some_and(|name| !PASSIVE.contains(&name)) {
            let thread = event.thread.to_string();
            threads.entry(thread).or_default().push(event);
        }
    }
    let mut count = 0;
    for events in threads.values_mut() {
        events.sort_by(|a, b| {
            let longest_first = b.duration.total_cmp(&a.duration);
            a.start.total_cmp(&b.start).then(longest_first)
        });
        // One that begins before another has ended is within it.
        let innermost = |pair: &[&Event]| pair[1].start >= pair[0].end();
        count += events.windows(2).filter(|pair| innermost(pair)).count();
        count += usize::from(!events.is_empty());
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn innermost_operations_and_kernels_are_counted() {
        let event = |category: &str, name: &str, thread: &str, start: f64, duration: f64| {
            format!(
                r#"{{"ph": "X", "cat": "{category}", "name": "{name}", "tid": {thread}, "ts": {start}, "dur": {duration}}}"#
            )
        };
        let events = [
            // Two operations, the second within one that only looks at it.
            event("cpu_op", "aten::linear", "1", 0.0, 10.0),
            event("cpu_op", "aten::t", "1", 1.0, 1.0),
            event("cpu_op", "aten::addmm", "1", 2.0, 7.0),
            event("cpu_op", "aten::reshape", "1", 11.0, 5.0),
            event("cpu_op", "aten::clone", "1", 12.0, 3.0),
            event("cpu_op", "aten::copy_", "1", 13.0, 1.0),
            // At the same time in another thread, within a node of autograd.
            event("cpu_op", "AddmmBackward0", "2", 0.0, 9.0),
            event("cpu_op", "aten::mm", "2", 1.0, 2.0),
            event("cpu_op", "aten::mm", "2", 4.0, 2.0),
            event("kernel", "gemm", "\"stream 7\"", 3.0, 500.0),
            event("kernel", "gemm", "\"stream 7\"", 503.0, 1500.0),
            event("gpu_memcpy", "Memcpy HtoD", "\"stream 7\"", 1.0, 1.0),
            r#"{"ph": "M", "name": "process_name", "ts": 0}"#.to_owned(),
        ];
        let trace = format!(r#"{{"traceEvents": [{}]}}"#, events.join(","));
        let record = count(trace.as_bytes(), 2, true).unwrap();
        assert_eq!(record.operations, 2.0);
        assert_eq!(record.kernel_launches, Some(1.0));
        assert_eq!(record.kernel_milliseconds, Some(1.0));
        let record = count(trace.as_bytes(), 1, false).unwrap();
        assert_eq!((record.operations, record.kernel_launches), (4.0, None));
    }
}
