//! `dt-env render`

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::ValueEnum;
use dt_env::files::FilesError;
use dt_env::render::{Picture, Renderer, write_gif, write_png};
use dt_env::shell::refuse_or_force;
use dt_env::{Action, Env};

use super::Outcome;

/// Draw a world as a PNG picture, or an episode as an animated GIF.
///
/// The pictures are MiniGrid's, pixel for pixel (at the default 32 pixels per cell). A PNG shows
/// the world after the last action, a GIF the start and every step.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  dt-env render MiniGrid-MemoryS7FixedStart-v0 --seed 0 \\\n      \
                  --actions forward,forward,forward,forward,right,forward --out walk.gif\n  \
                  dt-env render envs/two-rooms.ron --view agent --out start.png"
)]
pub struct Args {
    /// Environment: an id from `dt-env list`, or a path to a .ron file
    env: String,
    /// Seed of the reset
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// File to write; its ending, .png or .gif, says which kind
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Actions to take, by number or name, with commas between them [default: none]
    #[arg(long, value_delimiter = ',', value_parser = parse_action, value_name = "ACTIONS")]
    actions: Vec<Action>,
    /// What to draw: the whole world, or what the agent sees
    #[arg(long, value_enum, default_value_t = View::World)]
    view: View,
    /// Side of a cell in pixels, from 4 to 128
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(4..=128))]
    tile: u16,
    /// Time between frames of a GIF in milliseconds, from 20 to 10000
    ///
    /// GIF counts in tens: 25 is 20. The last frame stays four times as long.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(20..=10_000))]
    delay: u16,
    /// Replace FILE if it exists [default: refuse]
    #[arg(long)]
    force: bool,
}

/// Most bytes that the pictures of an animation may have together.
const MAX_BYTES: usize = 512 << 20;

#[derive(Clone, Copy, ValueEnum)]
enum View {
    World,
    Agent,
}

#[derive(Clone, Copy)]
enum Format {
    Png,
    Gif,
}

fn parse_action(text: &str) -> Result<Action, String> {
    let text = text.trim();
    let by_number = text.parse().ok().and_then(Action::from_index);
    let by_name = || Action::ALL.into_iter().find(|a| a.name() == text);
    by_number.or_else(by_name).ok_or_else(|| {
        let names: Vec<String> = Action::ALL
            .iter()
            .map(|a| format!("{} {a}", *a as u8))
            .collect();
        format!("no such action; there are {}", names.join(", "))
    })
}

fn format_of(path: &Path) -> Result<Format> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    match extension.to_ascii_lowercase().as_str() {
        "png" => Ok(Format::Png),
        "gif" => Ok(Format::Gif),
        _ => bail!("--out {}: must end in .png or .gif", path.display()),
    }
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let format = format_of(&args.out)?;
    refuse_or_force(&args.out, args.force)?;
    // A folder or a device is not written over, and is better refused before the work.
    if args.out.exists() && !args.out.is_file() {
        return Err(FilesError::NotAFile(args.out.clone()).into());
    }
    let mut env = super::make_env(&args.env, args.seed)?;
    let mut renderer = Renderer::new(usize::from(args.tile));
    let mut draw = |env: &Env| -> Result<Picture> {
        Ok(match args.view {
            View::World => renderer.render_world(env.world()),
            View::Agent => renderer.render_observation(&env.world().observation())?,
        })
    };
    let mut frames = vec![draw(&env)?];
    let bytes = frames[0].rgb.len().saturating_mul(args.actions.len() + 1);
    if matches!(format, Format::Gif) && bytes > MAX_BYTES {
        bail!(
            "--actions: {} pictures of {} x {} pixels are more than memory should hold; take a \
             smaller --tile or fewer actions",
            args.actions.len() + 1,
            frames[0].width,
            frames[0].height
        );
    }
    let mut over = false;
    for (n, &action) in args.actions.iter().enumerate() {
        if over {
            bail!(
                "--actions: the episode ends at step {n}, but there are {} actions",
                args.actions.len()
            );
        }
        over = env.step(action).is_last();
        if matches!(format, Format::Png) {
            frames.clear();
        }
        frames.push(draw(&env)?);
    }
    match format {
        Format::Png => write_png(&args.out, &frames[0])?,
        Format::Gif => write_gif(&args.out, &frames, args.delay)?,
    }
    writeln!(out, "{}", args.out.display())?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_have_numbers_and_names() {
        assert_eq!(parse_action("2"), Ok(Action::Forward));
        assert_eq!(parse_action(" toggle "), Ok(Action::Toggle));
        for wrong in ["7", "-1", "", "Forward!", "256"] {
            let message = parse_action(wrong).unwrap_err();
            assert!(message.contains("2 forward"), "{wrong}: {message}");
        }
    }
}
