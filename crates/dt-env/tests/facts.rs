//! What a reset decides, asked for and told by name.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::collections::BTreeSet;

use dt_env::{Action, Configuration, Env, EnvSpec, Facts, Failure, Outcome, rng::Pcg64};
use proptest::prelude::*;

fn env(id: &str) -> Env {
    Env::new(EnvSpec::builtin(id).expect("a built-in world").into())
}

fn map(rows: &str, success: &str) -> Env {
    let text = format!("(id: \"m\", world: Map((rows: [{rows}], success: {success})))");
    Env::new(EnvSpec::parse("m.ron", &text).expect("a map").into())
}

#[test]
fn layouts_tell_every_axis_in_order_and_differ_in_what_they_tell() {
    for spec in EnvSpec::all_builtin() {
        let axes = spec.axes();
        let layouts = spec.layouts().unwrap();
        let told: BTreeSet<Facts> = layouts.iter().map(|(l, _)| l.facts()).collect();
        assert_eq!(told.len(), layouts.len(), "{}", spec.id);
        for facts in &told {
            assert!(facts.iter().map(|(a, _)| a).eq(axes.iter().map(|a| &*a.0)));
        }
        for (axis, values) in &axes {
            for value in values {
                let one = Facts::new().with(axis, value);
                assert!(told.iter().any(|facts| facts.contains(&one)), "{one}");
            }
        }
    }
}

#[test]
fn worlds_say_which_axes_they_have() {
    let names = |id: &str| {
        let axes = EnvSpec::builtin(id).unwrap().axes();
        axes.into_iter().map(|(axis, _)| axis).collect::<Vec<_>>()
    };
    assert_eq!(
        names("MiniGrid-MemoryS7FixedStart-v0"),
        ["instruction", "order"]
    );
    assert_eq!(
        names("MiniGrid-MemoryS13Random-v0"),
        ["instruction", "order", "corridor", "start"]
    );
    assert!(names("TwoRooms").is_empty());
    let mut env = env("MiniGrid-MemoryS7RandomDirection-v0");
    env.reset(3);
    assert!(env.facts().get("heading").is_some());
    assert_eq!(
        env.mission(),
        "go to the matching object at the end of the hallway"
    );
}

fn memory() -> impl Strategy<Value = EnvSpec> {
    let all: Vec<EnvSpec> = EnvSpec::all_builtin()
        .into_iter()
        .filter(|spec| !spec.axes().is_empty())
        .collect();
    prop::sample::select(all)
}

proptest! {
    #[test]
    fn what_is_given_holds_and_the_rest_is_drawn_as_ever(
        spec in memory(),
        seed in any::<u64>(),
        which in 0_usize..4,
    ) {
        let configuration = Configuration::ALL[which];
        let mut free = Env::new(spec.into());
        free.reset(seed);
        let mut given = free.clone();
        given.reset_with(Pcg64::from_seed(seed));
        let before = *given.rng();
        // Instruction and order are the last two draws: whatever comes before them is the same.
        free.reset_next();
        given.reset_where(&configuration.facts()).unwrap();
        prop_assert!(given.facts().contains(&configuration.facts()));
        prop_assert_eq!(free.facts().and(&configuration.facts()), given.facts());
        // Everything given: nothing is drawn, and the layout is that one.
        let mut all = given.clone();
        all.reset_with(Pcg64::from_seed(seed));
        prop_assert_eq!(*all.rng(), before);
        all.reset_where(&given.facts()).unwrap();
        prop_assert_eq!(*all.rng(), before);
        prop_assert_eq!(all.layout(), given.layout());
        prop_assert_eq!(all.world().grid(), given.world().grid());
    }

    #[test]
    fn one_fact_is_enough_and_is_one_of_the_layouts(spec in memory(), seed in any::<u64>()) {
        let layouts = spec.layouts().unwrap();
        let axes = spec.axes();
        let mut env = Env::new(spec.clone().into());
        env.reset(seed);
        for (axis, values) in &axes {
            for value in values {
                let one = Facts::new().with(axis, value);
                env.reset_where(&one).unwrap();
                prop_assert!(env.facts().contains(&one));
                prop_assert!(layouts.iter().any(|(l, _)| l == env.layout()));
                let some = spec.layouts_where(&one).unwrap();
                prop_assert!(some.iter().any(|(l, _)| l == env.layout()));
                prop_assert!(some.iter().all(|(l, _)| l.facts().contains(&one)));
            }
        }
    }
}

#[test]
fn what_a_world_cannot_be_is_an_error_that_lists_what_it_can() {
    let mut memory = env("MiniGrid-MemoryS13Random-v0");
    memory.reset(5);
    let (facts, rng) = (memory.facts(), *memory.rng());
    let mut error = |given: Facts| {
        let error = memory.reset_where(&given).unwrap_err();
        assert_eq!(memory.spec().layouts_where(&given).unwrap_err(), error);
        error.to_string()
    };
    let axis = error(Facts::new().with("colour", "red"));
    assert!(axis.contains("`colour`") && axis.contains("instruction, order, corridor, start"));
    let value = error(Facts::new().with("instruction", "box"));
    assert!(
        value.contains("`box`") && value.contains("key, ball"),
        "{value}"
    );
    let together = error(Facts::new().with("corridor", "4").with("start", "9"));
    assert!(together.contains("corridor: 4, start: 9"), "{together}");
    assert_eq!((memory.facts(), *memory.rng()), (facts, rng));
    let fixed = env("TwoRooms").reset_where(&Facts::new().with("a", "b"));
    assert!(fixed.unwrap_err().to_string().contains("all the same"));
}

#[test]
fn probabilities_of_facts_are_those_of_their_layouts() {
    let spec = EnvSpec::builtin("MiniGrid-MemoryS13Random-v0").unwrap();
    let key = Facts::new().with("instruction", "key");
    let sum: f64 = spec
        .layouts_where(&key)
        .unwrap()
        .iter()
        .map(|(_, p)| p)
        .sum();
    assert!((sum - 0.5).abs() < 1e-12);
}

#[test]
fn the_widest_world_is_still_listed() {
    let text = "(id: \"m\", view_size: 3, world: Memory((size: 61, random_length: true, \
                direction: Random)))";
    let spec = EnvSpec::parse("m.ron", text).unwrap();
    let all = spec.layouts().expect("fewer than the most").len();
    assert!(all > 20_000 && all <= EnvSpec::MAX_LAYOUTS);
}

#[test]
fn episodes_say_how_they_ended() {
    use Action::{Forward, Pickup, Right};

    let ends = |env: &mut Env, actions: &[Action]| {
        let results: Vec<_> = actions.iter().map(|&a| env.step(a)).collect();
        let (last, before) = results.split_last().unwrap();
        assert!(before.iter().all(|r| r.outcome().is_none()));
        last.outcome()
    };
    let mut lava = map("\"#####\", \"#>LG#\", \"#####\"", "Goal");
    assert_eq!(lava.spec().failures(), [Failure::Lava]);
    let failed = |kind| Some(Outcome::Failure(kind));
    assert_eq!(ends(&mut lava, &[Forward]), failed(Failure::Lava));
    let mut marked = map("\"#####\", \"#->+#\", \"#####\"", "Reach");
    assert_eq!(marked.spec().failures(), [Failure::WrongTarget]);
    assert_eq!(ends(&mut marked, &[Forward]), Some(Outcome::Success));
    marked.reset_next();
    let turned = [Right, Right, Forward];
    assert_eq!(ends(&mut marked, &turned), failed(Failure::WrongTarget));
    let mut key = map(
        "\"#####\", \"#>K.#\", \"#####\"",
        "PickUp(object: Key, color: Green)",
    );
    assert!(key.spec().failures().is_empty());
    assert_eq!(key.mission(), "pick up the green key");
    assert_eq!(ends(&mut key, &[Pickup]), Some(Outcome::Success));
    // The task's word comes before the step limit's.
    let spec = EnvSpec::builtin("MiniGrid-MemoryS7FixedStart-v0").unwrap();
    let mut short = Env::new(spec.with_max_steps(6).into());
    let walk = [Forward, Forward, Forward, Forward, Right, Forward];
    for (order, wanted) in [
        ("ball-key", Some(Outcome::Success)),
        ("key-ball", failed(Failure::WrongTarget)),
    ] {
        let facts = Facts::new().with("instruction", "key").with("order", order);
        short.reset_where(&facts).unwrap();
        assert_eq!(ends(&mut short, &walk), wanted);
    }
    short.reset_next();
    assert_eq!(ends(&mut short, &[Right; 6]), Some(Outcome::Truncated));
}
