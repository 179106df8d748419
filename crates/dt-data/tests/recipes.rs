//! Mistakes in a recipe are named with file, line and field.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use dt_data::{Dataset, Recipe};

/// A good recipe, with one thing changed.
fn mistake(from: &str, to: &str) -> String {
    let good = r#"(
    name: "mine",
    env: "MiniGrid-MemoryS7-v0",
    max_steps: 50,
    parts: [
        (policy: Boltzmann(temperature: 1.0), amount: Episodes(5)),
        (policy: TopK(k: 2), amount: Steps(per_environment: 5, environments: 2)),
    ],
)"#;
    Recipe::parse("good.ron", good).unwrap();
    assert!(good.contains(from), "{from}");
    Recipe::parse("mine.ron", &good.replacen(from, to, 1))
        .unwrap_err()
        .to_string()
}

#[test]
fn syntax_and_fields_have_a_line() {
    for (from, to, place, field) in [
        ("name:", "nam:", "mine.ron:2:", "nam"),
        (
            "max_steps: 50",
            "max_steps: \"x\"",
            "mine.ron:4:",
            "max_steps",
        ),
        ("temperature", "heat", "mine.ron:6:", "heat"),
        (
            "Episodes(5)",
            "Episodes(-5)",
            "mine.ron:6:",
            "parts[0].amount",
        ),
        ("TopK", "TopP", "mine.ron:7:", "parts[1].policy"),
        (
            "environments: 2",
            "environment: 2",
            "mine.ron:7:",
            "parts[1].amount",
        ),
        ("],", "", "mine.ron:", "mine.ron"),
    ] {
        let message = mistake(from, to);
        assert!(message.starts_with(place), "{to}: {message}");
        assert!(message.contains(field), "{to}: {message}");
    }
}

#[test]
fn impossible_values_name_the_field() {
    for (from, to, field) in [
        ("\"mine\"", "\"\"", "`name`"),
        ("\"mine\"", "\"../mine\"", "`name`"),
        ("\"mine\"", "\"a\\u{1b}[2J\"", "`name`"),
        ("max_steps: 50", "max_steps: 0", "`max_steps`"),
        ("max_steps: 50", "max_steps: 65536", "`max_steps`"),
        ("max_steps: 50", "window: 0", "`window`"),
        ("max_steps: 50", "planner: (sharpness: 0)", "`planner`"),
        (
            "max_steps: 50",
            "planner: (wrong_target_cost: NaN)",
            "`planner`",
        ),
        ("temperature: 1.0", "temperature: 0", "`parts[0].policy`"),
        ("temperature: 1.0", "temperature: inf", "`parts[0].policy`"),
        ("Episodes(5)", "Episodes(0)", "`parts[0].amount`"),
        (
            "Episodes(5)",
            "Episodes(5), wander: Some((policy: Uniform, at_least: 3, at_most: 2))",
            "`parts[0].wander`",
        ),
        (
            "Episodes(5)",
            "Episodes(5), wander: Some((policy: TopK(k: 0), at_least: 1, at_most: 2))",
            "`parts[0].wander.policy`",
        ),
        ("TopK(k: 2)", "TopK(k: 8)", "`parts[1].policy`"),
        ("TopK(k: 2)", "Mixture([])", "`parts[1].policy`"),
        (
            "TopK(k: 2)",
            "Mixture([(1, Mixture([(1, Planner)]))])",
            "`parts[1].policy`",
        ),
        ("environments: 2", "environments: 0", "`parts[1].amount`"),
        (
            "environments: 2",
            "environments: 1048576",
            "`parts[1].amount`",
        ),
        ("MiniGrid-MemoryS7-v0", "Nowhere", "Nowhere"),
        ("MiniGrid-MemoryS7-v0", "absent.ron", "absent.ron"),
    ] {
        let message = mistake(from, to);
        assert!(message.contains(field), "{to}: {message}");
    }
}

/// The guard counts with the world's own step limit where the recipe has none, and cannot wrap.
#[test]
fn recipes_beyond_all_bounds_are_refused() {
    for (from, to) in [
        ("Episodes(5)", "Episodes(4294967295)"),
        (
            "max_steps: 50,\n    parts: [",
            "parts: [(policy: Uniform, amount: Episodes(1000000)),",
        ),
        ("per_environment: 5", "per_environment: 4294967295"),
    ] {
        let message = mistake(from, to);
        assert!(
            message.contains("transitions, more than"),
            "{to}: {message}"
        );
    }
    let part = "(policy: Uniform, amount: Episodes(1)),";
    let many = mistake("parts: [", &format!("parts: [{}", part.repeat(5000)));
    assert!(many.contains("`parts`"), "{many}");
}

#[test]
fn worlds_too_open_for_a_planner_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let env = dir.path().join("open.ron");
    let rows = [
        "#########",
        "#>KBKB..#",
        "#......+#",
        "#.......#",
        "#########",
    ];
    let rows = rows.map(|row| format!("{row:?}"));
    let text = format!(
        "(id: \"open\", world: Map((rows: [{}], success: Reach)))",
        rows.join(",")
    );
    std::fs::write(&env, text).unwrap();
    let recipe = format!(
        "(name: \"open\", env: {:?}, parts: [(policy: Planner, amount: Episodes(1))])",
        env.display().to_string()
    );
    let recipe = Recipe::parse("r.ron", &recipe).unwrap();
    let message = Dataset::generate(&recipe).unwrap_err().to_string();
    assert!(message.contains("reachable states"), "{message}");
}

#[test]
fn wanderers_walk_first_and_are_named_so() {
    let text = |wander: &str| {
        format!(
            "(name: \"w\", env: \"MiniGrid-MemoryS7FixedStart-v0\", max_steps: 50, \
             parts: [(policy: Planner, amount: Episodes(200){wander})])"
        )
    };
    let make = |wander: &str| {
        let recipe = Recipe::parse("w.ron", &text(wander)).unwrap();
        Dataset::generate(&recipe).unwrap().0
    };
    let straight = make("");
    assert!(
        straight
            .episodes
            .iter()
            .all(|e| e.policy == "planner" && e.length == 6)
    );
    let wandering = make(", wander: Some((policy: BottomK(k: 1), at_least: 2, at_most: 5))");
    for episode in &wandering.episodes {
        assert_eq!(episode.policy, "wandering_planner");
        assert!(
            episode.length >= 8,
            "two steps or more are lost: {}",
            episode.length
        );
        let actions = &wandering.actions[episode.first_row..][..episode.length];
        assert_ne!(actions[0], 2, "the planner would go forward");
    }
    let lengths = wandering.episodes.iter().map(|e| e.length);
    assert!(
        lengths.clone().max() > lengths.min(),
        "as many as are drawn"
    );
}
