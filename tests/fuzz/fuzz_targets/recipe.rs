//! A recipe either is refused, or reads the same after it was written.

#![no_main]

use dt_data::Recipe;
use dt_env::config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(recipe) = Recipe::parse("fuzz.ron", text) {
        let again = Recipe::parse("again.ron", &config::to_ron(&recipe));
        assert_eq!(again.expect("what is written reads"), recipe);
    }
});
