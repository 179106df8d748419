//! Every field of a world and of a recipe, set to what nobody would set it to: accepted, or refused
//! in one line that names file and field.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::time::{Duration, Instant};

use dt_data::{Amount, Dataset, Recipe};
use dt_env::{Action, Env, EnvSpec, config};

/// Values at their ends, of another type, or without one.
fn nasty() -> Vec<String> {
    let mut values: Vec<String> = [
        "0",
        "1",
        "-1",
        "255",
        "18446744073709551615",
        "18446744073709551616",
        "NaN",
        "inf",
        "-inf",
        "1e308",
        "-1e308",
        "1e-320",
        "\"\"",
        "\"\\u{1b}[2J\\u{202e}\"",
        "\"../..\"",
        "'x'",
        "[]",
        "[[]]",
        "()",
        "{}",
        "None",
        "Some(0)",
        "true",
        "Nothing",
    ]
    .map(str::to_owned)
    .into();
    values.push(format!("\"{}\"", "a".repeat(100_000)));
    values.push(format!("[{}]", "0,".repeat(20_000)));
    values.push(format!("[{}]", "\"#\",".repeat(20_000)));
    values
}

/// `text` with each of its `{field=value}` set to each of `nasty`, and the field's last name.
fn changed(text: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let mut out = String::new();
        for (n, piece) in text.split(['{', '}']).enumerate() {
            out += match n % 2 {
                0 => piece,
                _ => piece.split_once('=').unwrap().1,
            };
        }
        out
    };
    let mut all = vec![(String::new(), plain(text))];
    for (start, _) in text.match_indices('{') {
        let end = start + text[start..].find('}').unwrap();
        let field = text[start + 1..end].split_once('=').unwrap().0;
        for value in nasty() {
            let text = plain(&text[..start]) + &value + &plain(&text[end + 1..]);
            all.push((field.to_owned(), text));
        }
    }
    all
}

/// Checks an error of the file `x.ron`.
fn check_error(field: &str, text: &str, error: &str) {
    let shown: String = text.chars().take(300).collect();
    assert!(!field.is_empty(), "the file without a change: {error}");
    let error: String = error.chars().take(3000).collect();
    assert!(error.starts_with("x.ron:"), "{shown}: {error}");
    assert!(error.contains(field), "{field} in {shown}: {error}");
    assert!(
        !error.contains('\n') && error.len() < 2000,
        "{shown}: {error}"
    );
}

fn quick<T>(text: &str, what: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = what();
    let shown: String = text.chars().take(300).collect();
    assert!(started.elapsed() < Duration::from_secs(10), "{shown}");
    result
}

#[test]
fn worlds() {
    let memory = "(id: {id=\"a\"}, description: {description=\"b\"}, world: {world=Memory((size: 7))}, \
        max_steps: {max_steps=9}, view_size: {view_size=7}, \
        see_through_walls: {see_through_walls=false}, pickup: {pickup=Take})";
    let sizes = "(id: \"a\", world: Memory((size: {size=7}, random_length: {random_length=true}, \
        start: {start=Random}, direction: {direction=Random})))";
    let map = "(id: \"a\", world: Map((rows: {rows=[\"#####\", \"#>KB#\", \"#####\"]}, \
        success: {success=PickUp(object: Key, color: Green)})))";
    // Braces are a legend's own: brackets of another kind stand for them.
    let legend = "(id: \"a\", world: Map((rows: [\"#####\", \"#>D+#\", \"#####\"], \
        legend: <'D': (object: {object=Door}, color: {color=Red}, state: {state=Locked}, \
        holds: {holds=None})>, success: Reach)))";
    let picked = "(id: \"a\", world: Map((rows: [\"#####\", \"#>KB#\", \"#####\"], \
        success: PickUp(object: {object=Key}, color: {color=Green}))))";
    for text in [memory, sizes, map, legend, picked] {
        for (field, text) in changed(text) {
            let text = text.replace('<', "{").replace(")>", ")}");
            match quick(&text, || EnvSpec::parse("x.ron", &text)) {
                Err(error) => check_error(&field, &text, &error.to_string()),
                Ok(spec) => {
                    let again = EnvSpec::parse("again.ron", &config::to_ron(&spec)).unwrap();
                    assert_eq!(again, spec);
                    let mut env = Env::new(spec.into());
                    for action in Action::ALL {
                        if env.step(action).is_last() {
                            env.reset_next();
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn recipes() {
    let text = "(name: {name=\"a\"}, env: {env=\"MiniGrid-MemoryS7FixedStart-v0\"}, \
        max_steps: {max_steps=9}, seed: {seed=0}, window: {window=9}, \
        planner: (sharpness: {sharpness=2.0}, wrong_target_cost: {wrong_target_cost=4.0}), \
        parts: [(policy: Boltzmann(temperature: {temperature=1.0}), amount: Episodes({Episodes=3})), \
        (policy: TopK(k: {k=2}), amount: Steps(per_environment: {per_environment=5}, \
        environments: {environments=1})), \
        (policy: Mixture([({Mixture=1}, Planner), (1, {policy=Uniform})]), amount: Episodes(2), \
        wander: {wander=None}), \
        (policy: Planner, amount: Episodes(2), wander: Some((policy: {policy=Uniform}, \
        at_least: {at_least=1}, at_most: {at_most=4})))])";
    let lists = "(name: \"a\", env: \"MiniGrid-MemoryS7FixedStart-v0\", planner: {planner=()}, \
        parts: {parts=[(policy: {policy=Uniform}, amount: {amount=Episodes(1)})]})";
    let mut made = 0;
    // The inner braces of `lists` are plain there, and changed by themselves in the first text.
    let lists = lists
        .replace("{policy=Uniform}", "Uniform")
        .replace("{amount=Episodes(1)}", "Episodes(1)");
    for text in [text, &lists] {
        for (field, text) in changed(text) {
            let named = match field.as_str() {
                // What they are in: a part's amount, the planner, a part's policy.
                "Episodes" | "per_environment" | "environments" => "parts",
                "sharpness" | "wrong_target_cost" => "planner",
                "temperature" | "k" | "Mixture" | "at_least" | "at_most" => "parts[",
                // A world that there is none of is named itself.
                "env" => "",
                field => field,
            };
            match quick(&text, || Recipe::parse("x.ron", &text)) {
                Err(error) if field == "env" => {
                    assert!(error.to_string().lines().count() <= 1, "{error}");
                }
                Err(error) => check_error(named, &text, &error.to_string()),
                Ok(recipe) => {
                    let again = Recipe::parse("again.ron", &config::to_ron(&recipe)).unwrap();
                    assert_eq!(again, recipe);
                    let is_small = |amount: Amount| match amount {
                        Amount::Episodes(n) => n <= 300,
                        Amount::Steps {
                            per_environment,
                            environments,
                        } => u64::from(per_environment) * u64::from(environments) <= 300,
                    };
                    if recipe.parts.iter().all(|part| is_small(part.amount)) {
                        let (data, card) = quick(&text, || Dataset::generate(&recipe)).unwrap();
                        assert_eq!(card.episodes, data.episodes.len());
                        assert!(card.mean_return.is_finite());
                        made += 1;
                    }
                }
            }
        }
    }
    assert!(made > 10, "{made}");
}
