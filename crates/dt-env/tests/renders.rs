//! Pictures against those that MiniGrid 3.2.0 drew (`scripts/fixtures/make_traces.py --only renders`).

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use dt_env::render::{Picture, Renderer};
use dt_env::{Action, Direction, Env, EnvSpec, Grid, PickupRule, Pose, Rules, Tile, World};

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    w: usize,
    h: usize,
    view: usize,
    see_through_walls: bool,
    agent: [u8; 3],
    carrying: Option<[u8; 3]>,
    grid: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/renders")
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join("cases.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn read_png(path: &Path) -> Picture {
    let file = BufReader::new(File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    Picture {
        width: info.width as usize,
        height: info.height as usize,
        rgb,
    }
}

fn assert_same(here: &Picture, file: &str) {
    let reference = read_png(&folder().join(file));
    let size = |p: &Picture| (p.width, p.height);
    assert_eq!(size(here), size(&reference), "{file}");
    for y in 0..here.height {
        for x in 0..here.width {
            assert_eq!(
                here.pixel(x, y),
                reference.pixel(x, y),
                "{file}: pixel ({x}, {y})"
            );
        }
    }
}

/// The world of a case. What the agent carries it picks up beforehand: there is no other way.
fn world(case: &Case) -> World {
    let mut grid = Grid::new(case.w, case.h, case.view);
    let hex = |n: usize| u8::from_str_radix(&case.grid[2 * n..2 * n + 2], 16).unwrap();
    for n in 0..case.w * case.h {
        let tile = Tile::from_encoding([hex(3 * n), hex(3 * n + 1), hex(3 * n + 2)]).unwrap();
        grid.set(n / case.h, n % case.h, tile);
    }
    let rules = Rules {
        max_steps: 10,
        see_through_walls: case.see_through_walls,
        pickup: PickupRule::Take,
        wanted: None,
    };
    let [x, y, dir] = case.agent;
    let dir = Direction::from_index(dir);
    let mut world = World::new(grid, Pose { x, y, dir }, rules);
    if let Some(carrying) = case.carrying {
        let (front_x, front_y) = Grid::front_of(world.agent());
        let (front_x, front_y) = (front_x as usize, front_y as usize);
        let before = world.grid().get(front_x, front_y);
        let carrying = Tile::from_encoding(carrying).unwrap();
        world.grid_mut().set(front_x, front_y, carrying);
        world.step(Action::Pickup);
        world.grid_mut().set(front_x, front_y, before);
        assert_eq!(world.carrying(), carrying);
    }
    world
}

#[test]
fn pictures_are_minigrids_to_the_pixel() {
    let mut renderer = Renderer::default();
    let cases = cases();
    assert!(cases.len() >= 10);
    for case in &cases {
        let world = world(case);
        let name = &case.name;
        assert_same(&renderer.render_world(&world), &format!("{name}.world.png"));
        let view = renderer.render_observation(&world.observation()).unwrap();
        assert_same(&view, &format!("{name}.view.png"));
    }
}

#[test]
fn every_tile_is_in_the_reference_pictures() {
    let mut seen = std::collections::BTreeSet::new();
    for case in cases() {
        let world = world(&case);
        seen.extend(world.grid().encode().as_chunks::<3>().0.iter().copied());
    }
    for color in 0..6 {
        for object in [2, 3, 5, 6, 7, 8] {
            assert!(seen.contains(&[object, color, 0]), "{object} {color}");
        }
        for state in 0..3 {
            assert!(seen.contains(&[4, color, state]), "door {color} {state}");
        }
    }
    assert!(seen.contains(&[9, 0, 0]) && seen.contains(&[1, 0, 0]));
}

#[test]
fn a_renderer_that_has_drawn_before_draws_the_same() {
    let spec = EnvSpec::builtin("MiniGrid-MemoryS7-v0").unwrap();
    let mut env = Env::new(spec.into());
    let mut used = Renderer::default();
    for step in 0..30 {
        env.step(Action::ALL[step * 5 % 7]);
        let fresh = Renderer::default().render_world(env.world());
        assert_eq!(used.render_world(env.world()), fresh);
    }
}
