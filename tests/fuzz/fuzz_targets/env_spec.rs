//! A definition of an environment either is refused, or makes a world that can be walked in.

#![no_main]

use dt_env::{Action, Env, EnvSpec, config};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(spec) = EnvSpec::parse("fuzz.ron", text) else {
        return;
    };
    let again = EnvSpec::parse("again.ron", &config::to_ron(&spec)).expect("what is written reads");
    assert_eq!(again, spec);
    let mut env = Env::new(spec.into());
    for action in Action::ALL {
        env.step(Action::Forward);
        if env.step(action).is_last() {
            env.reset_next();
        }
        assert_eq!(
            env.world().observation().len(),
            env.spec().observation_len()
        );
    }
});
