//! Properties of the rules, on random worlds and random actions.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dt_env::view::observe;
use dt_env::{
    Action, Color, Direction, DoorState, Env, EnvSpec, Failure, Grid, Layout, Mark, Object,
    PickupRule, Pose, Rules, Tile, World, WorldConfig,
};
use proptest::prelude::*;

fn builtin() -> impl Strategy<Value = EnvSpec> {
    prop::sample::select(EnvSpec::all_builtin())
}

fn actions(most: usize) -> impl Strategy<Value = Vec<Action>> {
    // Half of the actions go forward: turning on the spot sees little of a world.
    let action = prop_oneof![
        Just(Action::Forward),
        prop::sample::select(Action::ALL.to_vec())
    ];
    prop::collection::vec(action, 0..most)
}

/// A tile that an agent may meet; boxes may hold a key or a ball.
fn tile() -> impl Strategy<Value = Tile> {
    let thing = |objects: Vec<Object>| {
        (
            prop::sample::select(objects),
            prop::sample::select(Color::ALL.to_vec()),
        )
            .prop_map(|(object, color)| Tile::new(object, color, 0))
    };
    let door = (
        prop::sample::select(Color::ALL.to_vec()),
        0..=DoorState::Locked as u8,
    )
        .prop_map(|(color, state)| Tile::new(Object::Door, color, state));
    let chest = (
        prop::option::of(thing(vec![Object::Key, Object::Ball])),
        0..6_u8,
    )
        .prop_map(|(inside, c)| {
            Tile::new(Object::Box, Color::from_index(c).unwrap(), 0).with_contents(inside)
        });
    prop_oneof![
        6 => Just(Tile::EMPTY),
        2 => Just(Tile::WALL),
        2 => door,
        2 => chest,
        2 => thing(vec![Object::Key, Object::Ball, Object::Floor]),
        1 => thing(vec![Object::Goal, Object::Lava]),
    ]
}

const SIDE: usize = 6;

fn grid(view: usize) -> impl Strategy<Value = Grid> {
    prop::collection::vec(tile(), SIDE * SIDE).prop_map(move |tiles| {
        let mut grid = Grid::new(SIDE, SIDE, view);
        for (n, tile) in tiles.into_iter().enumerate() {
            grid.set(n % SIDE, n / SIDE, tile);
        }
        grid
    })
}

fn pose() -> impl Strategy<Value = Pose> {
    let side = SIDE as u8;
    (0..side, 0..side, 0..4_u8).prop_map(|(x, y, d)| Pose {
        x,
        y,
        dir: Direction::from_index(d),
    })
}

fn rules(pickup: PickupRule) -> Rules {
    Rules {
        max_steps: 1000,
        see_through_walls: false,
        pickup,
        wanted: None,
    }
}

fn cells(grid: &Grid) -> impl Iterator<Item = (usize, usize)> {
    let (width, height) = (grid.width(), grid.height());
    (0..width * height).map(move |n| (n % width, n / width))
}

/// Boxes, and how many there are of each other thing, wherever it is: on the floor, in a box, or
/// in the agent's hands. Doors change state, so that is left out.
fn inventory(world: &World) -> (usize, BTreeMap<(Object, Color), usize>) {
    let grid = world.grid();
    let mut boxes = 0;
    let mut counts = BTreeMap::new();
    for outer in cells(grid)
        .map(|(x, y)| grid.get(x, y))
        .chain([world.carrying()])
    {
        let mut thing = outer;
        if outer.object() == Object::Box {
            boxes += 1;
            thing = outer.contents();
        }
        if thing != Tile::EMPTY {
            *counts.entry((thing.object(), thing.color())).or_insert(0) += 1;
        }
    }
    (boxes, counts)
}

fn front(world: &World) -> Tile {
    world.grid().front(world.agent())
}

/// Checks what must hold between a world and the same world one step later.
fn check_step(before: &World, action: Action, after: &World) -> Result<(), TestCaseError> {
    let (from, to) = (before.agent(), after.agent());
    let here = after.grid().get(to.x as usize, to.y as usize);
    let moved = (from.x, from.y) != (to.x, to.y);
    prop_assert!(here.can_overlap() || !moved, "agent walked into {here:?}");
    prop_assert!(!moved || action == Action::Forward);
    let turned = from.dir != to.dir;
    prop_assert_eq!(turned, matches!(action, Action::Left | Action::Right));
    prop_assert_eq!(after.step_count(), before.step_count() + 1);

    let (boxes, things) = inventory(before);
    let (boxes_after, things_after) = inventory(after);
    prop_assert_eq!(things, things_after, "things are conserved");
    let toggles = action == Action::Toggle
        || action == Action::Pickup && before.rules().pickup == PickupRule::Toggle;
    let opened = toggles && front(before).object() == Object::Box;
    prop_assert_eq!(boxes_after, boxes - usize::from(opened));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn steps_of_builtin_worlds_obey_the_rules(
        spec in builtin(),
        seed in any::<u64>(),
        actions in actions(150),
    ) {
        let mut env = Env::new(spec.with_max_steps(100).into());
        env.reset(seed);
        for action in actions {
            let before = env.world().clone();
            let result = env.step(action);
            let world = env.world();
            check_step(&before, action, world)?;
            let here = world.grid().get(world.agent().x as usize, world.agent().y as usize);
            prop_assert!(here.can_overlap(), "agent in {here:?}");
            prop_assert_eq!(result.truncated, world.step_count() >= 100);
            // Steps after a truncation go on counting, as MiniGrid's do.
            let earned = 1.0 - 0.9 * (f64::from(world.step_count()) / 100.0);
            prop_assert!(result.reward == 0.0 || result.terminated && result.reward == earned);
            if result.terminated {
                env.reset_next();
            }
        }
    }

    #[test]
    fn steps_of_random_worlds_obey_the_rules(
        grid in grid(7),
        start in pose(),
        actions in actions(80),
        toggle in any::<bool>(),
    ) {
        let mut grid = grid;
        grid.set(start.x as usize, start.y as usize, Tile::EMPTY);
        let pickup = if toggle { PickupRule::Toggle } else { PickupRule::Take };
        let mut world = World::new(grid, start, rules(pickup));
        for action in actions {
            let before = world.clone();
            world.step(action);
            check_step(&before, action, &world)?;
        }
    }

    #[test]
    fn a_memory_world_has_one_success_and_one_failure_cell(
        spec in builtin(),
        seed in any::<u64>(),
        resets in 0..4,
    ) {
        prop_assume!(matches!(spec.world, WorldConfig::Memory(_)));
        let mut env = Env::new(spec.into());
        env.reset(seed);
        (0..resets).for_each(|_| env.reset_next());
        let world = env.world();
        let marked = |mark| {
            let at = |&(x, y): &(usize, usize)| world.mark(x, y) == mark;
            cells(world.grid()).filter(at).collect::<Vec<_>>()
        };
        let (success, failure) = (marked(Mark::Success), marked(Mark::Failure(Failure::WrongTarget)));
        prop_assert_eq!((success.len(), failure.len()), (1, 1));
        // Both can be stood on, and each lies beside its object: the one that matches the
        // instruction, and the other one.
        let middle = world.grid().height() / 2;
        let instruction = world.grid().get(1, middle - 1);
        for ((x, y), matches) in [(success[0], true), (failure[0], false)] {
            prop_assert_eq!(world.grid().get(x, y), Tile::EMPTY);
            let object_y = if y < middle { y - 1 } else { y + 1 };
            let object = world.grid().get(x, object_y);
            prop_assert!(object.can_pick_up());
            prop_assert_eq!(object == instruction, matches);
        }
    }

    #[test]
    fn a_reset_is_one_of_the_layouts_and_layouts_can_be_laid_out(
        spec in builtin(),
        seed in any::<u64>(),
    ) {
        let layouts = spec.layouts().unwrap();
        let spec = Arc::new(spec);
        let mut drawn = Env::new(spec.clone());
        drawn.reset(seed);
        let layout = *drawn.layout();
        prop_assert_eq!(layouts.iter().filter(|(l, _)| *l == layout).count(), 1);
        let mut built = Env::new(spec);
        for _ in 0..5 {
            built.step(Action::Forward); // what was there before must not matter
        }
        let rng = *built.rng();
        built.reset_layout(&layout);
        prop_assert_eq!(*built.rng(), rng, "nothing is drawn");
        prop_assert_eq!(*built.layout(), layout);
        let (a, b) = (drawn.world(), built.world());
        prop_assert_eq!(a.grid(), b.grid());
        prop_assert_eq!((a.agent(), a.carrying()), (b.agent(), b.carrying()));
        prop_assert_eq!(b.step_count(), 0);
        for (x, y) in cells(a.grid()) {
            prop_assert_eq!(a.mark(x, y), b.mark(x, y));
        }
    }
}

#[test]
fn probabilities_of_layouts_sum_to_one() {
    for spec in EnvSpec::all_builtin() {
        let layouts = spec.layouts().unwrap();
        let sum: f64 = layouts.iter().map(|(_, p)| p).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{}: {sum}", spec.id);
        assert!(layouts.iter().all(|&(_, p)| p > 0.0), "{}", spec.id);
    }
}

#[test]
fn resets_draw_each_layout_about_as_often_as_said() {
    for spec in EnvSpec::all_builtin() {
        let id = spec.id.clone();
        let layouts = spec.layouts().unwrap();
        // Enough that every layout is expected 60 times or more: five standard deviations below
        // that is still above 20.
        let rarest = layouts.iter().map(|(_, p)| *p).fold(1.0, f64::min);
        let draws = (60.0 / rarest).ceil() as usize;
        let mut env = Env::new(spec.into());
        env.reset(1);
        let mut counts: Vec<(Layout, usize)> =
            layouts.iter().map(|(layout, _)| (*layout, 0)).collect();
        for _ in 0..draws {
            env.reset_next();
            let layout = *env.layout();
            let count = counts.iter_mut().find(|(l, _)| *l == layout);
            count
                .unwrap_or_else(|| panic!("{id}: {layout:?} is not listed"))
                .1 += 1;
        }
        for ((layout, count), (_, p)) in counts.iter().zip(&layouts) {
            let expected = draws as f64 * p;
            let spread = (expected * (1.0 - p)).sqrt();
            let off = (*count as f64 - expected).abs();
            assert!(
                off <= 5.0 * spread,
                "{id}: {layout:?}: {count} of {draws}, p {p}"
            );
        }
    }
}

// ---------------------------------------------------------------------------------------------
// Sight

/// Side of a window that holds the whole world wherever the agent stands.
const WIDE: usize = 2 * SIDE - 1;

/// World cells that an agent at `pose` sees.
fn seen(grid: &Grid, pose: Pose) -> BTreeSet<(i32, i32)> {
    let view = grid.view_size();
    let mut out = vec![0; view * view * 3];
    observe(grid, pose, Tile::EMPTY, false, &mut out);
    let (fx, fy) = pose.dir.vector();
    let mut set = BTreeSet::new();
    for (n, cell) in out.as_chunks::<3>().0.iter().enumerate() {
        let ahead = (view - 1 - n % view) as i32;
        let aside = (n / view) as i32 - view as i32 / 2;
        let x = i32::from(pose.x) + ahead * fx - aside * fy;
        let y = i32::from(pose.y) + ahead * fy + aside * fx;
        let inside = (0..SIDE as i32).contains(&x) && (0..SIDE as i32).contains(&y);
        if inside && cell[0] != Object::Unseen as u8 {
            set.insert((x, y));
        }
    }
    set
}

/// What MiniGrid's sight comes to: light goes sideways, ahead and diagonally ahead (never back),
/// from cell to cell through those that can be seen through; it also falls on what stops it.
fn lit_by_paths(grid: &Grid, pose: Pose) -> BTreeSet<(i32, i32)> {
    let (fx, fy) = pose.dir.vector();
    let (rx, ry) = (-fy, fx);
    let start = (i32::from(pose.x), i32::from(pose.y));
    let mut lit = BTreeSet::from([start]);
    let mut todo = vec![start];
    while let Some((x, y)) = todo.pop() {
        if !grid.get(x as usize, y as usize).see_behind() {
            continue;
        }
        for (ahead, aside) in [(0, -1), (0, 1), (1, -1), (1, 0), (1, 1)] {
            let (x, y) = (x + ahead * fx + aside * rx, y + ahead * fy + aside * ry);
            let inside = (0..SIDE as i32).contains(&x) && (0..SIDE as i32).contains(&y);
            if inside && lit.insert((x, y)) {
                todo.push((x, y));
            }
        }
    }
    lit
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// With a window that holds the world; a smaller one also cuts paths at its edge.
    #[test]
    fn sight_is_reachability_by_light(grid in grid(WIDE), pose in pose()) {
        prop_assert_eq!(seen(&grid, pose), lit_by_paths(&grid, pose));
    }

    /// Between cells that can be seen through, and in a window that holds the world, sight is
    /// mutual: A looking one way sees B iff B looking the other way sees A. It is not so for
    /// walls and closed doors, which are seen but pass on no light.
    #[test]
    fn sight_is_mutual_between_clear_cells(grid in grid(WIDE), pose in pose()) {
        let (here_x, here_y) = (i32::from(pose.x), i32::from(pose.y));
        prop_assume!(grid.get(pose.x as usize, pose.y as usize).see_behind());
        let there = seen(&grid, pose);
        for (x, y) in cells(&grid) {
            if !grid.get(x, y).see_behind() {
                continue;
            }
            let dir = Direction::from_index(pose.dir as u8 + 2);
            let back = Pose { x: x as u8, y: y as u8, dir };
            let mutual = seen(&grid, back).contains(&(here_x, here_y));
            prop_assert_eq!(there.contains(&(x as i32, y as i32)), mutual, "cell ({}, {})", x, y);
        }
    }

    /// Left and right are alike, at any size of window, although MiniGrid walks each row from
    /// left to right first.
    #[test]
    fn a_mirrored_world_gives_a_mirrored_view(
        (grid, view) in prop::sample::select(vec![3, 5, 7, 9])
            .prop_flat_map(|view| (grid(view), Just(view))),
        pose in pose(),
    ) {
        let mut mirrored = Grid::new(SIDE, SIDE, view);
        for (x, y) in cells(&grid) {
            mirrored.set(x, SIDE - 1 - y, grid.get(x, y));
        }
        let dir = match pose.dir {
            Direction::Up => Direction::Down,
            Direction::Down => Direction::Up,
            other => other,
        };
        let reflection = Pose { x: pose.x, y: SIDE as u8 - 1 - pose.y, dir };
        let look = |grid: &Grid, pose| {
            let mut out = vec![0; view * view * 3];
            observe(grid, pose, Tile::EMPTY, false, &mut out);
            out
        };
        let (plain, mirror) = (look(&grid, pose), look(&mirrored, reflection));
        for (column, opposite) in plain.chunks(view * 3).zip(mirror.chunks(view * 3).rev()) {
            prop_assert_eq!(column, opposite);
        }
    }

    #[test]
    fn taking_something_away_hides_nothing(grid in grid(7), pose in pose(), at in 0..SIDE * SIDE) {
        let before = seen(&grid, pose);
        let mut opened = grid;
        opened.set(at % SIDE, at / SIDE, Tile::EMPTY);
        prop_assert!(seen(&opened, pose).is_superset(&before));
    }
}

#[test]
fn sight_is_not_mutual_with_a_small_window() {
    // From (0, 3), light passes the wall in column 1 through row 2, which lies outside the window
    // of an agent that looks back from (2, 4).
    let mut grid = Grid::new(SIDE, SIDE, 3);
    for y in 3..SIDE {
        grid.set(1, y, Tile::WALL);
    }
    let from = |x, y, dir| Pose { x, y, dir };
    let there = seen(&grid, from(0, 3, Direction::Right));
    let back = seen(&grid, from(2, 4, Direction::Left));
    assert!(there.contains(&(2, 4)) && !back.contains(&(0, 3)));
}
