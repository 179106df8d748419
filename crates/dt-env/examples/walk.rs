//! Resets a world to what is wanted, walks, and prints what the agent sees and how it ends.
//!
//! `cargo run -p dt-env --example walk`

#![allow(clippy::print_stdout)] // an example is there to show

use dt_env::Action::{Forward, Right};
use dt_env::{Env, EnvSpec, Facts, Object};

/// A view as text, the agent in the middle of the last row: `#` wall, `.` empty, `?` unseen.
fn text(observation: &[u8], view: usize) -> String {
    let letter = |x: usize, y: usize| match Object::from_index(observation[(x * view + y) * 3]) {
        Some(Object::Wall) => '#',
        Some(Object::Empty) => '.',
        Some(Object::Unseen) | None => '?',
        Some(thing) => thing.name().chars().next().unwrap_or('?'),
    };
    let row = |y| (0..view).map(|x| letter(x, y)).collect::<String>();
    (0..view).map(row).collect::<Vec<_>>().join("\n")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spec = EnvSpec::find("memory-s7-fixed-start")?;
    let view = usize::from(spec.view_size);
    let mut env = Env::new(spec.into());
    env.reset_where(
        &Facts::new()
            .with("instruction", "key")
            .with("order", "ball-key"),
    )?;
    println!("\n{}\n{}", env.facts(), env.mission());
    for action in [Forward, Forward, Forward, Forward, Right, Forward] {
        println!("\n{}\n{action}", text(&env.world().observation(), view));
        let result = env.step(action);
        if let Some(outcome) = result.outcome() {
            println!("\n{outcome}, reward {:.3}", result.reward);
        }
    }
    Ok(())
}
