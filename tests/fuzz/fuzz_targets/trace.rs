//! Recorded episodes either are refused, or can be replayed to a verdict.

#![no_main]

use std::path::Path;

use dt_env::golden::{parse_traces, replay_episode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(traces) = parse_traces(Path::new("fuzz.jsonl"), text) else {
        return;
    };
    for trace in traces {
        if trace.check().is_ok() {
            let _ = replay_episode(&trace);
        }
    }
});
