//! Files of a run, or a dataset's card, either are refused, or can be drawn.
//!
//! An input is the number of a file (one byte) and that file; a sound `metrics.jsonl` lies beside
//! it.

#![no_main]

use dt_analysis::draw::render_svg;
use dt_analysis::figures::plot;
use dt_train::run::{read_metrics, run_record};
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 7] = [
    "metrics.jsonl",
    "run.json",
    "agent.json",
    "config.ron",
    "eval.json",
    "calibration.json",
    "card.json",
];

const METRICS: &[u8] = br#"{"step":1,"loss":1.9,"learning_rate":0.001,"grad_norm":1.0}
{"step":3,"loss":1.2,"learning_rate":0.001,"grad_norm":0.5}
"#;

fuzz_target!(|input: &[u8]| {
    let Some((number, file)) = input.split_first() else {
        return;
    };
    let name = FILES[usize::from(*number) % FILES.len()];
    // The later of two files of one name is the one that stays.
    let folder = dt_fuzz::folder(&[("metrics.jsonl", METRICS), (name, file)]);
    let _ = (run_record(folder), read_metrics(folder));
    let Ok(figures) = plot::figures(&[folder.to_owned()]) else {
        return;
    };
    for figure in &figures {
        let _ = (figure.csv(), render_svg(figure));
    }
});
