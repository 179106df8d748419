//! Claims either are refused, or say how many random directions they need.

#![no_main]

use dt_analysis::papers::memory_dt::claims::Claims;
use dt_fuzz as _; // its limit on allocations
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(claims) = Claims::parse("fuzz.ron", text) {
        assert!(claims.exposed_frames > 0);
        let _ = claims.random_directions();
    }
});
