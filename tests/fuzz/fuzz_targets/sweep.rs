//! A sweep either is refused, or reads the same after it was written and comes to runs that differ.

#![no_main]

use std::collections::BTreeSet;

use dt_env::config;
use dt_train::sweep::SweepConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let folder = dt_fuzz::folder(&[("sweep.ron", text.as_bytes())]);
    let file = folder.join("sweep.ron");
    let Ok(sweep) = SweepConfig::read(&file) else {
        return;
    };
    let again: Result<SweepConfig, _> = config::parse_ron("again.ron", &config::to_ron(&sweep));
    assert_eq!(again.expect("what is written reads"), sweep);
    if let Ok(runs) = sweep.runs(&file) {
        let folders: BTreeSet<_> = runs.iter().map(|run| &run.folder).collect();
        assert_eq!(folders.len(), runs.len());
    }
});
