//! A study either is refused, or reads the same after it was written and has all of its prompts.

#![no_main]

use dt_analysis::prompts::{PromptSet, Study};
use dt_env::config;
use dt_fuzz as _; // its limit on allocations
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(study) = Study::parse("fuzz.ron", text) else {
        return;
    };
    let again = Study::parse("again.ron", &config::to_ron(&study));
    assert_eq!(again.expect("what is written reads"), study);
    let set = PromptSet::new(&study).expect("laid out once already");
    for edit in study.all_edits() {
        let prompts = set.of(edit).expect("made once already");
        assert_eq!(prompts.len(), set.scenarios.len());
    }
    assert!(study.original().is_original() && !study.flipped().is_original());
    assert!(study.site_step() <= study.walk.len());
    let view = set.view();
    for items in &study.item_sets {
        let cells = items.items().into_iter().map(|item| item.cell);
        assert!(cells.into_iter().all(|cell| cell.is_within(view)));
    }
});
