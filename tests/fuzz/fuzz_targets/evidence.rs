//! Kept evidence either is refused, or reads the same after it was written and can be judged.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use dt_analysis::papers::memory_dt::claims::{Claims, judge};
use dt_analysis::papers::memory_dt::evidence::Evidence;
use dt_fuzz as _; // its limit on allocations
use libfuzzer_sys::fuzz_target;

/// The post's, of which small evidence is enough.
static CLAIMS: LazyLock<Claims> = LazyLock::new(|| Claims {
    least_usable: 1,
    exposed_frames: 1,
    ..Claims::memory_post()
});

fuzz_target!(|text: &str| {
    let Ok(evidence) = Evidence::parse(Path::new("fuzz.json"), text) else {
        return;
    };
    let written = serde_json::to_string(&evidence).expect("plain data");
    let again = Evidence::parse(Path::new("again.json"), &written);
    assert_eq!(again.expect("what is written reads"), evidence);
    // The claims may ask for more than was measured.
    let _ = judge(&evidence, &CLAIMS, None);
});
