//! What demonstrators do where an episode can end at other places than the one they are after.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::collections::BTreeMap;

use dt_data::{Dataset, Recipe};

/// A folder with a world of these rows in it.
fn world(rows: &[&str], success: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    let text = format!(
        "(id: \"Here\", world: Map((rows: [{}], success: {success})), max_steps: 100)",
        rows.join(",")
    );
    std::fs::write(dir.path().join("world.ron"), text).unwrap();
    dir
}

/// Episodes of a demonstrator in it, by outcome, and the longest.
fn walk(
    dir: &tempfile::TempDir,
    policy: &str,
    planner: &str,
) -> Result<(BTreeMap<&'static str, usize>, usize), String> {
    let text = format!(
        "(name: \"r\", env: \"world.ron\", planner: ({planner}), \
         parts: [(policy: {policy}, amount: Episodes(100))])"
    );
    let path = dir.path().join("r.ron");
    std::fs::write(&path, text).unwrap();
    let recipe = Recipe::read(&path).map_err(|e| e.to_string())?;
    let (data, _) = Dataset::generate(&recipe).map_err(|e| e.to_string())?;
    let mut outcomes = BTreeMap::new();
    for episode in &data.episodes {
        *outcomes.entry(episode.outcome.name()).or_default() += 1;
    }
    let longest = data.episodes.iter().map(|e| e.length).max();
    Ok((outcomes, longest.unwrap()))
}

/// Lava with one gap, and the goal eleven steps away.
const GAP: [&str; 7] = [
    "#######", "#>.L..#", "#..L..#", "#..L..#", "#.....#", "#..L.G#", "#######",
];

#[test]
fn lava_is_no_way_to_a_goal_however_far_it_is() {
    let dir = world(&GAP, "Goal");
    let (outcomes, longest) = walk(&dir, "Planner", "").unwrap();
    assert_eq!((outcomes["success"], longest), (100, 11));
    for policy in [
        "Boltzmann(temperature: 0.5)",
        "Boltzmann(temperature: 1.0)",
        "Mixture([(1, Planner), (1, Boltzmann(temperature: 0.5))])",
        "TopK(k: 3)",
        "TopK(k: 7)",
    ] {
        for planner in ["", "wrong_target_cost: -1", "wrong_target_cost: 0"] {
            let (outcomes, _) = walk(&dir, policy, planner).unwrap();
            assert!(!outcomes.contains_key("lava"), "{policy}: {outcomes:?}");
            assert!(outcomes["success"] > 80, "{policy}: {outcomes:?}");
        }
    }
}

/// A hundred steps are more than a closed way ever counted.
#[test]
fn a_way_longer_than_the_price_of_a_dead_end_is_walked() {
    let lane = ".".repeat(50);
    let wall = "#".repeat(55);
    let rows = [
        wall.clone(),
        format!("#>{lane}.L#"),
        format!("{}.##", "#".repeat(52)),
        format!("#G{lane}..#"),
        wall,
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let dir = world(&rows, "Goal");
    let text = std::fs::read_to_string(dir.path().join("world.ron")).unwrap();
    let text = text.replace("max_steps: 100", "max_steps: 200");
    std::fs::write(dir.path().join("world.ron"), text).unwrap();
    let (outcomes, longest) = walk(&dir, "Planner", "").unwrap();
    assert_eq!((outcomes["success"], longest), (100, 106));
}

#[test]
fn the_other_target_is_no_way_to_this_one() {
    let rows = ["#########", "#>-....+#", "#.......#", "#########"];
    let dir = world(&rows, "Reach");
    for planner in ["", "wrong_target_cost: 0", "wrong_target_cost: -1"] {
        let (outcomes, longest) = walk(&dir, "Planner", planner).unwrap();
        assert_eq!(outcomes["success"], 100, "{planner}");
        assert!(longest <= 11, "{longest}");
    }
    let (outcomes, _) = walk(&dir, "Boltzmann(temperature: 0.3)", "").unwrap();
    assert!(outcomes["success"] > 95, "{outcomes:?}");
    let (outcomes, longest) = walk(&dir, "WrongTarget(temperature: 0.1)", "").unwrap();
    assert_eq!((outcomes["wrong_target"], longest), (100, 1));
    // Asked for, the pull is there.
    let pull = walk(&dir, "Boltzmann(temperature: 0.3)", "wrong_target_cost: -1");
    assert!(pull.unwrap().0["wrong_target"] > 95);
}

#[test]
fn lava_is_not_the_other_target() {
    let rows = ["#########", "#>L...-.#", "#......+#", "#########"];
    let dir = world(&rows, "Reach");
    let (outcomes, _) = walk(&dir, "WrongTarget(temperature: 0.2)", "").unwrap();
    assert_eq!(outcomes["wrong_target"], 100, "{outcomes:?}");
}

#[test]
fn a_target_that_is_not_there_is_refused() {
    let dir = world(&GAP, "Goal");
    for policy in [
        "WrongTarget(temperature: 1)",
        "Mixture([(1, Planner), (1, WrongTarget(temperature: 1))])",
        "Planner, wander: Some((policy: WrongTarget(temperature: 1), at_least: 1, at_most: 2))",
    ] {
        let error = walk(&dir, policy, "").unwrap_err();
        assert!(
            error.contains("r.ron: field `parts[0].") && error.contains("Here"),
            "{error}"
        );
        assert!(error.contains("second target"), "{error}");
    }
}

#[test]
fn a_target_that_cannot_be_reached_is_refused() {
    let dir = world(&["######", "#>.#G#", "######"], "Goal");
    for policy in [
        "Planner",
        "Boltzmann(temperature: 1)",
        "TopK(k: 2)",
        "BottomK(k: 2)",
        "Mixture([(1, Uniform), (1, Planner)])",
        "Uniform, wander: Some((policy: Planner, at_least: 1, at_most: 2))",
    ] {
        let error = walk(&dir, policy, "").unwrap_err();
        assert!(
            error.contains("`parts[0].") && error.contains("Here") && error.contains("no way"),
            "{error}"
        );
    }
    walk(&dir, "Uniform", "").unwrap();
}

/// Doors that close for good, boxes on the way: a demonstrator that has lost its way wanders, and
/// does not walk into lava.
#[test]
fn who_has_lost_the_way_stays_alive() {
    // Once the key has been dropped beyond the door's reach it can still be fetched, so only lava
    // could end an episode early.
    let rows = ["#######", "#>K.L.#", "#...D.#", "#...#G#", "#######"];
    let dir = world(&rows, "Goal");
    let path = dir.path().join("world.ron");
    let text = std::fs::read_to_string(&path).unwrap();
    let legend = "legend: {'D': (object: Door, color: Green, state: Locked)}, success";
    std::fs::write(&path, text.replace("success", legend)).unwrap();
    let (outcomes, _) = walk(&dir, "Boltzmann(temperature: 1)", "").unwrap();
    assert!(!outcomes.contains_key("lava"), "{outcomes:?}");
}
