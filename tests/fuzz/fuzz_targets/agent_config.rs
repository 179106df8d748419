//! An agent's definition either is refused, or reads the same after it was written.

#![no_main]

use dt_env::config;
use dt_fuzz as _; // its limit on allocations
use dt_train::AgentConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(agent) = AgentConfig::parse("fuzz.ron", text) {
        let again = AgentConfig::parse("again.ron", &config::to_ron(&agent));
        assert_eq!(again.expect("what is written reads"), agent);
    }
});
